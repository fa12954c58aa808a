"""Keep how far each webhook has been told of an edition's removals; its mark is its queue."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from schemas.push import Listener
from schemas.tables import editions, micros, moment, moment_or_none, webhooks
from store import _sets
from store.database import Connection, one_writer


class Claimed(NamedTuple):
    """A webhook that is ours for a while, and the number at which its edition stands."""

    listener: Listener
    seq: int


def waiting(connection: Connection, addresses: Mapping[str, str], now: datetime) -> set[str]:
    """Name those of these editions, each with its webhook's address, that have moved since."""
    wanted = _wanted(connection, addresses)
    query = sa.text(
        f"SELECT k.edition FROM {wanted.sql} JOIN editions e ON e.key = k.edition"
        " LEFT JOIN webhooks w ON w.edition = k.edition"
        " WHERE e.seq > coalesce(w.mark, 0) AND (w.edition IS NULL OR w.address <> k.address"
        " OR (w.stopped_at IS NULL AND w.next_at <= :now))"
    )
    return {row[0] for row in connection.execute(query, wanted.params | {"now": micros(now)})}


def is_met(connection: Connection, edition: str) -> bool:
    """Say whether an edition's webhook was ever told anything, or was about to be."""
    query = sa.select(webhooks.c.mark).where(webhooks.c.edition == edition)
    return connection.execute(query).first() is not None


def claim(
    connection: Connection,
    edition: str,
    address: str,
    due: datetime,
    until: datetime,
    first: int = 0,
) -> Claimed | None:
    """Take the webhook of an edition that has moved since its mark, for us alone `until` then.

    Who is met for the first time begins after the number `first`; at a new address it begins
    without failures, where it was. After a crash it is due again at `until`.
    """
    one_writer(connection, "webhooks")
    _meet(connection, edition, address, due, first)
    query = (
        sa.select(webhooks, editions.c.seq)
        .join(editions, editions.c.key == webhooks.c.edition)
        .where(
            webhooks.c.edition == edition,
            webhooks.c.stopped_at.is_(None),
            webhooks.c.next_at <= micros(due),
            editions.c.seq > webhooks.c.mark,
        )
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    _set(connection, edition, next_at=micros(until))
    return Claimed(_listener(row), row["seq"])


def _meet(connection: Connection, edition: str, address: str, due: datetime, first: int) -> None:
    columns = ("edition", "address", "mark", "upto", "failures", "next_at", "error", "stopped_at")
    row = (edition, address, first, 0, 0, micros(due), None, None)
    moving = ("address", "failures", "next_at", "error", "stopped_at")
    another = "webhooks.address <> excluded.address"
    _sets.insert(
        connection, webhooks, columns, [row], _sets.OnConflict(["edition"], moving, another)
    )


def begin(connection: Connection, edition: str, upto: int) -> None:
    """Note where a batch ends before it goes out, so that another try is of the same batch."""
    _set(connection, edition, upto=upto)


def took(
    connection: Connection, listener: Listener, mark: int, due: datetime, told_at: datetime | None
) -> None:
    """Move a webhook's mark to what it took, and let it be told the rest at once.

    `told_at` is None where there was nothing to tell it.
    """
    moved: dict[str, Any] = {"mark": mark, "upto": 0, "next_at": micros(due)}
    if told_at is not None:
        moved |= {"failures": 0, "error": None, "told_at": micros(told_at)}
    _move(connection, listener, moved)


def put_off(connection: Connection, listener: Listener, at: datetime, error: str) -> None:
    """Let a webhook wait after a batch that failed."""
    moved = {"failures": listener.failures + 1, "next_at": micros(at), "error": error}
    _move(connection, listener, moved)


def stop(connection: Connection, listener: Listener, now: datetime, error: str) -> None:
    """Tell a webhook nothing more."""
    moved = {"failures": listener.failures + 1, "stopped_at": micros(now), "error": error}
    _move(connection, listener, moved | {"next_at": micros(now)})


def resume(connection: Connection, edition: str, now: datetime) -> bool:
    """Tell a webhook again, at once; say whether there is one."""
    done = connection.execute(
        sa.update(webhooks)
        .where(webhooks.c.edition == edition)
        .values(stopped_at=None, failures=0, next_at=micros(now), error=None)
    )
    return done.rowcount > 0


def every(
    connection: Connection, addresses: Mapping[str, str]
) -> dict[str, tuple[Listener | None, int]]:
    """Read how these editions' webhooks stand, and how many removals wait for each.

    One that was never told at its present address is None.
    """
    wanted = _wanted(connection, addresses)
    query = sa.text(
        "SELECT k.edition AS key, w.*, (SELECT count(*) FROM entries e WHERE e.edition = k.edition"
        f" AND e.state = 'out' AND e.seq > coalesce(m.mark, 0)) AS behind FROM {wanted.sql}"
        " LEFT JOIN webhooks m ON m.edition = k.edition"
        " LEFT JOIN webhooks w ON w.edition = k.edition AND w.address = k.address"
    )
    rows = connection.execute(query, wanted.params).mappings()
    return {row["key"]: (_listener(row) if row["edition"] else None, row["behind"]) for row in rows}


def _wanted(connection: Connection, addresses: Mapping[str, str]) -> _sets.Keys:
    keys = sorted(addresses)
    return _sets.keys(connection, "k", edition=keys, address=[addresses[key] for key in keys])


def _move(connection: Connection, listener: Listener, values: Mapping[str, Any]) -> None:
    """Change a webhook, unless somebody moved it, or it moved, meanwhile."""
    connection.execute(
        sa.update(webhooks)
        .where(
            webhooks.c.edition == listener.edition,
            webhooks.c.mark == listener.mark,
            webhooks.c.address == listener.address,
        )
        .values(**values)
    )


def _set(connection: Connection, edition: str, **values: Any) -> None:
    connection.execute(sa.update(webhooks).where(webhooks.c.edition == edition).values(**values))


def _listener(row: sa.RowMapping) -> Listener:
    fields = {name: row[name] for name in Listener.model_fields}
    times = {name: moment_or_none(row[name]) for name in ("told_at", "stopped_at")}
    return Listener.model_validate(fields | times | {"next_at": moment(row["next_at"])})
