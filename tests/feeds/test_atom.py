from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feeds import atom
from feeds._content import response_id
from schemas.feed import Entry
from schemas.story import Response
from tests import make
from tests.connectors.channels.feeds import read
from tests.feeds.cases import BARE, CASES, NOON, Case, entry, head, render

GRAMMAR = etree.RelaxNG(etree.parse(str(Path(__file__).parent / "atom.rng")))
NS = {
    "a": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "thr": "http://purl.org/syndication/thread/1.0",
    "ours": "urn:retold:feed",
}


def _entries(*told: Entry) -> list[etree._Element]:
    case = Case(head(), told, (None,) * len(told))
    return etree.fromstring(render(atom, case)).findall("a:entry", NS)


def _first(*told: Entry) -> etree._Element:
    return _entries(*told)[0]


@pytest.mark.parametrize("case", CASES)
def test_the_grammar_of_the_rfc_accepts_what_we_write(case: str) -> None:
    GRAMMAR.assertValid(etree.fromstring(render(atom, CASES[case])))


@given(title=st.text(), tag=st.text(), url=st.text())
def test_the_grammar_accepts_whatever_is_told(title: str, tag: str, url: str) -> None:
    told = entry(title=title, url=url, tags=({"name": tag, "group": title},))
    GRAMMAR.assertValid(etree.fromstring(render(atom, Case(head(), (told,), (None,)))))


@pytest.mark.parametrize(
    ("fault", "cure"),
    [
        pytest.param(b"<id>urn:retold:edition:paper:north</id>", b"", id="a feed without id"),
        pytest.param(b"2026-01-05T09:30:00Z", b"5 January", id="a time that is none"),
        pytest.param(b"<source><title", b"<source><name/><title", id="a source with a name"),
        pytest.param(b"<author><name>Ash</name></author>", b"<author/>", id="a nameless author"),
        pytest.param(b'xml:lang="en-GB"', b'xml:lang="in English"', id="a language that is none"),
        pytest.param(b"</feed>", b"<id>urn:x</id></feed>", id="what must stand before the entries"),
        pytest.param(
            b"</feed>",
            b'<at:deleted-entry ref="urn:x" when="2026-01-02T12:00:00Z"/></feed>',
            id="a tombstone after an entry",
        ),
    ],
)
def test_the_grammar_is_no_yes_man(fault: bytes, cure: bytes) -> None:
    sound = render(atom, CASES["plain_partner"])
    assert fault in sound
    assert not GRAMMAR.validate(etree.fromstring(sound.replace(fault, cure)))


def test_tombstones_stand_before_the_first_entry_and_say_when_and_why() -> None:
    root = etree.fromstring(render(atom, CASES["removals"]))
    names = [etree.QName(child).localname for child in root]
    assert names[-3:] == ["deleted-entry", "deleted-entry", "entry"]
    stones = root.findall("at:deleted-entry", NS)
    assert [(s.get("ref"), s.get("when"), s.findtext("at:comment", None, NS)) for s in stones] == [
        ("urn:uuid:gone-1", "2026-01-02T12:00:00Z", "removed_at_source"),
        ("urn:uuid:gone-2", "2026-01-02T13:00:00Z", "suspended"),
    ]


def test_links_lead_home_to_itself_to_the_first_and_to_the_next_page() -> None:
    root = etree.fromstring(render(atom, CASES["two_stories"]))
    assert {link.get("rel"): link.get("href") for link in root.findall("a:link", NS)} == {
        "alternate": "https://retold.example/feeds/paper/north",
        "self": "https://retold.example/feeds/paper/north.feed",
        "first": "https://retold.example/feeds/paper/north.feed",
        "next": "https://retold.example/feeds/paper/north.feed?below=41",
        "hub": "https://retold.example/hub",
    }
    assert b'rel="next"' not in render(atom, CASES["empty"])


def test_categories_name_organisations_and_tags_by_scheme() -> None:
    root = _first(entry())
    categories = [dict(c.attrib) for c in root.findall("a:category", NS)]
    assert categories == [
        {"scheme": "urn:retold:organisation", "term": "ods:RXX", "label": "Anytown NHS Trust"},
        {"scheme": "urn:retold:tag:good", "term": "staff"},
        {"scheme": "urn:retold:tag", "term": "waiting"},
    ]
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en-GB"
    assert root.findtext("a:rights", None, NS) == "CC BY-NC-SA 4.0; First told on the Opinion Site"


def _ids(story: etree._Element) -> list[str | None]:
    return [one.text for one in story.findall("ours:responses/ours:id", NS)]


def _response(name: str, **fields: object) -> Response:
    return make.response(id=name, body=f"<p>Response {name}.</p>", **fields)


