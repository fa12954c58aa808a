"""Who stands below whom, and when; and who went over into whom.

An edge from an organisation to one above it holds on the days that it names, on every day where
it names none. Of an organisation that is no more, the edges of its last day go on: what is told
of it later is still told of those that it belonged to.

What is told of an organisation stays its own: a successor has none of it unless it is asked for
with its predecessors. Of one that split each successor then has the whole, for nobody says which
part went where; so such sets overlap.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from rules.entries import told_at
from schemas.config import Config
from schemas.organisation import Organisation, Parent, Population
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
    predecessors: Mapping[str, frozenset[str]] = MappingProxyType({})
    """Whom each succeeded, right before it; those that succeeded nobody are left out."""
    populations: Mapping[str, frozenset[str]] = MappingProxyType({})
    """Who belongs to each population that was asked for."""


def ground(
    organisations: Sequence[Organisation], day: date, populations: Iterable[Population] = ()
) -> Ground:
    """Lay out who stands below whom on a day, and where, and whom they had succeeded by then.

    A population has those that belong to it on that day, and where it says so whom they had
    succeeded by then.
    """
    succeeded: dict[str, frozenset[str]] = {}
    for successor, gone in _successions(organisations).items():
        if before := frozenset(old for old, on in gone if on <= day):
            succeeded[successor] = before
    laid = Ground(lineage(organisations, day), regions(organisations, day), succeeded)
    members_on = {
        population.id: frozenset(_members_on(population, organisations, day, laid))
        for population in populations
    }
    return laid._replace(populations=members_on)


def _members_on(
    population: Population, organisations: Sequence[Organisation], day: date, laid: Ground
) -> set[str]:
    found = _belonging(population, organisations)
    there = {one for one, spans in found.items() if holds(spans, day)}
    return below(laid, there, with_predecessors=population.with_predecessors)


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


def below(ground: Ground, tops: Iterable[str], *, with_predecessors: bool = False) -> set[str]:
    """Name `tops` and all below them, where asked with all that any of these succeeded."""
    found = reaching(ground.lineage, tops).union(tops)
    while with_predecessors:
        gone = {old for one in found for old in ground.predecessors.get(one, ())}
        if gone <= found:
            break
        found |= gone | reaching(ground.lineage, gone)
    return found


def reaching(ways: Mapping[str, frozenset[str]], ends: Iterable[str]) -> set[str]:
    """Name all from which one of the ends is reached."""
    wanted = frozenset(ends)
    return {start for start, reached in ways.items() if not wanted.isdisjoint(reached)}


def within(
    tops: Iterable[str], organisations: Sequence[Organisation], *, with_predecessors: bool = False
) -> dict[str, Spans]:
    """Say when each organisation was one of `tops`, or stood below one; others are left out.

    Where asked, all that any of these succeeded while it was one of them belong there always.
    """
    found = _spread(dict.fromkeys(tops, ALWAYS), organisations)
    return _widened(found, organisations) if with_predecessors else found


def members(
    population: Population,
    organisations: Sequence[Organisation],
    *,
    with_predecessors: bool = False,
) -> dict[str, Spans]:
    """Say when each organisation belonged to a population; others are left out.

    These are its `organisations` and all that stood below its `below`, of its `types` if it names
    any, each with all below it.
    """
    found = _belonging(population, organisations)
    wide = with_predecessors or population.with_predecessors
    return _widened(found, organisations) if wide else found


def _belonging(population: Population, organisations: Sequence[Organisation]) -> dict[str, Spans]:
    """Say when each organisation belonged to a population, predecessors apart."""
    starts = dict(_under(population.below, organisations))
    if population.types:
        fit = {o.id for o in organisations if o.type in population.types}
        starts = {one: spans for one, spans in starts.items() if one in fit}
    starts |= dict.fromkeys(population.organisations, ALWAYS)
    return _spread(starts, organisations)


def uncounted(config: Config, subject: str) -> tuple[str, ...]:
    """Name whom an organisation, or those of a population, succeeded without counting for it."""
    counted = meant(config, subject)
    wider = meant(config, subject, with_predecessors=True)
    gone = (o.id for o in config.organisations if o.successors)
    return tuple(old for old in gone if old in wider and old not in counted)


def meant(config: Config, subject: str, *, with_predecessors: bool = False) -> dict[str, Spans]:
    """Say which organisations an organisation or a population stands for, and when.

    An organisation stands for itself and all below it, a population for all its organisations,
    where it says so with those that they succeeded.
    """
    population = next((p for p in config.populations if p.id == subject), None)
    if population is None:
        return within([subject], config.organisations, with_predecessors=with_predecessors)
    return members(population, config.organisations, with_predecessors=with_predecessors)


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


def _successions(organisations: Sequence[Organisation]) -> dict[str, list[tuple[str, date]]]:
    """List for each successor whom it succeeded, and when."""
    found: dict[str, list[tuple[str, date]]] = {}
    for gone in organisations:
        for successor in gone.successors:
            found.setdefault(successor.id, []).append((gone.id, successor.on or date.min))
    return found


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


def _under(tops: Iterable[str], organisations: Sequence[Organisation]) -> dict[str, Spans]:
    """Say when each organisation stood below one of `tops`; these are left out, unless they did."""
    wanted = frozenset(tops)
    starts = {
        child.id: merged(span(child, parent) for parent in child.parents if parent.id in wanted)
        for child in organisations
        if any(parent.id in wanted for parent in child.parents)
    }
    return _spread(starts, organisations)


def _widened(found: Mapping[str, Spans], organisations: Sequence[Organisation]) -> dict[str, Spans]:
    """Add for good all that any of these succeeded while it was one of them, with all below."""
    successions = _successions(organisations)
    while True:
        gone = {
            old: ALWAYS
            for successor in found.keys() & successions.keys()
            for old, on in successions[successor]
            if found.get(old) != ALWAYS and found[successor][-1][1] >= on
        }
        if not gone:
            return dict(found)
        found = _spread({**found, **gone}, organisations)


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
