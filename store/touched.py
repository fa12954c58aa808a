"""Say which months of a platform await settling: those that reports speak of which none took in."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from schemas import months
from schemas.tables import micros
from schemas.views import Temporality
from store import _sets
from store.database import Connection


class Unsettled(NamedTuple):
    """Reports that no settling has taken into account, and the months they touch."""

    numbers: tuple[int, ...]
    months: frozenset[int]


def unsettled(connection: Connection, platform: str) -> Unsettled:
    """List the reports of a platform that are applied and not settled yet."""
    query = sa.text(
        "SELECT v.id, v.method, v.temporality, c.t0, c.t1 FROM view_reports v"
        " JOIN coverage c ON c.report_id = v.id"
        " WHERE v.platform = :platform AND v.status = 'applied' AND v.settled_at IS NULL"
    )
    rows = connection.execute(query, {"platform": platform}).all()
    return Unsettled(tuple(sorted({row.id for row in rows})), _touched(connection, platform, rows))


def every_month(connection: Connection, platform: str) -> frozenset[int]:
    """Number every month that any report of a platform touches."""
    query = sa.text(
        "SELECT DISTINCT v.method, v.temporality, c.t0, c.t1 FROM view_reports v"
        " JOIN coverage c ON c.report_id = v.id"
        " WHERE v.platform = :platform AND v.status = 'applied'"
    )
    rows = connection.execute(query, {"platform": platform}).all()
    return _touched(connection, platform, rows)


def mark_settled(connection: Connection, numbers: Collection[int], now: datetime) -> None:
    """Note that reports were taken into account."""
    if not numbers:
        return
    wanted = _sets.keys(connection, "k", id=list(numbers))
    query = sa.text(
        f"UPDATE view_reports SET settled_at = :now WHERE id IN (SELECT k.id FROM {wanted.sql})"
    )
    connection.execute(query, wanted.params | {"now": micros(now)})


def _touched(connection: Connection, platform: str, rows: Iterable[sa.Row[Any]]) -> frozenset[int]:
    touched: set[int] = set()
    metered: set[str] = set()
    for row in rows:
        touched.update(months.touched(date.fromordinal(row.t0), date.fromordinal(row.t1)))
        if row.temporality == Temporality.CUMULATIVE:
            metered.add(row.method)
    return frozenset(touched.union(_metered(connection, platform, metered)))


def _metered(connection: Connection, platform: str, methods: Collection[str]) -> set[int]:
    """A reading moves the growth up to the next one, and rules out others since the last."""
    if not methods:
        return set()
    query = sa.text(
        "SELECT v.method, min(o.month), max(o.month) FROM view_reports v"
        " JOIN observations o ON o.report_id = v.id WHERE v.platform = :platform"
        " AND v.temporality = 'cumulative' GROUP BY v.method"
    )
    rows = connection.execute(query, {"platform": platform})
    return {
        month
        for method, first, last_ in rows
        if method in methods
        for month in range(first, last_ + 1)
    }
