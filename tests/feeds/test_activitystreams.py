"""Activity Streams, read by a reader of JSON-LD that we did not write, which may fetch nothing."""

from datetime import datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld

from feeds import activitystreams
from feeds._content import response_id
from schemas.feed import BEACON_MARK, CREDIT_MARK
from tests import make
from tests.feeds import linked
from tests.feeds.cases import BARE, BEACON, CASES, HOSTILE, Case, entry, head, render
from tests.feeds.test_whatever_is_told import stories

AS = "https://www.w3.org/ns/activitystreams"
OURS = ("urn:retold:feed:", "http://www.iana.org/assignments/relation/")
WHEN = "http://www.w3.org/2001/XMLSchema#dateTime"

OBJECT = {
    *("attributedTo", "content", "context", "generator", "inReplyTo", "mediaType", "name"),
    *("published", "replies", "summary", "tag", "updated", "url"),
}
ACTIVITY = OBJECT | {"object"}
COLLECTION = OBJECT | {"first", "items", "totalItems"}
PROPERTIES = {
    "Article": OBJECT,
    "Collection": COLLECTION,
    "Create": ACTIVITY,
    "Delete": ACTIVITY,
    "Link": {"href", "rel"},
    "Note": OBJECT,
    "Object": OBJECT,
    "OrderedCollection": COLLECTION,
    "OrderedCollectionPage": COLLECTION | {"next", "partOf"},
    "Organization": OBJECT,
    "Person": OBJECT,
    "Service": OBJECT,
    "Tombstone": OBJECT | {"deleted", "formerType"},
    "Update": ACTIVITY,
}
"""What the vocabulary lets each type say, as far as we say it."""

_NODES = {
    *("attributedTo", "context", "first", "formerType", "generator", "href", "inReplyTo"),
    *("items", "next", "object", "partOf", "replies", "tag", "url"),
}
_TIMES = {"deleted", "published", "updated"}
_COUNTS = "http://www.w3.org/2001/XMLSchema#nonNegativeInteger"
CONTEXT: dict[str, Any] = {
    # A word that is not the vocabulary's comes out as a stranger instead of in silence.
    "@vocab": "_:",
    "as": f"{AS}#",
    "id": "@id",
    "type": "@type",
    **{kind: f"as:{kind}" for kind in PROPERTIES},
    **{name: f"as:{name}" for name in ("content", "mediaType", "name", "rel", "summary")},
    **{name: {"@id": f"as:{name}", "@type": "@id"} for name in _NODES},
    **{name: {"@id": f"as:{name}", "@type": WHEN} for name in _TIMES},
    "totalItems": {"@id": "as:totalItems", "@type": _COUNTS},
    "orderedItems": {"@id": "as:items", "@type": "@id", "@container": "@list"},
    # Taken by the vocabulary, so that no prefix of ours may bear its name.
    "to": {"@id": "as:to", "@type": "@id"},
}
"""What the context of the vocabulary says of the words that we use."""

told = st.text() | st.sampled_from([BEACON_MARK, f"\\{CREDIT_MARK}", '"', "\\", "\x00\x1f", '"}}'])


def _by_hand(url: str, _: object) -> dict[str, Any]:
    assert url == AS, f"{url} was fetched"
    return {"contextUrl": None, "documentUrl": url, "document": {"@context": CONTEXT}}


def _expand(written: bytes) -> dict[str, Any]:
    (feed,) = jsonld.expand(orjson.loads(written), {"documentLoader": _by_hand})
    assert isinstance(feed, dict)
    return feed


def _strangers(feed: dict[str, Any]) -> set[str]:
    return linked.strangers(feed, f"{AS}#", PROPERTIES, OURS)


def _activities(case: Case) -> list[dict[str, Any]]:
    ((items),) = _expand(render(activitystreams, case))[f"{AS}#items"]
    found: list[dict[str, Any]] = items["@list"]
    return found


def _value(node: dict[str, Any], *path: str) -> Any:
    """Follow names of the vocabulary to the one value at their end."""
    found: Any = node
    for name in path:
        (found,) = found[name if ":" in name else f"{AS}#{name}"]
    return found.get("@value", found.get("@id"))


def _read(case: Case) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(render(activitystreams, case))
    return read


@pytest.mark.parametrize("case", CASES)
def test_what_is_said_is_what_the_vocabulary_lets_each_type_say(case: str) -> None:
    assert not _strangers(_expand(render(activitystreams, CASES[case])))


