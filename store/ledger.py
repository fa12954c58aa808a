"""Keep the ledger: facts and aliases as they stood, in numbered statements that are never edited.

Each statement carries a digest over itself and the digest of its platform's statement before, so
that none can be mended unseen. A story's reads are those of the latest statements.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from schemas import months
from schemas.tables import micros, moment, statements
from schemas.views import REQUESTS, CoverageState, Statement
from store import _sets, aliases, sequences
from store.database import Connection, one_writer
from store.settling import Compared

_GENESIS = "0" * 64
_DIVIDER = "\t"  # no reference holds one

PlatformMonth = Statement
"""The latest statement of a platform and month."""

Reads = dict[str, dict[str, dict[str, int]]]
"""By story, platform and month."""


class Line(NamedTuple):
    """What a statement says of one item."""

    statement_id: int
    item_ref_id: int
    ref: str
    story_id: str | None
    reads: int
    method: str


class Suspended(NamedTuple):
    """An item whose story nobody knows, as far as it was counted."""

    platform: str
    ref: str
    reads: int
    first: str
    """The first month it was read in."""
    last: str


class _Standing(NamedTuple):
    """A month as facts and aliases now stand."""

    month: int
    total: int
    suspense: int
    shadow: str
    coverage: CoverageState
    lines_digest: str


def make(
    connection: Connection,
    platform: str,
    coverage: Mapping[int, CoverageState],
    compared: Sequence[Compared],
    now: datetime,
) -> list[Statement]:
    """State each month anew whose lines or coverage are not those of its latest statement.

    `coverage` names the months; `compared` is what the shadows say of them.
    """
    if not coverage:
        return []
    one_writer(connection, f"statements/{platform}")
    known = _latest_digests(connection, platform)
    changed = [
        one
        for one in _standing(connection, platform, coverage, compared)
        if known.get(months.name(one.month), (0, "", ""))[1:]
        != (str(one.coverage), one.lines_digest)
    ]
    if not changed:
        return []
    first = sequences.draw(connection, "statement", len(changed))
    previous = _last_digest(connection, platform)
    rows = []
    for number, one in enumerate(changed, first):
        before = known.get(months.name(one.month), (0, "", ""))[0]
        row = _row(platform, number, before + 1, one, previous, now)
        previous = row["digest"]
        rows.append(row)
    columns = tuple(rows[0])
    _sets.insert(connection, statements, columns, [tuple(row.values()) for row in rows])
    _add_lines(connection, platform, {n: one.month for n, one in enumerate(changed, first)})
    return [_statement(row) for row in rows]


def coverage_of(
    connection: Connection, platform: str, method: str, wanted: Collection[int]
) -> dict[int, CoverageState]:
    """Say how far each month is covered: complete where the counter of record is, every day."""
    if not wanted:
        return {}
    query = sa.text(
        "SELECT v.method, c.t0, c.t1, c.state FROM view_reports v"
        " JOIN coverage c ON c.report_id = v.id WHERE v.platform = :platform"
        " AND v.status = 'applied' AND c.state <> 'none' AND c.t0 < :after AND c.t1 > :first"
    )
    params = {
        "platform": platform,
        "first": months.first_day(min(wanted)).toordinal(),
        "after": months.first_day(max(wanted) + 1).toordinal(),
    }
    spoken: set[int] = set()
    complete: dict[int, set[int]] = defaultdict(set)
    for counter, t0, t1, state in set(map(tuple, connection.execute(query, params))):
        for month in months.touched(date.fromordinal(t0), date.fromordinal(t1)):
            spoken.add(month)
            if counter == method and state == CoverageState.COMPLETE:
                complete[month].update(_days(month, t0, t1))
    return {
        month: CoverageState.COMPLETE
        if len(complete[month]) == len(_days(month))
        else CoverageState.PARTIAL
        if month in spoken
        else CoverageState.NONE
        for month in sorted(wanted)
    }


def _days(month: int, t0: int = 0, t1: int = 1 << 30) -> range:
    first, after = (months.first_day(n).toordinal() for n in (month, month + 1))
    return range(max(first, t0), min(after, t1))


def _standing(
    connection: Connection,
    platform: str,
    coverage: Mapping[int, CoverageState],
    compared: Sequence[Compared],
) -> Iterable[_Standing]:
    shadows: dict[int, dict[str, int]] = defaultdict(dict)
    for one in compared:
        shadows[one.month][one.counter] = one.found
    totals = {month: (int(t), int(s)) for month, t, s in _totals(connection, platform, coverage)}
    lines: dict[int, list[str]] = defaultdict(list)
    for month, line in _lines(connection, platform, coverage):
        lines[month].append(line)
    for month in sorted(coverage):
        total, suspense = totals.get(month, (0, 0))
        shadow = orjson.dumps(shadows[month], option=orjson.OPT_SORT_KEYS).decode()
        digest = _digest_of(lines[month])
        yield _Standing(month, total, suspense, shadow, coverage[month], digest)


_FACTS = (
    " FROM facts f LEFT JOIN item_aliases a ON a.item_ref_id = f.item_ref_id"
    " JOIN item_refs i ON i.id = f.item_ref_id"
    " WHERE f.platform = :platform AND f.metric = :metric AND f.month"
)


def _totals(connection: Connection, platform: str, wanted: Collection[int]) -> Iterable[Any]:
    among = ", ".join(map(str, wanted))
    query = sa.text(
        "SELECT f.month, sum(f.count), sum(CASE WHEN a.story_id IS NULL THEN f.count ELSE 0 END)"
        f"{_FACTS} IN ({among}) GROUP BY f.month"
    )
    return connection.execute(query, {"platform": platform, "metric": REQUESTS})


def _lines(connection: Connection, platform: str, wanted: Collection[int]) -> Iterable[Any]:
    """Write each line as text, by the platform's own reference: our numbers mean nothing."""
    among = ", ".join(map(str, wanted))
    query = sa.text(
        "SELECT f.month, i.ref || :tab || COALESCE(a.story_id, '') || :tab || f.count || :tab"
        f" || f.method {_FACTS} IN ({among})"
    )
    return connection.execute(query, {"platform": platform, "metric": REQUESTS, "tab": _DIVIDER})


