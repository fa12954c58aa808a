"""Keep who is sent an edition's changes, and who asked for it; a subscriber's mark is its queue."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from schemas.push import Intent, Subscriber
from schemas.tables import editions, intents, micros, moment, subscribers
from store import _sets
from store.database import Connection, one_writer

_INTENT_TIMES = ("asked_at",)
_TIMES = ("verified_at", "lease_until", "next_at")


class Claimed(NamedTuple):
    """A subscriber that is ours for a while, and the epoch its edition is in."""

    subscriber: Subscriber
    epoch: str


def ask(connection: Connection, intent: Intent) -> None:
    """Keep a request until it is verified; it takes the place of one that waits."""
    row = intent.model_dump(mode="json") | {
        "asked_at": micros(intent.asked_at),
        "next_at": micros(intent.asked_at),
    }
    columns = tuple(row)
    on_conflict = _sets.OnConflict(["id"], [c for c in columns if c != "id"])
    _sets.insert(connection, intents, columns, [tuple(row.values())], on_conflict)


def claim_intent(
    connection: Connection, edition: str, due: datetime, until: datetime
) -> Intent | None:
    """Take the request that waits longest, for us alone `until` then; None where none is due."""
    one_writer(connection, "subscribers")
    query = (
        sa.select(intents)
        .where(intents.c.edition == edition, intents.c.next_at <= micros(due))
        .order_by(intents.c.next_at, intents.c.id)
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    _put_off(connection, intents, row["id"], until)
    return Intent.model_validate(_read(row, _INTENT_TIMES, leave=("next_at",)))


def end_asking(connection: Connection, intent: Intent) -> bool:
    """Forget a request, unless a newer one took its place; say whether it was there."""
    done = connection.execute(sa.delete(intents).where(*_same(intent)))
    return done.rowcount > 0


def ask_again(connection: Connection, intent: Intent, at: datetime) -> None:
    """Let a request wait: its callback could not be reached."""
    connection.execute(
        sa.update(intents)
        .where(*_same(intent))
        .values(failures=intent.failures + 1, next_at=micros(at))
    )


def verify(connection: Connection, intent: Intent, now: datetime, lease_until: datetime) -> None:
    """Keep a subscriber whose callback confirmed it; one that is known keeps its mark."""
    row = {
        "id": intent.id,
        "edition": intent.edition,
        "format": intent.format,
        "callback": intent.callback,
        "secret": intent.secret,
        "token": intent.token,
        "mark": intent.mark,
        "epoch": intent.epoch,
        "verified_at": micros(now),
        "lease_until": micros(lease_until),
        "failures": 0,
        "next_at": micros(intent.asked_at),  # due in the very go that verified it
    }
    moving = ("secret", "token", "verified_at", "lease_until")
    on_conflict = _sets.OnConflict(["id"], moving)
    _sets.insert(connection, subscribers, tuple(row), [tuple(row.values())], on_conflict)
    # It lives: what failed before is tried at once. A push under way has no failures behind it.
    connection.execute(
        sa.update(subscribers)
        .where(subscribers.c.id == intent.id, subscribers.c.failures > 0)
        .values(failures=0, next_at=micros(intent.asked_at))
    )


def claim(
    connection: Connection,
    edition: str,
    due: datetime,
    until: datetime,
    also: Collection[str] = (),
) -> Claimed | None:
    """Take a subscriber that lacks a change, or is one of `also`, for us alone `until` then.

    Whoever asks meanwhile gets another; after a crash it is due again at `until`.
    """
    one_writer(connection, "subscribers")
    query = (
        sa.select(subscribers, editions.c.epoch.label("present"))
        .outerjoin(editions, editions.c.key == subscribers.c.edition)
        .where(
            subscribers.c.edition == edition,
            subscribers.c.next_at <= micros(due),
            sa.or_(_lacks(), subscribers.c.id.in_(also)),
        )
        .order_by(subscribers.c.next_at, subscribers.c.id)
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    _put_off(connection, subscribers, row["id"], until)
    found = Subscriber.model_validate(_read(row, _TIMES, leave=("present",)))
    return Claimed(found, row["present"] or "")


def took(
    connection: Connection, subscriber: Subscriber, mark: int, epoch: str, now: datetime
) -> None:
    """Move a subscriber's mark to what it took, unless somebody moved it meanwhile."""
    connection.execute(
        sa.update(subscribers)
        .where(
            subscribers.c.id == subscriber.id,
            subscribers.c.mark == subscriber.mark,
            subscribers.c.epoch == subscriber.epoch,
        )
        .values(mark=mark, epoch=epoch, failures=0, next_at=micros(now), error=None)
    )


