"""Keep breaks: differences and doubts that a person should look at."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from schemas.tables import breaks, micros, moment
from schemas.views import Break
from store import _sets
from store.database import Connection

OPEN, CLEARED = "open", "cleared"

_COLUMNS = ("platform", "month", "kind", "subject", "expected", "found", "state", "noted_at")


def note(connection: Connection, found: Sequence[Break]) -> int:
    """Note what was found; say how much of it is new, or no longer as it was accepted."""
    if not found:
        return 0
    before = {(b.platform, b.month, b.kind, b.subject): b for b in listing(connection)}
    new = [
        b for b in found if not _is_known(before.get((b.platform, b.month, b.kind, b.subject)), b)
    ]
    rows = [
        (b.platform, b.month, b.kind, b.subject, b.expected, b.found, OPEN, micros(b.noted_at))
        for b in new
    ]
    _sets.insert(connection, breaks, _COLUMNS, rows, _sets.OnConflict(_COLUMNS[:4], _COLUMNS[4:]))
    return len(new)


def clear(
    connection: Connection,
    platform: str,
    kinds: Collection[str],
    found: Sequence[Break],
    months: Collection[str] | None = None,
) -> int:
    """Clear the breaks of these kinds that were not found again; say how many.

    `months` are those that were looked at; None is all.
    """
    again = {(b.month, b.kind, b.subject) for b in found}
    gone = [
        (b.month, b.kind, b.subject)
        for b in listing(connection)
        if b.platform == platform
        and b.kind in kinds
        and b.state != CLEARED
        and (months is None or b.month in months)
        and (b.month, b.kind, b.subject) not in again
    ]
    if not gone:
        return 0
    month, kind, subject = zip(*gone, strict=True)
    wanted = _sets.keys(connection, "k", month=month, kind=kind, subject=subject)
    query = sa.text(
        "UPDATE breaks SET state = :state WHERE platform = :platform AND (month, kind, subject)"
        f" IN (SELECT k.month, k.kind, k.subject FROM {wanted.sql})"
    )
    connection.execute(query, wanted.params | {"state": CLEARED, "platform": platform})
    return len(gone)


def listing(connection: Connection, state: str | None = None) -> list[Break]:
    """List breaks by platform and month; all, or those in one state."""
    query = sa.select(breaks).order_by(*(breaks.c[name] for name in _COLUMNS[:4]))
    if state is not None:
        query = query.where(breaks.c.state == state)
    return [_break(dict(row)) for row in connection.execute(query).mappings()]


def accept(connection: Connection, found: Break) -> bool:
    """Take note that a person has looked; it opens again when its numbers change."""
    key = (found.platform, found.month, found.kind, found.subject)
    statement = (
        sa.update(breaks)
        .where(*(breaks.c[name] == value for name, value in zip(_COLUMNS, key, strict=False)))
        .values(state="accepted")
    )
    return connection.execute(statement).rowcount > 0


def _is_known(before: Break | None, now: Break) -> bool:
    return (
        before is not None
        and before.state != CLEARED
        and (before.expected, before.found) == (now.expected, now.found)
    )


def _break(row: dict[Any, Any]) -> Break:
    return Break.model_validate(row | {"noted_at": moment(row["noted_at"])})
