"""Keep stories: their revisions, their sources, and the names they are known by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from schemas.errors import UnknownError
from schemas.story import Story
from schemas.tables import (
    identities,
    micros,
    moment,
    revisions,
    sources,
    stories,
    story_services,
)
from store import _sets, sequences
from store.database import Connection

_CONTENT = (
    "COALESCE(r.content, (SELECT e.content FROM revisions e WHERE e.story_id = r.story_id"
    " AND e.fingerprint = r.fingerprint AND e.content IS NOT NULL LIMIT 1))"
)

_STORY_COLUMNS = (
    "id",
    "alias_of",
    "revision",
    "fingerprint",
    "status",
    "reason",
    "decision",
    "channel",
    "external_id",
    "kind",
    "published_at",
    "born",
    "changed",
)


class Moved(NamedTuple):
    """One story as it stands after a plan; `content` is None where it did not move."""

    id: str
    alias_of: str | None
    revision: int
    fingerprint: str
    status: str
    reason: str | None
    decision: str | None
    channel: str
    external_id: str
    born: int
    content: str | None


class SourceRow(NamedTuple):
    """One source of a story as it is kept."""

    channel: str
    external_id: str
    story_id: str
    is_origin: bool
    told_at: datetime | None
    first_landing: int
    landing: int
    fingerprint: str
    ended: str | None
    content: str | None


class RevisionRow(NamedTuple):
    """One revision as it is kept."""

    story_id: str
    revision: int
    fingerprint: str
    status: str
    reason: str | None
    content: str | None
    channel: str
    external_id: str
    by: str


def by_name(connection: Connection, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Find which stories bear these names; a merged story's names lead to the one it became."""
    if not names:
        return {}
    wanted = _sets.keys(
        connection, "k", publisher=[n[0] for n in names], external_id=[n[1] for n in names]
    )
    query = sa.text(
        f"SELECT i.publisher, i.external_id, i.story_id FROM {wanted.sql}"
        " CROSS JOIN identities i"
        " WHERE i.publisher = k.publisher AND i.external_id = k.external_id"
    )
    return {(p, e): s for p, e, s in connection.execute(query, wanted.params)}


