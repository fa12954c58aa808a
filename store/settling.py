"""Resolve stated counts into facts, whole months at a time.

`rules.settle` is the definition; a property test holds that this says the same, but for zeros:
a fact is a count of one or more. What bears on a month is decided by report and days first, of
which there are few, so that most rows are met by a single grouping.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

import sqlalchemy as sa

from schemas import months
from schemas.views import REQUESTS, Temporality
from store import _sets
from store.database import Connection

_COUNT_BITS = 40
"""A count is below 10^12 < 2^40; above it in the same number stands its report's order."""

READINGS = " readings"
"""After a method's name: what its meter says, where its periods are what counts."""

Rows = Sequence[sa.Row[Any]]


class Compared(NamedTuple):
    """What a counter says of a month in which another counts."""

    month: int
    counter: str
    expected: int
    """What counts, in the units that this counter covers too."""
    found: int
    """What this counter says of them."""


class Reset(NamedTuple):
    """A meter that went back."""

    month: int
    ref: str
    before: int
    after: int


class _Report(NamedTuple):
    number: int
    counter: int
    """Twice the rank of its method; one more for readings."""
    order: int
    """By revision, receipt and digest, among those that bear on the months."""
    t0: int
    t1: int


class _Window(NamedTuple):
    order: int
    t0: int
    t1: int


class _Span(NamedTuple):
    """The days that some rows of a report are of."""

    report: _Report
    t0: int
    t1: int


