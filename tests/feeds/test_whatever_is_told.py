"""Stories out of all of Unicode, empty and huge, held to what others' readers make of them."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import orjson
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from feeds import atom, jsonfeed, rss
from feeds._content import response_id
from schemas.feed import BEACON_MARK, CREDIT_MARK, Entry, Tombstone
from schemas.story import Response
from tests import make
from tests.feeds import fields
from tests.feeds.cases import NOON, Case, entry, head, render

ROOM = Path(__file__).parent
GRAMMAR = etree.RelaxNG(etree.parse(str(ROOM / "atom.rng")))
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOM / "jsonfeed.schema.json").read_text()))
NS = {
    "a": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "thr": "http://purl.org/syndication/thread/1.0",
}
words = st.text() | st.sampled_from(
    [
        "",
        " ",
        "\x00\x0b\x1f",
        "]]>",
        "&amp;lt;",
        "\ufffe\uffff",
        "\u2028\x85",
        BEACON_MARK,
        CREDIT_MARK,
    ]
)
times = st.integers(-1_000_000_000, 5_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))
HUGE = "wide \N{SLIGHTLY SMILING FACE} & <long> \x00" * 10_000


@st.composite
def responses(draw: st.DrawFn, number: int) -> Response:
    return make.response(
        id=f"r{number}",
        body=draw(words),
        organisation_name=draw(st.none() | words),
        organisation=draw(st.none() | st.just("ods:RXX")),
        responder_role=draw(st.none() | words),
        published_at=draw(st.none() | times),
        updated_at=draw(st.none() | times),
    )


@st.composite
def stories(draw: st.DrawFn) -> Entry:
    said = draw(words)
    return entry(
        title=draw(words),
        html=draw(words),
        text=said,
        author=draw(words),
        language=draw(st.none() | st.sampled_from(["en", "cy", "zh-Hant-TW"])),
        licence=draw(st.none() | words),
        attribution=draw(st.none() | words),
        attribution_url=draw(st.none() | st.just("https://opinion.example/about")),
        origin=draw(st.none() | st.just({"publisher": said, "url": "https://opinion.example/1"})),
        published_at=draw(times),
        updated_at=draw(times),
        subjects=({"id": f"ods:{draw(words)}", "name": draw(words)},),
        url=draw(st.none() | st.just("https://opinion.example/s/1?a=1&b=2")),
        tags=tuple(
            {"name": f"tag {draw(words)}", "group": draw(st.none() | words)}
            for _ in range(draw(st.integers(0, 2)))
        ),
        responses=tuple(draw(responses(n)) for n in range(draw(st.integers(0, 2)))),
    )


def _parsed(told: Entry, *gone: Tombstone) -> etree._Element:
    root = etree.fromstring(render(atom, Case(head(), (told,), (None,), gone)))
    GRAMMAR.assertValid(root)
    return root


@given(stories(), st.lists(words.filter(str.strip), max_size=2), times)
@example(entry(title=HUGE, html=HUGE, responses=(make.response(body=HUGE),)), ["x"], NOON)
def test_a_strict_reader_finds_story_threads_and_tombstones(
    told: Entry, gone: list[str], when: datetime
) -> None:
    root = _parsed(told, *(Tombstone(id=name, reason="removed", at=when) for name in gone))
    assert [g.get("ref") for g in root.findall("at:deleted-entry", NS)] == list(
        map(fields.shown, gone)
    )
    story, *replies = root.findall("a:entry", NS)
    assert (story.findtext("a:title", None, NS) or "") == fields.shown(told.title)
    assert (story.findtext("a:author/a:name", None, NS) or "") == fields.shown(told.author)
    assert (story.findtext("a:content", None, NS) or "").startswith(fields.shown(told.html))
    assert story.findtext("thr:total", None, NS) == str(len(told.responses))
    found = [
        (to.get("ref"), reply.findtext("a:id", None, NS), reply.findtext("a:content", None, NS))
        for reply in replies
        for to in reply.findall("thr:in-reply-to", NS)
    ]
    assert [(*names, text or "") for *names, text in found] == [
        (told.id, response_id(told.id, one), fields.shown(one.body)) for one in told.responses
    ]


@given(stories())
def test_feedparser_finds_every_field_of_atom_as_it_went_in(told: Entry) -> None:
    document = render(atom, Case(head(), (told,), (None,)))
    assert fields.hold_atom(document, {told.id: told}, {told.id: ""}) == {told.id}


@given(stories())
def test_feedparser_finds_every_field_of_rss_as_it_went_in(told: Entry) -> None:
    document = render(rss, Case(head(), (told,), (None,)))
    assert fields.hold_rss(document, {told.id: told}, {told.id: ""}) == {told.id}


@given(stories())
@example(entry(title=HUGE, html=HUGE, text=HUGE, responses=(make.response(body=HUGE),)))
def test_json_feed_says_every_field_as_it_went_in(told: Entry) -> None:
    feed = orjson.loads(render(jsonfeed, Case(head(), (told,), (None,))))
    SCHEMA.validate(feed)
    (item,) = feed["items"]
    ours = item["_retold"]
    assert (item["title"], item["authors"]) == (told.title, [{"name": told.author}])
    assert item["content_html"].startswith(told.html)
    assert item.get("language") == told.language
    assert datetime.fromisoformat(item["date_published"]) == told.published_at
    assert datetime.fromisoformat(item["date_modified"]) == told.updated_at
    assert ours["licence"] == told.licence
    assert [one["content_html"] for one in ours["responses"]] == [r.body for r in told.responses]
    assert [one["name"] for one in ours["organisations"]] == [told.subjects[0].name]
