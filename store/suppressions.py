"""Remember what was erased, so that no replay and no backup brings it back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256
from hmac import digest
from typing import NamedTuple

import sqlalchemy as sa

from schemas.tables import identities, micros, moment, suppressions
from store import _sets, database
from store.database import Connection

_BATCH = 5000

Name = tuple[str, str]
"""A publisher, and the id by which it knows a story."""


class Suppressed(NamedTuple):
    """Why something was erased, and when."""

    reason: str
    at: datetime


def key(name: Name) -> str:
    """Digest a name: what is kept of an erased story holds nothing personal."""
    return sha256("\x1f".join(name).encode()).hexdigest()


def text_key(connection: Connection, text: str) -> str:
    """Digest words with the key of the installation: nobody without it can try a guess."""
    return digest(database.key(connection), text.encode(), "sha256").hex()


def add(
    connection: Connection,
    names: Sequence[Name],
    reason: str,
    now: datetime,
    texts: Collection[str] = (),
) -> None:
    """Let no telling under these names in again, nor one of these words under another."""
    columns = ("key", "reason", "at")
    keys = [*map(key, names), *(text_key(connection, text) for text in texts)]
    rows = [(one, reason, micros(now)) for one in dict.fromkeys(keys)]
    _sets.insert(connection, suppressions, columns, rows, _sets.OnConflict(["key"]))


def is_empty(connection: Connection) -> bool:
    """Say whether nothing was ever erased, as in most installations."""
    return connection.execute(sa.select(suppressions.c.key).limit(1)).first() is None


def among(connection: Connection, names: Sequence[Name]) -> set[Name]:
    """Find which of these names are suppressed."""
    # One look saves a digest for every name of every page.
    if is_empty(connection):
        return set()
    by_key = {key(name): name for name in names}
    return {by_key[found] for found in _found(connection, list(by_key))}


def among_texts(connection: Connection, texts: Collection[str]) -> set[str]:
    """Find which of these words are suppressed."""
    by_key = {text_key(connection, text): text for text in texts}
    return {by_key[found] for found in _found(connection, list(by_key))}


def known(connection: Connection) -> dict[str, Suppressed]:
    """Find the stories that are kept under names that are suppressed: a backup brought them."""
    if is_empty(connection):
        return {}
    query = sa.select(identities.c.publisher, identities.c.external_id, identities.c.story_id)
    found: dict[str, Suppressed] = {}
    for rows in connection.execute(query).partitions(_BATCH):
        stories = {key((publisher, name)): story for publisher, name, story in rows}
        found |= {stories[one]: why for one, why in _found(connection, list(stories)).items()}
    return found


def _found(connection: Connection, wanted: Sequence[str]) -> dict[str, Suppressed]:
    if not wanted:
        return {}
    keys = _sets.keys(connection, "k", key=wanted)
    query = sa.text(
        f"SELECT s.key, s.reason, s.at FROM {keys.sql} CROSS JOIN suppressions s"
        " WHERE s.key = k.key"
    )
    rows = connection.execute(query, keys.params)
    return {row[0]: Suppressed(row[1], moment(row[2])) for row in rows}
