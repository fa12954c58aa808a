"""Remember what was erased, so that no replay and no backup brings it back."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

import sqlalchemy as sa

from schemas.tables import micros, suppressions
from store import _sets
from store.database import Connection

Name = tuple[str, str]
"""A publisher, and the id by which it knows a story."""


def key(name: Name) -> str:
    """Digest a name: what is kept of an erased story holds nothing personal."""
    return sha256("\x1f".join(name).encode()).hexdigest()


def add(connection: Connection, names: Sequence[Name], reason: str, now: datetime) -> None:
    """Let no telling under these names in again."""
    columns = ("key", "reason", "at")
    rows = [(key(name), reason, micros(now)) for name in dict.fromkeys(names)]
    _sets.insert(connection, suppressions, columns, rows, _sets.OnConflict(["key"]))


def among(connection: Connection, names: Sequence[Name]) -> set[Name]:
    """Find which of these names are suppressed."""
    # Most installations have none: one look saves a digest for every name of every page.
    if connection.execute(sa.select(suppressions.c.key).limit(1)).first() is None:
        return set()
    by_key = {key(name): name for name in names}
    wanted = _sets.keys(connection, "k", key=list(by_key))
    query = sa.text(f"SELECT s.key FROM {wanted.sql} CROSS JOIN suppressions s WHERE s.key = k.key")
    return {by_key[found] for found in connection.execute(query, wanted.params).scalars()}
