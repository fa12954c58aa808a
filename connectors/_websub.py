"""Subscribe by WebSub: where a document says that its hub is, and what is asked of that hub.

Spec: https://www.w3.org/TR/websub/ and https://www.rfc-editor.org/rfc/rfc8288 (Link)
"""

import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple
from urllib.parse import urlencode, urlsplit

import re2

from connectors import _guard
from connectors._answer import medium
from connectors._feed_entry import absolute
from connectors._http import Http
from schemas.channel import Fetched
from schemas.errors import RefusedError

Link = tuple[str, str]
"""A relation, in lower case, and an absolute address."""

_LINK = re2.compile(
    r"<([^>]*)>((?:\s*;\s*[^\s=;,\"]+\s*(?:=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)*)"
)
_REL = re2.compile(r"(?i);\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))")

_REDIRECTS = frozenset({307, 308})
"""What keeps a POST a POST."""

_SIGNED_BY = frozenset({"sha1", "sha256", "sha384", "sha512"})


class Offer(NamedTuple):
    """Where to subscribe, and to what."""

    hub: str
    topic: str


class Wish(NamedTuple):
    """What is asked of a hub."""

    mode: Literal["subscribe", "unsubscribe"]
    topic: str
    callback: str
    secret: str = ""
    lease_s: int = 0

    def __repr__(self) -> str:
        return f"Wish({self.mode!r}, {self.topic!r})"


def offer(fetched: Fetched, inside: Iterable[Link]) -> Offer | None:
    """Find the hub that an answer names, in its headers before what stands `inside`; else None.

    The topic is what the answer calls itself, else the address that gave it.
    """
    links = list(in_headers(fetched.headers, fetched.url))
    if not any(rel == "hub" for rel, _ in links):
        links += inside
    named = {rel: url for rel, url in reversed(links) if _is_web(url)}
    topic = named.get("self") or fetched.url
    return Offer(named["hub"], topic) if "hub" in named and topic else None


def in_headers(headers: Mapping[str, str], url: str) -> Iterator[Link]:
    """Read the links of an answer's headers; those of one name are one list."""
    told = next((value for name, value in headers.items() if name.lower() == "link"), "")
    for address, parameters in _LINK.findall(told):
        quoted, bare = (_REL.findall(parameters) or [("", "")])[0]
        for rel in (quoted or bare).lower().split():
            yield rel, absolute(url, address.strip())


def ask(who: str, http: Http, hub: str, wish: Wish) -> None:
    """Ask a hub; where it stands elsewhere for now, there. Whether it agrees, it asks us later.

    A hub that says no, or nothing, is an OutsideError. Asked twice, it does the same once.
    """
    fields = {
        "hub.mode": wish.mode,
        "hub.topic": wish.topic,
        "hub.callback": wish.callback,
        "hub.secret": wish.secret,
        "hub.lease_seconds": wish.lease_s or "",
    }
    body = urlencode({name: value for name, value in fields.items() if value}).encode()
    for _ in range(http.limits.max_redirects + 1):
        answer = http.post(
            who,
            hub,
            body,
            media_type="application/x-www-form-urlencoded",
            allow_status=_REDIRECTS,
            repeatable=True,
        )
        if answer.status not in _REDIRECTS:
            return
        hub = _further(who, hub, answer.headers.get("location", ""))
    raise RefusedError(who, "its hub redirects too often; check the hub that the feed names")


def _further(who: str, hub: str, location: str) -> str:
    try:
        url = _guard.join(hub, location)
    except _guard.BlockedError:
        url = ""
    if not location or not _is_web(url):
        raise RefusedError(who, "its hub redirects to no address; check the hub the feed names")
    if urlsplit(hub).scheme == "https" and urlsplit(url).scheme != "https":
        # The secret went under TLS, and is to stay there.
        raise RefusedError(who, "its hub redirects from https to http; check the hub it names")
    return url


def is_genuine(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """Tell whether what a hub sent is signed with its secret; headers by lower-case name."""
    way, _, given = headers.get("x-hub-signature", "").strip().partition("=")
    way = way.lower()
    if way not in _SIGNED_BY:
        return False
    wanted = hmac.new(secret.encode(), body, way).hexdigest()
    shown = given.strip().lower().encode("utf-8", "replace")
    return hmac.compare_digest(shown, wanted.encode())


def content(headers: Mapping[str, str], body: bytes, url: str) -> Fetched:
    """Make a payload of what a hub sent; `url` is what its relative addresses are relative to."""
    said = medium(headers.get("content-type", ""))
    return Fetched(payload=body, media_type=said.media_type, charset=said.charset, url=url)


def _is_web(url: str) -> bool:
    return url.startswith(("https://", "http://"))
