"""How often the stories are read, month by month: counts that are made, not measured.

A few stories are read by very many and most by few; each is read most when it is new.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from demo.world import population
from demo.world.records import Story
from demo.world.replies import TRUST
from demo.world.stories import scaled

MONTHS = tuple(f"{2012 + n // 12}-{n % 12 + 1:02}" for n in range(15))
"""The channel's site counts from January 2012; the demo ends with March 2013."""

ACUTE_VIEWS = 4_300_000
"""What all stories about the acute trust are read on the channel's own site, in all months."""

OTHER_VIEWS = 850
"""The mean of the same for a story about anyone else."""

FADING = 0.82
"""What is left of a story's readers from one month to the next."""

STEEPNESS = 0.7
"""Of the fall from the most read story to the least: the exponent of Zipf's law."""

Cells = list[tuple[int, str, float]]
"""Story or other number, month, weight."""


def spread(total: int, weights: Sequence[float]) -> list[int]:
    """Share out a whole number in proportion to the weights; the shares add up to it exactly."""
    whole = sum(weights)
    exact = [total * weight / whole for weight in weights]
    shares = [int(share) for share in exact]
    by_rest = sorted(range(len(exact)), key=lambda n: (shares[n] - exact[n], n))
    for n in by_rest[: total - sum(shares)]:
        shares[n] += 1
    return shares


def fading(published: str, months: Sequence[str] = MONTHS) -> Iterator[tuple[str, float]]:
    """Weigh the months from a story's own on; those before it are left out."""
    born = _ordinal(published)
    for month in months:
        age = _ordinal(month) - born
        if age >= 0:
            yield month, FADING**age


def own_site(
    stories: Sequence[Story], seed: int, scale: float = 1.0
) -> Mapping[str, Mapping[int, int]]:
    """Say how often each story was read on the channel's own site: month, story id, count.

    The stories about the acute trust make up exactly 4,300,000 at full scale; what was not
    read in a month is left out.
    """
    rng = random.Random(f"{seed}/readership")
    groups: dict[str, list[Story]] = defaultdict(list)
    for story in stories:
        groups[TRUST[story.services[0]]].append(story)
    counts: dict[str, dict[int, int]] = {month: {} for month in MONTHS}
    for trust, group in groups.items():
        acute = trust == population.ACUTE
        total = scaled(ACUTE_VIEWS, scale) if acute else OTHER_VIEWS * len(group)
        cells = _cells(group, rng)
        for (story_id, month, _), count in zip(
            cells, spread(total, [weight for _, _, weight in cells]), strict=True
        ):
            if count:
                counts[month][story_id] = count
    return counts


def _cells(group: Sequence[Story], rng: random.Random) -> Cells:
    ranks = rng.sample(range(1, len(group) + 1), len(group))
    return [
        (story.id, month, rank**-STEEPNESS * weight * rng.uniform(0.8, 1.2))
        for story, rank in zip(group, ranks, strict=True)
        for month, weight in fading(f"{story.published:%Y-%m}")
    ]


def _ordinal(month: str) -> int:
    year, number = month.split("-")
    return int(year) * 12 + int(number)
