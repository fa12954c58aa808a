"""What the formats that are JSON share."""

from datetime import datetime
from html import escape
from typing import NamedTuple

import orjson

from feeds import _content
from feeds._content import rfc3339


class Address(NamedTuple):
    """An address within a string of JSON."""

    in_html: bytes
    alone: bytes


def inner(words: str) -> bytes:
    """Write words as they stand within a string of JSON, without its quotes."""
    return orjson.dumps(words)[1:-1]


def address(url: str) -> Address:
    """Write an address for a string of JSON: where that holds HTML, and where it holds no more."""
    # Almost every address means itself; escaping it all the same would double a join's cost.
    if _content.is_plain(url):
        plain = url.encode()
        return Address(plain, plain)
    return Address(inner(escape(url)), inner(url))


def time(moment: datetime | None) -> str | None:
    """Write a time where there is one."""
    return rfc3339(moment) if moment else None
