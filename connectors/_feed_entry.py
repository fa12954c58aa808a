"""An entry of a web feed in whatever form it came, and the draft that it makes."""

import hashlib
import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from schemas.channel import Removal
from schemas.feed import COMMENTS, KIND
from schemas.story import BodyFormat, Comments, Kind, Tag

Body = tuple[str, BodyFormat]
"""A text, and the markup it is in."""

MARKUP = re.compile(r"<[a-zA-Z/!][^<>]*>|&(?:#\d+|#[xX][0-9a-fA-F]+|[a-zA-Z]\w*);")
"""What tells HTML from plain text where nobody says which it is."""

_TITLE_TAGS = (
    "a|abbr|b|big|br|cite|code|del|div|em|font|h[1-6]|i|img|ins|mark|p|q|s|small|span|strike|"
    "strong|sub|sup|u"
)
_TITLE_TAG = re.compile(rf"</?(?:{_TITLE_TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_PARENTHESES = re.compile(r"\(([^()]+)\)")
_OWN_ID = re.compile(
    r"\d{5,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)
"""A last part of a path that can only be an id: no two stories of a publisher share it."""


class Category(NamedTuple):
    """One category, tag or subject."""

    term: str
    scheme: str | None = None
    label: str | None = None


@dataclass(slots=True)
class Entry:
    """One entry as its feed tells it; what it does not tell is blank."""

    id: str = ""
    url: str = ""
    title: str = ""
    body: Body | None = None
    summary: Body | None = None
    base_url: str = ""
    language: str = ""
    author: str = ""
    published: str = ""
    updated: str = ""
    expires: str = ""
    """From when on nobody may show it."""
    categories: list[Category] = field(default_factory=list)
    via: list[str] = field(default_factory=list)
    """Addresses where it was told before."""
    source: str = ""
    """An address of the feed that it was copied from."""
    in_reply_to: str = ""
    """The id or the address of the entry that it replies to."""


class Document(NamedTuple):
    """One feed document, read."""

    media_type: str
    nodes: Sequence[Any]
    """What the entries stand in, in whatever form."""
    entry: Callable[[Any], Entry]
    """Read the entry that stands in a node."""
    alone: Callable[[Any], bytes]
    """Make a document of one node alone."""
    tombstones: Sequence[Removal] = ()
    language: str = ""
    cut_off: bytes | None = None
    """A document of the last entry alone, where that broke off in its midst."""


class Hints(NamedTuple):
    """What a channel's options say about how to read its entries."""

    publisher: str
    publishers: Mapping[str, str]
    """Publisher by host name, where that is not the host without `www`."""
    url: str
    kind: Kind
    language: str
    services: tuple[dict[str, str], ...]
    service_scheme: str | None
    organisation_scheme: str
    comments: Comments | None = None
    """Whether its posts may be commented on, where they do not say."""


def title_text(told: str) -> str:
    """Strip a title of the markup that some put into it; whatever else it says is kept."""
    if "<" in told or "&" in told:
        told = html.unescape(_TITLE_TAG.sub(" ", told))
    return " ".join(told.split())


def person(told: str) -> str:
    """Find a name in `name`, `address (name)` or `name <address>`; never give an address."""
    if "@" not in told:
        return told.strip()
    named = _PARENTHESES.search(told)
    name = named[1] if named else told.partition("<")[0]
    return "" if "@" in name else name.strip()


def reference(url: str, publishers: Mapping[str, str]) -> dict[str, str] | None:
    """Name the story at an address as its publisher would; None for a site's front door.

    The publisher is the host without `www`. Its id for the story is the last part of the path
    where that is the only one, or a long number or a UUID; else the whole path with its query: a
    short name (`/reviews/1`, `page.aspx?id=7`) is often shared by several stories.
    """
    host = _host(url)
    if not host:
        return None
    parts = urlsplit(url.strip())
    path = parts.path.strip("/")
    last = path.rpartition("/")[2]
    asked = [pair for pair in parse_qsl(parts.query) if not pair[0].startswith("utm_")]
    name = last if _OWN_ID.fullmatch(last) else path
    if asked:
        name = f"{path}?{urlencode(asked)}"
    if not name:
        return None
    return {"publisher": publishers.get(host, host), "external_id": name, "url": url.strip()}


def absolute(base: str, url: str) -> str:
    """Make an address absolute; one that cannot be read stays as it is."""
    if not url or "://" in url:
        return url
    try:
        return urljoin(base, url)
    except ValueError:
        return url


Identity = Literal["id", "link", "title"]
"""By what a channel knows an entry first."""


def external_id(entry: Entry, by: Identity = "id") -> str:
    """Say by what the channel knows an entry; blank where it tells nothing to know it by.

    Some feeds give an entry another id each time they are asked, or several entries the same.
    """
    if by != "title" and (entry.id or entry.url):
        return (entry.id or entry.url) if by == "id" else (entry.url or entry.id)
    if not entry.title:
        return entry.id or entry.url
    return hashlib.sha256(
        f"{entry.title}\n{entry.published}".encode("utf-8", "replace")
    ).hexdigest()


def fields(entry: Entry, external_id: str, hints: Hints) -> dict[str, Any]:
    """Tell an entry in the fields of a draft."""
    url = absolute(hints.url, entry.url)
    body, body_format = entry.body or entry.summary or ("", BodyFormat.TEXT)
    made: dict[str, Any] = {
        "external_id": external_id,
        "kind": hints.kind,
        "title": entry.title or None,
        "body": body,
        "body_format": body_format,
        "url": url or None,
        "base_url": entry.base_url or url or hints.url,
        "language": entry.language or hints.language or None,
        "published_at": entry.published or None,
        "updated_at": entry.updated or None,
        "expires_at": entry.expires or None,
        "services": hints.services,
        # Left out, it would be copied from its default with deepcopy, at a third of the whole cost.
        "ext": {"comments": hints.comments} if hints.comments else {},
    }
    if entry.author:
        made["author"] = {"display_name": entry.author}
    if entry.categories:
        _categorise(made, entry.categories, hints)
    if entry.via or entry.source:
        made |= _origin(entry, hints)
    return made


def _categorise(made: dict[str, Any], categories: Sequence[Category], hints: Hints) -> None:
    tags, services = [], list(hints.services)
    for term, scheme, label in categories:
        if scheme and scheme == hints.service_scheme:
            stated, _, code = term.rpartition(":")
            known = {"scheme": stated or hints.organisation_scheme, "code": code}
            services.append(known | ({"name": label} if label else {}))
        elif scheme == KIND:
            # Only from story to post: nobody who agreed to stories is to get announcements.
            made["kind"] = Kind.POST if term == Kind.POST else made["kind"]
        elif scheme == COMMENTS:
            made["ext"] = {"comments": term}
        else:
            tags.append(_tag(label or term, scheme))
    made["tags"] = tags
    made["services"] = services


@lru_cache(maxsize=10_000)
def _tag(name: str, group: str | None) -> Tag:
    """Make each tag once: a feed has few, and says them often."""
    return Tag(name=name, group=group)


def _origin(entry: Entry, hints: Hints) -> dict[str, Any]:
    told_before = list(entry.via)
    # An entry that was copied with its source still links to where it was first told.
    if not told_before and _host(entry.source) == _host(entry.url) != "":
        told_before = [entry.url]
    names = [reference(url, hints.publishers) for url in told_before]
    references = [name for name in names if name]
    foreign = [name for name in references if name["publisher"] != hints.publisher]
    if not foreign:
        return {"references": references}
    references.remove(foreign[0])
    return {"origin": foreign[0], "references": references}


def _host(url: str) -> str:
    """Name the host of a web address without its `www`; blank where it is no such address."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.") if parts.scheme in {"http", "https"} else ""
