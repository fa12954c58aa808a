"""Google's merchant reviews, held to a schema of what Google's reference and sample show."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feeds import google_reviews
from schemas.feed import BEACON_MARK, CREDIT_MARK, Entry
from tests.feeds.cases import BARE, BEACON, CASES, Case, entry, head, render

SCHEMA = etree.XMLSchema(etree.parse(str(Path(__file__).parent / "merchant_reviews.xsd")))
THANKED = (
    f"{entry().text}\n\nFirst told on the Opinion Site https://opinion.example/about"
    "\n\nBy kind permission of the storytellers"
)
NS = {"g": google_reviews.NAMESPACE}
told = st.text() | st.sampled_from(["\x00", "]]>", "?>", "\ufffe\uffff", BEACON_MARK, CREDIT_MARK])


def _read(*entries: Entry, beacon: str | None = None, **of_head: Any) -> etree._Element:
    case = Case(head(**of_head), entries, (beacon,) * len(entries))
    root = etree.fromstring(render(google_reviews, case))
    SCHEMA.assertValid(root)
    return root


def _star(value: float, question: str | None = "Overall") -> dict[str, Any]:
    return {"scheme": "stars", "question": question, "value": value, "min": 1, "max": 5}


@pytest.mark.parametrize("case", CASES)
def test_a_schema_of_merchant_reviews_accepts_what_we_write(case: str) -> None:
    SCHEMA.assertValid(etree.fromstring(render(google_reviews, CASES[case])))


@given(title=told, words=told, of=told, value=st.floats(), url=told)
def test_the_schema_accepts_whatever_is_told(
    title: str, words: str, of: str, value: float, url: str
) -> None:
    unkind = entry(
        title=title,
        text=words,
        attribution=words,
        subjects=({"id": f"local:{of}", "name": f"Name {of}"},),
        ratings=(_star(value),),
    )
    _read(unkind, beacon=url, credit=words)


@pytest.mark.parametrize(
    ("fault", "cure"),
    [
        pytest.param(b"<overall ", b"<total ", id="an element that is none"),
        pytest.param(b' mid="ods:RXX"', b"", id="a review of nobody"),
        pytest.param(b"2026-01-02T12:00:00Z", b"2 January", id="a time that is none"),
        pytest.param(b">GB<", b">Britain<", id="a country that is none"),
        pytest.param(b"</feed>", b"<deleted_reviews/></feed>", id="a container of nothing"),
    ],
)
def test_the_schema_is_no_yes_man(fault: bytes, cure: bytes) -> None:
    sound = render(google_reviews, CASES["plain_partner"])
    assert fault in sound
    mended = sound.replace(b"</overall>", b"</total>") if b"total" in cure else sound
    assert not SCHEMA.validate(etree.fromstring(mended.replace(fault, cure)))


def test_a_review_says_by_whom_when_where_and_what_with_thanks_at_its_end() -> None:
    root = _read(entry(), credit="By kind permission of the storytellers")
    (review,) = root.findall("g:reviews/g:review", NS)
    assert (review.get("id"), review.get("mid")) == (entry().id, "ods:RXX")
    assert [(etree.QName(child).localname, child.text) for child in review][:6] == [
        ("reviewer_name", "Ash"),
        ("create_timestamp", "2026-01-02T12:00:00Z"),
        ("last_update_timestamp", "2026-01-03T12:00:00Z"),
        ("country_code", "GB"),
        ("title", "Kind staff, long wait"),
        ("content", THANKED),
    ]
    (overall,) = review.findall("g:ratings/g:overall", NS)
    assert (overall.get("min"), overall.text, overall.get("max")) == ("1", "4", "5")


@pytest.mark.parametrize(
    ("attribution", "link", "end"),
    [
        pytest.param("Told", None, "\n\nTold https://opinion.example/s/1", id="words alone"),
        pytest.param(None, "https://a.example/", "\n\nhttps://a.example/", id="a link alone"),
        pytest.param(None, None, "", id="nobody to thank"),
    ],
)
def test_thanks_lead_to_whom_they_name(attribution: str, link: str, end: str) -> None:
    root = _read(entry(attribution=attribution, attribution_url=link))
    assert root.findtext("g:reviews/g:review/g:content", None, NS) == entry().text + end


@pytest.mark.parametrize(
    ("ratings", "overall"),
    [
        pytest.param((_star(2, "Food"), _star(3.5)), "3.5", id="the one named so"),
        pytest.param((_star(2, "Food"), _star(3, None)), "3", id="the one without a name"),
        pytest.param((_star(2, "Food"),), "2", id="the only one"),
        pytest.param((_star(2, "Food"), _star(3, "Staff")), None, id="none of the whole"),
        pytest.param((_star(6),), None, id="off its scale"),
        pytest.param((_star(math.nan),), None, id="no number"),
        pytest.param((_star(1e16) | {"max": 1e16},), "10000000000000000", id="a vast one"),
        pytest.param((), None, id="none at all"),
    ],
)
def test_the_rating_is_the_one_of_the_whole(ratings: tuple[Any, ...], overall: str | None) -> None:
    root = _read(entry(ratings=ratings))
    assert root.findtext("g:reviews/g:review/g:ratings/g:overall", None, NS) == overall


@pytest.mark.parametrize("lacking", [{"ratings": ()}, {"subjects": ()}])
def test_what_google_does_not_take_is_left_out_and_deleted_where_it_may_have_been_shown(
    lacking: dict[str, Any],
) -> None:
    first, edited = (entry(revision=n, **lacking) for n in (1, 2))
    assert google_reviews.fragments([first]) == [b""]
    root = _read(edited, BARE)
    assert root.find("g:reviews", NS) is None
    assert root.find("g:merchants", NS) is None
    (gone,) = root.findall("g:deleted_reviews/g:deleted_review", NS)
    assert gone.get("id") == edited.id
    assert gone.findtext("g:last_update_timestamp", None, NS) == "2026-01-03T12:00:00Z"


def test_a_merchant_stands_once_however_many_reviews_are_of_it() -> None:
    other = entry(id="urn:uuid:2", subjects=({"id": "ods:RYY", "name": "Other"},))
    root = _read(entry(), other, entry(id="urn:uuid:3"))
    assert [m.get("id") for m in root.iterfind("g:merchants/g:merchant", NS)] == [
        "ods:RXX",
        "ods:RYY",
    ]
    assert [r.get("mid") for r in root.iterfind("g:reviews/g:review", NS)] == [
        "ods:RXX",
        "ods:RYY",
        "ods:RXX",
    ]


def test_a_register_that_we_do_not_know_is_of_no_country() -> None:
    root = _read(entry(subjects=({"id": "local:7", "name": "Ward"},)))
    assert root.find("g:reviews/g:review/g:country_code", NS) is None


def test_removals_stand_last_and_say_when() -> None:
    root = etree.fromstring(render(google_reviews, CASES["removals"]))
    assert etree.QName(root[-1]).localname == "deleted_reviews"
    assert [(gone.get("id"), gone[0].text) for gone in root[-1]] == [
        ("urn:uuid:gone-1", "2026-01-02T12:00:00Z"),
        ("urn:uuid:gone-2", "2026-01-02T13:00:00Z"),
    ]


def test_the_beacon_and_the_ways_on_stand_in_instructions() -> None:
    root = _read(entry(), beacon=BEACON, next_url="https://retold.example/feeds/p/n.google?below=4")
    beacons = root.xpath("//g:review/processing-instruction('retold-beacon')", namespaces=NS)
    assert [beacon.get("href") for beacon in beacons] == [BEACON]  # type: ignore[union-attr]
    ways = root.getroottree().xpath("/processing-instruction('retold-link')")
    assert [(way.get("rel"), way.get("href")) for way in ways][1:] == [  # type: ignore[union-attr]
        ("first", "https://retold.example/feeds/paper/north.feed"),
        ("next", "https://retold.example/feeds/p/n.google?below=4"),
    ]


def test_a_post_is_no_review_whatever_it_is_rated() -> None:
    rated = entry(kind="post", revision=1)
    told = rated._replace(kind="story")
    assert [bool(one) for one in google_reviews.fragments([rated, told])] == [False, True]
