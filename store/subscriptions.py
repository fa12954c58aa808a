"""Remember which hubs were asked to send us what is new, and how that stands."""

import sqlalchemy as sa

from schemas.subscription import Subscription
from schemas.tables import micros, moment, subscriptions
from store import _sets
from store.database import Connection

_TIMES = frozenset({"asked_at", "active_since", "renew_at", "lease_ends_at", "looked_at"})


def save(connection: Connection, given: Subscription) -> None:
    """Keep a subscription as it now stands. Read before, it is to be read under `one_writer`."""
    columns = tuple(subscriptions.c.keys())
    row = tuple(_kept(name, getattr(given, name)) for name in columns)
    _sets.insert(connection, subscriptions, columns, [row], _sets.OnConflict(["path"], columns[1:]))


def drop(connection: Connection, path: str) -> None:
    """Forget a subscription; what comes to its address is nobody's from now on."""
    connection.execute(sa.delete(subscriptions).where(subscriptions.c.path == path))


def get(connection: Connection, path: str) -> Subscription | None:
    """Find a subscription by the end of its address."""
    query = sa.select(subscriptions).where(subscriptions.c.path == path)
    row = connection.execute(query).mappings().first()
    return None if row is None else _subscription(row)


def of(connection: Connection, channel: str) -> list[Subscription]:
    """Read a channel's subscriptions, the latest asked first."""
    query = (
        sa.select(subscriptions)
        .where(subscriptions.c.channel == channel)
        .order_by(sa.func.coalesce(subscriptions.c.asked_at, 0).desc(), subscriptions.c.path)
    )
    return [_subscription(row) for row in connection.execute(query).mappings()]


def channels(connection: Connection) -> list[str]:
    """List the channels that have any."""
    query = sa.select(subscriptions.c.channel).distinct().order_by(subscriptions.c.channel)
    return list(connection.execute(query).scalars())


def _kept(name: str, value: object) -> object:
    if name in _TIMES:
        return None if value is None else micros(value)  # type: ignore[arg-type]  # a time
    return str(value) if name == "state" else value


def _subscription(row: sa.RowMapping) -> Subscription:
    return Subscription.model_validate(
        {
            name: moment(value) if name in _TIMES and value is not None else value
            for name, value in row.items()
        }
    )
