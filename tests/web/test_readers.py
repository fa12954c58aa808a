"""Every document of an edition, in every format, as served: read by what others wrote.

What readers find is held to what was told, whatever that was.
"""

import io
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import jsonschema
import orjson
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from feeds import names
from schemas.story import Rating
from steps import stories as acts
from tests.feeds.fields import shown
from tests.tell import tell, telling
from tests.web.published import Published
from tests.web.reading import ALL, EDITION, documents_of, opened, urn

FEEDS = Path(__file__).parents[1] / "feeds"
GRAMMAR = etree.RelaxNG(etree.parse(str(FEEDS / "atom.rng")))
REVIEWS = etree.XMLSchema(etree.parse(str(FEEDS / "merchant_reviews.xsd")))
SCHEMA = jsonschema.Draft202012Validator(json.loads((FEEDS / "jsonfeed.schema.json").read_text()))
A, AT, THR, FH, G = (
    f"{{{name}}}"
    for name in (
        "http://www.w3.org/2005/Atom",
        "http://purl.org/atompub/tombstones/1.0",
        "http://purl.org/syndication/thread/1.0",
        "http://purl.org/syndication/history/1.0",
        "http://schemas.google.com/merchant_reviews/5.0",
    )
)
HUGE = "wide \N{SLIGHTLY SMILING FACE} & <long> \x00 ]]>" * 500

words = st.text(max_size=40) | st.sampled_from(
    ["", " ", "\x00\x0b\x1f", "]]>", "&amp;lt;", "\ufffe"]
)
times = st.integers(1_720_000_000, 1_772_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))


class Told(NamedTuple):
    """A story as a channel tells it."""

    title: str
    text: str
    author: str
    published_at: datetime


class Seen(NamedTuple):
    """A document, as somebody else's reader has it."""

    stories: Mapping[str, tuple[str, str, datetime]]
    """Title, author and time of publication, by id."""
    contents: Mapping[str, str]
    gone: set[str]
    """Whose removal it tells of."""


stories = st.lists(
    st.builds(Told, words, words, words.filter(lambda name: name.strip()), times),
    min_size=6,
    max_size=9,
)


def bring(rig: Published, told: Mapping[int, Told]) -> None:
    rating = Rating(scheme="stars", value=4, min=1, max=5)
    tell(
        rig.engine,
        *(
            telling(
                str(number),
                one.text,
                title=one.title,
                author={"display_name": one.author},
                published_at=one.published_at,
                updated_at=one.published_at,
                responses=(),
                ratings=(rating,),
            )
            for number, one in told.items()
        ),
    )
    rig.publish(EDITION)


def from_atom(body: bytes) -> Seen:
    root = etree.fromstring(body)
    if root.tag == f"{A}feed":
        GRAMMAR.assertValid(root)
    entries = [e for e in root.iter(f"{A}entry") if e.find(f"{THR}in-reply-to") is None]
    assert [e.findtext(f"{THR}total") for e in entries] == ["0"] * len(entries)
    strict = {e.findtext(f"{A}id") or "": e for e in entries}
    return Seen(
        {
            name: (
                e.findtext(f"{A}title") or "",
                e.findtext(f"{A}author/{A}name") or "",
                datetime.fromisoformat(e.findtext(f"{A}published") or ""),
            )
            for name, e in strict.items()
        },
        {name: e.findtext(f"{A}content") or "" for name, e in strict.items()},
        {gone.get("ref") or "" for gone in root.iter(f"{AT}deleted-entry")},
    )


def from_rss(body: bytes) -> Seen:
    items = etree.fromstring(body).findall("channel/item")
    creator, content = (
        "{http://purl.org/dc/elements/1.1/}creator",
        "{http://purl.org/rss/1.0/modules/content/}encoded",
    )
    found = {item.findtext("guid") or "": item for item in items}
    assert {guid.get("isPermaLink") for item in items for guid in item.iter("guid")} <= {"false"}
    return Seen(
        {
            name: (
                item.findtext("title") or "",
                item.findtext(creator) or "",
                datetime.strptime(item.findtext("pubDate") or "", "%a, %d %b %Y %H:%M:%S %z"),
            )
            for name, item in found.items()
        },
        {name: item.findtext(content) or "" for name, item in found.items()},
        set(),
    )


