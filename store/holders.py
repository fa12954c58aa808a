"""Keep what was removed, and what of it partners have acknowledged."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa

from schemas.delivery import Removal
from schemas.tables import acknowledgements, micros, moment, moment_or_none
from store import _sets
from store.database import Connection


class Removed(NamedTuple):
    """A story that an edition showed and no longer does."""

    story_id: str
    seq: int
    reason: str
    removed_at: datetime
    acknowledged_at: datetime | None


_NO_BOUND = (1 << 63) - 1

_REMOVALS = (
    "SELECT e.edition, e.story_id, e.seq, e.reason, e.at, e.ordinal,"
    " CASE WHEN a.seq >= e.seq THEN a.at END, l.seq"
    " FROM entries e"
    " JOIN entry_log l ON l.edition = e.edition AND l.story_id = e.story_id AND l.state = 'in'"
    " LEFT JOIN acknowledgements a ON a.edition = e.edition AND a.story_id = e.story_id"
    " WHERE e.state = 'out' AND {which}"
    " ORDER BY e.at, e.edition, e.story_id, l.seq"
)


def owed(connection: Connection, keys: Collection[str]) -> list[Removal]:
    """List what these editions have removed and is not acknowledged, the oldest first."""
    wanted = _sets.keys(connection, "w", edition=sorted(keys))
    owing = "(a.seq IS NULL OR a.seq < e.seq)"
    which = f"e.edition IN (SELECT w.edition FROM {wanted.sql}) AND {owing}"
    return _removals(connection, which, wanted.params)


def of_story(connection: Connection, story_id: str) -> list[Removal]:
    """List where one story was removed."""
    return _removals(connection, "e.story_id = :story", {"story": story_id})


def _removals(connection: Connection, which: str, params: Mapping[str, Any]) -> list[Removal]:
    rows = connection.execute(sa.text(_REMOVALS.format(which=which)), params)
    return [
        Removal(
            edition=edition,
            story_id=story_id,
            seq=seq,
            reason=reason,
            at=moment(at),
            ordinal=ordinal,
            shown=tuple(line[-1] for line in lines),
            acknowledged_at=moment_or_none(taken_at),
        )
        for (edition, story_id, seq, reason, at, ordinal, taken_at), lines in groupby(
            rows, key=lambda row: tuple(row[:-1])
        )
    ]


def removed(
    connection: Connection,
    key: str,
    above: int = 0,
    upto: int | None = None,
    limit: int | None = None,
) -> list[Removed]:
    """List what an edition has removed, the oldest first, and what of it was acknowledged.

    Of the numbers of its log those `above` one, and up to another, are meant.
    """
    query = sa.text(
        "SELECT e.story_id, e.seq, e.reason, e.at, CASE WHEN a.seq >= e.seq THEN a.at END"
        " FROM entries e LEFT JOIN acknowledgements a"
        " ON a.edition = e.edition AND a.story_id = e.story_id"
        " WHERE e.edition = :edition AND e.state = 'out' AND e.seq > :above AND e.seq <= :upto"
        " ORDER BY e.seq LIMIT :limit"
    )
    bounds = {
        "above": above,
        "upto": _NO_BOUND if upto is None else upto,
        "limit": _NO_BOUND if limit is None else limit,
    }
    rows = connection.execute(query, {"edition": key} | bounds)
    return [Removed(r[0], r[1], r[2], moment(r[3]), moment_or_none(r[4])) for r in rows]


def acknowledge(
    connection: Connection, key: str, found: Sequence[Removed], by: str, now: datetime
) -> None:
    """Note that these stories are taken down; what was acknowledged before keeps its time."""
    rows = [
        (key, one.story_id, one.seq, micros(now), by)
        for one in found
        if one.acknowledged_at is None
    ]
    columns = ("edition", "story_id", "seq", "at", "by")
    on_conflict = _sets.OnConflict(columns[:2], columns[2:])
    _sets.insert(connection, acknowledgements, columns, rows, on_conflict)
