"""Keep what each edition shows: its log, the projection of it, and the bytes made from that."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from schemas.publication import (
    Desire,
    Document,
    EditionState,
    Held,
    LogLine,
    PartKind,
    Shown,
)
from schemas.tables import (
    documents,
    editions,
    entries,
    entry_log,
    fragments,
    micros,
    moment,
)
from store import _sets, manifests, sequences
from store.database import Connection


class EntryRow(NamedTuple):
    """One story as an edition now has it."""

    story_id: str
    revision: int
    state: Shown
    reason: str
    seq: int
    at: datetime


def states(connection: Connection) -> dict[str, EditionState]:
    """Read where every edition stands."""
    rows = connection.execute(sa.select(editions)).mappings()
    return {row["key"]: _state(row) for row in rows}


def state(connection: Connection, key: str) -> EditionState | None:
    """Read where one edition stands; None where it was never published."""
    row = connection.execute(sa.select(editions).where(editions.c.key == key)).mappings().first()
    return None if row is None else _state(row)


def save_state(connection: Connection, state: EditionState) -> None:
    """Write where an edition stands."""
    columns = ("key", "epoch", "seq", "mark", "digest", "moved_at")
    row = (
        state.key,
        state.epoch,
        state.seq,
        state.mark,
        state.digest,
        None if state.moved_at is None else micros(state.moved_at),
    )
    _sets.insert(connection, editions, columns, [row], _sets.OnConflict(["key"], columns[1:]))


def shown(
    connection: Connection, key: str, ids: Sequence[str]
) -> dict[str, tuple[int, Shown, str]]:
    """Read what an edition has of these stories: revision, state and reason."""
    if not ids:
        return {}
    wanted = _sets.keys(connection, "k", id=list(ids))
    query = sa.text(
        f"SELECT e.story_id, e.revision, e.state, e.reason FROM {wanted.sql}"
        " CROSS JOIN entries e WHERE e.edition = :edition AND e.story_id = k.id"
    )
    rows = connection.execute(query, wanted.params | {"edition": key})
    return {row[0]: (row[1], Shown(row[2]), row[3]) for row in rows}


def held(connection: Connection, key: str, ids: Sequence[str]) -> dict[str, Held]:
    """Find which of these stories an edition shows, and how."""
    if not ids:
        return {}
    wanted = _sets.keys(connection, "k", id=list(ids))
    query = sa.text(
        f"SELECT e.story_id, e.revision, e.month FROM {wanted.sql} CROSS JOIN entries e"
        " WHERE e.edition = :edition AND e.story_id = k.id AND e.state = 'in'"
    )
    rows = connection.execute(query, wanted.params | {"edition": key})
    return {row[0]: Held(*row) for row in rows}


def showing(connection: Connection, ids: Sequence[str]) -> dict[str, list[Held]]:
    """Find which editions show any of these stories, and how, in order of their names."""
    wanted = _sets.keys(connection, "k", id=list(ids))
    query = sa.text(
        "SELECT e.edition, e.story_id, e.revision, e.month FROM (SELECT DISTINCT l.edition,"
        f" l.story_id FROM {wanted.sql} CROSS JOIN entry_log l WHERE l.story_id = k.id) w"
        " JOIN entries e ON e.edition = w.edition AND e.story_id = w.story_id"
        " WHERE e.state = 'in' ORDER BY e.edition, e.story_id"
    )
    found: dict[str, list[Held]] = {}
    for row in connection.execute(query, wanted.params):
        found.setdefault(row[0], []).append(Held(*row[1:]))
    return found


def showing_any(connection: Connection, keys: Collection[str]) -> set[str]:
    """Name those of these editions that show any story."""
    wanted = _sets.keys(connection, "k", edition=sorted(keys))
    query = sa.text(
        f"SELECT k.edition FROM {wanted.sql} WHERE EXISTS"
        " (SELECT 1 FROM entries e WHERE e.edition = k.edition AND e.state = 'in')"
    )
    return set(connection.execute(query, wanted.params).scalars())


def log(
    connection: Connection,
    state: EditionState,
    changes: Sequence[Desire],
    known: Collection[str],
    now: datetime,
) -> EditionState:
    """Add every change to the edition's log, in order; return the state that this leads to.

    Stories that are not `known` to the edition get the next ordinals: they stand in its archives
    in that order for ever.
    """
    if not changes:
        return state
    at = micros(now)
    lines = [
        (state.key, seq, c.story_id, c.revision, str(c.state), c.reason, at)
        for seq, c in enumerate(changes, state.seq + 1)
    ]
    columns = ("edition", "seq", "story_id", "revision", "state", "reason", "at")
    _sets.insert(connection, entry_log, columns, lines)
    new = [c.story_id for c in changes if c.story_id not in known]
    first = sequences.draw(connection, f"ordinal {state.key}", len(new)) if new else 0
    ordinals = {story_id: first + place for place, story_id in enumerate(new)}
    rows = [
        (*line, change.month, ordinals.get(change.story_id, 0))
        for line, change in zip(lines, changes, strict=True)
    ]
    moving = ["seq", "revision", "state", "reason", "at", "month"]
    on_conflict = _sets.OnConflict(["edition", "story_id"], moving)
    _sets.insert(connection, entries, (*columns, "month", "ordinal"), rows, on_conflict)
    return state.model_copy(update={"seq": state.seq + len(lines), "moved_at": now})


class Page(NamedTuple):
    """One document's worth of an edition, the newest change first."""

    shown: list[EntryRow]
    gone: list[EntryRow]
    """The removals that lie among them."""
    after: int = 0
    """Below this number of the log older changes follow; 0 where none do."""
    is_all: bool = False
    """Whether the edition shows nothing else."""


