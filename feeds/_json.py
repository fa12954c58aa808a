"""What the formats that are JSON share."""

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any, NamedTuple

import orjson

from feeds import _content
from feeds._content import rfc3339
from schemas.story import Rating


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


def known(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what nobody knows: what is blank, or empty, or nothing."""
    return {name: value for name, value in fields.items() if value not in (None, "", [])}


def rating(told: Rating) -> dict[str, Any]:
    """Say all of a rating in our own words."""
    return {
        "scheme": told.scheme,
        "question": told.question,
        "value": told.value,
        "min": told.min,
        "max": told.max,
        "label": told.label,
    }


def time(moment: datetime | None) -> str | None:
    """Write a time where there is one."""
    return rfc3339(moment) if moment else None
