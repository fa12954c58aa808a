"""Remember how far something has been followed."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from schemas.tables import sequences
from store import _sets
from store.database import Connection


def get(connection: Connection, names: Collection[str]) -> dict[str, int]:
    """Read how far things have been followed; 0 is not at all."""
    query = sa.select(sequences.c.name, sequences.c.value).where(sequences.c.name.in_(names))
    found = {name: value for name, value in connection.execute(query)}  # noqa: C416 -- a Row
    return {name: found.get(name, 0) for name in names}


def put(connection: Connection, values: Mapping[str, int]) -> None:
    """Remember how far things have been followed."""
    on_conflict = _sets.OnConflict(["name"], ["value"])
    _sets.insert(connection, sequences, ("name", "value"), list(values.items()), on_conflict)
