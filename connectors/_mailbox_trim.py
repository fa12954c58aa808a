"""What a reply carries along beneath its own words: the message it answers, and a signature.

Only what is surely neither is taken off, and never all there is. A forwarded message stays: in it
the story is told. Spec: https://www.rfc-editor.org/rfc/rfc3676#section-4.3 (signatures)
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from lxml import etree, html

_FORWARD = re.compile(r"\s*(?:fwd?|wg|tr)\s*:", re.IGNORECASE)
_ORIGINAL = re.compile(r"-{3,} ?Original Message ?-{3,}\s*", re.IGNORECASE)
_SIGNATURE = "-- "
_ATTRIBUTION_LINES = 3
_LONGEST_ATTRIBUTION = 300
_ATTRIBUTION = re.compile(r"On\b.*\bwrote:")
_FORWARDED = "Forwarded message"
_MARKED_UP = {
    "quote": "//blockquote[@type='cite'] | //div[contains(@class, 'gmail_quote')]",
    "signature": "//div[@class='gmail_signature']",
}


class Trimmed(NamedTuple):
    """A text without what it carried along."""

    text: str
    taken_off: tuple[str, ...] = ()
    """`quote`, `signature`."""


def plain(text: str, subject: str) -> Trimmed:
    """Take quote and signature off a plain text."""
    lines = text.splitlines()
    taken_off = []
    if not _is_forwarded(text, subject):
        for what, find in (("quote", _quote), ("signature", _signature)):
            place = find(lines)
            if place is not None and any(line.strip() for line in lines[:place]):
                lines = lines[:place]
                taken_off.append(what)
    return Trimmed("\n".join(lines).strip(), tuple(taken_off))


def marked_up(text: str, subject: str) -> Trimmed:
    """Take quotes and signatures off an HTML text that marks them as such."""
    if _is_forwarded(text, subject):
        return Trimmed(text)
    try:
        tree: Any = html.document_fromstring(text)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return Trimmed(text)
    taken_off = []
    for what, path in _MARKED_UP.items():
        found = tree.xpath(path)
        for element in found:
            element.drop_tree()
        if found:
            taken_off.append(what)
    if not taken_off or not tree.text_content().strip():
        return Trimmed(text)
    return Trimmed(html.tostring(tree, encoding="unicode"), tuple(taken_off))


def _is_forwarded(text: str, subject: str) -> bool:
    return _FORWARD.match(subject) is not None or _FORWARDED in text


def _quote(lines: Sequence[str]) -> int | None:
    """Find where the message begins that is answered; None where there is none, or in doubt."""
    for place, line in enumerate(lines):
        follows = (after.strip() for after in lines[place + 1 : place + 3])
        if _ORIGINAL.fullmatch(line.strip()) and any(a.startswith("From:") for a in follows):
            return place
    return _quoted_end(lines)


def _quoted_end(lines: Sequence[str]) -> int | None:
    """Find the lines at the end that are all quoted, with the line that says whose they are."""
    place = len(lines)
    while place and (not lines[place - 1].strip() or lines[place - 1].startswith(">")):
        place -= 1
    if not any(line.startswith(">") for line in lines[place:]):
        return None
    for first in range(place - 1, max(-1, place - 1 - _ATTRIBUTION_LINES), -1):
        told = " ".join(line.strip() for line in lines[first:place])
        if len(told) <= _LONGEST_ATTRIBUTION and _ATTRIBUTION.fullmatch(told):
            return first
    return None


def _signature(lines: Sequence[str]) -> int | None:
    """Find the last line that says: what follows is my signature."""
    return max((place for place, line in enumerate(lines) if line == _SIGNATURE), default=None)
