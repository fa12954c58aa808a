"""Keep which document was given to whom: one row a document, never one a story."""

from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import sqlalchemy as sa

from schemas.delivery import FETCH, PUSH, Delivery
from schemas.publication import PartKind
from schemas.tables import deliveries, micros, moment
from store import _sets
from store.database import Connection

_SEPARATOR = "\x1f"


def add(connection: Connection, given: Sequence[Delivery]) -> None:
    """Add to what is known of these deliveries; each may stand in the set only once."""
    if not given:
        return
    # In order of their ids: two writers that cross would wait for one another.
    rows = sorted((_id(one), one) for one in given)
    wanted = _sets.keys(
        connection,
        "k",
        id=[key for key, _ in rows],
        token=[one.token for _, one in rows],
        edition=[one.edition for _, one in rows],
        format=[one.format for _, one in rows],
        part=[one.part for _, one in rows],
        etag=[one.etag for _, one in rows],
        seq_from=[one.seq_from for _, one in rows],
        seq_to=[one.seq_to for _, one in rows],
        as_of=[one.as_of for _, one in rows],
        first_at=[micros(one.first_at) for _, one in rows],
        last_at=[micros(one.last_at) for _, one in rows],
        served=[one.served for _, one in rows],
        confirmed=[one.confirmed for _, one in rows],
        how=[one.how for _, one in rows],
    )
    columns = ", ".join(column.name for column in deliveries.columns)
    statement = sa.text(
        f"INSERT INTO deliveries ({columns}) SELECT {columns} FROM {wanted.sql} WHERE true"
        " ON CONFLICT (id) DO UPDATE SET served = deliveries.served + excluded.served,"
        " confirmed = deliveries.confirmed + excluded.confirmed, last_at = CASE WHEN"
        " excluded.last_at > deliveries.last_at THEN excluded.last_at ELSE deliveries.last_at END"
    )
    connection.execute(statement, wanted.params)


class Latest(NamedTuple):
    """What one token was last given of one edition in one format."""

    edition: str
    token: str
    format: str
    how: str
    part: str
    as_of: int
    last_at: datetime
    holds: int | None
    """How far the log went in the newest changes it ever got; None where it got none."""


def latest(connection: Connection, keys: Collection[str]) -> list[Latest]:
    """Read what each token was last given of these editions, in each format and way.

    A push counts as held once it was taken.
    """
    wanted = _sets.keys(connection, "k", edition=sorted(keys))
    query = sa.text(
        "SELECT edition, token, format, how, part, as_of, last_at, holds FROM ("
        "SELECT d.edition, d.token, d.format, d.how, d.part, d.as_of, d.last_at,"
        f" max(CASE WHEN {_NEWS} THEN d.as_of END) OVER clients AS holds,"
        " row_number() OVER (PARTITION BY d.edition, d.token, d.format, d.how"
        " ORDER BY d.last_at DESC, d.as_of DESC, d.id) AS place"
        f" FROM {wanted.sql} JOIN deliveries d ON d.edition = k.edition"
        " WINDOW clients AS (PARTITION BY d.edition, d.token, d.format, d.how)"
        ") AS given WHERE place = 1 ORDER BY edition, last_at DESC, token, format, how"
    )
    rows = connection.execute(query, wanted.params)
    return [
        Latest(row[0], row[1], row[2], row[3], row[4], row[5], moment(row[6]), row[7])
        for row in rows
    ]


_NEWS = (
    f"(d.part = '' OR d.part LIKE '{PartKind.DELTA}-%') AND (d.how <> '{PUSH}' OR d.confirmed > 0)"
)
"""Whether a delivery brought its client up to the number that it was made at."""


def of(connection: Connection, *editions: str) -> list[Delivery]:
    """Read what was given of editions, the first delivery first."""
    wanted = _sets.keys(connection, "k", edition=sorted(editions))
    columns = ", ".join(f"d.{name}" for name in Delivery._fields)
    query = sa.text(
        f"SELECT {columns} FROM {wanted.sql} JOIN deliveries d ON d.edition = k.edition"
        " ORDER BY d.first_at, d.id"
    )
    rows = connection.execute(query, wanted.params)
    return [
        Delivery(**row | {name: moment(row[name]) for name in ("first_at", "last_at")})
        for row in map(dict, rows.mappings())
    ]


def last_at(connection: Connection, editions: Collection[str]) -> dict[tuple[str, str], datetime]:
    """Say when each token last fetched, or took a push, of each of these editions."""
    wanted = _sets.keys(connection, "k", edition=sorted(editions))
    query = sa.text(
        f"SELECT d.edition, d.token, max(d.last_at) FROM deliveries d JOIN {wanted.sql}"
        " ON k.edition = d.edition WHERE d.how = :fetch OR d.confirmed > 0"
        " GROUP BY d.edition, d.token"
    )
    rows = connection.execute(query, wanted.params | {"fetch": FETCH})
    return {(row[0], row[1]): moment(row[2]) for row in rows}


def _id(one: Delivery) -> str:
    parts = [one.token, one.edition, one.format, one.part, one.etag]
    if one.how != FETCH:  # ids of fetches were given before there were pushes
        parts.append(one.how)
    return sha256(_SEPARATOR.join(parts).encode()).hexdigest()[:32]
