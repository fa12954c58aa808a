"""Read a JSON Feed.

Spec: https://www.jsonfeed.org/version/1.1/
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from connectors._feed_entry import Body, Category, Document, Entry, absolute, person
from schemas.feed import COMMENTS, KIND
from schemas.story import BodyFormat

MEDIA_TYPE = "application/feed+json"

_VERSION = "jsonfeed.org/version/1"


def read(payload: bytes) -> Document | None:
    """Read a feed; None where it is no whole JSON. LookupError where it is JSON of another kind."""
    try:
        feed = orjson.loads(payload.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None
    told = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(told, list) or _VERSION not in _text(feed, "version"):
        raise LookupError("JSON")
    head = {name: value for name, value in feed.items() if name != "items"}
    author = _author(feed)
    return Document(
        media_type=MEDIA_TYPE,
        nodes=told,
        entry=lambda node: _entry(node, author),
        alone=lambda node: orjson.dumps(head | {"items": [node]}),
        language=_text(feed, "language"),
    )


def following(payload: bytes, url: str) -> str | None:
    """Find the address of the page behind this one."""
    try:
        feed = orjson.loads(payload.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return None
    told = _text(feed, "next_url") if isinstance(feed, Mapping) else ""
    return absolute(url, told) or None


def links(payload: bytes, url: str) -> Iterator[tuple[str, str]]:
    """Read which WebSub hubs a feed names, and what it calls itself, as relation and address."""
    try:
        feed = orjson.loads(payload.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return
    hubs = feed.get("hubs") if isinstance(feed, Mapping) else None
    for hub in hubs if isinstance(hubs, list) else ():
        if isinstance(hub, Mapping) and _text(hub, "type").lower() == "websub":
            yield "hub", absolute(url, _text(hub, "url"))
            yield "self", absolute(url, _text(feed, "feed_url"))


def _entry(told: Any, author: str) -> Entry:
    if not isinstance(told, Mapping):
        return Entry()
    return Entry(
        id=_text(told, "id"),
        url=_text(told, "url"),
        title=_text(told, "title"),
        body=_body(told),
        language=_text(told, "language"),
        author=_author(told) or author,
        published=_text(told, "date_published"),
        updated=_text(told, "date_modified"),
        expires=_text(_ours(told), "expires_at"),
        categories=_categories(told),
    )


def _categories(told: Mapping[str, Any]) -> list[Category]:
    """Read its tags, and what another Retold says of a post."""
    tags, ours = told.get("tags"), _ours(told)
    found = [Category(str(tag)) for tag in tags] if isinstance(tags, list) else []
    marks = (Category(_text(ours, key), scheme) for key, scheme in _MARKS)
    return found + [mark for mark in marks if mark.term]


def _ours(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find what another Retold says of an item, for which JSON Feed has no word."""
    ours = told.get("_retold")
    return ours if isinstance(ours, Mapping) else {}


_MARKS = (("kind", KIND), ("comments", COMMENTS))


def _text(told: Mapping[str, Any], key: str) -> str:
    """Read a text, or a number as a text: the specification allows an id to be one."""
    value = told.get(key)
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value).strip()
    return ""


def _body(told: Mapping[str, Any]) -> Body | None:
    for key, body_format in _BODIES:
        text = _text(told, key)
        if text:
            return text, body_format
    return None


_BODIES = (
    ("content_html", BodyFormat.HTML),
    ("content_text", BodyFormat.TEXT),
    ("summary", BodyFormat.TEXT),
)


def _author(told: Mapping[str, Any]) -> str:
    several = told.get("authors")
    authors = several if isinstance(several, list) else [told.get("author")]
    names = (person(_text(author, "name")) for author in authors if isinstance(author, Mapping))
    return next(filter(None, names), "")
