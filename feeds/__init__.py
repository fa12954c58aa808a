"""The doors out: how each feed format is written, one module per format.

A module here is a format when it has what `Format` lists. Everything here is pure: the same
arguments always give the same bytes. A fragment is one entry, the same for every partner, and
may be kept; a document joins fragments and puts in what is one partner's alone.
"""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from schemas.errors import UnknownKindError
from schemas.feed import Entry, Head, Slot, Tombstone


class Format(Protocol):
    """What every format offers."""

    MEDIA_TYPE: str
    """As it stands in the Content-Type of a document."""
    EXTENSION: str
    """The format's name: in agreements, in addresses, in file names."""
    VERSION: str
    """Moves whenever the bytes of a fragment or a document would: kept ones are then stale."""
    CARRIES_TOMBSTONES: bool
    """Whether a partner that reads a document has been told of the removals in it."""

    def fragments(self, told: Sequence[Entry]) -> list[bytes]:
        """Write each entry by itself, with marks where each partner's own parts are put in."""
        ...

    def document(self, head: Head, slots: Sequence[Slot], tombstones: Sequence[Tombstone]) -> bytes:
        """Join fragments into one whole document, in the order given."""
        ...


@cache
def _formats() -> dict[str, Format]:
    rooms = [m.name for m in iter_modules(__path__) if not m.name.startswith("_")]
    found = [cast("Format", import_module(f"{__name__}.{room}")) for room in rooms]
    return {each.EXTENSION: each for each in found}


def names() -> list[str]:
    """Name every format there is, in alphabetical order."""
    return sorted(_formats())


def telling() -> list[str]:
    """Name every format that tells of removals, in alphabetical order."""
    return [name for name, each in sorted(_formats().items()) if each.CARRIES_TOMBSTONES]


def format_named(name: str) -> Format:
    """Find a format by name; refuse a name that no format bears."""
    if name not in _formats():
        raise UnknownKindError(f"no feed format {name!r}: choose among {', '.join(names())}")
    return _formats()[name]
