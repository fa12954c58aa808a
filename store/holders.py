"""Say who holds what was removed: read from what was given, and from what was acknowledged.

A client is taken to hold a story that any document it was given may have shown it: it is better
to think a story held that is not than the reverse.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from schemas.publication import PartKind
from schemas.tables import acknowledgements, micros, moment, moment_or_none
from store import _sets
from store.database import Connection
from store.deliveries import FETCH, WEBHOOK


class Held(NamedTuple):
    """A removal, as one client knows of it."""

    edition: str
    story_id: str
    seq: int
    reason: str
    removed_at: datetime
    client: str
    given_at: datetime | None
    told_at: datetime | None
    fetched_at: datetime | None
    acknowledged_at: datetime | None


class Removed(NamedTuple):
    """A story that an edition showed and no longer does."""

    story_id: str
    seq: int
    reason: str
    removed_at: datetime
    acknowledged_at: datetime | None


_NO_BOUND = (1 << 63) - 1

_ARCHIVE = f"'{PartKind.ARCHIVE}-%'"
_NUMBER = f"CAST(substr(d.part, {len(PartKind.ARCHIVE) + 2}) AS INTEGER)"

_IN_DOCUMENT = (
    f"(CASE WHEN d.part LIKE {_ARCHIVE} THEN {_NUMBER} = (e.ordinal + :bucket - 1) / :bucket"
    " AND {seq} <= d.as_of ELSE {seq} BETWEEN d.seq_from AND d.seq_to END)"
)
"""Whether a line of the log may stand in a document: by its place in an archive, or its number."""

_GAVE = f"d.how <> '{WEBHOOK}' AND d.as_of < e.seq AND {_IN_DOCUMENT.format(seq='l.seq')}"
"""Whether a document that was made before the removal may have shown the story."""

_CAME = f"(d.how = '{FETCH}' OR d.confirmed > 0)"
"""Whether a document came to its client: what is pushed may not have been taken."""

_TOLD = (
    f"{_CAME} AND d.format IN (SELECT f.format FROM {{telling}})"
    f" AND {_IN_DOCUMENT.format(seq='e.seq')}"
)
"""Whether a document told a client of the removal."""

_POSTED = f"d.how = '{WEBHOOK}' AND {_IN_DOCUMENT.format(seq='e.seq')}"
"""Whether a webhook is told of the removal, be it that it has not yet taken it."""

_HELD = (
    "SELECT e.edition, e.story_id, e.seq, e.reason, e.at, d.token AS client,"
    f" min(CASE WHEN {_GAVE} THEN d.first_at END) AS given_at,"
    f" min(CASE WHEN {_TOLD} THEN CASE WHEN d.how = '{FETCH}' THEN d.first_at ELSE d.last_at END"
    " END) AS told_at,"
    f" max(CASE WHEN {_CAME} AND d.last_at >= e.at THEN d.last_at END) AS fetched_at,"
    " min(CASE WHEN a.seq >= e.seq THEN a.at END) AS acknowledged_at"
    " FROM entries e"
    " JOIN entry_log l ON l.edition = e.edition AND l.story_id = e.story_id AND l.state = 'in'"
    " JOIN deliveries d ON d.edition = e.edition"
    " LEFT JOIN acknowledgements a ON a.edition = e.edition AND a.story_id = e.story_id"
    " WHERE e.state = 'out' AND {which}"
    " GROUP BY e.edition, e.story_id, e.seq, e.reason, e.at, d.token"
    f" HAVING max(CASE WHEN {_GAVE} OR {_POSTED} THEN 1 END) = 1"
    " ORDER BY e.at, e.edition, e.story_id, d.token"
)


def owing(
    connection: Connection, keys: Collection[str], bucket: int, telling: Collection[str]
) -> list[Held]:
    """List who holds what these editions have removed, and has not acknowledged it.

    `bucket` is how many entries an archive has; `telling` names the formats that tell of removals.
    """
    wanted = _sets.keys(connection, "w", edition=sorted(keys))
    which = f"e.edition IN (SELECT w.edition FROM {wanted.sql}) AND {_OWED}"
    return _held(connection, which, wanted.params, bucket, telling)


def of_story(
    connection: Connection, story_id: str, bucket: int, telling: Collection[str]
) -> list[Held]:
    """List who holds one story that was removed, in every edition."""
    return _held(connection, "e.story_id = :story", {"story": story_id}, bucket, telling)


_OWED = "(a.seq IS NULL OR a.seq < e.seq)"
"""Whether a removal is newer than what was acknowledged of its story, if anything was."""


def _held(
    connection: Connection,
    which: str,
    wanted: Mapping[str, Any],
    bucket: int,
    telling: Collection[str],
) -> list[Held]:
    formats = _sets.keys(connection, "f", format=sorted(telling))
    query = sa.text(_HELD.format(telling=formats.sql, which=which))
    params = {**formats.params, **wanted, "bucket": bucket}
    return [
        Held(row[0], row[1], row[2], row[3], moment(row[4]), row[5], *map(moment_or_none, row[6:]))
        for row in connection.execute(query, params)
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
