"""Decide which of the stated counts of a story's reads count, and why each other does not.

This is the definition; the store resolves whole months by SQL, and a property test holds that
both say the same. The rules are drawn in docs/decisions/0008-the-ledger.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from math import sqrt
from typing import NamedTuple

from schemas import months
from schemas.views import Observation, Resolved, Temporality, Verdict

NOISE = 10
"""Reads by which two counters of the same stories may always differ."""

SIGMAS = 4
"""How many times the scatter of two honest counts their difference may be."""

TOLERANCE = 0.10
"""The share of the larger count that two counters may differ by: what publishers agree upon."""


class Window(NamedTuple):
    """Days of which a report says that it is complete: what it does not list there is zero."""

    method: str
    rank: int
    order: tuple[int, int]
    """As of an Observation."""
    t0: date
    t1: date


class Settled(NamedTuple):
    """What was decided about a set of observations."""

    resolved: list[Resolved]
    """One for each item, metric and month that any counter speaks of, in that order."""
    verdicts: dict[int, Verdict]
    """By the id of the observation."""


class _Unit(NamedTuple):
    item: str
    metric: str
    month: int


class _Counter(NamedTuple):
    """A method's periods and its readings are two counters; the periods go before."""

    rank: int
    reads_a_meter: bool
    method: str


class _Case:
    """A set of observations while it is decided."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self.windows = windows
        self.verdicts: dict[int, Verdict] = {}
        self.counts: dict[_Unit, dict[_Counter, int]] = defaultdict(dict)
        self.standing: list[tuple[_Unit, _Counter, int]] = []
        """Observations that count if their counter does."""

    def add(self, counter: _Counter, observation: Observation, count: int) -> None:
        """Add to a counter's word on the unit that an observation is of."""
        unit = _unit(observation)
        said = self.counts[unit]
        said[counter] = said.get(counter, 0) + count

    def decide(self, observation: Observation, verdict: Verdict, counter: _Counter) -> None:
        """Decide for good; the counter has spoken of the unit all the same."""
        self.verdicts[observation.id] = verdict
        self.add(counter, observation, 0)

    def stand(self, observation: Observation, counter: _Counter, count: int) -> None:
        """Let an observation count if its counter turns out to be the one that counts."""
        self.standing.append((_unit(observation), counter, observation.id))
        self.add(counter, observation, count)

    def settle(self) -> Settled:
        """Let the highest counter that covers a unit count there; what it left out is zero."""
        complete = {(m, _counter(w)) for w in self.windows for m in _of(w)}
        by_month: dict[int, list[_Counter]] = defaultdict(list)
        for month, counter in complete:
            by_month[month].append(counter)
        best = {u: min((*said, *by_month[u.month])) for u, said in self.counts.items()}
        for unit, counter, number in self.standing:
            counted = counter == best[unit]
            self.verdicts[number] = Verdict.COUNTED if counted else Verdict.SHADOWED
        resolved = [self._resolved(unit, best[unit]) for unit in sorted(self.counts)]
        return Settled(resolved, self.verdicts)

    def _resolved(self, unit: _Unit, counter: _Counter) -> Resolved:
        return Resolved(
            item=unit.item,
            metric=unit.metric,
            month=months.name(unit.month),
            count=self.counts[unit].get(counter, 0),
            method=counter.method,
        )


def resolve(observations: Iterable[Observation], windows: Sequence[Window]) -> Settled:
    """Decide what each item's reads were in each month, whatever order things came in.

    Each observation lies within one month; of the same report, item and days there is but one.
    """
    case = _Case(windows)
    streams: dict[tuple[str, str, _Counter], list[Observation]] = defaultdict(list)
    for one in observations:
        counter = _Counter(one.rank, one.temporality is Temporality.CUMULATIVE, one.method)
        streams[one.item, one.metric, counter].append(one)
    for (_, _, counter), stream in streams.items():
        settle = _readings if counter.reads_a_meter else _periods
        settle(case, counter, stream)
    return case.settle()


def differ(expected: int, found: int) -> bool:
    """Say whether two counters of the same reads differ by more than chance and custom allow."""
    apart = abs(expected - found)
    by_chance = max(NOISE, SIGMAS * sqrt(expected + found))
    return apart > by_chance and apart > TOLERANCE * max(expected, found)


def _counter(window: Window) -> _Counter:
    return _Counter(window.rank, reads_a_meter=False, method=window.method)


def _of(window: Window) -> range:
    return months.touched(window.t0, window.t1)


def _unit(one: Observation) -> _Unit:
    return _Unit(one.item, one.metric, months.touched(one.t0, one.t1)[-1])


def _last_word(one: Observation) -> tuple[tuple[int, int], int, int]:
    return one.order, one.count, one.id


def _periods(case: _Case, counter: _Counter, stream: Sequence[Observation]) -> None:
    """Count each period once: the last word on it, and of two that overlap the longer."""
    kept = []
    for one in _latest(case, counter, stream, by_end=False):
        if _is_replaced(one, case.windows):
            case.decide(one, Verdict.SUPERSEDED, counter)
        else:
            kept.append(one)
    for one in kept:
        if any(_goes_before(other, one) for other in kept):
            case.decide(one, Verdict.CONTROL, counter)
        else:
            case.stand(one, counter, one.count)


def _readings(case: _Case, counter: _Counter, stream: Sequence[Observation]) -> None:
    """Count what a meter grew by; what it stood at first is where it grew from."""
    chain = _latest(case, counter, stream, by_end=True)
    case.decide(chain[0], Verdict.BASELINE, counter)
    for before, one in pairwise(chain):
        # No extrapolation: what a reset swallowed is not known, and is not made up.
        grown = one.count - before.count if one.count >= before.count else one.count
        case.stand(one, counter, grown)
        for month in range(_unit(before).month + 1, _unit(one).month):
            case.counts[_unit(one)._replace(month=month)].setdefault(counter, 0)


def _latest(
    case: _Case, counter: _Counter, stream: Sequence[Observation], *, by_end: bool
) -> list[Observation]:
    """Keep the last word on each cell, in order of its days; the others are superseded."""
    cells: dict[tuple[date, date], Observation] = {}
    for one in sorted(stream, key=_last_word):
        cell = (one.t1, one.t1) if by_end else (one.t1, one.t0)
        if cell in cells:
            case.decide(cells[cell], Verdict.SUPERSEDED, counter)
        cells[cell] = one
    return [cells[cell] for cell in sorted(cells)]


def _is_replaced(one: Observation, windows: Iterable[Window]) -> bool:
    return any(
        w.method == one.method and w.order > one.order and w.t0 <= one.t0 and one.t1 <= w.t1
        for w in windows
    )


def _goes_before(other: Observation, one: Observation) -> bool:
    """Say whether `other` speaks for the days of `one`: longer, or as long and earlier."""
    if other.t1 <= one.t0 or one.t1 <= other.t0:
        return False
    return (other.t0 - other.t1, other.t0) < (one.t0 - one.t1, one.t0)
