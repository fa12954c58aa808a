"""Remember which months await settling, and how far something has been followed.

A month is touched each time a report speaks of it, and settled as of a touch: what is touched
meanwhile stays unsettled, and a run that was killed leaves nothing behind.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import sqlalchemy as sa

from schemas.tables import sequences
from store import _sets
from store.database import Connection

_TOUCHED, _SETTLED = "touched", "settled"

Touches = dict[int, int]
"""Of each month, how often it had been touched when it was looked at."""


def touch(connection: Connection, platform: str, months: Iterable[int]) -> None:
    """Note that these months of a platform are to be settled."""
    names = [_name(_TOUCHED, platform, month) for month in sorted(set(months))]
    if not names:
        return
    wanted = _sets.keys(connection, "k", label=names)
    # WHERE TRUE: without it SQLite takes ON CONFLICT for a join's ON.
    query = sa.text(
        f"INSERT INTO sequences (name, value) SELECT k.label, 1 FROM {wanted.sql} WHERE TRUE"
        " ON CONFLICT (name) DO UPDATE SET value = sequences.value + 1"
    )
    connection.execute(query, wanted.params)


def unsettled(connection: Connection, *, settled_too: bool = False) -> dict[str, Touches]:
    """List by platform the months to settle; or all that there are."""
    query = sa.text(
        "SELECT t.name, t.value FROM sequences t LEFT JOIN sequences s"
        f" ON s.name = '{_SETTLED}' || substr(t.name, {len(_TOUCHED) + 1})"
        f" WHERE t.name LIKE '{_TOUCHED}/%' AND (:settled_too = 1 OR s.value IS NULL"
        " OR s.value < t.value) ORDER BY t.name"
    )
    found: dict[str, Touches] = defaultdict(dict)
    for name, value in connection.execute(query, {"settled_too": int(settled_too)}):
        _, platform, month = name.split("/")
        found[platform][int(month)] = value
    return dict(found)


def settle(connection: Connection, platform: str, touches: Touches) -> None:
    """Note that months are settled as of these touches."""
    put(connection, {_name(_SETTLED, platform, month): n for month, n in touches.items()})


def get(connection: Connection, names: Collection[str]) -> dict[str, int]:
    """Read how far things have been followed; 0 is not at all."""
    query = sa.select(sequences.c.name, sequences.c.value).where(sequences.c.name.in_(names))
    found = {name: value for name, value in connection.execute(query)}  # noqa: C416 -- a Row
    return {name: found.get(name, 0) for name in names}


def put(connection: Connection, values: Mapping[str, int]) -> None:
    """Remember how far things have been followed."""
    on_conflict = _sets.OnConflict(["name"], ["value"])
    _sets.insert(connection, sequences, ("name", "value"), list(values.items()), on_conflict)


def _name(kind: str, platform: str, month: int) -> str:
    return f"{kind}/{platform}/{month}"
