"""Remember which reads a channel was sent: by month, with a digest of them."""

from datetime import datetime

import sqlalchemy as sa

from schemas.tables import micros, sent_counts, sources
from store import _sets
from store.database import Connection


def digests(connection: Connection, channel: str) -> dict[str, str]:
    """Read the digest of what was last sent, by month."""
    query = sa.select(sent_counts.c.month, sent_counts.c.sha256).where(
        sent_counts.c.channel == channel
    )
    return {row.month: row.sha256 for row in connection.execute(query)}


def mark(connection: Connection, channel: str, month: str, sha256: str, now: datetime) -> None:
    """Note that a month's reads were sent."""
    on_conflict = _sets.OnConflict(["channel", "month"], ["sha256", "sent_at"])
    columns = ("channel", "month", "sha256", "sent_at")
    row = (channel, month, sha256, micros(now))
    _sets.insert(connection, sent_counts, columns, [row], on_conflict)


def begun_at(connection: Connection, channel: str) -> dict[str, str]:
    """Name each story that began on a channel by the external id it first had there, by story id.

    Of a story that stands there twice, the first telling has the reads: they are counted once.
    """
    query = (
        sa.select(sources.c.story_id, sources.c.external_id)
        .where(sources.c.channel == channel, sources.c.is_origin == 1)
        .order_by(sources.c.first_landing_id.desc(), sources.c.external_id.desc())
    )
    return {row.story_id: row.external_id for row in connection.execute(query)}