def _add_lines(connection: Connection, platform: str, made: Mapping[int, int]) -> None:
    wanted = _sets.keys(connection, "k", id=list(made), month=list(made.values()))
    query = sa.text(
        "INSERT INTO statement_lines (statement_id, item_ref_id, story_id, count, method)"
        f" SELECT k.id, f.item_ref_id, a.story_id, f.count, f.method FROM {wanted.sql}"
        " CROSS JOIN facts f LEFT JOIN item_aliases a ON a.item_ref_id = f.item_ref_id"
        " WHERE f.platform = :platform AND f.metric = :metric AND f.month = k.month"
    )
    connection.execute(query, wanted.params | {"platform": platform, "metric": REQUESTS})


def _row(
    platform: str, identifier: int, number: int, one: _Standing, previous: str, now: datetime
) -> dict[str, Any]:
    row = {
        "id": identifier,
        "platform": platform,
        "month": months.name(one.month),
        "number": number,
        "total": one.total,
        "suspense": one.suspense,
        "shadow": one.shadow,
        "coverage": str(one.coverage),
        "lines_digest": one.lines_digest,
        "made_at": micros(now),
        "previous": previous,
    }
    return row | {"digest": _digest(row)}


def _digest(row: Mapping[Any, Any]) -> str:
    chained = (
        "previous", "platform", "month", "number", "total", "suspense", "shadow", "coverage",
        "lines_digest", "made_at",
    )  # fmt: skip
    return sha256(orjson.dumps([str(row[name]) for name in chained])).hexdigest()


def _latest_digests(connection: Connection, platform: str) -> dict[str, tuple[int, str, str]]:
    query = (
        sa.select(*(statements.c[n] for n in ("month", "number", "coverage", "lines_digest")))
        .where(statements.c.platform == platform)
        .order_by(statements.c.number)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)}


def _last_digest(connection: Connection, platform: str) -> str:
    query = (
        sa.select(statements.c.digest)
        .where(statements.c.platform == platform)
        .order_by(statements.c.id.desc())
        .limit(1)
    )
    found: str | None = connection.execute(query).scalar()
    return found or _GENESIS


def broken_statement(connection: Connection) -> int | None:
    """Find the first statement that is not as it was made; None where all are.

    It must follow from the one before, and its lines must be those it was made of.
    """
    previous: dict[str, str] = {}
    digests = _kept_digests(connection)
    query = sa.select(statements).order_by(statements.c.id)
    for row in connection.execute(query).mappings():
        if (
            row["previous"] != previous.get(row["platform"], _GENESIS)
            or row["digest"] != _digest(row)
            or row["lines_digest"] != digests.get(row["id"], _digest_of([]))
        ):
            return int(row["id"])
        previous[row["platform"]] = row["digest"]
    return None


def _kept_digests(connection: Connection) -> dict[int, str]:
    query = sa.text(
        "SELECT l.statement_id, i.ref || :tab || COALESCE(l.story_id, '') || :tab || l.count"
        " || :tab || l.method FROM statement_lines l JOIN item_refs i ON i.id = l.item_ref_id"
        " ORDER BY l.statement_id"
    )
    rows = connection.execute(query, {"tab": _DIVIDER})
    return {
        number: _digest_of([line for _, line in lines_])
        for number, lines_ in groupby(rows, key=itemgetter(0))
    }


def _digest_of(lines_: Iterable[str]) -> str:
    return sha256("\n".join(sorted(lines_)).encode()).hexdigest()


def history(connection: Connection, platform: str, month: str) -> list[Statement]:
    """Read every statement of a platform and month, the first one first."""
    query = (
        sa.select(statements)
        .where(statements.c.platform == platform, statements.c.month == month)
        .order_by(statements.c.number)
    )
    return [_statement(row) for row in connection.execute(query).mappings()]


_LATEST = "(SELECT max(id) FROM statements GROUP BY platform, month)"


