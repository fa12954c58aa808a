"""Find stock replies: responses pasted, in whole or nearly, under other stories.

Text is masked (greetings, numbers, names after a greeting), cut into shingles of three words,
and laid beside the leaders of the groups found so far; MinHash bands say which leaders are
worth the exact comparison. Leaders, not chains: two replies are in one group only where each
is like the same third.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zlib import crc32

LIKE = 0.45
"""Share of shingles in common (Jaccard) from which two replies count as one script."""

SHORTEST = 12
"""Words below which a reply is a courtesy, not a script."""

FEWEST = 3
"""Stories under which a script must stand before it counts as stock."""

_SLOTS = 64
_ROWS = 4
_CANDIDATES = 6

_GREETING = re.compile(
    r"^\s*(dear|hello|hi|good (morning|afternoon|evening))\b[^,.!\n]{0,40}[,.!\n]", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]+|\d")


class Reply(NamedTuple):
    """One response, as far as likeness goes."""

    id: str
    story_id: str
    organisation: str
    text: str


class Group(NamedTuple):
    """Replies pasted from one script."""

    organisation: str
    replies: tuple[Reply, ...]


class _Leader(NamedTuple):
    shingles: frozenset[int]
    members: list[Reply]


def stock(replies: Iterable[Reply]) -> list[Group]:
    """Group the stock replies of each organisation, the largest group first.

    The same replies in any order give the same groups.
    """
    by_organisation: dict[str, list[Reply]] = defaultdict(list)
    for reply in sorted(replies):
        by_organisation[reply.organisation].append(reply)
    groups = [
        Group(organisation, tuple(leader.members))
        for organisation, own in by_organisation.items()
        for leader in _leaders(own)
        if len({reply.story_id for reply in leader.members}) >= FEWEST
    ]
    return sorted(groups, key=lambda g: (-len(g.replies), g.replies[0].id))


def _leaders(replies: Sequence[Reply]) -> list[_Leader]:
    leaders: list[_Leader] = []
    bands: dict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)
    for reply in replies:
        shingles = _shingles(reply.text)
        if not shingles:
            continue
        own = _bands(shingles)
        near = Counter(place for band in own for place in bands.get(band, ()))
        best = max(
            (
                (_likeness(shingles, leaders[p].shingles), -p)
                for p, _ in near.most_common(_CANDIDATES)
            ),
            default=(0.0, 0),
        )
        if best[0] >= LIKE:
            leaders[-best[1]].members.append(reply)
            continue
        for band in own:
            bands[band].append(len(leaders))
        leaders.append(_Leader(shingles, [reply]))
    return leaders


def _shingles(text: str) -> frozenset[int]:
    """Digest every three words in a row; none where the text is too short to be a script."""
    words = _WORD.findall(_GREETING.sub("", text, count=1).casefold())
    if len(words) < SHORTEST:
        return frozenset()
    masked = ["#" if word.isdigit() else word for word in words]
    return frozenset(crc32(" ".join(masked[i : i + 3]).encode()) for i in range(len(masked) - 2))


def _bands(shingles: frozenset[int]) -> list[tuple[int, tuple[int, ...]]]:
    """Sketch a set: one-permutation MinHash, empty slots filled from the next full one."""
    slots: list[int | None] = [None] * _SLOTS
    for digest in shingles:
        slot, value = digest % _SLOTS, digest // _SLOTS
        held = slots[slot]
        if held is None or value < held:
            slots[slot] = value
    full: list[int] = []
    for place in range(_SLOTS):
        step = next(s for s in range(_SLOTS) if slots[(place + s) % _SLOTS] is not None)
        value = slots[(place + step) % _SLOTS] or 0
        full.append(value + step)
    return [(row, tuple(full[row : row + _ROWS])) for row in range(0, _SLOTS, _ROWS)]


def _likeness(one: frozenset[int], other: frozenset[int]) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)