def test_the_words_of_the_vocabulary_are_no_yes_men() -> None:
    sound = render(activitystreams, CASES["plain_partner"])
    assert _strangers(_expand(sound.replace(b'"mediaType"', b'"mimeType"'))) == {
        "Article._:mimeType",
        "Note._:mimeType",
    }
    assert _strangers(_expand(sound.replace(b'"partOf"', b'"object"'))) == {
        "OrderedCollectionPage.object"
    }


@pytest.mark.parametrize("case", CASES)
def test_an_array_without_members_is_left_out(case: str) -> None:
    # Spec: activitystreams-core, section 2.
    assert b"[]" not in render(activitystreams, CASES[case]).replace(b" ]]", b"")


def test_a_story_is_an_article_of_whom_by_whom_when_and_what() -> None:
    (activity,) = _activities(CASES["plain_partner"])
    (story,) = activity[f"{AS}#object"]
    assert (story["@id"], story["@type"]) == (entry().id, [f"{AS}#Article"])
    assert _value(story, "name") == "Kind staff, long wait"
    assert _value(story, "attributedTo", "name") == "Ash"
    assert _value(story, "published") == "2026-01-02T12:00:00Z"
    assert _value(story, "updated") == "2026-01-03T12:00:00Z"
    assert _value(story, "context", "name") == "Anytown NHS Trust"
    assert _value(story, "context", "urn:retold:feed:identifier") == "ods:RXX"
    assert _value(story, "generator", "name") == "opinion.example"
    assert [_value(tag, "name") for tag in story[f"{AS}#tag"]] == ["staff", "waiting"]
    here, first = story[f"{AS}#url"]
    assert here["@id"] == "https://opinion.example/s/1"
    assert (_value(first, "href"), _value(first, "rel")) == ("https://opinion.example/s/1", "via")
    assert story[f"{AS}#content"][0]["@language"] == "en-gb"
    assert _value(story, "urn:retold:feed:rating", "urn:retold:feed:value") == 4
    assert _value(story, "urn:retold:feed:attributionUrl") == "https://opinion.example/about"


def test_a_response_is_a_note_that_replies_and_no_part_of_the_story() -> None:
    (activity,) = _activities(CASES["plain_partner"])
    (story,) = activity[f"{AS}#object"]
    assert _value(story, "replies", "totalItems") == 1
    (note,) = story[f"{AS}#replies"][0][f"{AS}#items"]
    assert note["@id"] == response_id(entry().id, make.response())
    assert _value(note, "inReplyTo") == entry().id
    assert _value(note, "content") == "<p>Thank you for telling us.</p>"
    assert _value(note, "attributedTo", "name") == "Anytown NHS Trust"
    assert _value(note, "urn:retold:feed:role") == "Ward manager"
    assert "Thank you for telling us." not in _value(story, "content")


def test_a_story_says_of_its_responses_that_there_are_none_left() -> None:
    (activity,) = _read(Case(head(), (BARE,), (None,)))["orderedItems"]
    assert activity["object"]["replies"] == {"type": "Collection", "totalItems": 0}


def test_an_organisation_that_nobody_named_replies_all_the_same() -> None:
    (activity,) = _read(Case(head(), (HOSTILE,), (None,)))["orderedItems"]
    notes = activity["object"]["replies"]["items"]
    assert [note["attributedTo"]["name"] for note in notes] == [
        "A & B <Trust>",
        "ods:RXX",
        "the organisation",
    ]


@pytest.mark.parametrize(
    ("revision", "kind", "when"),
    [
        pytest.param(1, "Create", "2026-01-02T12:00:00Z", id="new"),
        pytest.param(2, "Update", "2026-01-03T12:00:00Z", id="edited"),
    ],
)
def test_an_edit_is_an_update_of_when_it_was_made(revision: int, kind: str, when: str) -> None:
    (activity,) = _read(Case(head(), (entry(revision=revision),), (None,)))["orderedItems"]
    assert (activity["type"], activity["published"]) == (kind, when)
    assert "id" not in activity


def test_removals_are_deletes_of_tombstones_before_all_others() -> None:
    *gone, last = _activities(CASES["removals"])
    assert last["@type"] == [f"{AS}#Create"]
    assert [each["@type"] for each in gone] == [[f"{AS}#Delete"]] * 2
    assert [_value(each, "object") for each in gone] == ["urn:uuid:gone-1", "urn:uuid:gone-2"]
    assert [_value(each, "object", "deleted") for each in gone] == [
        "2026-01-02T12:00:00Z",
        "2026-01-02T13:00:00Z",
    ]
    # Written as the vocabulary's own example has it, though its context makes an address of it.
    written = [each["object"] for each in _read(CASES["removals"])["orderedItems"]]
    assert [each.get("formerType") for each in written] == ["Article", "Article", None]
    assert [_value(each, "urn:retold:feed:reason") for each in gone] == [
        "removed_at_source",
        "suspended",
    ]


