"""Remember which plays there were; what happens in one follows from when it began."""

from datetime import datetime

import sqlalchemy as sa

from schemas.play import Play
from schemas.tables import micros, moment, moment_or_none, plays
from store.database import Connection


def add(connection: Connection, play: Play) -> None:
    """Begin a play."""
    row = {
        "partner": play.partner,
        "started_at": micros(play.started_at),
        "length_s": play.length_s,
        "stopped_at": None,
    }
    connection.execute(sa.insert(plays), row)


def of(connection: Connection, partner: str) -> list[Play]:
    """Read a partner's plays, the latest first."""
    query = sa.select(plays).where(plays.c.partner == partner).order_by(plays.c.started_at.desc())
    return [
        Play(
            partner=row["partner"],
            started_at=moment(row["started_at"]),
            length_s=row["length_s"],
            stopped_at=moment_or_none(row["stopped_at"]),
        )
        for row in connection.execute(query).mappings()
    ]


def stop(connection: Connection, play: Play, now: datetime) -> None:
    """Note that a play was stopped."""
    statement = (
        sa.update(plays)
        .where(plays.c.partner == play.partner, plays.c.started_at == micros(play.started_at))
        .values(stopped_at=micros(now))
    )
    connection.execute(statement)
