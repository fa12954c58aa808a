"""Keep view reports byte for byte, and what they state: observations and coverage, append-only."""

import zlib
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple

import orjson
import sqlalchemy as sa

from schemas import months
from schemas.tables import coverage, item_refs, micros, moment, observations, view_reports
from schemas.views import FaultyRow, ParsedReport, StatedCount, Temporality, ViewReport
from store import _sets, sequences
from store.database import Connection, one_writer

_LEVEL = 1
"""Of compression: twice the speed of the default for a tenth more bytes."""

RECEIVED, APPLIED, REFUSED = "received", "applied", "refused"

_HEAD_COLUMNS = (
    "id", "platform", "method", "media_type", "sha256", "received_at", "status", "reason",
    "report_id", "revision",
)  # fmt: skip

_OBSERVATION_COLUMNS = (
    "report_id", "row", "item_ref_id", "month", "t0", "t1", "metric", "access", "count",
)  # fmt: skip


class Kept(NamedTuple):
    """A view report and its bytes."""

    report: ViewReport
    payload: bytes


class Listed(NamedTuple):
    """A view report, and what of it could be understood."""

    report: ViewReport
    rows: int
    faulty: list[dict[str, object]]
    """Of each row that could not be: `row`, `code` and `reason`."""
    payload: bytes = b""
    """Only where one report was asked for."""


class Last(NamedTuple):
    """The latest revision of one report."""

    number: int
    revision: int
    rows: int
    complete: bool


def keep(
    connection: Connection,
    platform: str,
    method: str,
    media_type: str,
    payload: bytes,
    now: datetime,
) -> tuple[ViewReport, bool]:
    """Keep a report as received; bytes that are there already stay as they are, and it says so."""
    one_writer(connection, "reports")
    digest = sha256(payload).hexdigest()
    known = _head(connection, platform, method, digest)
    if known is not None:
        return known, True
    row = {
        "id": sequences.draw(connection, "view_report", 1),
        "platform": platform,
        "method": method,
        "media_type": media_type,
        "sha256": digest,
        "payload": zlib.compress(payload, _LEVEL),
        "received_at": micros(now),
        "status": RECEIVED,
        "report_id": "",
        "revision": 0,
        "temporality": str(Temporality.INTERVAL),
        "rows": 0,
        "faulty": "[]",
    }
    connection.execute(sa.insert(view_reports), row)
    return _report({"reason": None} | row), False


def waiting(connection: Connection, platform: str) -> list[int]:
    """Number the reports of a platform that nobody has read yet, in order of arrival."""
    query = (
        sa.select(view_reports.c.id)
        .where(view_reports.c.platform == platform, view_reports.c.status == RECEIVED)
        .order_by(view_reports.c.id)
    )
    return list(connection.execute(query).scalars())


def kept(connection: Connection, numbers: Collection[int]) -> dict[int, Kept]:
    """Read reports with their bytes."""
    if not numbers:
        return {}
    wanted = _sets.keys(connection, "k", id=sorted(numbers))
    names = ", ".join(f"v.{name}" for name in _HEAD_COLUMNS)
    query = sa.text(
        f"SELECT {names}, v.payload FROM {wanted.sql} CROSS JOIN view_reports v WHERE v.id = k.id"
    )
    rows = connection.execute(query, wanted.params).mappings()
    return {row["id"]: Kept(_report(dict(row)), zlib.decompress(row["payload"])) for row in rows}


def listing(
    connection: Connection, platform: str | None = None, *, number: int | None = None
) -> list[Listed]:
    """List reports, the latest first: all, or one platform's, or one by number with its bytes."""
    names = (*_HEAD_COLUMNS, "rows", "faulty", *(("payload",) if number is not None else ()))
    query = sa.select(*(view_reports.c[name] for name in names)).order_by(view_reports.c.id.desc())
    if platform is not None:
        query = query.where(view_reports.c.platform == platform)
    if number is not None:
        query = query.where(view_reports.c.id == number)
    return [
        Listed(
            _report(dict(row)),
            row["rows"],
            orjson.loads(row["faulty"]),
            zlib.decompress(row["payload"]) if "payload" in row else b"",
        )
        for row in connection.execute(query).mappings()
    ]


def last(connection: Connection, platform: str, method: str, name: str) -> Last | None:
    """Read the latest revision of a counter's report by its own id; None where there is none."""
    query = sa.text(
        "SELECT v.id, v.revision, v.rows, (SELECT count(*) FROM coverage c"
        " WHERE c.report_id = v.id AND c.state = 'complete') AS complete FROM view_reports v"
        " WHERE v.platform = :platform AND v.method = :method AND v.status = 'applied'"
        " AND v.report_id = :name ORDER BY v.revision DESC, v.received_at DESC, v.id DESC LIMIT 1"
    )
    params = {"platform": platform, "method": method, "name": name}
    row = connection.execute(query, params).first()
    return None if row is None else Last(row.id, row.revision, row.rows, bool(row.complete))


def last_day(connection: Connection, platform: str, method: str, prefix: str) -> date | None:
    """Give the last day that reports speak of whose own id begins with `prefix`."""
    query = sa.text(
        "SELECT max(c.t1) FROM view_reports v JOIN coverage c ON c.report_id = v.id"
        " WHERE v.platform = :platform AND v.method = :method AND v.status = 'applied'"
        " AND substr(v.report_id, 1, :length) = :prefix"
    )
    params = {"platform": platform, "method": method, "prefix": prefix, "length": len(prefix)}
    after = connection.execute(query, params).scalar()
    return None if after is None else date.fromordinal(after - 1)


