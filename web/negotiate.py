"""What a client accepts, and what it already holds.

Spec: https://www.rfc-editor.org/rfc/rfc9110 (12.5.3 Accept-Encoding, 13 Conditional Requests)
"""

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

_TAG = re.compile(rb'(?:W/)?("[^"]*")')
_CODING = re.compile(rb"\s*([a-z*-]+)\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?", re.IGNORECASE)


def http_date(moment: datetime) -> bytes:
    """Write a point in time as HTTP has it; what is less than a second is cut off."""
    return format_datetime(moment, usegmt=True).encode()


@lru_cache(maxsize=1024)
def takes_gzip(accept_encoding: bytes) -> bool:
    """Say whether gzip is welcome, and no less than the plain bytes."""
    wishes: dict[bytes, float] = {}
    for wish in accept_encoding.split(b","):
        found = _CODING.fullmatch(wish)
        if found is not None:
            wishes[found[1].lower()] = _quality(found[2])
    gzip = wishes.get(b"gzip", wishes.get(b"x-gzip", wishes.get(b"*", 0.0)))
    return gzip > 0 and gzip >= wishes.get(b"identity", 0.0)


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


def is_unmodified(if_modified_since: bytes, last_modified: datetime) -> bool:
    """Say whether nothing changed since the date a client sent; what is no date says nothing."""
    try:
        since = parsedate_to_datetime(if_modified_since.decode("latin-1"))
    except ValueError:
        return False
    if since.tzinfo is None:  # `-0000`: UTC, of a machine that does not know where it stands
        since = since.replace(tzinfo=UTC)
    return last_modified.replace(microsecond=0) <= since
