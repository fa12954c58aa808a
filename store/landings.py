"""Keep what was received, byte for byte, and how far each channel has been read."""

import zlib
from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from schemas.channel import Fetched
from schemas.tables import cursors, landings, micros, moment
from store import _sets, sequences
from store.database import Connection

_LEVEL = 1
"""Of compression: twice the speed of the default for a tenth more bytes."""


class Landing(NamedTuple):
    """One kept answer."""

    id: int
    channel: str
    connector: str
    sha256: str
    received_at: datetime
    fetched: Fetched


def add(
    connection: Connection,
    channel: str,
    connector: str,
    fetched: Fetched,
    now: datetime,
    delivery: str | None = None,
    *,
    erased: bool = False,
) -> int:
    """Keep one answer as received; return its number.

    `delivery` is the id by which its sender repeats what it sent us. What tells a story that was
    `erased` is kept without its bytes.
    """
    number = sequences.draw(connection, "landing", 1)
    row = {
        "id": number,
        "channel": channel,
        "connector": connector,
        "url": fetched.url,
        "media_type": fetched.media_type,
        "charset": fetched.charset,
        "headers": orjson.dumps(fetched.headers, option=orjson.OPT_SORT_KEYS).decode(),
        "sha256": sha256(fetched.payload).hexdigest(),
        "received_at": micros(now),
        "payload": zlib.compress(fetched.payload, _LEVEL),
        "delivery": delivery,
    }
    if erased:
        row |= _dropped(now)
    connection.execute(sa.insert(landings), row)
    return number


def get(connection: Connection, number: int) -> Landing | None:
    """Read one kept answer; None where it is not there, or its retention is over."""
    query = sa.select(landings).where(landings.c.id == number)
    row = connection.execute(query).mappings().first()
    if row is None or row["payload"] is None:
        return None
    fetched = Fetched(
        payload=zlib.decompress(row["payload"]),
        media_type=row["media_type"],
        url=row["url"],
        charset=row["charset"],
        headers=orjson.loads(row["headers"]),
    )
    return Landing(
        row["id"],
        row["channel"],
        row["connector"],
        row["sha256"],
        moment(row["received_at"]),
        fetched,
    )


def newest(connection: Connection, channel: str) -> Landing | None:
    """Read what a channel answered last when it was asked; None where that is not kept."""
    asked = (landings.c.channel == channel) & landings.c.delivery.is_(None)
    number = connection.execute(sa.select(sa.func.max(landings.c.id)).where(asked)).scalar()
    return None if number is None else get(connection, number)


def newest_url(connection: Connection, channel: str) -> str:
    """Say which address answered last when a channel was asked; empty where none did."""
    query = (
        sa.select(landings.c.url)
        .where(landings.c.channel == channel, landings.c.delivery.is_(None))
        .order_by(landings.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar() or ""


def delivered_at(connection: Connection, channel: str, since: datetime) -> list[datetime]:
    """Say when each delivery since a time was taken in."""
    query = (
        sa.select(landings.c.received_at)
        .where(
            landings.c.channel == channel,
            landings.c.delivery.is_not(None),
            landings.c.received_at >= micros(since),
        )
        .order_by(landings.c.received_at)
    )
    return [moment(at) for at in connection.execute(query).scalars()]


def numbers(connection: Connection, channel: str) -> list[int]:
    """Number a channel's landings, in order of arrival."""
    query = sa.select(landings.c.id).where(landings.c.channel == channel).order_by(landings.c.id)
    return list(connection.execute(query).scalars())


def has(connection: Connection, channel: str, payload: bytes) -> bool:
    """Tell whether a channel's answer is kept already, byte for byte."""
    query = sa.select(landings.c.id).where(
        landings.c.channel == channel, landings.c.sha256 == sha256(payload).hexdigest()
    )
    return connection.execute(query.limit(1)).first() is not None


def delivered(connection: Connection, channel: str, delivery: str) -> int | None:
    """Number the landing of a delivery that was taken in; None where it was not."""
    query = sa.select(landings.c.id).where(
        landings.c.channel == channel, landings.c.delivery == delivery
    )
    return connection.execute(query).scalar()


def expire(connection: Connection, before: datetime) -> int:
    """Empty every landing received before; its digest stays. Say how many were emptied."""
    statement = (
        sa.update(landings)
        .where(landings.c.received_at < micros(before), landings.c.payload.is_not(None))
        .values(payload=None)
    )
    return connection.execute(statement).rowcount


def erase(connection: Connection, numbers: Collection[int], now: datetime) -> int:
    """Drop the bytes and the headers of landings that hold what was erased; say of how many.

    The digest of what was received stays.
    """
    if not numbers:
        return 0
    wanted = _sets.keys(connection, "k", id=sorted(numbers))
    statement = sa.text(
        "UPDATE landings SET payload = :payload, headers = :headers, erased_at = :erased_at"
        f" WHERE payload IS NOT NULL AND id IN (SELECT k.id FROM {wanted.sql})"
    )
    return connection.execute(statement, wanted.params | _dropped(now)).rowcount


def _dropped(now: datetime) -> dict[str, Any]:
    return {"payload": None, "headers": "{}", "erased_at": micros(now)}


class Received(NamedTuple):
    """What was received, as far as it may be known again."""

    channel: str
    sha256: str


def kept_erasures(connection: Connection) -> list[Received]:
    """Read of which landings the bytes were dropped, which a restore must not bring back."""
    query = sa.select(landings.c.channel, landings.c.sha256).where(
        landings.c.erased_at.is_not(None)
    )
    return [Received(*row) for row in connection.execute(query)]


def restore_erasures(connection: Connection, known: Sequence[Received], now: datetime) -> set[int]:
    """Drop once more the bytes of what was received, wherever they are kept; number these."""
    if not known:
        return set()
    wanted = _sets.keys(
        connection, "k", channel=[one.channel for one in known], sha=[one.sha256 for one in known]
    )
    query = sa.text(
        f"SELECT l.id FROM {wanted.sql} JOIN landings l"
        " ON l.channel = k.channel AND l.sha256 = k.sha"
    )
    numbers = set(connection.execute(query, wanted.params).scalars())
    erase(connection, numbers, now)
    return numbers


def erased(connection: Connection, channel: str) -> set[int]:
    """Number a channel's landings whose bytes were dropped for a story of theirs."""
    query = sa.select(landings.c.id).where(
        landings.c.channel == channel, landings.c.erased_at.is_not(None)
    )
    return set(connection.execute(query).scalars())


def cursor(connection: Connection, channel: str) -> str | None:
    """Read how far a channel has been read; None is from the start."""
    query = sa.select(cursors.c.cursor).where(cursors.c.channel == channel)
    return connection.execute(query).scalar()


def move_cursor(connection: Connection, channel: str, cursor: str | None, now: datetime) -> None:
    """Remember how far a channel has been read; only together with what was read."""
    columns = ("channel", "cursor", "moved_at")
    on_conflict = _sets.OnConflict(
        ["channel"],
        columns[1:],
        "cursors.cursor IS DISTINCT FROM excluded.cursor",
    )
    if connection.dialect.name == "sqlite":
        on_conflict = on_conflict._replace(where="cursors.cursor IS NOT excluded.cursor")
    row = (channel, cursor, micros(now))
    _sets.insert(connection, cursors, columns, [row], on_conflict)
