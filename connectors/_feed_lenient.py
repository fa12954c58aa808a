"""Read a feed whose XML is broken past mending, by the most forgiving reader there is.

feedparser is slow, and quadratic in the attributes of an element; so what it may be given is
bounded first, and it works in a process that is killed where that does not suffice. It forgets
tombstones.
Spec: https://feedparser.readthedocs.io/en/latest/
"""

import io
import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

from connectors._feed_entry import MARKUP, Body, Category, Document, Entry, person, title_text
from connectors._jail import JAIL, KilledError
from schemas.story import BodyFormat

MEDIA_TYPE = "application/xml"

_ATOM = "{http://www.w3.org/2005/Atom}"

_BYTES_LIMIT = 5_000_000
_TAGS_LIMIT = 100_000
_ATTRIBUTES_LIMIT = 500
_TAG = re.compile(rb"""<[A-Za-z](?:[^<>"']++|"[^"]*+"|'[^']*+')*+""")
_ENTRY = re.compile(rb"<(?:\w+:)?(?:entry|item)[\s>]", re.IGNORECASE)
_CLOSED = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)


def read(payload: bytes, media_type: str, charset: str | None) -> Document | None:
    """Read what can be read; None where that is nothing, or where it is too large.

    Raise KilledError where reading it takes too long.
    """
    if not _is_bounded(payload):
        return None
    stated = media_type + (f"; charset={charset}" if charset else "")
    try:
        version, entries, language = JAIL.run(_parse, payload, stated)
    except KilledError:
        raise
    except Exception:  # noqa: BLE001 -- it has been met raising whatever its decoders raise
        return None
    if not version or not entries:
        return None
    return Document(
        media_type=MEDIA_TYPE,
        nodes=entries,
        entry=_entry,
        alone=_alone,
        language=language,
        cut_off=_cut_off(payload, len(entries)),
    )


def _parse(payload: bytes, stated: str) -> tuple[str, list[Any], str]:
    import feedparser  # noqa: PLC0415 -- a fifth of a second, in the one process that wants it

    found = feedparser.parse(
        io.BytesIO(payload),
        sanitize_html=False,
        resolve_relative_uris=False,
        response_headers={"content-type": stated},
    )
    return found.version, found.entries, found.feed.get("language", "")


def _is_bounded(payload: bytes) -> bool:
    return (
        len(payload) <= _BYTES_LIMIT
        and payload.count(b"<") <= _TAGS_LIMIT
        # Its text is unfolded by nobody who has to come here for it.
        and b"<!ENTITY" not in payload
        and all(tag[0].count(b"=") <= _ATTRIBUTES_LIMIT for tag in _TAG.finditer(payload))
    )


def _cut_off(payload: bytes, count: int) -> bytes | None:
    """Take the last entry, with the head of its feed, where the feed ends in its midst.

    The last of `count` that was understood may have swallowed those behind it.
    """
    if _CLOSED.search(payload):
        return None
    starts = [found.start() for found in _ENTRY.finditer(payload)] or [0]
    return payload[: starts[0]] + payload[starts[min(count, len(starts)) - 1] :]


def _entry(told: Any) -> Entry:
    def get(key: str, default: Any = "") -> Any:
        # Asked in its own way, it makes dates up out of other dates.
        return dict.get(told, key, default) or default

    contents: list[Mapping[str, Any]] = list(get("content", ()))
    content = contents[0] if contents else {}
    links = [link for link in get("links", ()) if link.get("href")]
    url = get("link").strip()
    return Entry(
        id=get("id").strip(),
        # It takes any guid for a link.
        url=url if url.startswith(("http://", "https://")) else "",
        title=title_text(get("title")),
        # An entry whose end is lost holds the next one's content, too.
        body=_body({"value": "\n".join(one.get("value") or "" for one in contents)}),
        summary=_summary(told),
        base_url=content.get("base") or "",
        language=content.get("language") or "",
        author=person(get("author")),
        published=get("published"),
        updated=get("updated"),
        categories=[_category(tag) for tag in get("tags", ()) if tag.get("term")],
        via=[link["href"] for link in links if link.get("rel") == "via"],
    )


def _summary(told: Any) -> Body | None:
    """Take the summary; of one that stands where tags are unbalanced it keeps no details."""
    return _body(dict.get(told, "summary_detail") or {"value": dict.get(told, "summary")})


def _body(told: Mapping[str, Any]) -> Body | None:
    text = told.get("value")
    if not text:
        return None
    return text, BodyFormat.HTML if MARKUP.search(text) else BodyFormat.TEXT


def _category(tag: Mapping[str, Any]) -> Category:
    return Category(tag["term"], tag.get("scheme"), tag.get("label"))


def _alone(told: Any) -> bytes:
    """Write down what was understood; how it was written was not."""
    feed = etree.Element(f"{_ATOM}feed")
    entry = etree.SubElement(feed, f"{_ATOM}entry")
    text, _ = _summary(told) or ("", None)
    etree.SubElement(entry, f"{_ATOM}content", type="html").text = text
    return etree.tostring(feed, encoding="utf-8")
