"""Settling view counts: the store's resolution beside the same query typed by hand."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from bench import clock
from bench.figure import Figure, compared
from schemas import months
from schemas.config import Config
from schemas.partner import Partner
from schemas.tables import coverage, item_aliases, item_refs, observations, view_reports
from schemas.views import REQUESTS
from steps import reconcile
from store import _sets, settling
from store.database import Connection, Engine, create_tables, open_engine, writing


class Size(NamedTuple):
    """How much is settled."""

    observations: int
    stories: int
    repeats: int


FULL, TINY = Size(1_000_000, 100_000, 3), Size(2_000, 200, 1)

_PLATFORMS = tuple(f"partner-{number}" for number in range(1, 13))
_MONTHS = tuple(months.numbered(name) for name in ("2026-01", "2026-02", "2026-03", "2026-04"))
_METHOD = "report"
_CONFIG = Config(partners=tuple(Partner(id=name, name=name) for name in _PLATFORMS))
_NOW = datetime(2026, 6, 1, tzinfo=UTC)
_UNIT = "observations/CPU s"

Row = Mapping[str, Any]
"""By column."""

_RESTATED, _UNKNOWN = 0.08, 0.01


def figures(size: Size, folder: Path) -> Iterator[Figure]:
    """Settle the months of twelve partners; each report is followed by one that corrects some.

    First the whole step, once, as it makes every statement; then resolution alone, again and again.
    """
    engine = open_engine(f"sqlite:///{folder}/ledger.db")
    create_tables(engine)
    with writing(engine) as connection:
        written = _fill(connection, size)
        for table in _HAND_TABLES:
            connection.exec_driver_sql(table)
    step = clock.cpu_s(lambda: reconcile.reconcile(engine, _CONFIG, _NOW))
    by_hand = clock.cpu_s(lambda: _anew(engine, _state_by_hand))
    with writing(engine) as connection:
        if connection.exec_driver_sql(_DIFFERENCE).scalar():
            raise AssertionError("the queries by hand say something else")
    spent = clock.medians(
        {"ours": lambda: _anew(engine, _resolve), "hand": lambda: _anew(engine, _resolve_by_hand)},
        size.repeats,
    )
    ours, hand = (written / spent[side] for side in ("ours", "hand"))
    yield compared("settle.facts/by hand", _UNIT, ours, hand, at_least=1 / 1.5)
    yield compared("settle.statements/by hand", _UNIT, written / step, written / by_hand)
    engine.dispose()


def _anew(engine: Engine, work: Callable[[Connection], None]) -> None:
    with writing(engine) as connection:
        work(connection)


def _resolve(connection: Connection) -> None:
    for platform in _PLATFORMS:
        settling.resolve(connection, platform, [_METHOD], _MONTHS)


def _resolve_by_hand(connection: Connection) -> None:
    connection.exec_driver_sql("DELETE FROM facts_by_hand")
    connection.exec_driver_sql(_HAND)


def _state_by_hand(connection: Connection) -> None:
    _resolve_by_hand(connection)
    connection.exec_driver_sql(_HAND_LINES)


_HAND_TABLES = (
    """CREATE TABLE facts_by_hand (
        platform TEXT, month INTEGER, metric TEXT, item_ref_id INTEGER, count BIGINT, method TEXT,
        PRIMARY KEY (platform, month, metric, item_ref_id)
    )""",
    """CREATE TABLE lines_by_hand (
        platform TEXT, month INTEGER, item_ref_id INTEGER, story_id TEXT, count BIGINT, method TEXT,
        PRIMARY KEY (platform, month, item_ref_id)
    )""",
)

# Beside max(), SQLite gives the other columns of the row that bears it.
_HAND = """
    INSERT INTO facts_by_hand
    SELECT platform, month, metric, item_ref_id, sum(count), method FROM (
        SELECT v.platform, o.month, o.metric, o.item_ref_id, o.count, v.method, max(v.revision)
        FROM view_reports v CROSS JOIN observations o ON o.report_id = v.id
        WHERE v.status = 'applied' AND o.access <> 'Machine'
        GROUP BY v.platform, v.method, o.item_ref_id, o.metric, o.month, o.t0, o.t1
    ) GROUP BY platform, month, metric, item_ref_id
