"""Let people look at stories and act on them; every act is in the audit."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from rules import identity
from rules.identity import Known, Plan
from schemas.publication import LogLine
from schemas.story import Story
from steps import tellings
from store import publication, runs, stories
from store.database import Engine, one_writer, reading, writing
from store.stories import SourceRow


class Shown(NamedTuple):
    """All there is to see of one story."""

    story: Story
    history: Sequence[dict[str, Any]]
    sources: Sequence[SourceRow]
    editions: Sequence[tuple[str, LogLine]]


def show(engine: Engine, wanted: str) -> Shown:
    """Gather all there is to see of a story."""
    with reading(engine) as connection:
        story_id = stories.find(connection, wanted)
        return Shown(
            stories.by_ids(connection, [story_id])[0],
            stories.history(connection, story_id),
            stories.sources_of(connection, [story_id]),
            publication.log_of(connection, story_id),
        )


def every(engine: Engine) -> list[Story]:
    """Read every story that is kept, whatever its status; for small stores, as in trials."""
    with reading(engine) as connection:
        return stories.changed_since(connection, 0, 1 << 31)[0]


def hold(engine: Engine, wanted: str, who: str, why: str, now: datetime) -> str:
    """Keep a story from every partner until somebody releases it; return its id."""
    return _act(engine, wanted, who, ("hold", why), now, identity.hold)


def release(engine: Engine, wanted: str, who: str, why: str, now: datetime) -> str:
    """Let a held story out as it now reads; return its id."""
    return _act(engine, wanted, who, ("release", why), now, identity.release)


def withdraw(engine: Engine, wanted: str, who: str, why: str, now: datetime) -> str:
    """Remove a story for good; return its id."""
    return _act(engine, wanted, who, ("withdraw", why), now, identity.withdraw)


def _act(
    engine: Engine,
    wanted: str,
    who: str,
    action: tuple[str, str],
    now: datetime,
    decide: Callable[[Known, str, str], Plan],
) -> str:
    with writing(engine) as connection:
        one_writer(connection)
        story_id = stories.find(connection, wanted)
        known = tellings.known_stories(connection, [story_id], with_content=True)
        tellings.write(connection, decide(known, story_id, who), None, now)
        runs.note(connection, who, action[0], story_id, {"why": action[1]}, now)
    return story_id


def merge(engine: Engine, wanted: Sequence[str], who: str, why: str, now: datetime) -> str:
    """Make one story of several; return the id of the oldest, which stays."""
    with writing(engine) as connection:
        one_writer(connection)
        ids = [stories.find(connection, one) for one in wanted]
        known = tellings.known_stories(connection, ids, with_content=True)
        plan = identity.merge(known, ids, who)
        tellings.write(connection, plan, None, now)
        stays = plan.merged[0][1] if plan.merged else ids[0]
        runs.note(connection, who, "merge", stays, {"why": why, "of": ids}, now)
    return stays
