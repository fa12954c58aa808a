"""An organisation: who a story is about; and a population, a named set of them."""

from datetime import date

from schemas._record import Record


class Organisation(Record):
    """One organisation, with its place among the others."""

    id: str
    """Scheme and code, `ods:RXX`."""
    name: str
    type: str | None = None
    """`acute`, `mental_health`, `community`, …"""
    region: str | None = None
    parents: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None


class Population(Record):
    """A named set of organisations; populations overlap, so their totals do not add up."""

    id: str
    name: str
    organisations: tuple[str, ...]