def platform_months(connection: Connection) -> dict[str, dict[str, PlatformMonth]]:
    """Read the latest statement of every platform and month."""
    query = sa.text(f"SELECT * FROM statements WHERE id IN {_LATEST} ORDER BY platform, month")
    found: dict[str, dict[str, PlatformMonth]] = {}
    for row in connection.execute(query).mappings():
        found.setdefault(row["platform"], {})[row["month"]] = _statement(row)
    return found


def reads_of(
    connection: Connection, story_ids: Collection[str], *, once_stated: bool = False
) -> Reads:
    """Count how often stories were read, by platform and month, as the latest statements say.

    Reads of a story that was merged are those of the one it became; asked by itself it has none.
    `once_stated` counts 0 where an earlier statement knew reads and the latest knows none.
    """
    asked = with_merged(connection, story_ids)
    if not asked:
        return {}
    wanted = _sets.keys(connection, "k", id=sorted(asked))
    stands = f"l.statement_id IN {_LATEST}"
    count = f"CASE WHEN {stands} THEN l.count ELSE 0 END" if once_stated else "l.count"
    query = sa.text(
        f"SELECT l.story_id, s.platform, s.month, sum({count}) FROM {wanted.sql}"
        " CROSS JOIN statement_lines l JOIN statements s ON s.id = l.statement_id"
        f" WHERE l.story_id = k.id{'' if once_stated else f' AND {stands}'}"
        " GROUP BY l.story_id, s.platform, s.month ORDER BY 1, 2, 3"
    )
    found: Reads = {}
    for story_id, platform, month, count in connection.execute(query, wanted.params):
        by_month = found.setdefault(asked[story_id], {}).setdefault(platform, {})
        by_month[month] = by_month.get(month, 0) + int(count)
    return found


def with_merged(connection: Connection, story_ids: Collection[str]) -> dict[str, str]:
    """Say under which of these stories each id's reads are counted: its own, or one merged."""
    merged = aliases.merged(connection)
    asked = {one: one for one in story_ids if one not in merged}
    return asked | {younger: older for younger, older in merged.items() if older in asked}


def lines_of(
    connection: Connection, story_ids: Collection[str]
) -> list[tuple[Line, PlatformMonth]]:
    """Read the lines that the latest statements have of these stories, each with its statement."""
    if not story_ids:
        return []
    wanted = _sets.keys(connection, "k", id=sorted(story_ids))
    query = sa.text(
        "SELECT l.statement_id, l.item_ref_id, i.ref, l.story_id, l.count, l.method"
        f" FROM {wanted.sql} CROSS JOIN statement_lines l"
        " JOIN item_refs i ON i.id = l.item_ref_id WHERE l.story_id = k.id"
        f" AND l.statement_id IN {_LATEST} ORDER BY i.platform, l.statement_id, i.ref"
    )
    latest = {
        s.id: s for by_month in platform_months(connection).values() for s in by_month.values()
    }
    return [
        (Line(*row), latest[row.statement_id]) for row in connection.execute(query, wanted.params)
    ]


def lines(connection: Connection, statement_id: int) -> list[Line]:
    """Read the lines of a statement, in the order of the platform's references."""
    query = sa.text(
        "SELECT l.statement_id, l.item_ref_id, i.ref, l.story_id, l.count, l.method"
        " FROM statement_lines l JOIN item_refs i ON i.id = l.item_ref_id"
        " WHERE l.statement_id = :id ORDER BY i.ref"
    )
    return [Line(*row) for row in connection.execute(query, {"id": statement_id})]


def suspense(connection: Connection) -> dict[str, int]:
    """Count the reads of each platform whose story nobody knows."""
    query = sa.text(
        f"SELECT platform, sum(suspense) FROM statements WHERE id IN {_LATEST}"
        " GROUP BY platform HAVING sum(suspense) > 0 ORDER BY platform"
    )
    return {platform: int(count) for platform, count in connection.execute(query)}


def in_suspense(connection: Connection, platform: str) -> list[Suspended]:
    """List a platform's items whose story nobody knows, the most read first."""
    query = sa.text(
        "SELECT i.platform, i.ref, sum(f.count) AS reads, min(f.month), max(f.month) FROM facts f"
        " JOIN item_refs i ON i.id = f.item_ref_id"
        " LEFT JOIN item_aliases a ON a.item_ref_id = f.item_ref_id"
        " WHERE f.platform = :platform AND f.metric = :metric AND a.item_ref_id IS NULL"
        " GROUP BY i.platform, i.ref ORDER BY reads DESC, i.ref"
    )
    rows = connection.execute(query, {"platform": platform, "metric": REQUESTS})
    return [
        Suspended(row[0], row[1], int(row[2]), months.name(row[3]), months.name(row[4]))
        for row in rows
    ]


def _statement(row: Mapping[Any, Any]) -> Statement:
    fields = {name: row[name] for name in Statement.model_fields}
    return Statement.model_validate(
        fields | {"shadow": orjson.loads(row["shadow"]), "made_at": moment(row["made_at"])}
    )
