"""What a client accepts, and what it already holds.

Spec: https://www.rfc-editor.org/rfc/rfc9110 (12.5.3 Accept-Encoding, 13 Conditional Requests)
"""

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

SUFFIXES = {b"": b"", b"br": b"-br", b"zstd": b"-zstd", b"gzip": b"-gz"}
"""What the tag of a document ends in, by the coding it is sent in."""

_CODED = re.compile(rb"-(?:br|zstd|gz)\Z")
_TAG = re.compile(rb'(?:W/)?("[^"]*")')
_CODING = re.compile(rb"\s*([a-z*-]+)\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?", re.IGNORECASE)

_LIKED = re.compile(rb";\s*q\s*=\s*([^;\s]*)", re.IGNORECASE)


def http_date(moment: datetime) -> bytes:
    """Write a point in time as HTTP has it; what is less than a second is cut off."""
    return format_datetime(moment, usegmt=True).encode()


CODINGS = (b"br", b"zstd", b"gzip")
"""What documents are packed in; of those that a client likes alike, the first."""


@lru_cache(maxsize=1024)
def coding(accept_encoding: bytes) -> bytes:
    """Choose the coding that a client likes best, and no less than plain bytes; b"" is plain.

    `*` counts for gzip alone: who names no other coding may know only what everybody can unpack.
    """
    wishes: dict[bytes, float] = {}
    for wish in accept_encoding.split(b","):
        found = _CODING.fullmatch(wish)
        if found is not None:
            wishes[found[1].lower()] = _quality(found[2])
    wishes.setdefault(b"gzip", wishes.get(b"x-gzip", wishes.get(b"*", 0.0)))
    best = max(CODINGS, key=lambda name: wishes.get(name, 0.0))  # of equals, the first
    liked = wishes.get(best, 0.0)
    return best if liked > 0 and liked >= wishes.get(b"identity", 0.0) else b""


def _quality(text: bytes | None) -> float:
    try:
        return 1.0 if text is None else float(text)
    except ValueError:
        return 0.0


def holds(if_none_match: bytes, etag: bytes) -> bool:
    """Say whether a client that sent If-None-Match holds `etag`, itself in quotes; compare weakly.

    A proxy that compresses turns a strong tag into a weak one of the same text.
    """
    if if_none_match == etag:
        return True
    return if_none_match.strip() == b"*" or etag in _TAG.findall(if_none_match)


@lru_cache(maxsize=64)
def takes_deltas(a_im: bytes) -> bool:
    """Say whether a client takes the entries that changed for an answer: `A-IM: feed`.

    By `q=0` it refuses them. Spec: https://www.rfc-editor.org/rfc/rfc3229#section-10.5.3
    """
    return any(_likes_deltas(wish) for wish in a_im.split(b","))


def _likes_deltas(wish: bytes) -> bool:
    name, _, parameters = wish.partition(b";")
    liked = _LIKED.search(b";" + parameters)
    return name.strip().lower() == b"feed" and _quality(liked[1] if liked else None) > 0


def held_at(if_none_match: bytes, etag: str) -> int | None:
    """Find in If-None-Match an earlier state of what `etag` tags; the newest, by its number.

    A tag ends in the number of the log that it stands at; before that stands what all states
    share. None where a client names no earlier one, or holds the present one.
    """
    shared, _, now = etag.encode().rpartition(b"-")
    held = []
    for tag in _TAG.findall(if_none_match):
        before, _, number = _CODED.sub(b"", tag.strip(b'"')).rpartition(b"-")
        if before == shared and number.isdigit() and len(number) <= len(now):
            held.append(int(number))
    return max(held) if held and max(held) < int(now) else None


def is_unmodified(if_modified_since: bytes, last_modified: datetime) -> bool:
    """Say whether nothing changed since the date a client sent; what is no date says nothing."""
    try:
        since = parsedate_to_datetime(if_modified_since.decode("latin-1"))
    except (ValueError, OverflowError):  # a number may be too large for any date
        return False
    if since.tzinfo is None:  # `-0000`: UTC, of a machine that does not know where it stands
        since = since.replace(tzinfo=UTC)
    return last_modified.replace(microsecond=0) <= since
