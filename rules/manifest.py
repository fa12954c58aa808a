"""Say in a few bytes what an edition shows, so that a partner can prove that it holds just that.

A mark is the sha-256 of `ID REVISION` as a number; a digest is the sum of marks modulo 2^256, in
hex. A sum has no order, and moves by what came and what went: one changed story costs the same
in an edition of a million. It tells faults of transport and of keeping books, not forgers: both
sides are asked to add up what they have themselves.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256

from schemas.publication import Held, Sum

MODULUS = 1 << 256

METHOD = "the sum of sha256(ID + ' ' + REVISION) as big-endian numbers, modulo 2^256, in hex"
"""Stands in every manifest, so that nobody has to guess."""


def month(published_at: datetime) -> str:
    """Name the month, in UTC, under which a story is added up."""
    return f"{published_at.year:04}-{published_at.month:02}"


def mark(story_id: str, revision: int) -> int:
    """Make a number of one revision of one story."""
    return int.from_bytes(sha256(f"{story_id} {revision}".encode()).digest(), "big")


def digest(held: Iterable[tuple[str, int]]) -> str:
    """Digest a set of (story, revision)."""
    return f"{sum(mark(*one) for one in held) % MODULUS:064x}"


def sums(held: Iterable[Held]) -> dict[str, Sum]:
    """Add up a whole set by month."""
    return moved({}, gone=(), come=held)


def moved(
    before: Mapping[str, Sum], *, gone: Iterable[Held], come: Iterable[Held]
) -> dict[str, Sum]:
    """Say what the months come to, once some stories have gone and some have come.

    Only the months that this touches are in the answer; one that is left with nothing counts 0.
    """
    changes: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for one in gone:
        changes[one.month].append((-1, -mark(one.story_id, one.revision)))
    for one in come:
        changes[one.month].append((1, mark(one.story_id, one.revision)))
    found = {}
    for name, several in changes.items():
        was = before.get(name, Sum())
        total = int(was.digest, 16) + sum(change for _, change in several)
        count = was.shown + sum(step for step, _ in several)
        found[name] = Sum(count, f"{total % MODULUS:064x}")
    return found


def whole(months: Iterable[Sum]) -> Sum:
    """Add months up to the whole edition."""
    every = list(months)
    total = sum(int(one.digest, 16) for one in every) % MODULUS
    return Sum(sum(one.shown for one in every), f"{total:064x}")