@pytest.mark.parametrize("credit", [None, "By leave & <more>"])
@pytest.mark.parametrize("beacon", [None, BEACON, 'https://retold.example/b?a=1&b="2"'])
def test_credit_and_beacon_stand_where_they_are_owed(
    credit: str | None, beacon: str | None
) -> None:
    (activity,) = _read(Case(head(credit=credit), (entry(),), (beacon,)))["orderedItems"]
    story = activity["object"]
    shown = story["content"].removeprefix(entry().html).partition("</a></p>")[2]
    line = "\n<p>By leave &amp; &lt;more&gt;</p>" if credit else ""
    src = beacon.replace("&", "&amp;").replace('"', "&quot;") if beacon else ""
    assert shown == line + (f'\n<img src="{src}" width="1" height="1" alt=""/>' if beacon else "")
    assert story.get("retold:beacon") == ({"id": beacon} if beacon else None)


@given(title=told, words=told, html=told)
def test_whatever_is_told_reads_back(title: str, words: str, html: str) -> None:
    unkind = entry(
        title=title,
        html=html,
        attribution=words,
        licence=words,
        subjects=({"id": words, "name": title},),
        tags=({"name": words, "group": title},),
        responses=(make.response(body=html, organisation_name=words),),
    )
    case = Case(head(title=title, credit=words), (unkind,), (words,))
    feed = _read(case)
    (activity,) = feed["orderedItems"]
    story = activity["object"]
    assert (feed["partOf"].get("name", ""), story.get("name", "")) == (title, title)
    assert story["content"].startswith(html)
    assert story["replies"]["items"][0].get("content", "") == html
    assert story["retold:beacon"] == {"id": words}
    assert story.get("retold:licence", "") == words


@given(stories())
def test_a_story_out_of_all_of_unicode_reads_back_as_it_went_in(one: Any) -> None:
    (activity,) = _read(Case(head(), (one,), (None,)))["orderedItems"]
    story = activity["object"]
    assert story["id"] == one.id
    assert story.get("name", "") == one.title
    assert story["content"].startswith(one.html)
    assert story.get("@context", {}).get("@language") == one.language
    assert datetime.fromisoformat(story["published"]) == one.published_at
    assert datetime.fromisoformat(story["updated"]) == one.updated_at
    notes = story["replies"].get("items", [])
    assert [n["id"] for n in notes] == [response_id(one.id, r) for r in one.responses]
    assert [n.get("content", "") for n in notes] == [r.body for r in one.responses]


@pytest.mark.parametrize("case", CASES)
def test_a_document_says_where_it_stands_and_what_is_beside_it(case: str) -> None:
    feed = _expand(render(activitystreams, CASES[case]))
    at = CASES[case].head
    relation = "http://www.iana.org/assignments/relation/"
    links = {name.removeprefix(relation): _value(feed, name) for name in feed if relation in name}
    ways = {"self": at.self_url, "prev-archive": at.prev_archive_url, "hub": at.hub_url}
    assert links == {name: url for name, url in ways.items() if url}
    assert _value(feed, "urn:retold:feed:archive") is at.is_archive
    assert _value(feed, "urn:retold:feed:complete") is at.is_complete
    manifest = feed.get("urn:retold:feed:manifest", [{}])[0]
    assert manifest.get("@id") == at.manifest_url
    assert (_value(feed, "next") if at.next_url else None) == at.next_url


def test_a_page_is_part_of_the_edition_and_leads_to_its_newest() -> None:
    feed = _expand(render(activitystreams, CASES["archive"]))
    assert feed["@type"] == [f"{AS}#OrderedCollectionPage"]
    assert feed["@id"] == CASES["archive"].head.self_url
    assert _value(feed, "partOf") == head().id
    assert _value(feed, "partOf", "first") == head().first_url


def test_all_there_is_stands_in_the_collection_itself() -> None:
    feed = _expand(render(activitystreams, CASES["complete"]))
    assert (feed["@id"], feed["@type"]) == (head().id, [f"{AS}#OrderedCollection"])
    assert _value(feed, "totalItems") == 1
    nothing = _read(Case(head(is_complete=True)))
    assert (nothing["totalItems"], "orderedItems" in nothing) == (0, False)
