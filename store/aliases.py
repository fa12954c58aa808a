"""Find which stories the references of platforms are of, and remember it.

A reference that nothing matches stays in suspense, and is looked at again whenever a story
learns a new name. What leads to two stories leads to none: a person must say.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from schemas.tables import item_aliases, micros
from store import _sets, stories
from store.database import Connection


class Reference(NamedTuple):
    """A platform's reference that no story is known for."""

    number: int
    ref: str


def unmatched(connection: Connection, platform: str) -> list[Reference]:
    """List the references of a platform that are in suspense, in order of appearance."""
    query = sa.text(
        "SELECT i.id, i.ref FROM item_refs i LEFT JOIN item_aliases a ON a.item_ref_id = i.id"
        " WHERE i.platform = :platform AND a.item_ref_id IS NULL ORDER BY i.id"
    )
    return [Reference(*row) for row in connection.execute(query, {"platform": platform})]


def known(connection: Connection, ids: Collection[str]) -> set[str]:
    """Say which of these are ids of stories."""
    return set(stories.states(connection, ids))


def changed_until(connection: Connection) -> int:
    """Read the change of stories that was the last."""
    value: int | None = connection.execute(sa.text("SELECT max(changed) FROM stories")).scalar()
    return value or 0


def addresses(connection: Connection, after: int) -> Iterator[tuple[str, str]]:
    """Read (address, story id) of every address that stories which changed since were told at."""
    query = sa.text(
        f"SELECT s.id, {_value(connection, 'url')}, {_value(connection, 'origin', 'url')}"
        " FROM stories s JOIN revisions r ON r.story_id = s.id"
        " WHERE s.changed > :after AND r.content IS NOT NULL"
    )
    for story_id, url, origin_url in connection.execute(query, {"after": after}):
        for one in (url, origin_url):
            if one is not None:
                yield one, story_id


def _value(connection: Connection, *path: str) -> str:
    if connection.dialect.name == "sqlite":
        return f"json_extract(r.content, '$.{'.'.join(path)}')"
    return f"CAST(r.content AS json) #>> '{{{','.join(path)}}}'"


def adopt(
    connection: Connection, found: Sequence[tuple[int, str]], how: str, now: datetime
) -> None:
    """Lead references to their stories, (reference, story id); one that is led stays."""
    rows = [(number, story_id, micros(now), how) for number, story_id in found]
    columns = ("item_ref_id", "story_id", "recorded_at", "how")
    _sets.insert(connection, item_aliases, columns, rows, _sets.OnConflict(["item_ref_id"]))


def months_of(connection: Connection, numbers: Collection[int]) -> set[int]:
    """Number the months in which references have counts."""
    if not numbers:
        return set()
    wanted = _sets.keys(connection, "k", id=sorted(numbers))
    query = sa.text(
        f"SELECT DISTINCT o.month FROM {wanted.sql} CROSS JOIN observations o"
        " WHERE o.item_ref_id = k.id"
    )
    return set(connection.execute(query, wanted.params).scalars())


def rules_of(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """Say by which rule each of these references leads to its story."""
    query = sa.select(item_aliases.c.item_ref_id, item_aliases.c.how).where(
        item_aliases.c.item_ref_id.in_(numbers)
    )
    return {number: how for number, how in connection.execute(query)}  # noqa: C416 -- a Row


def merged(connection: Connection) -> dict[str, str]:
    """Say of each merged story which one it became, however many merges later."""
    rows = connection.execute(
        sa.text("SELECT id, alias_of FROM stories WHERE alias_of IS NOT NULL")
    )
    into = {story_id: older for story_id, older in rows}  # noqa: C416 -- a Row is no pair to mypy
    return {story_id: _root(into, story_id) for story_id in into}


def _root(into: dict[str, str], story_id: str) -> str:
    while story_id in into:
        story_id = into[story_id]
    return story_id
