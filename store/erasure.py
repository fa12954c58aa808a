"""Take out of the store whatever was said in a story, wherever that is kept."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from schemas.publication import PartKind
from schemas.tables import (
    fragments,
    identities,
    revisions,
    sources,
    stories,
    story_services,
)
from store import _sets
from store.database import Connection
from store.suppressions import Name

_BATCH = 5000


class Facts(NamedTuple):
    """All that is known of stories by which they may be found elsewhere."""

    names: frozenset[Name]
    keys: frozenset[tuple[str, str]]
    """Their sources: channel, and external id."""
    landings: frozenset[int]
    """Landings that are known to have told them."""
    contents: tuple[str, ...]
    """Everything that they ever said, each once."""


def whole(connection: Connection, ids: Sequence[str]) -> list[str]:
    """List stories and all that were merged into them."""
    query = sa.select(stories.c.id).where(stories.c.alias_of.in_(ids)).order_by(stories.c.id)
    return list(dict.fromkeys([*ids, *connection.execute(query).scalars()]))


def facts(connection: Connection, ids: Sequence[str]) -> Facts:
    """Read all that is known of stories by which they may be found elsewhere."""
    told = _rows(connection, "SELECT channel, external_id, landing_id, content FROM revisions", ids)
    kept = _rows(
        connection,
        "SELECT channel, external_id, first_landing_id, landing_id, content FROM sources",
        ids,
    )
    named = _rows(connection, "SELECT publisher, external_id FROM identities", ids)
    rows = [*told, *kept]
    return Facts(
        frozenset((row[0], row[1]) for row in named),
        frozenset((row[0], row[1]) for row in rows),
        frozenset(number for row in rows for number in row[2:-1] if number),
        tuple(dict.fromkeys(row[-1] for row in rows if row[-1] is not None)),
    )


def others(
    connection: Connection, channels: Collection[str], ids: Collection[str]
) -> Iterator[str]:
    """Read everything that channels said in other stories."""
    query = sa.select(revisions.c.content).where(
        revisions.c.content.is_not(None),
        revisions.c.channel.in_(channels),
        revisions.c.story_id.not_in(ids),
    )
    for rows in connection.execute(query).partitions(_BATCH):
        yield from (row[0] for row in rows)


def _rows(connection: Connection, query: str, ids: Sequence[str]) -> list[Any]:
    wanted = _sets.keys(connection, "k", id=list(ids))
    where = f" WHERE story_id IN (SELECT k.id FROM {wanted.sql})"
    return list(connection.execute(sa.text(query + where), wanted.params))


def blank(connection: Connection, ids: Sequence[str], content: str, fingerprint: str) -> int:
    """Put a blank content in the place of every revision's, and forget every source and name.

    Return how many revisions there are.
    """
    nameless = {"external_id": "", "fingerprint": fingerprint}
    for table in (sources, identities, story_services, fragments):
        connection.execute(sa.delete(table).where(table.c.story_id.in_(ids)))
    of_ours = stories.c.id.in_(ids)
    # What was released was known by the fingerprint of its words.
    forgotten = nameless | {"decision": None, "kind": "story", "published_at": None}
    merged = sa.update(stories).where(of_ours, stories.c.alias_of.is_not(None))
    connection.execute(merged.values(forgotten))
    every = sa.update(revisions).where(revisions.c.story_id.in_(ids))
    connection.execute(every.where(revisions.c.content.is_not(None)).values(content=content))
    return connection.execute(every.values(nameless)).rowcount


def drop_documents(connection: Connection, ids: Sequence[str], bucket: int) -> None:
    """Forget every kept document in which an edition may have shown one of these stories.

    `bucket` is how many entries an archive has.
    """
    wanted = _sets.keys(connection, "k", id=list(ids))
    archive = f"{PartKind.ARCHIVE}-"
    query = sa.text(
        f"DELETE FROM documents WHERE EXISTS (SELECT 1 FROM {wanted.sql} CROSS JOIN entries e"
        " WHERE e.edition = documents.edition AND e.story_id = k.id"
        f" AND (documents.part NOT LIKE '{archive}%' OR documents.part ="
        f" '{archive}' || CAST((e.ordinal + :bucket - 1) / :bucket AS TEXT)))"
    )
    connection.execute(query, wanted.params | {"bucket": bucket})