class _Case:
    """One settling: a platform, its methods by rank, and months."""

    def __init__(
        self, connection: Connection, platform: str, methods: Sequence[str], wanted: Iterable[int]
    ) -> None:
        self.connection = connection
        self.platform = platform
        self.methods = methods
        self.months = sorted(wanted)
        self.among = ", ".join(map(str, self.months))

    def run(self, sql: str, **params: object) -> sa.CursorResult[Any]:
        """Run one statement about the platform."""
        found = {"platform": self.platform} if ":platform" in sql else {}
        return self.connection.execute(sa.text(sql), found | params)

    def name(self, counter: int) -> str:
        """Name a counter."""
        return self.methods[counter // 2] + (READINGS if counter % 2 else "")


def resolve(
    connection: Connection, platform: str, methods: Sequence[str], wanted: Collection[int]
) -> list[Compared]:
    """Write the facts of a platform's months anew; say what the shadows say.

    `methods` names the counters, the one of record first; others rank behind, by name.
    """
    if not wanted:
        return []
    case = _Case(connection, platform, _ranked(connection, platform, methods), wanted)
    periods, readings = _reports(case)
    windows = _windows(case, periods)
    sources = _periods(case, periods, windows) + _growth(case, readings)
    complete = _complete(case, windows)
    counters = sorted({r.counter for r in (*periods, *readings)})
    _gather(case, counters, sources, complete)
    _write(case, counters)
    compared = _compare(case, counters)
    for table in ("settling_units", "settling_cells", "settling_rivals"):
        _drop(case, table)
    return compared


def resets(
    connection: Connection, platform: str, methods: Sequence[str], wanted: Collection[int]
) -> list[Reset]:
    """List every reading in these months that is below the one before."""
    if not wanted:
        return []
    case = _Case(connection, platform, _ranked(connection, platform, methods), wanted)
    _, readings = _reports(case)
    if not readings:
        return []
    chain = _chain(case, readings)
    rows = case.run(
        f"SELECT g.month, i.ref, g.before, g.count FROM ({chain.sql}) AS g"
        " JOIN item_refs i ON i.id = g.item"
        f" WHERE g.count < g.before AND g.month IN ({case.among}) ORDER BY 1, 2, 3",
        **chain.params,
    )
    return [Reset(*row) for row in rows]


def _ranked(connection: Connection, platform: str, methods: Sequence[str]) -> list[str]:
    query = sa.text("SELECT DISTINCT method FROM view_reports WHERE platform = :platform")
    known = connection.execute(query, {"platform": platform}).scalars()
    return [*methods, *sorted(set(known) - set(methods))]


def _reports(case: _Case) -> tuple[list[_Report], list[_Report]]:
    """List the reports that bear on the months: those of periods, and those of readings.

    A reading bears on all months after it, up to the next one.
    """
    first = months.first_day(case.months[0]).toordinal()
    after = months.first_day(case.months[-1] + 1).toordinal()
    rows = case.run(
        "SELECT v.id, v.method, v.temporality, min(c.t0) AS t0, max(c.t1) AS t1"
        " FROM view_reports v JOIN coverage c ON c.report_id = v.id"
        " WHERE v.platform = :platform AND v.status = 'applied'"
        " GROUP BY v.id, v.method, v.temporality, v.revision, v.received_at, v.sha256"
        " HAVING v.temporality = 'cumulative' OR (min(c.t0) < :after AND max(c.t1) > :first)"
        " ORDER BY v.revision, v.received_at, v.sha256",
        first=first,
        after=after,
    )
    rank = {method: 2 * place for place, method in enumerate(case.methods)}
    periods, readings = [], []
    for order, (number, method, temporality, t0, t1) in enumerate(rows, 1):
        if temporality == Temporality.CUMULATIVE:
            readings.append(_Report(number, rank[method] + 1, order, t0, t1))
        else:
            periods.append(_Report(number, rank[method], order, t0, t1))
    return periods, readings


_Windows = dict[tuple[int, int], list[_Window]]
"""By counter and month: a window stands under every month it touches."""


def _windows(case: _Case, periods: Sequence[_Report]) -> _Windows:
    windows: _Windows = defaultdict(list)
    if not periods:
        return windows
    wanted = _sets.keys(case.connection, "k", id=[r.number for r in periods])
    rows = case.run(
        f"SELECT c.report_id, c.t0, c.t1 FROM {wanted.sql} CROSS JOIN coverage c"
        " WHERE c.report_id = k.id AND c.state = 'complete'",
        **wanted.params,
    )
    by_number = {r.number: r for r in periods}
    latest: dict[tuple[int, int, int], int] = {}
    for number, t0, t1 in rows:
        report = by_number[number]
        key = (report.counter, t0, t1)
        latest[key] = max(latest.get(key, 0), report.order)
    for (counter, t0, t1), order in latest.items():
        for month in months.touched(date.fromordinal(t0), date.fromordinal(t1)):
            windows[counter, month].append(_Window(order, t0, t1))
    return windows


def _complete(case: _Case, windows: _Windows) -> dict[int, list[int]]:
    """List by counter the months that a complete report of it touches."""
    found: dict[int, list[int]] = defaultdict(list)
    for counter, month in sorted(windows):
        if month in case.months:
            found[counter].append(month)
    return found


def _is_replaced(windows: _Windows, report: _Report, t0: int, t1: int) -> bool:
    month = months.number(date.fromordinal(t0))
    return any(
        w.order > report.order and w.t0 <= t0 and t1 <= w.t1
        for w in windows.get((report.counter, month), ())
    )


class _Source(NamedTuple):
    """A SELECT of (item, metric, month, counter, count), and its parameters."""

    sql: str
    params: dict[str, Any]


def _periods(case: _Case, periods: Sequence[_Report], windows: _Windows) -> list[_Source]:
    live = [r for r in periods if not _is_replaced(windows, r, r.t0, r.t1)]
    if not live:
        return []
    spans = _spans(case, live)
    replaced = {s for s in spans if _is_replaced(windows, *s)}
    standing = [s for s in spans if s not in replaced]
    stated = _stated(case, live, [s for s in spans if s in replaced])
    rivals = _rivals(standing)
    if not rivals and not _restated(standing):
        return [stated]
    cells = _last_words(stated)
    return [_without_control(case, cells, rivals) if rivals else cells]


def _spans(case: _Case, live: Sequence[_Report]) -> list[_Span]:
    wanted = _sets.keys(case.connection, "k", id=[r.number for r in live])
    rows = case.run(
        f"SELECT DISTINCT o.report_id, o.t0, o.t1 FROM {wanted.sql} CROSS JOIN observations o"
        f" WHERE o.report_id = k.id AND o.month IN ({case.among})",
        **wanted.params,
    )
    by_number = {r.number: r for r in live}
    return [_Span(by_number[number], t0, t1) for number, t0, t1 in rows]


def _stated(case: _Case, live: Sequence[_Report], replaced: Sequence[_Span]) -> _Source:
    wanted = _sets.keys(
        case.connection,
        "k",
        id=[r.number for r in live],
        counter=[r.counter for r in live],
        place=[r.order for r in live],
    )
    sql = (
        "SELECT o.item_ref_id AS item, o.metric AS metric, o.month AS month, k.counter AS counter,"
        f" o.count AS count, o.t0 AS t0, o.t1 AS t1, k.place AS place FROM {wanted.sql}"
        " CROSS JOIN observations o WHERE o.report_id = k.id"
        f" AND o.month IN ({case.among}) AND o.access <> 'Machine'"
    )
    if not replaced:
        return _Source(sql, wanted.params)
    gone = _sets.keys(
        case.connection,
        "z",
        id=[s.report.number for s in replaced],
        t0=[s.t0 for s in replaced],
        t1=[s.t1 for s in replaced],
    )
    sql += f" AND (o.report_id, o.t0, o.t1) NOT IN (SELECT z.id, z.t0, z.t1 FROM {gone.sql})"
    return _Source(sql, wanted.params | gone.params)


def _restated(spans: Sequence[_Span]) -> bool:
    """Say whether two reports of a counter state the same days."""
    cells = [(s.report.counter, s.t0, s.t1) for s in spans]
    return len(set(cells)) < len(cells)


def _rivals(spans: Sequence[_Span]) -> list[tuple[int, int, int, int, int]]:
    """Pair days that overlap, of one counter: (counter, the shorter or later, what goes before)."""
    by_counter: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for span in spans:
        by_counter[span.report.counter].add((span.t0, span.t1))
    found = []
    for counter, days in by_counter.items():
        ordered = sorted(days)
        if all(one[1] <= other[0] for one, other in pairwise(ordered)):
            continue
        found += [
            (counter, *one, *other)
            for one in ordered
            for other in ordered
            if other[0] < one[1]
            and one[0] < other[1]
            and (other[0] - other[1], other[0]) < (one[0] - one[1], one[0])
        ]
    return found


def _last_words(stated: _Source) -> _Source:
    """Keep of each cell the count of the greatest order: one number holds both."""
    mask = (1 << _COUNT_BITS) - 1
    return _Source(
        "SELECT c.item, c.metric, c.month, c.counter, c.t0, c.t1,"
        f" max((c.place << {_COUNT_BITS}) | c.count) & {mask} AS count"
        f" FROM ({stated.sql}) AS c"
        " GROUP BY c.item, c.metric, c.month, c.counter, c.t0, c.t1",
        stated.params,
    )


def _without_control(
    case: _Case, cells: _Source, rivals: Sequence[tuple[int, int, int, int, int]]
) -> _Source:
    """Lay the cells out in a table, and leave out those for whose days another one speaks."""
    key = ("item", "metric", "month", "counter", "t0", "t1")
    _make(case, "settling_cells", key, count="BIGINT")
    case.run(f"INSERT INTO settling_cells ({', '.join(key)}, count) {cells.sql}", **cells.params)
    columns = ("counter", "t0", "t1", "by_t0", "by_t1")
    _make(case, "settling_rivals", columns)
    values = dict(zip(columns, map(list, zip(*rivals, strict=True)), strict=True))
    wanted = _sets.keys(case.connection, "v", **values)
    names = ", ".join(columns)
    case.run(f"INSERT INTO settling_rivals SELECT {names} FROM {wanted.sql}", **wanted.params)
    return _Source(
        "SELECT c.item, c.metric, c.month, c.counter, c.count FROM settling_cells c"
        " WHERE NOT EXISTS (SELECT 1 FROM settling_rivals v JOIN settling_cells p"
        " ON p.t0 = v.by_t0 AND p.t1 = v.by_t1"
        " WHERE v.counter = c.counter AND v.t0 = c.t0 AND v.t1 = c.t1"
        " AND p.item = c.item AND p.metric = c.metric AND p.month = c.month"
        " AND p.counter = c.counter)",
        {},
    )


def _chain(case: _Case, readings: Sequence[_Report]) -> _Source:
    """Put each reading, the last word on its day, beside the one before it."""
    wanted = _sets.keys(
        case.connection,
        "r",
        id=[r.number for r in readings],
        counter=[r.counter for r in readings],
        place=[r.order for r in readings],
    )
    mask = (1 << _COUNT_BITS) - 1
    series = "(PARTITION BY item, metric, counter ORDER BY t1)"
    return _Source(
        "SELECT item, metric, month, counter, count,"
        f" lag(count) OVER {series} AS before, lag(month) OVER {series} AS since"
        " FROM (SELECT o.item_ref_id AS item, o.metric AS metric, o.month AS month,"
        f" r.counter AS counter, o.t1 AS t1, max((r.place << {_COUNT_BITS}) | o.count) & {mask}"
        f" AS count FROM {wanted.sql} CROSS JOIN observations o"
        " WHERE o.report_id = r.id AND o.access <> 'Machine'"
        " GROUP BY o.item_ref_id, o.metric, o.month, r.counter, o.t1) AS latest",
        wanted.params,
    )


def _growth(case: _Case, readings: Sequence[_Report]) -> list[_Source]:
    """Say what meters grew by; between two readings nothing is left for another counter."""
    if not readings:
        return []
    chain = _chain(case, readings)
    between = _sets.keys(case.connection, "m", month=case.months)
    sql = (
        f"SELECT * FROM (WITH growth AS ({chain.sql})"
        " SELECT item, metric, month, counter, CASE WHEN before IS NULL THEN 0"
        " WHEN count < before THEN count ELSE count - before END AS count FROM growth"
        f" WHERE month IN ({case.among}) UNION ALL"
        " SELECT g.item, g.metric, m.month, g.counter, 0 FROM growth g"
        f" JOIN {between.sql} ON m.month > g.since AND m.month < g.month) AS grown"
    )
    return [_Source(sql, chain.params | between.params)]


def _gather(
    case: _Case,
    counters: Sequence[int],
    sources: Sequence[_Source],
    complete: dict[int, list[int]],
) -> None:
    """Lay out what each counter says of each unit: null where it does not cover it."""
    said = ", ".join(_said(counter, complete.get(counter, ())) for counter in counters)
    _make(
        case,
        "settling_units",
        ("item", "metric", "month"),
        **{_column(counter): "BIGINT" for counter in counters},
    )
    if not sources:
        return
    union = " UNION ALL ".join(
        f"SELECT item, metric, month, counter, count FROM ({source.sql}) AS s{place}"
        for place, source in enumerate(sources)
    )
    case.run(
        f"INSERT INTO settling_units SELECT item, metric, month, {said} FROM ({union}) AS stated"
        " GROUP BY item, metric, month",
        **{name: value for source in sources for name, value in source.params.items()},
    )


def _column(counter: int) -> str:
    return f"said_{counter}"


def _said(counter: int, complete: Sequence[int]) -> str:
    total = f"CAST(sum(CASE WHEN counter = {counter} THEN count END) AS BIGINT)"
    if not complete:
        return total
    among = ", ".join(map(str, complete))
    return f"CASE WHEN month IN ({among}) THEN COALESCE({total}, 0) ELSE {total} END"


def _write(case: _Case, counters: Sequence[int]) -> None:
    case.run(f"DELETE FROM facts WHERE platform = :platform AND month IN ({case.among})")
    if not counters:
        return
    count = _first_of(counters)
    methods = {f"method_{c}": case.methods[c // 2] for c in counters}
    whose = " ".join(f"WHEN {_column(c)} IS NOT NULL THEN :method_{c}" for c in counters)
    case.run(
        "INSERT INTO facts (platform, month, metric, item_ref_id, count, method)"
        f" SELECT CAST(:platform AS TEXT), month, metric, item, {count},"
        f" CASE {whose} END FROM settling_units WHERE {count} > 0",
        **methods,
    )


def _first_of(counters: Sequence[int]) -> str:
    return f"COALESCE({', '.join(map(_column, counters))}, 0)"


def _compare(case: _Case, counters: Sequence[int]) -> list[Compared]:
    shadows = counters[1:]
    if not shadows:
        return []
    sums = []
    for place, counter in enumerate(shadows, 1):
        higher = " OR ".join(f"{_column(c)} IS NOT NULL" for c in counters[:place])
        both = f"{_column(counter)} IS NOT NULL AND ({higher})"
        sums += [f"sum(CASE WHEN {both} THEN {_first_of(counters)} END)"]
        sums += [f"sum(CASE WHEN {both} THEN {_column(counter)} END)"]
    rows = case.run(
        f"SELECT month, {', '.join(sums)} FROM settling_units WHERE metric = :metric"
        " GROUP BY month ORDER BY month",
        metric=REQUESTS,
    )
    return [
        Compared(month, case.name(c), int(expected), int(found))
        for month, *pairs in rows
        for c, expected, found in zip(shadows, pairs[::2], pairs[1::2], strict=True)
        if found is not None
    ]


def _make(case: _Case, table: str, key: Sequence[str], **columns: str) -> None:
    """Make a table for this transaction; SQLite keeps it in the order of its key."""
    _drop(case, table)
    kinds = {name: "TEXT" if name == "metric" else "BIGINT" for name in key} | columns
    listed = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    if case.connection.dialect.name == "sqlite":
        tail = f", PRIMARY KEY ({', '.join(key)})) WITHOUT ROWID"
    else:
        tail = ") ON COMMIT DROP"
    case.run(f"CREATE TEMPORARY TABLE {table} ({listed}{tail}")


def _drop(case: _Case, table: str) -> None:
    schema = "temp" if case.connection.dialect.name == "sqlite" else "pg_temp"
    case.run(f"DROP TABLE IF EXISTS {schema}.{table}")
