"""Which region's page a reader may have meant, by what they say they prefer to read.

Nobody is moved: a page asks, and its reader follows a link, or does not. A language that names no
region (`en`) says nothing of where somebody reads, and neither does `*`.
Spec: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4 (Accept-Language),
https://www.rfc-editor.org/rfc/rfc5646#section-2.1 (tags)
"""

import re
from collections.abc import Iterable, Sequence

from schemas.partner import Edition

_MOST = 50
"""Preferences that are looked at: nobody reads more languages, and a request may be hostile."""

_PREFERENCE = re.compile(
    r"\s*(?P<tag>[a-z]{2,8}(?:-[a-z0-9]{1,8})*)\s*"
    r"(?:;\s*q\s*=\s*(?P<quality>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?"
)
_TAG = re.compile(
    r"(?P<language>[a-z]{2,8})(?:-[a-z]{3}){0,3}(?:-[a-z]{4})?-(?P<region>[a-z]{2}|[0-9]{3})(?:-.*)?"
)


def beside(edition: Edition, editions: Iterable[Edition]) -> list[Edition]:
    """List the editions of one partner that are for regions, this one too, in the order given.

    Empty where this one is for none, or is the only one.
    """
    if edition.site is None:
        return []
    found = [one for one in editions if one.site and one.partner == edition.partner]
    return found if len(found) > 1 else []


def meant(accept_language: str, here: Edition, editions: Sequence[Edition]) -> Edition | None:
    """Find the edition of another region that a reader of `here` may have meant; None for none.

    The first region they prefer that any edition is for decides: nobody is asked about their own.
    """
    others = [one for one in editions if one.key != here.key]
    for tag in _preferred(accept_language):
        region = _region(tag)
        if region is None:
            continue
        if region == _region(_locale(here)):
            return None
        found = [one for one in others if _region(_locale(one)) == region]
        if found:
            return min(found, key=lambda one: _distance(_locale(one), tag))  # of equals the first
    return None


def _preferred(accept_language: str) -> list[str]:
    """List the tags of a header, the best liked first; what cannot be read is passed over."""
    liked = []
    for told in accept_language.lower().split(",", _MOST)[:_MOST]:
        found = _PREFERENCE.fullmatch(told)
        quality = float(found["quality"] or 1) if found else 0.0
        if found and quality > 0:
            liked.append((quality, found["tag"]))
    return [tag for _, tag in sorted(liked, key=lambda one: -one[0])]


def _region(tag: str) -> str | None:
    found = _TAG.fullmatch(tag)
    return found["region"] if found else None


def _locale(edition: Edition) -> str:
    return edition.site.locale.lower() if edition.site else ""


def _distance(locale: str, tag: str) -> tuple[bool, bool]:
    return locale != tag, locale.partition("-")[0] != tag.partition("-")[0]