def from_json(body: bytes) -> Seen:
    feed = orjson.loads(body)
    SCHEMA.validate(feed)
    return Seen(
        {
            item["id"]: (
                item["title"],
                item["authors"][0]["name"],
                datetime.fromisoformat(item["date_published"]),
            )
            for item in feed["items"]
        },
        {item["id"]: item["content_html"] for item in feed["items"]},
        {one["id"] for one in feed["_retold"]["removed"]},
    )


def from_jsonld(body: bytes) -> Seen:
    elements = orjson.loads(body)["dataFeedElement"]
    there = [e["item"] for e in elements if "dateDeleted" not in e]
    return Seen(
        {
            one["@id"]: (
                one.get("name", ""),
                one["author"]["name"],
                datetime.fromisoformat(one["datePublished"]),
            )
            for one in there
        },
        {one["@id"]: one.get("reviewBody", "") for one in there},
        {e["item"]["@id"] for e in elements if "dateDeleted" in e},
    )


def from_google(body: bytes) -> Seen:
    root = etree.parse(io.BytesIO(body)).getroot()
    REVIEWS.assertValid(root)
    found = {review.get("id") or "": review for review in root.iter(f"{G}review")}
    return Seen(
        {
            name: (
                review.findtext(f"{G}title") or "",
                review.findtext(f"{G}reviewer_name") or "",
                datetime.fromisoformat(review.findtext(f"{G}create_timestamp") or ""),
            )
            for name, review in found.items()
        },
        {name: review.findtext(f"{G}content") or "" for name, review in found.items()},
        {gone.get("id") or "" for gone in root.iter(f"{G}deleted_review")},
    )


def from_activity(body: bytes) -> Seen:
    items = orjson.loads(body)["orderedItems"]
    there = [one["object"] for one in items if one["type"] in {"Create", "Update"}]
    return Seen(
        {
            one["id"]: (
                one.get("name", ""),
                one["attributedTo"]["name"],
                datetime.fromisoformat(one["published"]),
            )
            for one in there
        },
        {one["id"]: one["content"] for one in there},
        {one["object"]["id"] for one in items if one["type"] == "Delete"},
    )


READERS: Mapping[str, Callable[[bytes], Seen]] = {
    "atom": from_atom,
    "rss": from_rss,
    "json": from_json,
    "jsonld": from_jsonld,
    "google": from_google,
    "activity": from_activity,
}


def test_there_is_a_reader_for_every_format() -> None:
    assert READERS.keys() == set(names())


@pytest.mark.parametrize("ending", READERS)
@settings(max_examples=5, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(told=stories, edited=stories)
@example(
    told=[Told(HUGE, HUGE, "Sam", datetime(2026, 1, 2, tzinfo=UTC))] * 6,
    edited=[Told("", "", "Sam", datetime(2026, 1, 2, tzinfo=UTC))] * 6,
)
def test_every_document_says_what_was_told_and_what_is_gone(
    ending: str, told: list[Told], edited: list[Told]
) -> None:
    with opened() as rig:
        bring(rig, dict(enumerate(told)))
        since = rig.ask(f"{ALL}.{ending}", rig.issue("nhs"))["etag"]
        now = dict(enumerate(told)) | {0: edited[0], 3: edited[3]}
        bring(rig, {0: edited[0], 3: edited[3]})
        acts.withdraw(rig.engine, urn(1), "asked", "sam", rig.now)
        rig.publish(EDITION)
        del now[1]
        found = [
            (kind, READERS[ending](body))
            for kind, body in documents_of(rig, ending, since, map(urn, now))
        ]
    wanted = {urn(n): (one.title, one.author.strip(), one.published_at) for n, one in now.items()}
    for kind, seen in found:
        for name, fields in seen.stories.items():
            assert _plain(fields) == _plain(wanted[name]), kind
        for name, content in seen.contents.items():
            text = next(one.text for n, one in now.items() if urn(n) == name)
            assert shown(text) in shown(content), kind
        if kind in {"newest", "delta"} and ending != "rss":
            assert seen.gone == {urn(1)}
        assert urn(1) not in seen.stories
    for kinds in ({"newest", "page"}, {"archive"}):
        everything = {name for kind, seen in found if kind in kinds for name in seen.stories}
        assert everything == wanted.keys()
    assert {name for kind, seen in found if kind == "delta" for name in seen.stories} <= {
        urn(0),
        urn(3),
    }


def _plain(fields: tuple[str, str, datetime]) -> tuple[str, str, datetime]:
    title, author, at = fields
    return shown(title), shown(author), at
