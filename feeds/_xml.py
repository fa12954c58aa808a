"""XML as Atom and RSS both write it: escaping, marks, and the joining of fragments.

Spec: https://www.w3.org/TR/xml/
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from urllib.parse import quote

from feeds import _content
from schemas.feed import BEACON_MARK, CREDIT_MARK, Slot

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'

ORGANISATION = "urn:retold:organisation"
"""The scheme of a category that names whom a story is about."""

MARKS = f"{CREDIT_MARK}{BEACON_MARK}".encode()
"""Stand once in a fragment, at the end of its content."""

_ESCAPED = {mark: mark.replace(":", "&#58;") for mark in (BEACON_MARK, CREDIT_MARK)}
_SUSPECT = bytes(sorted(set(range(32)) - {ord("\t"), ord("\n")}))
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


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
    """Encode escaped XML, so that it is legal and holds no mark, whatever the text said.

    What XML forbids becomes U+FFFD; a carriage return survives a parser.
    """
    for mark, harmless in _ESCAPED.items():
        xml = xml.replace(mark, harmless)
    encoded = xml.encode()
    # These looks run at the speed of memory; the expression below would cost half a render.
    if len(encoded.translate(None, _SUSPECT)) == len(encoded) and (
        xml.isascii() or b"\xef\xbf" not in encoded
    ):
        return encoded
    return _ILLEGAL.sub("\ufffd", xml).replace("\r", "&#13;").encode()


_BEACON = tuple(sealed(text(side)) for side in _content.BEACON)


def joined(opening: str, slots: Sequence[Slot], credit: str | None, closing: bytes) -> bytes:
    """Put every fragment in its place, with this partner's credit and beacons at the marks."""
    line = sealed(text(_content.credit(credit)))
    parts = [sealed(opening)]
    for slot in slots:
        before, _, after = slot.fragment.rpartition(MARKS)
        parts += (before, line, *_beacon(slot.beacon_url), after)
    parts.append(closing)
    return b"".join(parts)


def _beacon(url: str | None) -> tuple[bytes, ...]:
    if url is None:
        return ()
    # Almost every address means itself; escaping it all the same would double a join's cost.
    address = url.encode() if _content.is_plain(url) else sealed(text(escape(url)))
    return _BEACON[0], address, _BEACON[1]


@lru_cache(maxsize=1024)  # tags come in few groups
def tag_scheme(group: str | None) -> str:
    """Name the scheme of a tag's category, one for each group."""
    return f"urn:retold:tag:{quote(group, safe='')}" if group else "urn:retold:tag"
