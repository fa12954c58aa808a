"""XML as Atom and RSS both write it: escaping, marks, and the joining of fragments.

Spec: https://www.w3.org/TR/xml/
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from urllib.parse import quote

from feeds import _content
from schemas.feed import BEACON_MARK, CREDIT_MARK, Head, Slot

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'

ORGANISATION = "urn:retold:organisation"
"""The scheme of a category that names whom a story is about."""

HISTORY = "http://purl.org/syndication/history/1.0"
"""Of what a document says of its feed's history. Spec: RFC 5005."""

OURS = "urn:retold:feed"
"""Of what no standard has a word for: the revision of an entry, the number of the log."""

MARKS = f"{CREDIT_MARK}{BEACON_MARK}".encode()
"""Stand once in a fragment, at the end of its content."""

_SUSPECT = (*(chr(code) for code in range(32) if code not in b"\t\n"), "\ufffe", "\uffff")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def ways(head: Head) -> list[tuple[str, str]]:
    """List the documents beside this one, each by its relation. Spec: RFC 5005.

    Archives do not name the one after them: one that is full would change when that begins.
    """
    found = [("self", head.self_url)]
    found.append(("current" if head.is_archive else "first", head.first_url))
    if head.next_url:
        found.append(("next", head.next_url))
    if head.prev_archive_url:
        found.append(("prev-archive", head.prev_archive_url))
    return found


def hub(head: Head, element: str) -> str:
    """Say where changes are subscribed to. Spec: https://www.w3.org/TR/websub/#discovery ."""
    return f'<{element} rel="hub" href="{attribute(head.hub_url)}"/>\n' if head.hub_url else ""


def history(head: Head) -> str:
    """Say whether a document is an archive, or all there is, and where it stands."""
    archive = "<fh:archive/>\n" if head.is_archive else ""
    complete = "<fh:complete/>\n" if head.is_complete else ""
    return f'{archive}{complete}<seq xmlns="{OURS}">{head.seq}</seq>\n'


def text(words: str) -> str:
    """Escape what stands between two tags."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def text_as_html(words: str) -> str:
    """Escape plain text where readers take what stands between the tags for HTML."""
    return words.replace("&", "&amp;amp;").replace("<", "&amp;lt;").replace(">", "&amp;gt;")


def attribute(words: str) -> str:
    """Escape what stands between double quotes; line breaks and tabs survive a parser."""
    return text(words).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def sealed(xml: str) -> bytes:
    """Encode escaped XML, so that it is legal, and so holds no mark, whatever the text said.

    What XML forbids becomes U+FFFD; a carriage return survives a parser.
    """
    if is_legal(xml):
        return xml.encode()
    return _ILLEGAL.sub("\ufffd", xml).replace("\r", "&#13;").encode()


def is_legal(words: str) -> bool:
    """Say whether text may stand in XML as it is."""
    # To look for one character runs at the speed of memory, so that all these looks together
    # cost a twentieth of a render; the expression above would cost half.
    return not any(map(words.__contains__, _SUSPECT))


_BEACON = tuple(sealed(text(side)) for side in _content.BEACON)


def joined(opening: str, slots: Sequence[Slot], credit: str | None, closing: bytes) -> bytes:
    """Put every fragment in its place, with this partner's credit and beacons at the marks."""
    line = sealed(text(_content.credit(credit)))
    parts = [sealed(opening)]
    cuts = [slot.fragment.rpartition(MARKS) for slot in slots]
    for (before, _, after), beacon in zip(cuts, _beacons(slots), strict=True):
        parts += (before, line, beacon, after)
    parts.append(closing)
    return b"".join(parts)


def _beacons(slots: Sequence[Slot]) -> list[bytes]:
    urls = [slot.beacon_url for slot in slots]
    addresses = "".join(url for url in urls if url)
    # Almost every address means itself; a look at each would double a join's cost.
    is_plain = _content.is_plain(addresses)
    return [_beacon(url, is_plain=is_plain) if url else b"" for url in urls]


def _beacon(url: str, *, is_plain: bool) -> bytes:
    address = url.encode() if is_plain else sealed(text(escape(url)))
    return b"%b%b%b" % (_BEACON[0], address, _BEACON[1])


@lru_cache(maxsize=1024)  # tags come in few groups
def tag_scheme(group: str | None) -> str:
    """Name the scheme of a tag's category, one for each group."""
    return f"urn:retold:tag:{quote(group, safe='')}" if group else "urn:retold:tag"
