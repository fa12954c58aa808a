"""Remember when time alone will next move a story in an edition, or out of it."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from schemas.tables import dues, micros
from store import _sets
from store.database import Connection


def come(connection: Connection, key: str, now: datetime, limit: int) -> list[str]:
    """List the stories of an edition whose time has come, the longest waiting first."""
    query = (
        sa.select(dues.c.story_id)
        .where(dues.c.edition == key, dues.c.at <= micros(now))
        .order_by(dues.c.at)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def put(connection: Connection, key: str, found: Mapping[str, datetime | None]) -> None:
    """Note when each of these stories is to be looked at again; None for not at all."""
    rows = [(key, story_id, micros(at)) for story_id, at in found.items() if at is not None]
    on_conflict = _sets.OnConflict(["edition", "story_id"], ["at"])
    _sets.insert(connection, dues, ("edition", "story_id", "at"), rows, on_conflict)
    never = [story_id for story_id, at in found.items() if at is None]
    if never:
        wanted = _sets.keys(connection, "k", id=never)
        query = sa.text(
            "DELETE FROM dues WHERE edition = :edition"
            f" AND story_id IN (SELECT k.id FROM {wanted.sql})"
        )
        connection.execute(query, wanted.params | {"edition": key})
