"""Follow each removal to everyone who held the story, until they say that it is taken down."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import feeds
from rules import editions
from rules import holders as rules
from schemas._record import Record
from schemas.config import Config
from schemas.delivery import WEBHOOK, Held, Removal
from schemas.errors import UnknownError
from schemas.publication import Holder
from schemas.run import Act
from steps import erase, schedule, stories
from steps.documents import BUCKET
from store import deliveries, holders, publication, runs
from store.database import Connection, Engine, reading, writing
from store.holders import Removed


class Acknowledged(Record):
    """What became of an acknowledgement."""

    acknowledged: int = 0
    known: int = 0
    """Stories that had been acknowledged before."""
    unknown: tuple[str, ...] = ()
    """Ids of which the edition has removed none."""


def waiting(
    engine: Engine, config: Config, now: datetime, editions: Collection[str] | None = None
) -> list[Holder]:
    """List who holds what was removed, and has not acknowledged it; the overdue first.

    What was played in a sandbox is listed only where that is named.
    """
    named = schedule.editions(engine, config, list(editions)) if editions else None
    with reading(engine) as connection:
        known = schedule.known(connection, config)
        real = [edition.key for edition in known if not edition.is_sandbox]
        found = owing(connection, named or real)
    return overdue_first(holding(config, found, now))


def owing(connection: Connection, keys: Collection[str]) -> list[Held]:
    """List who holds what these editions have removed, and has not acknowledged it."""
    return _held(connection, holders.owed(connection, keys))


def _held(connection: Connection, removals: Sequence[Removal]) -> list[Held]:
    given = deliveries.of(connection, *{removal.edition for removal in removals})
    return rules.held(removals, given, BUCKET, telling())


def overdue_first(found: Iterable[Holder]) -> list[Holder]:
    """Sort what is owed: the overdue first, and of those the oldest."""
    return sorted(found, key=lambda one: (not one.overdue, one.removed_at, one.edition))


def certificate(engine: Engine, config: Config, which: str, now: datetime) -> dict[str, Any]:
    """Certify of one story where it went, who held it, and what each of them said since.

    The same state and day certify the same.
    """
    found = stories.show(engine, which)
    with reading(engine) as connection:
        held = _held(connection, holders.of_story(connection, found.story.id))
        lines = publication.log_of(connection, found.story.id)
        erasures = runs.acts_on(connection, erase.ACT, found.story.id)
    standing = dict(lines)  # the last line of each edition is how it stands there
    return {
        "story": found.story.id,
        "status": found.story.status,
        "reason": found.story.reason,
        "revisions": len(found.history),
        "certified_on": now.date(),
        "erased": _erasure(erasures[-1]) if erasures else None,
        "editions": [
            {"edition": edition, "state": line.state, "reason": line.reason, "at": line.at}
            for edition, line in sorted(standing.items())
        ],
        "holders": [one.model_dump(exclude={"story_id"}) for one in holding(config, held, now)],
    }


def _erasure(act: Act) -> dict[str, Any]:
    """Say that the content was erased here, when, for what and by whom."""
    why, at = act.detail["why"], act.detail["erased_at"]
    return {"content": "erased", "at": at, "reason": why, "by": act.who, "act": act.seq}


def acknowledge(
    engine: Engine, edition: str, stories_: Iterable[str], by: str, now: datetime
) -> Acknowledged:
    """Note that an edition's partner has taken stories down. Twice is once."""
    wanted = list(dict.fromkeys(stories_))
    with writing(engine) as connection:
        known = {one.story_id: one for one in holders.removed(connection, edition)}
        found = [known[name] for name in wanted if name in known]
        new = note(connection, edition, found, by, now)
    return Acknowledged(
        acknowledged=new,
        known=len(found) - new,
        unknown=tuple(name for name in wanted if name not in known),
    )


def note(
    connection: Connection, edition: str, found: Sequence[Removed], by: str, now: datetime
) -> int:
    """Note that these removals are acknowledged; count those that were not before."""
    holders.acknowledge(connection, edition, found, by, now)
    new = [one.story_id for one in found if one.acknowledged_at is None]
    if new:
        runs.note(connection, by, "acknowledge", edition, {"stories": new}, now)
    return len(new)


def by_person(
    engine: Engine, config: Config, edition: str, stories_: Iterable[str], who: str, now: datetime
) -> Acknowledged:
    """Note what a partner said by letter; UnknownError for an edition that is not there."""
    key = schedule.edition(engine, config, edition).key
    done = acknowledge(engine, key, stories_, who, now)
    if done.unknown:
        raise UnknownError(f"{key} has not removed {', '.join(done.unknown)}")
    return done


def removed(engine: Engine, edition: str) -> list[Removed]:
    """List what an edition has removed, and what of it was acknowledged."""
    with reading(engine) as connection:
        return holders.removed(connection, edition)


def telling() -> list[str]:
    """Name whatever tells of removals: formats, and webhooks."""
    return [*feeds.telling(), WEBHOOK]


def holding(config: Config, found: Iterable[Held], now: datetime) -> list[Holder]:
    """Say of who holds what was removed whether it is overdue to acknowledge that."""
    days = cache(lambda partner: editions.partner(config, partner).acknowledge_days)
    made = []
    for held in found:
        partner = held.edition.partition("/")[0]
        due = held.removed_at + timedelta(days=days(partner))
        made.append(
            Holder(
                partner=partner,
                **held._asdict(),
                overdue=held.acknowledged_at is None and now >= due,
            )
        )
    return made