def by_key(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Find which stories these sources, (channel, external id), tell."""
    if not keys:
        return {}
    wanted = _sets.keys(
        connection, "k", channel=[k[0] for k in keys], external_id=[k[1] for k in keys]
    )
    query = sa.text(
        f"SELECT s.channel, s.external_id, s.story_id FROM {wanted.sql}"
        " CROSS JOIN sources s"
        " WHERE s.channel = k.channel AND s.external_id = k.external_id"
    )
    return {(c, e): s for c, e, s in connection.execute(query, wanted.params)}


def states(connection: Connection, ids: Iterable[str]) -> dict[str, Moved]:
    """Read where stories stand, without their content."""
    wanted_ids = sorted(ids)
    if not wanted_ids:
        return {}
    wanted = _sets.keys(connection, "k", id=wanted_ids)
    query = sa.text(
        "SELECT s.id, s.alias_of, s.revision, s.fingerprint, s.status, s.reason, s.decision,"
        " s.channel, s.external_id, s.born, NULL"
        f" FROM {wanted.sql} CROSS JOIN stories s WHERE s.id = k.id"
    )
    return {row[0]: Moved(*row) for row in connection.execute(query, wanted.params)}


def sources_of(
    connection: Connection, ids: Iterable[str], *, with_content: bool = False
) -> list[SourceRow]:
    """Read the sources of stories, in the order of their first landing.

    Content comes with those of stories that have several sources, or with all where asked.
    """
    wanted_ids = sorted(ids)
    if not wanted_ids:
        return []
    wanted = _sets.keys(connection, "k", id=wanted_ids)
    several = (
        ""
        if with_content
        else (
            "CASE WHEN (SELECT count(*) FROM sources o WHERE o.story_id = s.story_id) < 2"
            " THEN NULL ELSE "
        )
    )
    query = sa.text(
        "SELECT s.channel, s.external_id, s.story_id, s.is_origin, s.told_at,"
        f" s.first_landing_id, s.landing_id, s.fingerprint, s.ended, {several}"
        " COALESCE(s.content, (SELECT r.content FROM revisions r"
        " WHERE r.story_id = s.story_id AND r.fingerprint = s.fingerprint"
        f" AND r.content IS NOT NULL LIMIT 1)){' END' if several else ''}"
        f" FROM {wanted.sql} CROSS JOIN sources s WHERE s.story_id = k.id"
        " ORDER BY s.first_landing_id, s.channel, s.external_id"
    )
    return [
        SourceRow(
            row[0],
            row[1],
            row[2],
            bool(row[3]),
            None if row[4] is None else moment(row[4]),
            *row[5:],
        )
        for row in connection.execute(query, wanted.params)
    ]


def live_sources(connection: Connection, channel: str) -> set[str]:
    """Name every story, by external id, that a channel told and has not taken back."""
    query = sa.select(sources.c.external_id).where(
        sources.c.channel == channel, sources.c.ended.is_(None)
    )
    return set(connection.execute(query).scalars())


def publishers_of(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """List every publisher known to have shown each story."""
    wanted = _sets.keys(connection, "k", id=sorted(ids))
    query = sa.text(
        f"SELECT DISTINCT i.story_id, i.publisher FROM {wanted.sql}"
        " CROSS JOIN identities i WHERE i.story_id = k.id ORDER BY i.story_id, i.publisher"
    )
    found: dict[str, list[str]] = {}
    for story_id, publisher in connection.execute(query, wanted.params):
        found.setdefault(story_id, []).append(publisher)
    return {story_id: tuple(publishers) for story_id, publishers in found.items()}


def write_stories(connection: Connection, moved: Sequence[Moved]) -> int:
    """Write where stories now stand, give each a `changed`, and keep what they are about.

    Return the first number given. A story with `born` 0 is born with its number.
    """
    if not moved:
        return 0
    first = sequences.draw(connection, "changed", len(moved))
    kept = _kept_columns(connection, [m.id for m in moved if m.content is None])
    rows, services = [], []
    for number, story in enumerate(moved, first):
        if story.content is None:
            kind, published_at = kept[story.id]
        else:
            kind, published_at, about = _columns_of(story.content)
            services += [(story.id, organisation) for organisation in about]
        rows.append((*story[:9], kind, published_at, story.born or number, number))
    update = [name for name in _STORY_COLUMNS if name not in ("id", "born")]
    _sets.insert(connection, stories, _STORY_COLUMNS, rows, _sets.OnConflict(["id"], update))
    retold = [m.id for m in moved if m.content is not None and m.born]
    if retold:
        wanted = _sets.keys(connection, "k", id=retold)
        connection.execute(
            sa.text(
                f"DELETE FROM story_services WHERE story_id IN (SELECT k.id FROM {wanted.sql})"
            ),
            wanted.params,
        )
    _sets.insert(connection, story_services, ("story_id", "organisation"), services)
    return first


def _columns_of(content: str) -> tuple[str, int | None, list[str]]:
    told: dict[str, Any] = orjson.loads(content)
    at = told["published_at"] or told["submitted_at"]
    about = dict.fromkeys(f"{s['scheme']}:{s['code']}" for s in told["services"])
    return told["kind"], None if at is None else micros(datetime.fromisoformat(at)), list(about)


def _kept_columns(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, int | None]]:
    if not ids:
        return {}
    wanted = _sets.keys(connection, "k", id=ids)
    query = sa.text(
        f"SELECT s.id, s.kind, s.published_at FROM {wanted.sql}"
        " CROSS JOIN stories s WHERE s.id = k.id"
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(query, wanted.params)}


def write_revisions(
    connection: Connection, rows: Sequence[RevisionRow], landing_id: int | None, now: datetime
) -> None:
    """Add revisions; one that is there is never altered."""
    at = micros(now)
    columns = (
        "story_id", "revision", "fingerprint", "status", "reason", "content", "channel",
        "external_id", "by", "landing_id", "recorded_at",
    )  # fmt: skip
    _sets.insert(connection, revisions, columns, [(*row, landing_id, at) for row in rows])


def write_sources(connection: Connection, rows: Sequence[SourceRow]) -> None:
    """Write what is kept of sources."""
    columns = (
        "channel", "external_id", "story_id", "is_origin", "told_at", "first_landing_id",
        "landing_id", "fingerprint", "ended", "content",
    )  # fmt: skip
    kept = [
        (
            *row[:3],
            int(row.is_origin),
            None if row.told_at is None else micros(row.told_at),
            *row[5:],
        )
        for row in rows
    ]
    on_conflict = _sets.OnConflict(columns[:2], columns[2:])
    _sets.insert(connection, sources, columns, kept, on_conflict)


def write_names(
    connection: Connection,
    names: Sequence[tuple[tuple[str, str], str]],
    merged: Sequence[tuple[str, str]],
) -> None:
    """Add the names stories are known by, and lead those of merged stories to the older one."""
    columns = ("publisher", "external_id", "story_id")
    rows = [(*name, story_id) for name, story_id in names]
    _sets.insert(connection, identities, columns, rows, _sets.OnConflict(columns[:2]))
    if merged:
        wanted = _sets.keys(
            connection, "k", younger=[m[0] for m in merged], older=[m[1] for m in merged]
        )
        connection.execute(
            sa.text(
                "UPDATE identities SET story_id = k.older"
                f" FROM {wanted.sql} WHERE identities.story_id = k.younger"
            ),
            wanted.params,
        )
        connection.execute(
            sa.text(
                "UPDATE stories SET alias_of = k.older"
                f" FROM {wanted.sql} WHERE stories.alias_of = k.younger"
            ),
            wanted.params,
        )


def changed_since(connection: Connection, mark: int, limit: int) -> tuple[list[Story], int]:
    """Read the next `limit` stories that changed after `mark`, and the mark they lead to."""
    query = sa.text(_story_query("s.changed > :mark") + " ORDER BY s.changed LIMIT :limit")
    rows = connection.execute(query, {"mark": mark, "limit": limit}).mappings().all()
    return _stories(connection, rows), rows[-1]["changed"] if rows else mark


def by_ids(connection: Connection, ids: Sequence[str]) -> list[Story]:
    """Read stories by id, in the order of their ids."""
    if not ids:
        return []
    wanted = _sets.keys(connection, "k", id=sorted(set(ids)))
    query = sa.text(_story_query(f"s.id IN (SELECT k.id FROM {wanted.sql})") + " ORDER BY s.id")
    rows = connection.execute(query, wanted.params).mappings().all()
    return _stories(connection, rows)


def revision_of(connection: Connection, story_id: str, revision: int) -> Story:
    """Read one revision of a story as it was shown."""
    found = _revisions(connection, [(story_id, revision)])
    if not found:
        raise UnknownError(f"no revision {revision} of {story_id}: see `retold story show`")
    return found[0]


def at_revisions(connection: Connection, wanted: Sequence[tuple[str, int]]) -> list[Story]:
    """Read stories at given revisions, in no particular order."""
    return _revisions(connection, wanted) if wanted else []


def about(
    connection: Connection, organisations: Sequence[str] | None, batch: int = 2000
) -> Iterator[list[Story]]:
    """Read, in batches by id, every published story about any of these; None is about all."""
    after = ""
    params: dict[str, Any] = {"limit": batch}
    scope = ""
    if organisations is not None:
        wanted = _sets.keys(connection, "o", id=list(organisations))
        scope = (
            " AND s.id IN (SELECT v.story_id FROM story_services v"
            f" WHERE v.organisation IN (SELECT o.id FROM {wanted.sql}))"
        )
        params |= wanted.params
    query = sa.text(
        _story_query(f"s.id > :after AND s.status = 'published'{scope}")
        + " ORDER BY s.id LIMIT :limit"
    )
    while rows := connection.execute(query, params | {"after": after}).mappings().all():
        yield _stories(connection, rows)
        after = rows[-1]["id"]


def find(connection: Connection, wanted: str) -> str:
    """Find a story by its id, the end of its id, a channel's id for it, or its address."""
    queries = (
        "SELECT COALESCE(alias_of, id) FROM stories WHERE id = :w",
        "SELECT story_id FROM identities WHERE external_id = :w",
        "SELECT story_id FROM sources WHERE channel || '/' || external_id = :w",
        "SELECT COALESCE(alias_of, id) FROM stories WHERE id LIKE '%' || :w",
    )
    for query in queries:
        found = set(connection.execute(sa.text(query), {"w": wanted}).scalars())
        if len(found) == 1:
            return str(found.pop())
        if found:
            raise UnknownError(f"{wanted} names {len(found)} stories: give the whole id of one")
    raise UnknownError(f"no story is known as {wanted}: give its id, or CHANNEL/ID")


def history(connection: Connection, story_id: str) -> list[dict[str, Any]]:
    """List the revisions of a story: number, status, reason, by whom, when; oldest first."""
    shown = ("revision", "status", "reason", "by", "channel", "recorded_at")
    query = (
        sa.select(*(revisions.c[name] for name in shown))
        .where(revisions.c.story_id == story_id)
        .order_by(revisions.c.revision)
    )
    return [
        dict(row) | {"recorded_at": moment(row["recorded_at"])}
        for row in connection.execute(query).mappings()
    ]


def counts(connection: Connection) -> dict[str, int]:
    """Count stories by status."""
    query = sa.select(stories.c.status, sa.func.count()).group_by(stories.c.status)
    return {row[0]: row[1] for row in connection.execute(query)}


def _story_query(where: str) -> str:
    return (
        "SELECT s.id, s.revision, s.status, s.reason, s.channel, s.external_id, s.changed,"
        f" r.recorded_at, {_CONTENT} AS content FROM stories s"
        f" JOIN revisions r ON r.story_id = s.id AND r.revision = s.revision WHERE {where}"
    )


def _revisions(connection: Connection, pairs: Sequence[tuple[str, int]]) -> list[Story]:
    # Keys are all text or all numbers, so the revision travels as text.
    wanted = _sets.keys(
        connection, "k", id=[p[0] for p in pairs], revision=[str(p[1]) for p in pairs]
    )
    query = sa.text(
        "SELECT r.story_id AS id, r.revision, r.status, r.reason, r.channel, r.external_id,"
        f" 0 AS changed, r.recorded_at, {_CONTENT} AS content"
        f" FROM {wanted.sql} CROSS JOIN revisions r"
        " WHERE r.story_id = k.id AND r.revision = CAST(k.revision AS INTEGER)"
    )
    rows = connection.execute(query, wanted.params).mappings().all()
    return _stories(connection, rows)


def _stories(connection: Connection, rows: Sequence[sa.RowMapping]) -> list[Story]:
    publishers = publishers_of(connection, [row["id"] for row in rows]) if rows else {}
    return [_story(row, publishers.get(row["id"], ())) for row in rows]


def _story(row: Mapping[Any, Any], publishers: tuple[str, ...]) -> Story:
    told: dict[str, Any] = orjson.loads(row["content"])
    removed = row["status"] == "removed"
    return Story.model_validate(
        told
        | {
            "id": row["id"],
            "revision": row["revision"],
            "status": row["status"],
            "reason": row["reason"],
            "publishers": publishers,
            "removed_at": moment(row["recorded_at"]) if removed else None,
            "source": {
                "channel": row["channel"],
                "external_id": row["external_id"],
                "url": told["url"],
            },
        }
    )
