"""Where every table is gathered, and the few column types they share.

A time in the store is a whole number: microseconds since 1970 in UTC. It is the same on
every engine, sorts as it should, and leaves no zone to guess.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Time = sa.BigInteger
"""Microseconds since 1970 in UTC."""

Number = sa.BigInteger
"""A number given by one writer at a time, from `sequences`."""


def micros(moment: datetime) -> int:
    """Say a point in time as the store keeps it."""
    return (moment - EPOCH) // _MICROSECOND


def moment(micros: int) -> datetime:
    """Read a point in time back from the store."""
    return EPOCH + micros * _MICROSECOND


def moment_or_none(micros: int | None) -> datetime | None:
    """Read a point in time back from the store, where there is one."""
    return None if micros is None else moment(micros)
