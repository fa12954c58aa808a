"""Find the stories of items in suspense, as soon as any name of theirs is known.

What was looked for in vain is looked for again only among stories that changed since.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from rules.aliases import Clues, Name, address, clues
from schemas.config import Config
from store import aliases, marks, stories
from store.aliases import Reference
from store.database import Connection


class Matched(NamedTuple):
    """What matching came to."""

    items: int
    months: frozenset[int]
    """The months in which the items had been counted as unknown."""


_NOTHING = Matched(0, frozenset())

Waiting = Mapping[Reference, Clues]

Since = Mapping[Reference, int]
"""By item: the change of stories up to which it was looked for in vain."""

Candidates = dict[Reference, set[str]]
"""By item: the stories it may be."""


def match(connection: Connection, config: Config, platform: str, now: datetime) -> Matched:
    """Lead items in suspense to their stories; one that may be two stays for a person."""
    by_item, by_story = f"matched/{platform}/item", f"matched/{platform}/story"
    mark = marks.get(connection, [by_item, by_story])
    waiting = aliases.unmatched(connection, platform)
    changed = aliases.changed_until(connection)
    newest = max((one.number for one in waiting), default=0)
    if not waiting or (newest <= mark[by_item] and changed <= mark[by_story]):
        return _NOTHING
    since = {one: 0 if one.number > mark[by_item] else mark[by_story] for one in waiting}
    found = _match(connection, _publisher(config, platform), since, now)
    marks.put(connection, {by_item: max(newest, mark[by_item]), by_story: changed})
    return Matched(len(found), frozenset(aliases.months_of(connection, found)))


def _publisher(config: Config, platform: str) -> str:
    channel, partner = config.channel(platform), config.partner(platform)
    if channel is not None:
        return channel.publisher_name
    return partner.publisher_name if partner else platform


def _match(connection: Connection, publisher: str, since: Since, now: datetime) -> list[int]:
    """Look items up by the surest clue first; number those that were found."""
    waiting: Waiting = {one: clues(one.ref, publisher) for one in since}
    found: list[int] = []
    for how, look_up in _LOOK_UPS:
        candidates = look_up(connection, waiting, since)
        sure = [(one.number, next(iter(s))) for one, s in candidates.items() if len(s) == 1]
        aliases.adopt(connection, sure, how, now)
        found += [number for number, _ in sure]
        waiting = {one: clue for one, clue in waiting.items() if one not in candidates}
    return found


def _by_id(connection: Connection, waiting: Waiting, _: Since) -> Candidates:
    known = aliases.known(connection, {i for clue in waiting.values() for i in clue.ids})
    return _some({one: known.intersection(clue.ids) for one, clue in waiting.items()})


def _by_whole(connection: Connection, waiting: Waiting, _: Since) -> Candidates:
    return _by_name(connection, {one: clue.names for one, clue in waiting.items()})


def _by_tail(connection: Connection, waiting: Waiting, _: Since) -> Candidates:
    return _by_name(connection, {one: clue.tails for one, clue in waiting.items()})


def _by_name(connection: Connection, names: Mapping[Reference, Sequence[Name]]) -> Candidates:
    wanted = sorted({name for some in names.values() for name in some})
    known = stories.by_name(connection, wanted)
    return _some({one: {known[n] for n in some if n in known} for one, some in names.items()})


def _by_address(connection: Connection, waiting: Waiting, since: Since) -> Candidates:
    wanted: dict[str, list[Reference]] = defaultdict(list)
    for one, clue in waiting.items():
        if clue.address is not None:
            wanted[clue.address].append(one)
    found: Candidates = defaultdict(set)
    if wanted:
        after = min(since[one] for some in wanted.values() for one in some)
        merged = aliases.merged(connection)
        for text, story_id in aliases.addresses(connection, after):
            for one in wanted.get(address(text) or "", ()):
                found[one].add(merged.get(story_id, story_id))
    return found


def _some(candidates: Candidates) -> Candidates:
    return {one: some for one, some in candidates.items() if some}


_LOOK_UPS = (
    ("id", _by_id),
    ("name", _by_whole),
    ("address", _by_address),
    ("end of address", _by_tail),
)
"""By which rule an item is led to its story, the surest first."""
