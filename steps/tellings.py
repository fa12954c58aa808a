"""Gather what bears on a set of tellings, and write what was decided about them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rules import identity
from rules.identity import Known, Plan, SourceState, StoryState
from schemas.story import Telling
from store import stories, suppressions
from store.database import Connection
from store.stories import Moved, RevisionRow, SourceRow


def known_of(
    connection: Connection, tellings: Sequence[Telling], keys: Sequence[identity.Key] = ()
) -> Known:
    """Gather every fact that bears on these tellings and sources."""
    names = list(
        dict.fromkeys((r.publisher, r.external_id) for t in tellings for r in t.references)
    )
    known_names = stories.by_name(connection, names)
    ids = set(known_names.values()) | set(stories.by_key(connection, keys).values())
    facts = known_stories(connection, ids)
    return facts._replace(
        names=known_names, suppressed=frozenset(suppressions.among(connection, names))
    )


def known_stories(
    connection: Connection, ids: Iterable[str], *, with_content: bool = False
) -> Known:
    """Gather every fact about these stories."""
    wanted = set(ids)
    states = {m.id: _state(m) for m in stories.states(connection, wanted).values()}
    sources: dict[str, list[SourceState]] = {}
    for row in stories.sources_of(connection, wanted, with_content=with_content):
        sources.setdefault(row.story_id, []).append(_source(row))
    return Known({}, states, sources)


def write(connection: Connection, plan: Plan, landing: int | None, now: datetime) -> None:
    """Write what was decided."""
    stories.write_stories(
        connection,
        [_moved(state, plan.contents.get(state.id)) for state in plan.moved],
    )
    rows = [
        RevisionRow(
            r.story_id, r.revision, r.fingerprint, r.status, r.reason, r.content, *r.shown, r.by
        )
        for r in plan.revisions
    ]
    stories.write_revisions(connection, rows, landing, now)
    stories.write_names(connection, plan.names, plan.merged)
    stories.write_sources(connection, [_source_row(story, s) for story, s in plan.sources])


def _state(row: Moved) -> StoryState:
    return StoryState(
        row.id,
        row.revision,
        row.fingerprint,
        row.status,
        row.reason,
        row.decision,
        (row.channel, row.external_id),
        row.born,
        row.alias_of,
    )


def _moved(state: StoryState, content: str | None) -> Moved:
    return Moved(
        state.id,
        state.alias_of,
        state.revision,
        state.fingerprint,
        state.status,
        state.reason,
        state.decision,
        *state.shown,
        state.born,
        content,
    )


def _source(row: SourceRow) -> SourceState:
    return SourceState(
        (row.channel, row.external_id),
        row.is_origin,
        row.told_at,
        row.first_landing,
        row.landing,
        row.fingerprint,
        row.ended,
        row.content,
    )


def _source_row(story_id: str, source: SourceState) -> SourceRow:
    return SourceRow(
        *source.key,
        story_id,
        source.is_origin,
        source.told_at,
        source.first_landing,
        source.landing,
        source.fingerprint,
        source.ended,
        source.content,
    )