"""

_HAND_LINES = """
    INSERT INTO lines_by_hand
    SELECT f.platform, f.month, f.item_ref_id, a.story_id, f.count, f.method
    FROM facts_by_hand f LEFT JOIN item_aliases a ON a.item_ref_id = f.item_ref_id
"""

_SAME = "platform, month, metric, item_ref_id, count, method"
_DIFFERENCE = f"""
    SELECT count(*) FROM (
        SELECT * FROM (SELECT {_SAME} FROM facts EXCEPT SELECT {_SAME} FROM facts_by_hand)
        UNION ALL
        SELECT * FROM (SELECT {_SAME} FROM facts_by_hand EXCEPT SELECT {_SAME} FROM facts)
    )
"""


def _fill(connection: Connection, size: Size) -> int:
    """Write reports and what they state straight into the ledger; say how many observations."""
    chance = random.Random(1)
    each = round(size.observations / (1 + _RESTATED) / len(_PLATFORMS) / len(_MONTHS))
    written, numbers = 0, count(1)
    for place, platform in enumerate(_PLATFORMS):
        refs = range(place * size.stories, (place + 1) * size.stories)
        _name(connection, platform, refs, chance)
        for month in _MONTHS:
            told = sorted(chance.sample(refs, min(each, size.stories)))
            restated = [ref for ref in told if chance.random() < _RESTATED]
            for revision, stated in enumerate((told, restated)):
                number = next(numbers)
                _report(connection, number, platform, month, revision)
                rows = _stated(number, month, stated, chance)
                _write(connection, observations, rows)
                written += len(rows)
    return written


def _name(connection: Connection, platform: str, refs: range, chance: random.Random) -> None:
    """Make a platform's references; of some nobody knows the story."""
    named = [{"id": n, "platform": platform, "ref": f"page {n - refs.start}"} for n in refs]
    _write(connection, item_refs, named)
    known = [n for n in refs if chance.random() > _UNKNOWN]
    aliases = [
        {"item_ref_id": n, "story_id": f"urn:uuid:{n - refs.start}", "recorded_at": 0, "how": "id"}
        for n in known
    ]
    _write(connection, item_aliases, aliases)


def _report(connection: Connection, number: int, platform: str, month: int, revision: int) -> None:
    told = {
        "id": number,
        "platform": platform,
        "method": _METHOD,
        "media_type": "text/csv",
        "sha256": str(number),
        "payload": b"",
        "received_at": number,
        "status": "applied",
        "report_id": f"{platform}/{month}",
        "revision": revision,
        "temporality": "interval",
        "rows": 0,
        "faulty": "[]",
    }
    _write(connection, view_reports, [told])
    t0, t1 = _days(month)
    state = "partial" if revision else "complete"
    _write(connection, coverage, [{"report_id": number, "t0": t0, "t1": t1, "state": state}])


def _stated(report: int, month: int, refs: Sequence[int], chance: random.Random) -> list[Row]:
    t0, t1 = _days(month)
    same: Row = {"report_id": report, "month": month, "t0": t0, "t1": t1}
    same = {**same, "metric": REQUESTS, "access": "Regular"}
    return [
        {**same, "row": row, "item_ref_id": ref, "count": chance.randrange(1, 500)}
        for row, ref in enumerate(refs, 1)
    ]


def _days(month: int) -> tuple[int, int]:
    return months.first_day(month).toordinal(), months.first_day(month + 1).toordinal()


def _write(connection: Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    columns = list(rows[0]) if rows else []
    _sets.insert(connection, table, columns, [tuple(row.values()) for row in rows])