class Bounds(NamedTuple):
    """How much one document holds."""

    shown: int
    gone: int
    horizon: datetime
    """Of removals from before it nothing is told."""


def page(connection: Connection, key: str, below: int, most: Bounds) -> Page:
    """Read one document's worth: of all above the number that it ends at, it lacks nothing.

    It ends where there would be too many stories, or too many removals, whichever comes first;
    removals of which nothing is told count too, or a million of them would be read at each change.
    """
    where = [entries.c.edition == key]
    if below:
        where.append(entries.c.seq < below)
    # Among so many changes and one there are too many of either, and never of both.
    floor = (
        sa.select(entries.c.seq)
        .where(*where)
        .order_by(entries.c.seq.desc())
        .offset(most.shown + most.gone)
        .limit(1)
    )
    where.append(entries.c.seq >= (connection.execute(floor).scalar() or 0))
    shown = _newest(connection, where, Shown.IN, most.shown + 1)
    more, shown = len(shown) > most.shown, shown[: most.shown]
    if more:
        where.append(entries.c.seq > shown[-1].seq)
    gone = _newest(connection, where, Shown.OUT, most.gone + 1)
    after = shown[-1].seq if more else 0
    if len(gone) > most.gone:
        gone = gone[: most.gone]
        after = gone[-1].seq
        shown = [row for row in shown if row.seq > after]
    is_all = not below and (not after or len(shown) == manifests.shown(connection, key))
    return Page(shown, [row for row in gone if row.at >= most.horizon], after, is_all)


def _newest(
    connection: Connection, where: Sequence[sa.ColumnElement[bool]], state: Shown, limit: int
) -> list[EntryRow]:
    query = (
        sa.select(entries)
        .where(*where, entries.c.state == str(state))
        .order_by(entries.c.seq.desc())
        .limit(limit)
    )
    return [_entry(row) for row in connection.execute(query).mappings()]


def last_ordinal(connection: Connection, key: str) -> int:
    """Say how many stories ever came into an edition."""
    return sequences.last(connection, f"ordinal {key}")


def between(connection: Connection, key: str, first: int, last: int) -> list[EntryRow]:
    """Read entries and removals by ordinal, from `first` to `last`, in that order."""
    query = (
        sa.select(entries)
        .where(entries.c.edition == key, entries.c.ordinal >= first, entries.c.ordinal <= last)
        .order_by(entries.c.ordinal)
    )
    return [_entry(row) for row in connection.execute(query).mappings()]


