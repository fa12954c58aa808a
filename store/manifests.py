"""Keep what each edition comes to, month by month."""

from collections.abc import Mapping

import sqlalchemy as sa

from schemas.publication import Held, Shown, Sum
from schemas.tables import entries, entry_months
from store import _sets
from store.database import Connection


def months(connection: Connection, key: str) -> dict[str, Sum]:
    """Read what every month of an edition comes to; those that show nothing are not in it."""
    query = (
        sa.select(entry_months)
        .where(entry_months.c.edition == key, entry_months.c.shown > 0)
        .order_by(entry_months.c.month)
    )
    rows = connection.execute(query).mappings()
    return {row["month"]: Sum(row["shown"], row["digest"]) for row in rows}


def shown(connection: Connection, key: str) -> int | None:
    """Count the stories that an edition shows; None where its months were never added up."""
    query = sa.select(sa.func.sum(entry_months.c.shown)).where(entry_months.c.edition == key)
    found = connection.execute(query).scalar()
    return None if found is None else int(found)


def put(connection: Connection, key: str, moved: Mapping[str, Sum]) -> None:
    """Note what months come to."""
    columns = ("edition", "month", "shown", "digest")
    rows = [(key, month, *one) for month, one in moved.items()]
    on_conflict = _sets.OnConflict(["edition", "month"], ["shown", "digest"])
    _sets.insert(connection, entry_months, columns, rows, on_conflict)


def held(connection: Connection, key: str, month: str | None = None) -> list[Held]:
    """List the stories that an edition shows, of one month or of all, in order of their ids.

    A month is blank where it was never noted.
    """
    query = (
        sa.select(entries.c.story_id, entries.c.revision, entries.c.month)
        .where(entries.c.edition == key, entries.c.state == str(Shown.IN))
        .order_by(entries.c.story_id)
    )
    if month is not None:
        query = query.where(entries.c.month == month)
    return [Held(*row) for row in connection.execute(query)]


def is_noted(connection: Connection, key: str) -> bool:
    """Say whether the months of an edition were ever added up."""
    query = sa.select(entry_months.c.month).where(entry_months.c.edition == key).limit(1)
    return connection.execute(query).first() is not None


def set_months(connection: Connection, key: str, found: Mapping[str, str]) -> None:
    """Note of stories in which month they stand."""
    if not found:
        return
    wanted = _sets.keys(connection, "k", id=list(found), month=list(found.values()))
    query = sa.text(
        f"UPDATE entries SET month = (SELECT k.month FROM {wanted.sql}"
        " WHERE k.id = entries.story_id) WHERE edition = :edition"
        f" AND story_id IN (SELECT k.id FROM {wanted.sql})"
    )
    connection.execute(query, wanted.params | {"edition": key})