def refused(connection: Connection) -> dict[str, int]:
    """Count the reports that could not be understood, by platform."""
    query = (
        sa.select(view_reports.c.platform, sa.func.count())
        .where(view_reports.c.status == REFUSED)
        .group_by(view_reports.c.platform)
    )
    return {platform: count for platform, count in connection.execute(query)}  # noqa: C416


def refuse(connection: Connection, number: int, reason: str) -> None:
    """Note why a report cannot be understood; its bytes stay."""
    connection.execute(
        sa.update(view_reports)
        .where(view_reports.c.id == number)
        .values(status=REFUSED, reason=reason)
    )


def apply(
    connection: Connection,
    number: int,
    parsed: ParsedReport,
    *,
    revision: int | None = None,
    rows: int | None = None,
) -> None:
    """Add what a report states to the ledger.

    Every row lies within one month and within the report's coverage. `revision` and `rows`
    stand for the head's and the number of rows where the report cannot know them itself.
    """
    one_writer(connection, "observations")
    head = parsed.head
    platform = connection.execute(
        sa.select(view_reports.c.platform).where(view_reports.c.id == number)
    ).scalar_one()
    connection.execute(
        sa.update(view_reports)
        .where(view_reports.c.id == number)
        .values(
            status=APPLIED,
            reason=None,
            report_id=head.report_id or "",
            revision=head.revision if revision is None else revision,
            temporality=str(head.temporality),
            declared_total=head.declared_total,
            rows=len(parsed.rows) if rows is None else rows,
            faulty=_faulty(parsed.faulty),
        )
    )
    _add_coverage(connection, number, parsed)
    _add_observations(connection, number, platform, parsed.rows)


def _add_coverage(connection: Connection, number: int, parsed: ParsedReport) -> None:
    rows = [
        (number, c.t0.toordinal(), c.t1.toordinal(), str(c.state), c.reason)
        for c in parsed.head.coverage
    ]
    _sets.insert(connection, coverage, ("report_id", "t0", "t1", "state", "reason"), rows)


def _add_observations(
    connection: Connection, number: int, platform: str, rows: Sequence[StatedCount]
) -> None:
    ids = intern(connection, platform, (row.item for row in rows))
    days: dict[date, tuple[int, int]] = {}
    for row in rows:
        for day in (row.t0, row.t1):
            if day not in days:
                days[day] = (day.toordinal(), months.number(day))
    written = [
        (
            number,
            place,
            ids[row.item],
            days[row.t0][1],
            days[row.t0][0],
            days[row.t1][0],
            row.metric,
            row.access,
            row.count,
        )
        for place, row in enumerate(rows, 1)
    ]
    _sets.insert(connection, observations, _OBSERVATION_COLUMNS, written)


def intern(connection: Connection, platform: str, refs: Iterable[str]) -> dict[str, int]:
    """Give each of a platform's references a number, once for ever."""
    wanted = sorted(set(refs))
    if not wanted:
        return {}
    known = _numbers(connection, platform, wanted)
    new = [ref for ref in wanted if ref not in known]
    if new:
        first = sequences.draw(connection, "item_ref", len(new))
        added = {ref: number for number, ref in enumerate(new, first)}
        rows = [(number, platform, ref) for ref, number in added.items()]
        _sets.insert(connection, item_refs, ("id", "platform", "ref"), rows)
        known |= added
    return known


def _numbers(connection: Connection, platform: str, refs: Sequence[str]) -> dict[str, int]:
    wanted = _sets.keys(connection, "k", ref=refs)
    query = sa.text(
        f"SELECT i.ref, i.id FROM {wanted.sql} CROSS JOIN item_refs i"
        " WHERE i.platform = :platform AND i.ref = k.ref"
    )
    rows = connection.execute(query, wanted.params | {"platform": platform})
    return {ref: number for ref, number in rows}  # noqa: C416 -- a Row is no pair to mypy


def _faulty(rows: Sequence[FaultyRow]) -> str:
    return orjson.dumps([row.model_dump() for row in rows]).decode()


def _head(connection: Connection, platform: str, method: str, digest: str) -> ViewReport | None:
    columns = [view_reports.c[name] for name in _HEAD_COLUMNS]
    query = sa.select(*columns).where(
        view_reports.c.platform == platform,
        view_reports.c.method == method,
        view_reports.c.sha256 == digest,
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _report(dict(row))


def _report(row: dict[str, object]) -> ViewReport:
    fields = {name: row[name] for name in _HEAD_COLUMNS}
    return ViewReport.model_validate(fields | {"received_at": moment(int(str(row["received_at"])))})


def covered(connection: Connection, platform: str, method: str) -> frozenset[int]:
    """List the months of which a counter's reports say anything."""
    query = sa.text(
        "SELECT DISTINCT c.t0, c.t1 FROM view_reports v JOIN coverage c ON c.report_id = v.id"
        " WHERE v.platform = :platform AND v.method = :method"
        " AND v.status = 'applied' AND c.state <> 'none'"
    )
    rows = connection.execute(query, {"platform": platform, "method": method})
    return frozenset(
        month
        for t0, t1 in rows
        for month in months.touched(date.fromordinal(t0), date.fromordinal(t1))
    )
