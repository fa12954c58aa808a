"""Keep records that could not be understood, with their bytes, until they can be."""

from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import sqlalchemy as sa

from schemas.channel import Faulty, Quarantined, Stage
from schemas.tables import micros, moment
from schemas.tables import quarantine as table
from store import _sets, sequences
from store.database import Connection


class Refused(NamedTuple):
    """A record, and the stage that refused it."""

    stage: Stage
    faulty: Faulty


def add(
    connection: Connection,
    channel: str,
    refused: Sequence[Refused],
    landing_id: int | None,
    now: datetime,
) -> None:
    """Keep records that were refused; one that is there waits anew, unless it was discarded."""
    distinct = {sha256(r.faulty.payload).hexdigest(): r for r in refused}
    if not distinct:
        return
    first = sequences.draw(connection, "quarantine", len(distinct))
    at = micros(now)
    columns = (
        "id", "channel", "sha256", "external_id", "landing_id", "stage", "code", "reason",
        "media_type", "payload", "first_seen", "last_seen", "status",
    )  # fmt: skip
    rows = [
        (
            number,
            channel,
            digest,
            faulty.external_id,
            landing_id,
            str(stage),
            faulty.code,
            faulty.reason,
            faulty.media_type,
            faulty.payload,
            at,
            at,
            "open",
        )
        for number, (digest, (stage, faulty)) in enumerate(distinct.items(), first)
    ]
    _sets.insert(
        connection,
        table,
        columns,
        rows,
        _sets.OnConflict(
            ["channel", "sha256"],
            ["last_seen", "code", "reason", "stage", "landing_id", "status"],
            "quarantine.status <> 'discarded'",
        ),
    )


def listing(
    connection: Connection, channel: str | None = None, status: str = "open"
) -> list[Quarantined]:
    """List what waits, the latest first."""
    query = sa.select(table).where(table.c.status == status)
    if channel is not None:
        query = query.where(table.c.channel == channel)
    rows = connection.execute(query.order_by(table.c.last_seen.desc(), table.c.id)).mappings()
    return [_quarantined(row) for row in rows]


class Kept(NamedTuple):
    """A record with its bytes, and the landing it came in."""

    record: Quarantined
    payload: bytes
    landing_id: int | None


def kept(connection: Connection, numbers: Sequence[int]) -> list[Kept]:
    """Read records with their bytes, by number."""
    query = sa.select(table).where(table.c.id.in_(numbers)).order_by(table.c.id)
    rows = connection.execute(query).mappings()
    return [Kept(_quarantined(row), row["payload"], row["landing_id"]) for row in rows]


def close(connection: Connection, numbers: Sequence[int], status: str) -> None:
    """Mark records as `replayed` or `discarded`; their bytes stay for the record."""
    connection.execute(sa.update(table).where(table.c.id.in_(numbers)).values(status=status))


def numbers(connection: Connection) -> list[int]:
    """Number every record that is kept, whatever became of it."""
    return list(connection.execute(sa.select(table.c.id).order_by(table.c.id)).scalars())


def of_landings(connection: Connection, numbers: Collection[int]) -> list[int]:
    """Number every record that is one of these landings, whole."""
    if not numbers:
        return []
    wanted = _sets.keys(connection, "k", id=sorted(numbers))
    query = sa.text(
        f"SELECT DISTINCT q.id FROM {wanted.sql} CROSS JOIN landings l CROSS JOIN quarantine q"
        " WHERE l.id = k.id AND q.channel = l.channel AND q.sha256 = l.sha256 ORDER BY q.id"
    )
    return list(connection.execute(query, wanted.params).scalars())


def named(connection: Connection) -> list[tuple[int, str, str]]:
    """List every record whose id is known: its number, its channel, and that id."""
    query = sa.select(table.c.id, table.c.channel, table.c.external_id).where(
        table.c.external_id.is_not(None)
    )
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def drop(connection: Connection, numbers: Sequence[int]) -> None:
    """Keep nothing of records: they tell what was erased."""
    connection.execute(sa.delete(table).where(table.c.id.in_(numbers)))


def counts(connection: Connection) -> dict[str, int]:
    """Count what waits, by channel."""
    query = (
        sa.select(table.c.channel, sa.func.count())
        .where(table.c.status == "open")
        .group_by(table.c.channel)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _quarantined(row: sa.RowMapping) -> Quarantined:
    return Quarantined(
        id=row["id"],
        channel=row["channel"],
        external_id=row["external_id"],
        stage=row["stage"],
        code=row["code"],
        reason=row["reason"],
        media_type=row["media_type"],
        first_seen=moment(row["first_seen"]),
        last_seen=moment(row["last_seen"]),
        status=row["status"],
    )