def newest_between(connection: Connection, key: str, first: int, last: int) -> EntryRow | None:
    """Read what moved last among the entries of these ordinals; None where there are none."""
    query = (
        sa.select(entries)
        .where(entries.c.edition == key, entries.c.ordinal >= first, entries.c.ordinal <= last)
        .order_by(entries.c.seq.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _entry(row)


def newest_by_bucket(connection: Connection, key: str, size: int) -> dict[int, int]:
    """Say of every bucket of `size` ordinals, counted from 1, which number moved in it last."""
    query = sa.text(
        "SELECT (ordinal - 1) / :size + 1 AS bucket, max(seq) FROM entries"
        " WHERE edition = :edition GROUP BY bucket ORDER BY bucket"
    )
    rows = connection.execute(query, {"size": size, "edition": key})
    return {row[0]: row[1] for row in rows}


def since(connection: Connection, key: str, seq: int, limit: int) -> list[EntryRow]:
    """Read what changed above a number of the log, the newest first; not more than `limit`."""
    query = (
        sa.select(entries)
        .where(entries.c.edition == key, entries.c.seq > seq)
        .order_by(entries.c.seq.desc())
        .limit(limit)
    )
    return [_entry(row) for row in connection.execute(query).mappings()]


def entry(connection: Connection, key: str, story_id: str) -> EntryRow | None:
    """Read what an edition has of a story; None where it never showed it."""
    query = sa.select(entries).where(entries.c.edition == key, entries.c.story_id == story_id)
    row = connection.execute(query).mappings().first()
    return None if row is None else _entry(row)


def stands_at(connection: Connection, key: str, seq: int) -> bool:
    """Say whether an entry stands under this number."""
    query = sa.select(entries.c.story_id).where(entries.c.edition == key, entries.c.seq == seq)
    return connection.execute(query).first() is not None


def first_at(connection: Connection, keys: Collection[str]) -> dict[str, datetime]:
    """Say when each of these editions first showed a story; others are left out."""
    wanted = _sets.keys(connection, "k", edition=sorted(keys))
    query = sa.text(
        f"SELECT l.edition, l.at FROM entry_log l JOIN {wanted.sql}"
        " ON k.edition = l.edition WHERE l.seq = 1"
    )
    return {row[0]: moment(row[1]) for row in connection.execute(query, wanted.params)}


def counts(connection: Connection, keys: Collection[str]) -> dict[str, dict[Shown, int]]:
    """Count what each of these editions shows, and what it showed; one without either is not in."""
    wanted = _sets.keys(connection, "k", edition=sorted(keys))
    query = sa.text(
        f"SELECT e.edition, e.state, count(*) FROM {wanted.sql}"
        " JOIN entries e ON e.edition = k.edition GROUP BY e.edition, e.state"
    )
    found: dict[str, dict[Shown, int]] = {}
    for key, state_, number in connection.execute(query, wanted.params):
        found.setdefault(key, {})[Shown(state_)] = number
    return found


def log_of(connection: Connection, story_id: str) -> list[tuple[str, LogLine]]:
    """Read what every edition did with a story, oldest first."""
    query = (
        sa.select(entry_log)
        .where(entry_log.c.story_id == story_id)
        .order_by(entry_log.c.at, entry_log.c.edition, entry_log.c.seq)
    )
    return [(row["edition"], _line(row)) for row in connection.execute(query).mappings()]


def lines(connection: Connection, key: str, since: datetime, until: datetime) -> list[LogLine]:
    """Read what an edition did from one moment to another, both included, in order."""
    query = (
        sa.select(entry_log)
        .where(
            entry_log.c.edition == key,
            entry_log.c.at >= micros(since),
            entry_log.c.at <= micros(until),
        )
        .order_by(entry_log.c.seq)
    )
    return [_line(row) for row in connection.execute(query).mappings()]


def _line(row: sa.RowMapping) -> LogLine:
    return LogLine(
        seq=row["seq"],
        story_id=row["story_id"],
        revision=row["revision"],
        state=row["state"],
        reason=row["reason"],
        at=moment(row["at"]),
    )


def kept_fragments(
    connection: Connection, wanted: Sequence[tuple[str, int]], format_name: str, digest: str
) -> dict[tuple[str, int], bytes]:
    """Read the fragments there are of these (story, revision) pairs."""
    if not wanted:
        return {}
    keys = _sets.keys(
        connection, "k", id=[w[0] for w in wanted], revision=[str(w[1]) for w in wanted]
    )
    query = sa.text(
        f"SELECT f.story_id, f.revision, f.body FROM {keys.sql} CROSS JOIN fragments f"
        " WHERE f.story_id = k.id AND f.revision = CAST(k.revision AS INTEGER)"
        " AND f.format = :format AND f.digest = :digest"
    )
    rows = connection.execute(query, keys.params | {"format": format_name, "digest": digest})
    return {(row[0], row[1]): bytes(row[2]) for row in rows}


def keep_fragments(
    connection: Connection,
    made: Mapping[tuple[str, int], bytes],
    format_name: str,
    digest: str,
) -> None:
    """Keep fragments; what is there already is the same."""
    columns = ("story_id", "revision", "format", "digest", "body")
    rows = [(*key, format_name, digest, body) for key, body in made.items()]
    _sets.insert(connection, fragments, columns, rows, _sets.OnConflict(columns[:4]))


def document(connection: Connection, key: str, format_name: str, part: str) -> Document | None:
    """Read a kept document; its ETag says whether it still stands."""
    query = sa.select(documents).where(
        documents.c.edition == key,
        documents.c.format == format_name,
        documents.c.part == part,
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    return Document.model_validate(dict(row) | {"last_modified": moment(row["last_modified"])})


def keep_document(connection: Connection, made: Document) -> None:
    """Keep a document in the place of the one it follows."""
    fields = made.model_dump() | {"last_modified": micros(made.last_modified)}
    columns = tuple(fields)
    on_conflict = _sets.OnConflict(
        ["edition", "format", "part"],
        [c for c in columns if c not in ("edition", "format", "part")],
    )
    _sets.insert(connection, documents, columns, [tuple(fields.values())], on_conflict)


def drop_documents(connection: Connection, key: str) -> None:
    """Forget every kept document of an edition that a change may move; archives know by tag."""
    connection.execute(
        sa.delete(documents).where(
            documents.c.edition == key, documents.c.part.not_like(f"{PartKind.ARCHIVE}-%")
        )
    )


def _state(row: sa.RowMapping) -> EditionState:
    return EditionState(
        key=row["key"],
        epoch=row["epoch"],
        seq=row["seq"],
        mark=row["mark"],
        digest=row["digest"],
        moved_at=None if row["moved_at"] is None else moment(row["moved_at"]),
    )


def _entry(row: sa.RowMapping) -> EntryRow:
    return EntryRow(
        row["story_id"],
        row["revision"],
        Shown(row["state"]),
        row["reason"],
        row["seq"],
        moment(row["at"]),
    )
