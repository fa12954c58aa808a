"""View reports in all their kinds, for tests of what is decided about them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import orjson
from hypothesis import strategies as st

from rules.settle import Window
from schemas.views import (
    REQUESTS,
    Coverage,
    CoverageState,
    Observation,
    ParsedReport,
    ReportHead,
    StatedCount,
    Temporality,
)

METHODS = ("report", "beacon", "log")
"""The counter of record first."""

UNIQUES = "Unique_Item_Requests"

MIDNIGHT = datetime(2026, 12, 1, tzinfo=UTC)

DAYS = (
    (date(2026, 9, 29), date(2026, 9, 30)),
    (date(2026, 10, 1), date(2026, 10, 2)),
    (date(2026, 10, 2), date(2026, 10, 3)),
    (date(2026, 10, 31), date(2026, 11, 1)),
    (date(2026, 11, 1), date(2026, 11, 2)),
)
LONGER = (
    (date(2026, 9, 1), date(2026, 10, 1)),
    (date(2026, 10, 1), date(2026, 11, 1)),
    (date(2026, 11, 1), date(2026, 12, 1)),
    (date(2026, 10, 1), date(2026, 10, 8)),
    (date(2026, 10, 2), date(2026, 10, 9)),
    (date(2026, 10, 5), date(2026, 10, 12)),
)
WINDOWS = (*LONGER, (date(2026, 9, 1), date(2026, 12, 1)), DAYS[1], DAYS[2])


class Told(NamedTuple):
    """One view report as a test tells it."""

    method: str
    revision: int
    received: int
    """Minutes after midnight; no two reports of a set share one."""
    temporality: Temporality
    complete: tuple[date, date] | None
    rows: tuple[StatedCount, ...]

    @property
    def received_at(self) -> datetime:
        return MIDNIGHT + timedelta(minutes=self.received)

    @property
    def payload(self) -> bytes:
        """Stand in for its bytes: no two reports share them."""
        return orjson.dumps([self.method, self.received, self.revision])

    @property
    def parsed(self) -> ParsedReport:
        days = [(row.t0, row.t1) for row in self.rows] or [self.complete or DAYS[1]]
        first, after = self.complete or (days[0][0], days[0][0])
        t0, t1 = min(first, *(d[0] for d in days)), max(after, *(d[1] for d in days))
        partial, complete = CoverageState.PARTIAL, CoverageState.COMPLETE
        stretches = ((t0, first, partial), (first, after, complete), (after, t1, partial))
        covered = [Coverage(t0=a, t1=b, state=state) for a, b, state in stretches if a < b]
        head = ReportHead(
            report_id=f"{self.method}/{self.received}",
            revision=self.revision,
            t0=t0,
            t1=t1,
            temporality=self.temporality,
            coverage=tuple(covered),
        )
        return ParsedReport(head=head, rows=self.rows)


def row(
    item: str,
    days: tuple[date, date],
    count: int,
    metric: str = REQUESTS,
    access: str = "Regular",
) -> StatedCount:
    return StatedCount(item=item, t0=days[0], t1=days[1], metric=metric, access=access, count=count)


def stated(
    told: Sequence[Told], methods: Sequence[str] = METHODS
) -> tuple[list[Observation], list[Window]]:
    """Lay reports out as resolution looks at them; a machine's reads are not among them."""
    observations, windows = [], []
    for report in told:
        rank = methods.index(report.method)
        order = (report.revision, report.received)
        if report.complete and report.temporality is Temporality.INTERVAL:
            windows.append(Window(report.method, rank, order, *report.complete))
        observations += [
            Observation(
                id=report.received * 1000 + number,
                item=counted.item,
                metric=counted.metric,
                method=report.method,
                rank=rank,
                temporality=report.temporality,
                order=order,
                t0=counted.t0,
                t1=counted.t1,
                count=counted.count,
            )
            for number, counted in enumerate(report.rows)
            if counted.access == "Regular"
        ]
    return observations, windows


ITEMS = ("a", "b", "c")

_counts = st.integers(min_value=0, max_value=60)


@st.composite
def one_report(draw: st.DrawFn, received: int, methods: Sequence[str] = METHODS) -> Told:
    temporality = draw(st.sampled_from((Temporality.INTERVAL,) * 3 + (Temporality.CUMULATIVE,)))
    spans = DAYS if temporality is Temporality.CUMULATIVE else DAYS + LONGER
    cells = draw(
        st.lists(
            st.tuples(
                st.sampled_from(ITEMS),
                st.sampled_from(spans),
                st.sampled_from((REQUESTS, REQUESTS, UNIQUES)),
                st.sampled_from(("Regular", "Regular", "Regular", "Machine")),
            ),
            unique=True,
            max_size=6,
        )
    )
    return Told(
        draw(st.sampled_from(methods)),
        draw(st.integers(min_value=0, max_value=2)),
        received,
        temporality,
        draw(st.one_of(st.none(), st.sampled_from(WINDOWS))),
        tuple(row(i, days, draw(_counts), metric, access) for i, days, metric, access in cells),
    )


@st.composite
def report_sets(draw: st.DrawFn, most: int = 6, methods: Sequence[str] = METHODS) -> list[Told]:
    """Make sets of reports that correct, repeat, contradict and complete one another."""
    number = draw(st.integers(min_value=1, max_value=most))
    return [draw(one_report(received, methods)) for received in range(number)]


def svr(
    *rows: tuple[Any, ...],
    month: str = "2026-10",
    coverage: str = "complete",
    **head: Any,
) -> bytes:
    """Write a view report; a row is (item, count), or (item, first day, day after, count)."""
    first = date.fromisoformat(f"{month}-01")
    after = (first + timedelta(days=31)).replace(day=1)
    period = {"from": first.isoformat(), "to": after.isoformat()}
    stated_ = [
        {"item": item, "from": days[0], "to": days[1], "count": count}
        for item, *days, count in (
            r if len(r) > 2 else (r[0], *period.values(), r[1]) for r in rows
        )
    ]
    told = {"svr": "1.0", "period": period, "coverage": coverage} | head | {"rows": stated_}
    return orjson.dumps(told)
