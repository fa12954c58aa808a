"""Who holds what was removed: the rule against its definition, and what it must not mistake."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from rules import holders
from schemas.delivery import FETCH, PUSH, WEBHOOK, Delivery, Held, Removal

BUCKET = 3
TELLING = ("atom", WEBHOOK)
START = datetime(2026, 1, 1, tzinfo=UTC)


def at(number: int) -> datetime:
    return START + timedelta(minutes=number)


def document(
    seq_from: int, seq_to: int, as_of: int | None = None, *, part: str = "", **more: object
) -> Delivery:
    made = seq_to if as_of is None else as_of
    told: dict[str, object] = {
        "token": "one",
        "edition": "p/a",
        "format": "atom",
        "etag": "",
        "first_at": at(made),
        "last_at": at(made),
        "served": 1,
        "confirmed": 0,
        "how": FETCH,
    }
    return Delivery(part=part, seq_from=seq_from, seq_to=seq_to, as_of=made, **told | more)  # type: ignore[arg-type]


def removal(seq: int, *shown: int, ordinal: int = 1, edition: str = "p/a") -> Removal:
    return Removal(edition, f"s{ordinal}", seq, "removed", at(seq), ordinal, shown, None)


def may_have(one: Delivery, number: int, ordinal: int) -> bool:
    """Whether a document may have a line of the log, as the glossary of the store has it."""
    if one.part.startswith("archive-"):
        return one.part == f"archive-{(ordinal + BUCKET - 1) // BUCKET}" and number <= one.as_of
    return one.seq_from <= number <= one.seq_to


def defined(gone: Removal, documents: list[Delivery], client: str) -> Held | None:
    """Say what one client knows of one removal, each document looked at by itself."""
    of = [one for one in documents if (one.edition, one.token) == (gone.edition, client)]
    came = [one for one in of if one.how == FETCH or one.confirmed]
    gave = [
        one.first_at
        for one in of
        if one.how != WEBHOOK and one.as_of < gone.seq
        if any(may_have(one, number, gone.ordinal) for number in gone.shown)
    ]
    posted = [one for one in of if one.how == WEBHOOK and may_have(one, gone.seq, gone.ordinal)]
    told = [
        one.first_at if one.how == FETCH else one.last_at
        for one in came
        if one.format in TELLING and may_have(one, gone.seq, gone.ordinal)
    ]
    fetched = [one.last_at for one in came if one.last_at >= gone.at]
    if not gave and not posted:
        return None
    times = [min(gave, default=None), min(told, default=None), max(fetched, default=None)]
    return Held._make([*gone[:5], client, *times, None])


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Removal], list[Delivery]]:
    """Draw what an edition did, and what its clients were given, in the order of its log."""
    numbers = st.integers(1, 20)
    gone = [
        removal(seq, *sorted(set(shown)), ordinal=ordinal)
        for ordinal in range(1, draw(st.integers(1, 5)))
        if (seq := draw(st.integers(2, 22)))
        if (shown := draw(st.lists(st.integers(1, seq - 1), min_size=1, max_size=3)))
    ]
    given_ = []
    for number in range(draw(st.integers(0, 12))):
        as_of = draw(numbers)
        part = draw(st.sampled_from(["", "delta-3", "archive-1", "archive-2"]))
        how = FETCH if part.startswith("archive") else draw(st.sampled_from([FETCH, PUSH, WEBHOOK]))
        given_.append(
            document(
                draw(st.integers(1, as_of)),
                as_of,
                part=part,
                etag=str(number),
                token=draw(st.sampled_from(["one", "two"])),
                format=WEBHOOK if how == WEBHOOK else draw(st.sampled_from(["atom", "rss"])),
                last_at=at(as_of + draw(st.integers(0, 9))),
                confirmed=draw(st.integers(0, 1)),
                how=how,
            )
        )
    return gone, given_


@given(drawn=histories())
@settings(max_examples=600)
def test_the_rule_finds_what_its_definition_says(
    drawn: tuple[list[Removal], list[Delivery]],
) -> None:
    gone, documents = drawn
    expected = [
        one
        for each in gone
        for client in ("one", "two")
        if (one := defined(each, documents, client)) is not None
    ]
    assert holders.held(gone, documents, BUCKET, TELLING) == expected


def test_editions_are_kept_apart_and_removals_keep_their_order() -> None:
    gone = [removal(9, 4, edition="p/b"), removal(5, 2)]
    documents = [document(1, 4), document(1, 4, edition="p/b"), document(1, 3, edition="p/c")]
    found = holders.held(gone, documents, BUCKET, TELLING)
    assert [(one.edition, one.client) for one in found] == [("p/b", "one"), ("p/a", "one")]


def test_nothing_removed_and_nothing_given_is_held_by_nobody() -> None:
    assert holders.held([], [document(1, 4)], BUCKET, TELLING) == []
    assert holders.held([removal(5, 2)], [], BUCKET, TELLING) == []


def test_thousands_of_removals_meet_thousands_of_documents_once_each() -> None:
    """Each with each would be twenty million looks and more."""
    looks = 0

    class Counted(Delivery):
        def __getattribute__(self, name: str) -> object:
            nonlocal looks
            looks += 1
            return super().__getattribute__(name)

    documents = [Counted(*document(max(1, n - 50), n)) for n in range(1, 10_001)]
    gone = [removal(10_001 + n, n + 1, ordinal=n + 1) for n in range(0, 10_000, 5)]
    assert len(holders.held(gone, documents, 500, TELLING)) == 2_000
    assert looks < 100 * (len(documents) + len(gone))