def put_off(connection: Connection, subscriber: Subscriber, at: datetime, error: str) -> None:
    """Let a subscriber wait after a push that failed."""
    connection.execute(
        sa.update(subscribers)
        .where(subscribers.c.id == subscriber.id, subscribers.c.mark == subscriber.mark)
        .values(failures=subscriber.failures + 1, next_at=micros(at), error=error)
    )


def drop(connection: Connection, subscriber: Subscriber) -> bool:
    """End a subscription, unless it was verified anew; say whether it was there."""
    done = connection.execute(
        sa.delete(subscribers).where(
            subscribers.c.id == subscriber.id,
            subscribers.c.verified_at == micros(subscriber.verified_at),
        )
    )
    return done.rowcount > 0


def forget(connection: Connection, subscriber_id: str) -> bool:
    """End a subscription whose callback wanted that; say whether there was one."""
    done = connection.execute(sa.delete(subscribers).where(subscribers.c.id == subscriber_id))
    return done.rowcount > 0


def expire(connection: Connection, edition: str, now: datetime) -> int:
    """End the subscriptions of an edition whose lease is over; count them."""
    done = connection.execute(
        sa.delete(subscribers).where(
            subscribers.c.edition == edition, subscribers.c.lease_until <= micros(now)
        )
    )
    return done.rowcount


def every(connection: Connection, edition: str | None = None) -> list[Subscriber]:
    """Read all subscribers, or those of one edition, in the order of their ids."""
    query = sa.select(subscribers).order_by(subscribers.c.id)
    if edition is not None:
        query = query.where(subscribers.c.edition == edition)
    rows = connection.execute(query).mappings()
    return [Subscriber.model_validate(_read(row, _TIMES)) for row in rows]


def fresh_at(connection: Connection, now: datetime) -> dict[tuple[str, str], datetime]:
    """Say for each edition and token since when its subscriptions lack a change, else `now`.

    Of several the one that lacks least counts. Left out are those whose lease is over, and those
    from before a restore, of which nobody can say what they lack.
    """
    query = sa.text(
        "SELECT s.edition, s.token, max(coalesce((SELECT l.at FROM entry_log l"
        " WHERE l.edition = s.edition AND l.seq > s.mark ORDER BY l.seq LIMIT 1), :now))"
        " FROM subscribers s JOIN editions e ON e.key = s.edition AND e.epoch = s.epoch"
        " WHERE s.lease_until > :now GROUP BY s.edition, s.token"
    )
    rows = connection.execute(query, {"now": micros(now)})
    return {(row[0], row[1]): moment(row[2]) for row in rows}


def of(connection: Connection, keys: Collection[str]) -> list[Subscriber]:
    """Read the subscribers of these editions, by edition and in the order of their ids."""
    wanted = _sets.keys(connection, "k", edition=sorted(keys))
    query = sa.text(
        f"SELECT s.* FROM {wanted.sql} JOIN subscribers s ON s.edition = k.edition"
        " ORDER BY s.edition, s.id"
    )
    rows = connection.execute(query, wanted.params).mappings()
    return [Subscriber.model_validate(_read(row, _TIMES)) for row in rows]


def waiting(connection: Connection, now: datetime) -> set[str]:
    """Name the editions with a request, a change to push, or a lease that is over."""
    at = micros(now)
    asked = sa.select(intents.c.edition).where(intents.c.next_at <= at)
    lacking = (
        sa.select(subscribers.c.edition)
        .outerjoin(editions, editions.c.key == subscribers.c.edition)
        .where(
            sa.or_(sa.and_(subscribers.c.next_at <= at, _lacks()), subscribers.c.lease_until <= at)
        )
    )
    return {row[0] for row in connection.execute(sa.union(asked, lacking))}


def _lacks() -> sa.ColumnElement[bool]:
    return sa.or_(editions.c.seq > subscribers.c.mark, editions.c.epoch != subscribers.c.epoch)


def _same(intent: Intent) -> tuple[sa.ColumnElement[bool], ...]:
    return intents.c.id == intent.id, intents.c.asked_at == micros(intent.asked_at)


def _put_off(connection: Connection, table: sa.Table, key: str, until: datetime) -> None:
    connection.execute(sa.update(table).where(table.c.id == key).values(next_at=micros(until)))


def _read(
    row: sa.RowMapping, times: Collection[str], leave: Collection[str] = ()
) -> dict[str, Any]:
    fields = {name: value for name, value in row.items() if name not in leave}
    return fields | {name: moment(row[name]) for name in times}
