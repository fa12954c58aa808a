"""What an operator may write under `options` today, he may write tomorrow."""

from typing import Literal

import pytest
from pydantic import Field

from connectors import channels
from kit import promises
from kit.promises import Option
from schemas.channel import Options


class Inner(Options):
    path: str
    inner: "Inner | None" = None


class Before(Options):
    word: str
    size: int = 3
    way: Literal["a", "b"] = "a"
    one: Inner | None = None
    many: list[Inner] = Field([])
    named: dict[str, Inner] = Field({})


class Wider(Before):
    word: str | int  # type: ignore[assignment]
    size: float | None = 3  # type: ignore[assignment]
    way: Literal["a", "b", "c"] = "a"  # type: ignore[assignment]
    more: Inner | None = None


class FreeWord(Before):
    way: str = "a"  # type: ignore[assignment]


class Gone(Options):
    word: str


class Needed(Before):
    size: int = Field()


class Narrower(Before):
    way: Literal["a"] = "a"


class Other(Options):
    place: str


class OtherInside(Before):
    many: list[Other] = Field([])  # type: ignore[assignment]


def broken(now: type[Options]) -> list[str]:
    return promises.broken(promises.of(Before), promises.of(now))


def option(*takes: str, needed: bool = False) -> Option:
    return Option(frozenset(takes), needed)


def test_options_are_known_by_their_paths_however_deep() -> None:
    assert promises.of(Before) == {
        "word": option("string", needed=True),
        "size": option("integer"),
        "way": option("=a", "=b"),
        "one": option("object", "null"),
        "one.path": option("string", needed=True),
        "one.inner": option("object", "null"),
        "many": option("array"),
        "many[]": option("object"),
        "many[].path": option("string", needed=True),
        "many[].inner": option("object", "null"),
        "named": option("object"),
        "named{}": option("object"),
        "named{}.path": option("string", needed=True),
        "named{}.inner": option("object", "null"),
    }


@pytest.mark.parametrize("now", [Before, Wider, FreeWord])
def test_what_takes_as_much_or_more_breaks_nothing(now: type[Options]) -> None:
    assert broken(now) == []


@pytest.mark.parametrize(
    ("now", "fault"),
    [
        (Gone, "the option `size` is gone"),
        (Needed, "the option `size` is needed now, and was not"),
        (Narrower, "the option `way` no longer takes =b"),
        (OtherInside, "the option `many[].place` is new, and needed"),
    ],
)
def test_what_would_stop_somebodys_channel_is_told(now: type[Options], fault: str) -> None:
    assert fault in broken(now)


@pytest.mark.parametrize("now", [Gone, Needed, Narrower, OtherInside])
def test_a_promise_that_was_broken_is_not_taken_back_by_writing_the_file(
    now: type[Options],
) -> None:
    before = promises.of(Before)
    written = promises.written(before, promises.of(now))
    assert {path: written[path] for path in before} == promises.written(before, before)


def test_what_is_new_or_wider_is_promised_from_now_on() -> None:
    written = promises.written(promises.of(Before), promises.of(Wider))
    assert written["size"]["takes"] == ["null", "number"]
    assert written["more.path"] == {"takes": ["string"], "needed": True}


def test_every_option_of_every_kind_is_promised() -> None:
    assert promises.kept().keys() == set(channels.kinds())
    assert promises.FILE.read_text() == promises.text(), "run `make reference`"
