import asyncio
import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from schemas.errors import StoreBusyError
from schemas.publication import Document
from tests.patience import PATIENCE_S
from web.shelf import Ready, Shelf

NOON = datetime(2026, 3, 2, 12, 0, 0, 400_000, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def ready(body: bytes = b"words", etag: str = "e1") -> Ready:
    document = Document(
        edition="nhs/all",
        format="atom",
        part="",
        as_of=2,
        media_type="application/atom+xml",
        etag=etag,
        last_modified=NOON,
        body=body,
        gzip=b"zip",
        br=b"br",
        zstd=b"zst",
        seq_from=1,
        seq_to=2,
    )
    return Ready(document)


def make(shelf: Shelf[str], key: str, state: object, made: Ready | None) -> Ready | None:
    return asyncio.run(shelf.make(key, state, lambda: made))


def test_a_document_is_found_only_in_the_state_it_was_made_in() -> None:
    shelf: Shelf[str] = Shelf(100)
    made = ready()
    assert make(shelf, "a", 1, made) is made
    assert shelf.find("a", 1) is made
    assert shelf.find("a", 2) is None
    assert shelf.find("b", 1) is None


def test_a_newer_state_takes_the_place_of_the_older_one() -> None:
    shelf: Shelf[str] = Shelf(100)
    newer = ready(etag="e2")
    make(shelf, "a", 1, ready())
    make(shelf, "a", 2, newer)
    assert shelf.find("a", 1) is None
    assert shelf.find("a", 2) is newer


def test_what_is_not_there_is_not_kept() -> None:
    shelf: Shelf[str] = Shelf(100)
    make(shelf, "a", 1, ready())
    assert make(shelf, "a", 2, None) is None
    assert shelf.find("a", 1) is None
    assert shelf.find("a", 2) is None


def test_the_document_not_asked_for_longest_makes_way() -> None:
    shelf: Shelf[str] = Shelf(2 * 13)
    for key in ("a", "b"):
        make(shelf, key, 1, ready())
    shelf.find("a", 1)
    make(shelf, "c", 1, ready())
    assert [key for key in "abc" if shelf.find(key, 1)] == ["a", "c"]


def test_every_coding_of_a_document_takes_room() -> None:
    assert ready().size == len(b"words" + b"zip" + b"br" + b"zst")


def test_a_document_larger_than_the_shelf_is_given_and_not_kept() -> None:
    shelf: Shelf[str] = Shelf(15)
    make(shelf, "a", 1, ready())
    large = ready(b"many words")
    assert make(shelf, "b", 1, large) is large
    assert shelf.find("b", 1) is None


def test_many_who_ask_for_one_document_have_it_made_once_for_each_state() -> None:
    shelf: Shelf[str] = Shelf(100)
    made: list[int] = []
    gate = threading.Event()

    def slowly(state: int) -> Ready:
        assert gate.wait(PATIENCE_S)
        made.append(state)
        return ready(etag=f"e{state}")

    async def ask() -> list[str]:
        asking = [
            asyncio.create_task(shelf.make("a", state, partial(slowly, state)))
            for state in (1, 1, 1, 2)
        ]
        await asyncio.sleep(0)
        gate.set()
        given = await asyncio.gather(*asking)
        return [one.document.etag for one in given if one]

    assert asyncio.run(ask()) == ["e1", "e1", "e1", "e2"]
    assert sorted(made) == [1, 2]


def test_a_document_that_cannot_be_made_is_tried_again_by_the_next() -> None:
    shelf: Shelf[str] = Shelf(100)

    def fail() -> Ready:
        raise StoreBusyError("somebody else")

    with pytest.raises(StoreBusyError):
        asyncio.run(shelf.make("a", 1, fail))
    assert make(shelf, "a", 1, ready()) is not None


def header(answer_headers: list[tuple[bytes, bytes]], name: bytes) -> bytes:
    return dict(answer_headers)[name]


def test_each_coding_has_a_tag_of_its_own() -> None:
    one = ready()
    plain = one.answer({}, LATER).answer
    zipped = one.answer({b"accept-encoding": b"gzip"}, LATER).answer
    assert header(plain.start["headers"], b"etag") == b'"e1"'
    assert header(zipped.start["headers"], b"etag") == b'"e1-gz"'
    assert header(zipped.start["headers"], b"content-encoding") == b"gzip"
    assert (plain.body["body"], zipped.body["body"]) == (b"words", b"zip")
    assert one.answer({b"if-none-match": b'"e1"'}, LATER).held
    assert not one.answer({b"if-none-match": b'"e1"', b"accept-encoding": b"gzip"}, LATER).held


def test_a_date_in_the_very_second_of_a_change_never_hides_the_next_change() -> None:
    """Two changes within a second bear one date: whoever saw the first must see the second."""
    soon = NOON + timedelta(milliseconds=300)
    first = header(ready().answer({}, soon).answer.start["headers"], b"last-modified")
    assert first == b"Mon, 02 Mar 2026 11:59:59 GMT"
    assert not ready().answer({b"if-modified-since": first}, LATER).held
    settled = header(ready().answer({}, LATER).answer.start["headers"], b"last-modified")
    assert settled == b"Mon, 02 Mar 2026 12:00:00 GMT"
    assert ready().answer({b"if-modified-since": settled}, LATER).held


def test_a_tag_goes_before_a_date() -> None:
    since = {b"if-modified-since": b"Mon, 02 Mar 2026 12:00:00 GMT"}
    assert ready().answer(since, LATER).held
    assert not ready().answer(since | {b"if-none-match": b'"e0"'}, LATER).held
