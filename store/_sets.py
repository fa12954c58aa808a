"""Move whole sets the fast way of each engine.

On SQLite one prepared statement runs over all rows. On PostgreSQL the rows are copied to a
temporary table, and one INSERT .. SELECT .. ON CONFLICT takes them from there.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from store.database import Connection

Row = tuple[Any, ...]


class OnConflict(NamedTuple):
    """What to do with a row whose key is there already."""

    key: Sequence[str]
    update: Sequence[str] = ()
    """Columns to take over; with none the row that is there stays."""
    where: str | None = None
    """A guard in SQL, in which `excluded` is the row that comes."""


def insert(
    connection: Connection,
    table: sa.Table,
    columns: Sequence[str],
    rows: Sequence[Row],
    on_conflict: OnConflict | None = None,
) -> None:
    """Insert a set of rows; keys must be distinct within the set."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    tail = _tail(on_conflict)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in columns)
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks}){tail}"
        connection.exec_driver_sql(statement, list(rows))
        return
    _copy(connection, table, names, rows)
    stage = _stage(table)
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {stage}{tail}"
    )
    connection.exec_driver_sql(f"TRUNCATE {stage}")


def _tail(on_conflict: OnConflict | None) -> str:
    if on_conflict is None:
        return ""
    key = ", ".join(f'"{name}"' for name in on_conflict.key)
    if not on_conflict.update:
        return f" ON CONFLICT ({key}) DO NOTHING"
    sets = ", ".join(f'"{name}" = excluded."{name}"' for name in on_conflict.update)
    where = f" WHERE {on_conflict.where}" if on_conflict.where else ""
    return f" ON CONFLICT ({key}) DO UPDATE SET {sets}{where}"


def _stage(table: sa.Table) -> str:
    return f"stage_{table.name}"


def _copy(connection: Connection, table: sa.Table, names: str, rows: Iterable[Row]) -> None:
    stage = _stage(table)
    raw = connection.connection.driver_connection
    assert raw is not None  # noqa: S101 -- an open connection has a driver's
    with raw.cursor() as cursor:
        cursor.execute("SET LOCAL client_min_messages = warning")
        cursor.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {stage} (LIKE {table.name})")
        for column in table.columns:
            if not column.nullable:
                cursor.execute(f'ALTER TABLE {stage} ALTER COLUMN "{column.name}" DROP NOT NULL')
        with cursor.copy(f"COPY {stage} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


class Keys(NamedTuple):
    """A set of keys to join with: a FROM clause and its parameters."""

    sql: str
    params: dict[str, Any]


def keys(connection: Connection, name: str, **columns: Sequence[Any]) -> Keys:
    """Lay keys out as a table called `name`, one column an argument, all text or all numbers.

    One parameter carries them all, so a set may be of any size.
    """
    labels = list(columns)
    if connection.dialect.name == "sqlite":
        rows = json.dumps(list(zip(*columns.values(), strict=True)), ensure_ascii=False)
        fields = ", ".join(
            f"json_extract(value, '$[{place}]') AS {label}" for place, label in enumerate(labels)
        )
        return Keys(f"(SELECT {fields} FROM json_each(:{name})) AS {name}", {name: rows})
    arrays = ", ".join(
        f"CAST(:{name}_{label} AS {_array_type(columns[label])})" for label in labels
    )
    params = {f"{name}_{label}": list(columns[label]) for label in labels}
    return Keys(f"unnest({arrays}) AS {name}({', '.join(labels)})", params)


def _array_type(values: Sequence[Any]) -> str:
    return "bigint[]" if values and isinstance(values[0], int) else "text[]"
