"""What holds for every format, those not written yet too."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds import format_named, names
from rules import configure
from schemas.errors import UnknownKindError
from schemas.feed import BEACON_MARK, CREDIT_MARK, Entry, Slot
from schemas.partner import Agreement
from tests.connectors.channels.feeds import read
from tests.feeds.cases import (
    BARE,
    BEACON,
    CASES,
    CLOSED,
    HOSTILE,
    NOON,
    POST,
    Case,
    entry,
    head,
    render,
)

GOLDEN = Path(__file__).parent / "golden"
MARKS = (BEACON_MARK.encode(), CREDIT_MARK.encode())

every_format = pytest.mark.parametrize("name", names())


def test_formats_are_named_as_agreements_name_them() -> None:
    assert names() == ["activity", "atom", "google", "json", "jsonld", "rss"]
    assert [format_named(name).EXTENSION for name in names()] == names()


def test_a_format_that_nobody_wrote_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        UnknownKindError, match="'opml': choose among activity, atom, google, json, jsonld, rss"
    ):
        format_named("opml")


def test_a_configuration_may_name_every_format_and_a_new_one_only_by_name() -> None:
    assert set(configure.FORMATS) == set(names())
    assert Agreement(id="a", partner="p").formats == ("atom", "rss", "json")


@every_format
@pytest.mark.parametrize("case", CASES)
def test_renders_its_golden_file(name: str, case: str) -> None:
    rendered = render(format_named(name), CASES[case])
    golden = GOLDEN / f"{case}.{name}"
    if not golden.exists():
        golden.write_bytes(rendered)
        pytest.fail(f"wrote {golden}; read it, then commit it")
    assert rendered == golden.read_bytes()


def test_every_golden_file_belongs_to_a_case() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {
        f"{case}.{name}" for case in CASES for name in names()
    }


@every_format
def test_a_partner_without_beacon_and_credit_sees_neither(name: str) -> None:
    rendered = render(format_named(name), CASES["plain_partner"])
    assert b"beacon" not in rendered
    assert b"<img" not in rendered
    assert b"&lt;img" not in rendered
    assert not any(mark in rendered for mark in MARKS)


@every_format
def test_two_partners_share_a_fragment_and_see_their_own_parts(name: str) -> None:
    format_ = format_named(name)
    (fragment,) = format_.fragments([entry()])
    for_one, for_other = (
        format_.document(head(credit=credit), [Slot(fragment=fragment, beacon_url=url)], ())
        for credit, url in (("For one", f"{BEACON}?one"), ("For another", f"{BEACON}?two"))
    )
    assert b"For one" in for_one
    assert b"gif?one" in for_one
    assert b"For another" not in for_one
    assert for_other == for_one.replace(b"For one", b"For another").replace(b"?one", b"?two")


@every_format
def test_no_story_can_forge_a_mark(name: str) -> None:
    format_ = format_named(name)
    fragment, plain = format_.fragments([HOSTILE, entry()])
    assert [fragment.count(mark) for mark in MARKS] == [plain.count(mark) for mark in MARKS]
    rendered = render(format_, CASES["hostile"])
    assert rendered.count(b"b?a=1") == plain.count(MARKS[0])


WORDS = st.text('\0\1\2\r\n& <"é\ufffe\uffff', max_size=6)
MANY = st.lists(
    st.builds(
        lambda told, **words: told._replace(**words),
        st.sampled_from([HOSTILE, BARE, POST, CLOSED, entry()]),
        title=WORDS,
        html=WORDS,
        text=WORDS,
        author=WORDS,
        url=st.none() | WORDS,
        language=st.none() | WORDS,
        attribution=st.none() | WORDS,
        licence=st.none() | WORDS,
    ),
    max_size=70,  # more than are written together
)


@every_format
@given(told=MANY)
@settings(max_examples=25, deadline=None)
def test_an_entry_is_written_the_same_alone_and_among_others(name: str, told: list[Entry]) -> None:
    format_ = format_named(name)
    alone = [fragment for entry in told for fragment in format_.fragments([entry])]
    assert format_.fragments(told) == alone


@every_format
@pytest.mark.parametrize("credit", [None, ""])
def test_an_agreement_without_a_line_adds_nothing(name: str, credit: str | None) -> None:
    (fragment,) = format_named(name).fragments([entry()])
    slots = [Slot(fragment=fragment, beacon_url=None)]
    without = format_named(name).document(head(), slots, ())
    assert format_named(name).document(head(credit=credit), slots, ()) == without


@every_format
def test_entries_stand_in_the_order_given(name: str) -> None:
    several = [entry(title=f"Story number {n}") for n in (3, 1, 2)]
    rendered = render(format_named(name), Case(head(), several, (None, None, None)))
    places = [rendered.index(f"Story number {n}".encode()) for n in (3, 1, 2)]
    assert places == sorted(places)


@every_format
def test_says_whether_it_can_tell_of_a_removal(name: str) -> None:
    format_ = format_named(name)
    told = b"urn:uuid:gone-1" in render(format_, CASES["removals"])
    assert told is format_.CARRIES_TOMBSTONES


@every_format
@given(title=st.text(), html=st.text(), when=st.datetimes(timezones=st.just(UTC)))
def test_the_same_entry_always_gives_the_same_bytes(
    name: str, title: str, html: str, when: datetime
) -> None:
    fields = {"title": title, "html": html, "updated_at": when}
    once, again = (
        render(format_named(name), Case(head(), (entry(**fields),), (BEACON,))) for _ in range(2)
    )
    assert once == again


def test_our_own_connector_reads_back_when_a_story_expires() -> None:
    case = Case(head(), (entry(expires_at=NOON), BARE), (None, None))
    drafts = read(render(format_named("json"), case)).drafts
    assert [draft.expires_at for draft in drafts] == ["2026-01-02T12:00:00Z", None]


@pytest.mark.parametrize("name", ["atom", "json", "rss"])
def test_our_own_connector_reads_a_post_back_as_a_post_whatever_its_channel_is_of(
    name: str,
) -> None:
    document = render(format_named(name), Case(head(), (POST, CLOSED, BARE), (None,) * 3))
    drafts = read(document, kind="review").drafts
    assert [(d.kind, d.ext) for d in drafts] == [
        ("post", {"comments": "open"}),
        ("post", {"comments": "closed"}),
        ("review", {}),
    ]
    assert [tag.name for tag in drafts[1].tags] == ["building"]