def test_a_response_is_an_entry_behind_its_story_and_replies_to_it() -> None:
    told = entry(responses=(_response("r1"), _response("r2", responder_role=None)))
    story, first, second, other = _entries(told, BARE)
    assert [e.findtext("a:id", None, NS) for e in (story, other)] == [told.id, BARE.id]
    for reply, name in ((first, "r1"), (second, "r2")):
        to = reply.find("thr:in-reply-to", NS)
        assert to is not None
        assert (to.get("ref"), to.get("href")) == (told.id, "https://opinion.example/s/1")
        assert reply.findtext("a:author/a:name", None, NS) == "Anytown NHS Trust"
        assert reply.findtext("a:published", None, NS) == "2026-01-03T12:00:00Z"
        assert reply.findtext("a:updated", None, NS) == "2026-01-03T12:00:00Z"
        assert reply.findtext("a:content", None, NS) == f"<p>Response {name}.</p>"
    assert [e.findtext("a:title", None, NS) for e in (first, second)] == [
        "Response from Anytown NHS Trust, Ward manager",
        "Response from Anytown NHS Trust",
    ]
    assert "Response" not in (story.findtext("a:content", None, NS) or "")


def test_a_story_leads_to_its_responses_at_its_own_address_in_each_edition() -> None:
    late = NOON + timedelta(days=9)
    answered = _first(entry(responses=(_response("r1"), _response("r2", updated_at=late))))
    (link,) = answered.findall("a:link[@rel='replies']", NS)
    thread = "{http://purl.org/syndication/thread/1.0}"
    assert link.base is not None
    assert urljoin(link.base, link.get("href")) == (
        "https://retold.example/feeds/paper/north/story/6f6b0c1e-3f0a-4c3e-9d7a-000000000001"
    )
    assert link.get("type") == "application/atom+xml"
    assert (link.get(f"{thread}count"), link.get(f"{thread}updated")) == (
        "2",
        "2026-01-11T12:00:00Z",
    )
    assert _first(entry(responses=())).findall("a:link[@rel='replies']", NS) == []


@given(st.text(), st.text(min_size=1))
def test_a_response_is_named_as_every_uuid_of_an_address_is(story: str, name: str) -> None:
    assert (
        response_id(story, make.response(id=name)) == uuid5(NAMESPACE_URL, f"{story}\n{name}").urn
    )


def test_a_story_says_which_responses_it_has_so_that_one_taken_back_can_be_pruned() -> None:
    one, two = _response("r1"), _response("r2")
    story, first, second = _entries(entry(responses=(one, two)))
    names = [reply.findtext("a:id", None, NS) for reply in (first, second)]
    assert (_ids(story), story.findtext("thr:total", None, NS)) == (names, "2")
    story, left = _entries(entry(responses=(two,), revision=3))
    assert (_ids(story), story.findtext("thr:total", None, NS)) == ([names[1]], "1")
    assert left.findtext("a:id", None, NS) == names[1]
    story = _first(entry(responses=(), revision=4))
    assert (_ids(story), story.findtext("thr:total", None, NS)) == ([], "0")


def test_a_response_keeps_its_id_and_shares_it_with_no_other() -> None:
    told, edited = _response("r1"), _response("r1", organisation_name="Renamed")
    name = response_id(entry().id, told)
    assert response_id(entry().id, edited) == name
    assert name == "urn:uuid:135216e3-ab6c-5e87-8586-24dff7b3e451"
    assert len({name, response_id(BARE.id, told), response_id(BARE.id, edited)}) == 2


@pytest.mark.parametrize(
    ("published", "updated", "shown"),
    [
        pytest.param("2026-01-04T12:00:00Z", "2026-01-05T12:00:00Z", "2026-01-05T12:00:00Z"),
        pytest.param("2026-01-04T12:00:00Z", None, "2026-01-04T12:00:00Z", id="never edited"),
        pytest.param(None, None, "2026-01-03T12:00:00Z", id="as new as its story"),
    ],
)
def test_a_response_is_dated_by_itself_else_by_its_story(
    published: str | None, updated: str | None, shown: str
) -> None:
    _, reply = _entries(
        entry(responses=(make.response(published_at=published, updated_at=updated),))
    )
    assert reply.findtext("a:published", None, NS) == published
    assert reply.findtext("a:updated", None, NS) == shown


def test_a_story_names_its_source_and_leads_there() -> None:
    story = _first(entry(responses=()))
    assert story.findtext("a:source/a:title", None, NS) == "opinion.example"
    assert [link.get("href") for link in story.findall("a:link[@rel='via']", NS)] == [
        "https://opinion.example/s/1"
    ]
    bare = _first(BARE)
    assert (bare.find("a:source", NS), bare.find("a:link", NS)) == (None, None)


def test_our_own_connector_reads_story_and_responses_back_as_one_draft() -> None:
    told = entry(responses=(_response("r1"), _response("r2")))
    document = render(atom, Case(head(), (BARE, told), (None, None)))
    parsed = read(document, service_scheme="urn:retold:organisation")
    assert (parsed.faulty, parsed.skipped) == ((), ())
    bare, draft = parsed.drafts
    assert (bare.external_id, bare.responses, bare.origin) == (BARE.id, (), None)
    assert (draft.external_id, draft.title) == (told.id, told.title)
    assert draft.body.startswith(told.html)
    assert draft.origin is not None
    assert (draft.origin.publisher, draft.origin.url) == ("opinion.example", told.url)
    assert [(r.external_id, r.body, r.organisation_name) for r in draft.responses] == [
        (response_id(told.id, one), one.body, "Anytown NHS Trust") for one in told.responses
    ]
    assert read(document, service_scheme="urn:retold:organisation") == parsed
