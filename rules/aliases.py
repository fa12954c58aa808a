"""Read from a reference in a view report which story it may be of.

A platform names a story as it pleases: by our id, by the address where it was first told, by
our own entry's address, or by an id that a publisher gave it. Which of these names a story
bears, the store knows.
"""

import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

_UUID = re.compile(
    r"(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])"
)
_SHORTEST_TAIL = 4
"""Characters: `/reviews/2` ends in the number of a page, not in a story's id."""

Name = tuple[str, str]
"""A publisher, and the id by which it knows a story."""


class Clues(NamedTuple):
    """What a reference may mean, the surest first."""

    ids: tuple[str, ...]
    """Story ids that stand in it."""
    names: tuple[Name, ...]
    """The whole reference as a publisher's own id."""
    address: str | None
    """It as an address, in the form of `address`."""
    tails: tuple[Name, ...]
    """What its address ends in as a publisher's own id."""


def clues(ref: str, publisher: str) -> Clues:
    """Say what a reference may mean on the platform of a publisher."""
    ids = tuple(dict.fromkeys(f"urn:uuid:{found}" for found in _UUID.findall(ref.lower())))
    url = _split(ref)
    if url is None:
        return Clues(ids, ((publisher, ref),), None, ())
    publishers = dict.fromkeys((publisher, *_hosts(url)))
    tail = url.path.rstrip("/").rpartition("/")[2]
    is_id = len(tail) >= _SHORTEST_TAIL and any(character.isdigit() for character in tail)
    return Clues(
        ids,
        tuple((one, ref) for one in publishers),
        address(ref),
        tuple((one, tail) for one in publishers) if is_id else (),
    )


def address(text: str) -> str | None:
    """Write an address so that two that lead to one page are the same; None where it is none."""
    url = _split(text)
    if url is None or not url.netloc:
        return None
    kept = [(k, v) for k, v in parse_qsl(url.query) if not k.lower().startswith("utm_")]
    query = f"?{urlencode(kept)}" if kept else ""
    return f"{_hosts(url)[-1]}{url.path.rstrip('/')}{query}"


def _split(text: str) -> SplitResult | None:
    try:
        url = urlsplit(text)
        is_one = bool(url.scheme in {"http", "https"} and url.hostname) or (
            not url.scheme and url.path.startswith("/")
        )
    except ValueError:
        return None
    return url if is_one else None


def _hosts(url: SplitResult) -> tuple[str, ...]:
    """Name the host as it stands, and without its `www`."""
    host = url.netloc.lower().rpartition("@")[2]
    return tuple(dict.fromkeys((host, host.removeprefix("www.")))) if host else ()
