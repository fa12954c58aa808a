"""Reading an Atom feed as a partner does who has never heard of the house that wrote it.

Spec: https://www.rfc-editor.org/rfc/rfc4287 (Atom), https://www.rfc-editor.org/rfc/rfc5005
(paged feeds), https://www.rfc-editor.org/rfc/rfc6721 (tombstones),
https://www.rfc-editor.org/rfc/rfc4685 (replies)
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import urljoin

from lxml import etree

BEACON_REL = "https://retold.example/rel/beacon"
"""The link relation of an address to load whenever the entry is shown."""

_ATOM = "{http://www.w3.org/2005/Atom}"
_TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
_REPLY = "{http://purl.org/syndication/thread/1.0}in-reply-to"
_BEACON_IMAGE = re.compile(r"<img\b[^>]*\bsrc=[\"']([^\"']*/b/[^\"']*)[\"']", re.IGNORECASE)
_OLDER = ("next", "prev-archive", "previous", "prev")
"""Link relations that lead on, in order of preference."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the feed."""

    id: str
    title: str
    html: str
    """The story, and behind it what replies to it in the same document."""
    url: str | None
    """The canonical address: what the entry's `alternate` link says."""
    credit: str
    """Whom to thank: author, source and rights, as far as the entry names them."""
    published: str
    updated: str
    beacon: str | None
    beacon_in_html: bool
    digest: str
    """Differs whenever anything in the entry does, or in a reply to it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One document of the feed."""

    entries: tuple[Entry, ...]
    gone: tuple[str, ...]
    """Ids of entries with a tombstone."""
    links: dict[str, str]
    """Of the feed itself, by relation."""

    def older(self, relation: str | None) -> tuple[str | None, str | None]:
        """Find where to go on, and by which relation; keep to the one first taken."""
        for rel in (relation,) if relation else _OLDER:
            if rel in self.links:
                return self.links[rel], rel
        return None, relation


def read(document: bytes, url: str) -> Page:
    """Read a document of a feed; ValueError if it is none."""
    parser = etree.XMLParser(no_network=True)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"{url} is not XML: {error}") from error
    if root.tag != f"{_ATOM}feed":
        raise ValueError(f"{url} is no Atom feed but {root.tag}")
    base = urljoin(url, root.base or "")
    told, replies = _threads(root)
    return Page(
        entries=tuple(_entry(one, base, replies.get(_text(one, "id"), ())) for one in told),
        gone=tuple(found.get("ref", "") for found in root.findall(_TOMBSTONE)),
        links=_links(root, base),
    )


def _threads(
    root: etree._Element,
) -> tuple[list[etree._Element], dict[str, list[etree._Element]]]:
    """Tell the entries that tell from those that reply; these by the id of what they reply to."""
    told = []
    replies: dict[str, list[etree._Element]] = {}
    for entry in root.findall(f"{_ATOM}entry"):
        to = entry.find(_REPLY)
        if to is None:
            told.append(entry)
        else:
            replies.setdefault(to.get("ref", ""), []).append(entry)
    return told, replies


def _links(element: etree._Element, base: str) -> dict[str, str]:
    return {
        link.get("rel", "alternate"): urljoin(base, link.get("href", ""))
        for link in reversed(element.findall(f"{_ATOM}link"))
    }


def _entry(element: etree._Element, base: str, replies: Sequence[etree._Element]) -> Entry:
    links = _links(element, base)
    html = _html(element.find(f"{_ATOM}content")) + "".join(map(_reply, replies))
    image = _BEACON_IMAGE.search(html)
    linked = links.get(BEACON_REL)
    return Entry(
        id=_text(element, "id"),
        title=_text(element, "title"),
        html=html,
        url=links.get("alternate"),
        credit=_credit(element),
        published=_text(element, "published") or _text(element, "updated"),
        updated=_text(element, "updated"),
        beacon=linked or (unescape(image[1]) if image else None),
        beacon_in_html=image is not None,
        digest=_digest((element, *replies)),
    )


def _reply(element: etree._Element) -> str:
    told = _html(element.find(f"{_ATOM}content"))
    return f"<section><h2>{escape(_text(element, 'title'))}</h2>{told}</section>"


def _digest(elements: Sequence[etree._Element]) -> str:
    # A tail is the room behind an element, and no part of it.
    canonical = [etree.tostring(one, method="c14n", with_tail=False) for one in elements]
    return hashlib.sha256(b"\n".join(canonical)).hexdigest()


def _credit(element: etree._Element) -> str:
    author = element.findtext(f"{_ATOM}author/{_ATOM}name", "")
    source = element.findtext(f"{_ATOM}source/{_ATOM}title", "")
    return " · ".join(part for part in (author, source, _text(element, "rights")) if part)


def _text(element: etree._Element, name: str) -> str:
    found = element.find(f"{_ATOM}{name}")
    return "" if found is None else "".join(map(str, found.itertext())).strip()


def _html(content: etree._Element | None) -> str:
    if content is None:
        return ""
    kind = content.get("type", "text")
    if kind == "xhtml":
        return "".join(etree.tostring(inner, encoding="unicode") for inner in content)
    text = "".join(map(str, content.itertext()))
    return text if kind in {"html", "text/html"} else f"<p>{escape(text)}</p>"


def image_addresses(html: str) -> list[str]:
    """List the beacons among a page's images."""
    return [unescape(address) for address in _BEACON_IMAGE.findall(html)]
