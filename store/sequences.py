"""Give numbers that others follow: without a gap in what they see, in the order of commits."""

import sqlalchemy as sa

from store.database import Connection

_DRAW = sa.text(
    "INSERT INTO sequences (name, value) VALUES (:name, :count)"
    " ON CONFLICT (name) DO UPDATE SET value = sequences.value + :count RETURNING value"
)


def draw(connection: Connection, name: str, count: int) -> int:
    """Draw `count` numbers in a row; return the first. Others wait until this transaction ends."""
    last: int = connection.execute(_DRAW, {"name": name, "count": count}).scalar_one()
    return last - count + 1


def last(connection: Connection, name: str) -> int:
    """Read the last number given; 0 where none was."""
    query = sa.text("SELECT value FROM sequences WHERE name = :name")
    value: int | None = connection.execute(query, {"name": name}).scalar()
    return value or 0
