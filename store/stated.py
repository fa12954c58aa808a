"""Ask what reports state: each observation of an item, and where reports contradict themselves."""

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa

from schemas import months
from schemas.tables import moment
from schemas.views import REQUESTS, Temporality
from store import _sets
from store.database import Connection


class Order(NamedTuple):
    """What a report's word weighs among those of its counter: the greatest counts."""

    revision: int
    received_at: datetime
    sha256: str


class Observed(NamedTuple):
    """One observation as kept, with what it needs of its report."""

    report_id: int
    row: int
    item_ref_id: int
    method: str
    temporality: Temporality
    order: Order
    t0: date
    t1: date
    metric: str
    access: str
    reads: int


class Complete(NamedTuple):
    """Days of which a report says that it is complete."""

    method: str
    order: Order
    t0: date
    t1: date


class Conflict(NamedTuple):
    """Two reports under one name and revision."""

    month: int
    name: str
    expected: int
    """The sum of the one received first."""
    found: int


class Undeclared(NamedTuple):
    """A report whose rows do not sum up to what it declares."""

    month: int
    name: str
    expected: int
    found: int


def observed(connection: Connection, item_ref_ids: Collection[int]) -> list[Observed]:
    """Read every observation of these items, in the order of their days and of receipt."""
    if not item_ref_ids:
        return []
    wanted = _sets.keys(connection, "k", id=sorted(item_ref_ids))
    query = sa.text(
        'SELECT o.report_id, o."row", o.item_ref_id, v.method, v.temporality, v.revision,'
        " v.received_at, v.sha256, o.t0, o.t1, o.metric, o.access, o.count AS reads"
        f" FROM {wanted.sql} CROSS JOIN observations o JOIN view_reports v ON v.id = o.report_id"
        " WHERE o.item_ref_id = k.id"
        " ORDER BY o.t0, o.t1, o.metric, o.access, v.received_at, v.id"
    )
    return [
        Observed(
            row.report_id,
            row.row,
            row.item_ref_id,
            row.method,
            Temporality(row.temporality),
            Order(row.revision, moment(row.received_at), row.sha256),
            date.fromordinal(row.t0),
            date.fromordinal(row.t1),
            row.metric,
            row.access,
            row.reads,
        )
        for row in connection.execute(query, wanted.params)
    ]


def complete(connection: Connection, platform: str) -> list[Complete]:
    """List the days of which reports of a platform's periods say that they are complete."""
    query = sa.text(
        "SELECT v.method, v.revision, v.received_at, v.sha256, c.t0, c.t1 FROM view_reports v"
        " JOIN coverage c ON c.report_id = v.id WHERE v.platform = :platform"
        " AND v.status = 'applied' AND v.temporality = 'interval' AND c.state = 'complete'"
    )
    return [
        Complete(
            row[0],
            Order(row[1], moment(row[2]), row[3]),
            date.fromordinal(row[4]),
            date.fromordinal(row[5]),
        )
        for row in connection.execute(query, {"platform": platform})
    ]


def conflicts(connection: Connection, platform: str, wanted: Collection[int]) -> list[Conflict]:
    """List reports that came again under the same name and revision with other bytes."""
    query = sa.text(
        "SELECT v.method, v.report_id, v.revision, v.id, min(c.t0) AS t0,"
        " (SELECT COALESCE(sum(o.count), 0) FROM observations o WHERE o.report_id = v.id) AS total"
        " FROM view_reports v JOIN coverage c ON c.report_id = v.id"
        " WHERE v.platform = :platform AND v.status = 'applied' AND v.report_id <> ''"
        " AND EXISTS (SELECT 1 FROM view_reports w WHERE w.platform = v.platform"
        " AND w.method = v.method AND w.report_id = v.report_id AND w.revision = v.revision"
        " AND w.status = 'applied' AND w.id <> v.id)"
        " GROUP BY v.method, v.report_id, v.revision, v.id ORDER BY v.id"
    )
    first: dict[tuple[str, str, int], int] = {}
    found: dict[tuple[int, str], Conflict] = {}
    for row in connection.execute(query, {"platform": platform}):
        expected = first.setdefault((row.method, row.report_id, row.revision), int(row.total))
        month = months.number(date.fromordinal(row.t0))
        if month in wanted:
            name = f"{row.report_id} revision {row.revision}"
            found[month, name] = Conflict(month, name, expected, int(row.total))
    return list(found.values())


def undeclared(connection: Connection, platform: str, wanted: Collection[int]) -> list[Undeclared]:
    """List reports whose rows of the headline metric do not sum up to their declared total."""
    if not wanted:
        return []
    query = sa.text(
        "SELECT v.id, v.report_id, v.declared_total, min(c.t0) AS t0,"
        " (SELECT COALESCE(sum(o.count), 0) FROM observations o WHERE o.report_id = v.id"
        " AND o.metric = :metric) AS total FROM view_reports v"
        " JOIN coverage c ON c.report_id = v.id WHERE v.platform = :platform"
        " AND v.status = 'applied' AND v.declared_total IS NOT NULL"
        " GROUP BY v.id, v.report_id, v.declared_total"
        " HAVING min(c.t0) >= :first AND min(c.t0) < :after ORDER BY v.id"
    )
    params = {
        "platform": platform,
        "metric": REQUESTS,
        "first": months.first_day(min(wanted)).toordinal(),
        "after": months.first_day(max(wanted) + 1).toordinal(),
    }
    rows = connection.execute(query, params)
    found = [
        Undeclared(
            months.number(date.fromordinal(row.t0)),
            f"{row.report_id or 'report'} #{row.id}",
            row.declared_total,
            int(row.total),
        )
        for row in rows
    ]
    return [one for one in found if one.expected != one.found and one.month in wanted]
