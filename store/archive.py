"""Copy a whole store to another: a backup, a restore, a move to the other engine."""

from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import sqlalchemy as sa

from schemas.errors import ConflictError
from schemas.tables import editions, metadata, micros, stories, suppressions, tokens
from store import _sets
from store.database import Connection

_BATCH = 5000
_MODULUS = 1 << 256

Row = tuple[Any, ...]


class Copied(NamedTuple):
    """What was copied of one table; the digest does not depend on the order of rows."""

    rows: int
    digest: str


Progress = Callable[[str, int], None]
"""Is told the table, and how many of its rows are done."""


def is_empty(connection: Connection) -> bool:
    """Say whether a store holds no story."""
    return connection.execute(sa.select(stories.c.id).limit(1)).first() is None


def copy(source: Connection, target: Connection, progress: Progress) -> dict[str, Copied]:
    """Copy every table into an empty store; refuse where anything stands there already."""
    copied: dict[str, Copied] = {}
    for table in metadata.sorted_tables:
        if target.execute(sa.select(table).limit(1)).first() is not None:
            raise ConflictError(f"table {table.name} is not empty: copy into a new store")
        columns = tuple(table.c.keys())
        total, rows = 0, 0
        for batch in _batches(source, table):
            _sets.insert(target, table, columns, batch)
            rows += len(batch)
            total = (total + _sum(batch)) % _MODULUS
            progress(table.name, rows)
        copied[table.name] = Copied(rows, f"{total:064x}")
    return copied


def digests(connection: Connection) -> dict[str, Copied]:
    """Count and digest every table, to compare with what was copied."""
    found: dict[str, Copied] = {}
    for table in metadata.sorted_tables:
        total, rows = 0, 0
        for batch in _batches(connection, table):
            rows += len(batch)
            total = (total + _sum(batch)) % _MODULUS
        found[table.name] = Copied(rows, f"{total:064x}")
    return found


def clear(connection: Connection) -> None:
    """Empty every table."""
    for table in reversed(metadata.sorted_tables):
        connection.execute(sa.delete(table))


def kept_suppressions(connection: Connection) -> list[Row]:
    """Read what was erased, which a restore must not bring back."""
    return [tuple(row) for row in connection.execute(sa.select(suppressions))]


def restore_suppressions(connection: Connection, rows: list[Row]) -> None:
    """Put back what was known to be erased before a restore."""
    columns = tuple(suppressions.c.keys())
    _sets.insert(connection, suppressions, columns, rows, _sets.OnConflict(["key"]))


class Ends(NamedTuple):
    """When tokens end, by their ids; one that does not is left out."""

    revoked: dict[str, int]
    expiring: dict[str, int]


def token_ends(connection: Connection) -> Ends:
    """Read which tokens were revoked or expire, and when."""
    rows = connection.execute(sa.select(tokens.c.id, tokens.c.revoked_at, tokens.c.expires_at))
    ends = Ends({}, {})
    for token_id, revoked_at, expires_at in rows:
        if revoked_at is not None:
            ends.revoked[token_id] = revoked_at
        if expires_at is not None:
            ends.expiring[token_id] = expires_at
    return ends


def restore_token_ends(connection: Connection, known: Ends) -> None:
    """Let no token of a backup live longer than was known before it was restored.

    So what was revoked since stays revoked, and what was rotated since ends when that said.
    """
    _end_by(connection, tokens.c.revoked_at, known.revoked)
    _end_by(connection, tokens.c.expires_at, known.expiring)


def _end_by(connection: Connection, column: sa.Column[int], ends: dict[str, int]) -> None:
    if not ends:
        return
    wanted = _sets.keys(connection, "k", id=list(ends), at=list(ends.values()))
    query = sa.text(
        f"UPDATE tokens SET {column.name} = k.at FROM {wanted.sql} WHERE tokens.id = k.id"
        f" AND (tokens.{column.name} IS NULL OR tokens.{column.name} > k.at)"
    )
    connection.execute(query, wanted.params)


def renew_epochs(connection: Connection, epoch: Callable[[], str], now: datetime) -> None:
    """Give every edition a new epoch: no partner may trust an ETag of a future that was lost."""
    keys = connection.execute(sa.select(editions.c.key)).scalars().all()
    columns = ("key", "epoch", "seq", "mark", "digest", "moved_at")
    rows = [(key, epoch(), 0, 0, "", micros(now)) for key in keys]
    _sets.insert(
        connection, editions, columns, rows, _sets.OnConflict(["key"], ["epoch", "moved_at"])
    )


def _batches(connection: Connection, table: sa.Table) -> Iterator[list[Row]]:
    result = connection.execution_options(stream_results=True).execute(sa.select(table))
    for batch in result.partitions(_BATCH):
        yield [tuple(row) for row in batch]


def _sum(rows: list[Row]) -> int:
    return sum(int.from_bytes(sha256(_canonical(row)).digest()) for row in rows)


def _canonical(row: Row) -> bytes:
    values = (bytes(v) if isinstance(v, memoryview | bytearray) else v for v in row)
    return repr(tuple(values)).encode("utf-8", "surrogatepass")
