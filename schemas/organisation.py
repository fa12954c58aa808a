"""An organisation: who a story is about; and a population, a named set of them."""

from datetime import date

from schemas._record import Record


class Parent(Record):
    """An edge to an organisation above, and the days on which it holds."""

    id: str
    since: date | None = None
    """The first day; None where it always held."""
    until: date | None = None
    """The last day; None where it goes on."""


class Successor(Record):
    """Who an organisation went over into; one that split has several."""

    id: str
    on: date | None = None
    """The successor's first day in its place; None where nobody says."""


class Organisation(Record):
    """One organisation, with its place among the others."""

    id: str
    """Scheme and code, `ods:RXX`."""
    name: str
    type: str | None = None
    """`acute`, `mental_health`, `community`, …"""
    region: str | None = None
    parents: tuple[Parent, ...] = ()
    """One organisation may stand below several, and below one of them at several times."""
    valid_from: date | None = None
    valid_to: date | None = None
    successors: tuple[Successor, ...] = ()
    """What is told of it is not theirs: it stays its own, and counts for them only if asked."""


class Population(Record):
    """A named set of organisations; populations overlap, so their totals do not add up."""

    id: str
    name: str
    organisations: tuple[str, ...] = ()
    """Each with all below it."""
    below: tuple[str, ...] = ()
    """All that stand below one of these, on the days on which they do; not these themselves."""
    types: tuple[str, ...] = ()
    """Of those, only organisations of these types, each with all below it."""
    with_predecessors: bool = False
    """Whether those that its organisations succeeded belong to it too."""
