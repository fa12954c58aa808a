"""What is gone for a channel goes; what looks like a fault of the source is not believed."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from connectors.channels import told
from schemas.channel import Channel, Faulty, Fetched, Options, Parsed, Removal, Saved, Snapshot
from schemas.errors import GarbledError
from schemas.story import Draft
from steps import ingest
from store import landings, stories
from store.database import Engine, reading
from tests.connectors import near
from tests.tell import MONDAY

Told = tuple[Snapshot | None, str]
"""A page: where it stands in the walk, and what it holds, a word for each record."""


class Pages(Options):
    """A source as a test tells it: pages of `a b -c !d`, a removal by `-`, a fault by `!`."""

    pages: tuple[Told, ...] = ()


class Source:
    """A connector for it."""

    VERSION, OPTIONS, SECRETS, EVERY = "1", Pages, (), "1h"
    TELLS = frozenset[Any]()

    @staticmethod
    def fetch(channel: Channel, _http: Any, _cursor: str | None) -> Iterator[Fetched]:
        for number, (snapshot, words) in enumerate(told(channel, Pages).pages):
            yield Fetched(
                payload=words.encode(),
                media_type="text/plain",
                cursor=str(number),
                snapshot=snapshot,
            )

    @staticmethod
    def parse(_channel: Channel, fetched: Fetched) -> Parsed:
        words = fetched.payload.decode().split()
        return Parsed(
            drafts=tuple(Draft(external_id=w, body=f"Kind {w}") for w in words if w.isalnum()),
            removals=tuple(Removal(external_id=w[1:]) for w in words if w[0] == "-"),
            faulty=tuple(
                Faulty(
                    payload=w.encode(),
                    media_type="text/plain",
                    code="bad",
                    reason="bad",
                    external_id=w[1:] or None,
                )
                for w in words
                if w[0] == "!"
            ),
        )


@pytest.fixture(autouse=True)
def source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "connector", lambda _kind: Source)


def bring(engine: Engine, *pages: Told, believe: bool = False) -> Saved:
    channel = Channel(id="ward", kind="told", options=Pages(pages=pages))
    with near.opened() as http:
        return ingest.ingest(engine, http, channel, lambda: MONDAY, believe=believe)


def whole(words: str) -> Told:
    return (Snapshot.WHOLE, words)


def many(count: int, first: int = 0) -> str:
    return " ".join(f"s{number}" for number in range(first, first + count))


def shown(engine: Engine) -> set[str]:
    with reading(engine) as connection:
        return stories.live_sources(connection, "ward")


def test_what_a_walk_over_everything_did_not_meet_is_gone(engine: Engine) -> None:
    bring(engine, (Snapshot.FIRST, "a b"), (None, "c"), (Snapshot.LAST, "d"))
    saved = bring(engine, (Snapshot.FIRST, "a"), (None, "c"), (Snapshot.LAST, ""))
    assert saved == Saved(unchanged=2, removed=2)
    assert shown(engine) == {"a", "c"}


def test_what_is_told_again_comes_back(engine: Engine) -> None:
    bring(engine, whole("a b"))
    bring(engine, whole("a"))
    bring(engine, whole("a b"))
    assert shown(engine) == {"a", "b"}


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([(None, "a")], id="no walk"),
        pytest.param([(Snapshot.FIRST, "a")], id="a walk without an end"),
        pytest.param([(Snapshot.LAST, "a")], id="a walk without a beginning"),
    ],
)
def test_a_walk_that_was_not_seen_whole_proves_nothing(
    engine: Engine, pages: Sequence[Told]
) -> None:
    bring(engine, whole("a b"))
    assert bring(engine, *pages).removed == 0
    assert shown(engine) == {"a", "b"}


def test_a_record_that_cannot_be_understood_is_still_there(engine: Engine) -> None:
    bring(engine, whole("a b c"))
    assert bring(engine, whole("a !b")).removed == 1
    assert shown(engine) == {"a", "b"}


def test_a_record_without_a_name_may_be_any_that_is_missed(engine: Engine) -> None:
    bring(engine, whole("a b"))
    assert bring(engine, whole("a !")).removed == 0


def test_a_removal_that_was_told_is_counted_once(engine: Engine) -> None:
    bring(engine, whole("a b"))
    assert bring(engine, whole("a -b")) == Saved(unchanged=1, removed=1)


def test_an_empty_source_is_not_believed_until_somebody_says_so(engine: Engine) -> None:
    bring(engine, whole("a b"))
    with pytest.raises(GarbledError, match=r"nothing at all.*retold ingest ward --believe"):
        bring(engine, whole(""))
    assert shown(engine) == {"a", "b"}
    assert bring(engine, whole(""), believe=True).removed == 2
    assert shown(engine) == set()


def test_most_stories_gone_at_once_are_not_believed_though_pages_are_small(engine: Engine) -> None:
    bring(engine, whole(many(60)))
    gone = [(None, " ".join(f"-s{n}" for n in range(at, at + 10))) for at in range(0, 40, 10)]
    with pytest.raises(GarbledError, match="40 of 60 stories are gone at once"):
        bring(engine, *gone)
    assert len(shown(engine)) == 30


def test_a_page_of_faults_keeps_its_bytes_and_no_cursor(engine: Engine) -> None:
    bring(engine, (None, "a"))
    faults = (None, " ".join(f"!s{n}" for n in range(30)))
    for _ in range(2):
        with pytest.raises(GarbledError, match=r"30 of 30 records.*faulty_share"):
            bring(engine, (None, "a"), faults)
    with reading(engine) as connection:
        assert landings.cursor(connection, "ward") == "0"
        kept = [landings.get(connection, n) for n in landings.numbers(connection, "ward")]
    assert [one.fetched.payload for one in kept if one].count(faults[1].encode()) == 1
    assert bring(engine, faults, believe=True).quarantined == 30
