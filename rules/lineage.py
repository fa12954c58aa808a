"""Who stands below whom, and when.

An edge from an organisation to one above it holds on the days that it names, on every day where
it names none. Of an organisation that is no more, the edges of its last day go on: what is told
of it later is still told of those that it belonged to.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from rules.entries import told_at
from schemas.config import Config
from schemas.organisation import Organisation, Parent
from schemas.story import Story

Span = tuple[date, date]
"""A first and a last day."""

Spans = tuple[Span, ...]
"""Days on any of which something holds."""

ALWAYS: Spans = ((date.min, date.max),)


class Ground(NamedTuple):
    """How organisations stand to one another on one day: the same for every edition."""

    lineage: Mapping[str, frozenset[str]]
    """Each organisation with itself and all above it."""
    regions: Mapping[str, frozenset[str]]
    """Where each lies: more than one region only where those above it differ."""


def ground(organisations: Sequence[Organisation], day: date) -> Ground:
    """Lay out who stands below whom on a day, and where."""
    return Ground(lineage(organisations, day), regions(organisations, day))


def lineage(organisations: Sequence[Organisation], day: date) -> dict[str, frozenset[str]]:
    """Name for each organisation itself and all above it, by every parent; circles do no harm."""
    parents = parents_on(organisations, day)
    return {o: frozenset[str]().union(*_levels(o, parents)) for o in parents}


def regions(organisations: Sequence[Organisation], day: date) -> dict[str, frozenset[str]]:
    """Name each organisation's region, or else those of the nearest above it that have one."""
    parents = parents_on(organisations, day)
    own = {o.id: o.region for o in organisations if o.region}
    found = {}
    for organisation in parents:
        named = (
            frozenset(own[o] for o in level if o in own) for level in _levels(organisation, parents)
        )
        found[organisation] = next(filter(None, named), frozenset[str]())
    return found


def parents_on(organisations: Sequence[Organisation], day: date) -> dict[str, tuple[str, ...]]:
    """Name for each organisation those right above it on a day."""
    return {o.id: tuple(p.id for p in o.parents if holds([span(o, p)], day)) for o in organisations}


def within(tops: Iterable[str], organisations: Sequence[Organisation]) -> dict[str, Spans]:
    """Say when each organisation was one of `tops`, or stood below one; others are left out."""
    return _spread(dict.fromkeys(tops, ALWAYS), organisations)


def meant(config: Config, subject: str) -> dict[str, Spans]:
    """Say which organisations an organisation or a population stands for, and when.

    An organisation stands for itself and all below it, a population for all its organisations.
    """
    population = next((p for p in config.populations if p.id == subject), None)
    tops = population.organisations if population else (subject,)
    return within(tops, config.organisations)


def is_about(story: Story, spans: Mapping[str, Spans]) -> bool:
    """Say whether a story is about one of these organisations, by the edges of its own day.

    A story that bears no time is judged by the edges that go on.
    """
    told = told_at(story)
    day = told.date() if told else date.max
    return any(holds(spans.get(service.organisation, ()), day) for service in story.services)


def holds(spans: Iterable[Span], day: date) -> bool:
    """Say whether a day lies in one of the spans."""
    return any(first <= day <= last for first, last in spans)


def span(child: Organisation, parent: Parent) -> Span:
    """Say from which day to which an edge holds."""
    until = parent.until or date.max
    if child.valid_to and until >= child.valid_to:
        until = date.max
    return parent.since or date.min, until


def _levels(organisation: str, parents: Mapping[str, Sequence[str]]) -> Iterator[set[str]]:
    seen: set[str] = set()
    level = {organisation}
    while level:
        yield level
        seen |= level
        level = {parent for o in level for parent in parents.get(o, ())} - seen


def _spread(starts: Mapping[str, Spans], organisations: Sequence[Organisation]) -> dict[str, Spans]:
    """Carry spans down every edge, each cut to the days on which the edge holds."""
    below: dict[str, list[tuple[str, Span]]] = {}
    for child in organisations:
        for parent in child.parents:
            below.setdefault(parent.id, []).append((child.id, span(child, parent)))
    found = {start: merged(spans) for start, spans in starts.items()}
    waiting = list(found)
    while waiting:
        above = waiting.pop()
        for lower, edge in below.get(above, ()):
            known = found.get(lower, ())
            spans = merged((*known, *_cut(found[above], edge)))
            if spans != known:  # what is known already goes round a circle once
                found[lower] = spans
                waiting.append(lower)
    return found


def _cut(spans: Spans, edge: Span) -> Iterator[Span]:
    for first, last in spans:
        both = max(first, edge[0]), min(last, edge[1])
        if both[0] <= both[1]:
            yield both


def merged(spans: Iterable[Span]) -> Spans:
    """Join spans that overlap or follow upon each other; the same days are always said alike."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first.toordinal() <= joined[-1][1].toordinal() + 1:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return tuple(joined)
