"""The stories that the channel shows: the same seed always tells the same ones."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from demo.world import population, specialities, tellers, topics
from demo.world.phrases import Topic, say
from demo.world.records import Origin, Story, Tag
from demo.world.replies import answered

ORIGIN = "https://www.nhschoices.example"
"""The public face of the publisher that the imports come from; nothing answers there."""

ORIGIN_PUBLISHER = "NHSChoices"

TOLD = {
    population.ACUTE: 1700,
    population.MENTAL_HEALTH: 700,
    population.COMMUNITY: 300,
    population.AMBULANCE: 180,
    population.PRACTICE: 120,
}
"""How many stories about each organisation originate on the channel, at full scale."""

IMPORTED = {population.MENTAL_HEALTH: 140, population.COMMUNITY: 60, population.PRACTICE: 40}
"""How many more the channel took over from another publisher; none is about the acute trust."""

FIRST_DAY = datetime(2011, 1, 8, 8, tzinfo=UTC)
DAYS = 720
"""Moderators publish on so many days from the first, from eight to seven: 2011 and 2012."""

FIRST_ID = 70001

SCORED_SINCE = datetime(2011, 4, 1, tzinfo=UTC)
"""Older rows have no criticality."""

_ALSO = {population.ACUTE: (population.AMBULANCE, 0.08), population.MENTAL_HEALTH: ("ZP1", 0.05)}
"""Who else a story is sometimes about."""

_PERSONAL = (
    "Anyone who knows more about this can write to me at moor.reader@mailbox.example, at any hour.",
    "Please ring me on 0113 496 0123 in the evening and I will tell you the rest.",
    "My NHS number is 999 000 0018, so you can look all of this up.",
)
"""What a teller should not have written: an address, a telephone number, an NHS number."""


def scaled(count: int, scale: float) -> int:
    """Say how much of a count is left in a smaller world."""
    return round(count * scale)


def told(seed: int, scale: float = 1.0) -> tuple[Story, ...]:
    """Tell all stories of the channel in order of id, replies and all."""
    if not 0 < scale <= 1:
        raise ValueError(f"the scale is above 0 and at most 1, not {scale}")
    rng = random.Random(f"{seed}/stories")
    drafts = [*_originals(rng, scale), *_imports(rng, scale)]
    drafts.sort(key=lambda story: (story.submitted, story.title, story.body))
    numbered = [replace(draft, id=FIRST_ID + n) for n, draft in enumerate(drafts)]
    stories = _laid(numbered)
    replies = answered(stories, random.Random(f"{seed}/replies"))
    return tuple(replace(story, replies=replies.get(story.id, ())) for story in stories)


def _originals(rng: random.Random, scale: float) -> Iterator[Story]:
    for trust, count in TOLD.items():
        for _ in range(scaled(count, scale)):
            yield tell(rng, trust)


def _imports(rng: random.Random, scale: float) -> Iterator[Story]:
    for trust, count in IMPORTED.items():
        for _ in range(scaled(count, scale)):
            reference = str(rng.randrange(10**5, 10**6))
            url = f"{ORIGIN}/reviews/{reference}"
            yield replace(tell(rng, trust), origin=Origin(ORIGIN_PUBLISHER, reference, url))


def _laid(stories: Sequence[Story]) -> list[Story]:
    """Lay the traps: a story about three services, and three that say too much of their tellers."""
    open_ground = [
        n
        for n, story in enumerate(stories)
        if story.origin is None and story.services[0] in population.within(population.COMMUNITY)
    ]
    laid = list(stories)
    for n, sentence in zip(open_ground, _PERSONAL, strict=False):
        laid[n] = replace(laid[n], body=f"{laid[n].body}\n\n{sentence}", trap="personal")
    for n in open_ground[len(_PERSONAL) : len(_PERSONAL) + 1]:
        laid[n] = replace(laid[n], services=("ZC101", "ZM101", "ZP1"), trap="three services")
    return laid


def tell(rng: random.Random, trust: str) -> Story:
    """Tell one story about an organisation or a site of it; it has no id and no reply yet."""
    site = rng.choice((*population.sites(trust), trust))
    kind = population.BY_CODE[trust].type
    teller = rng.choice(tellers.TELLERS)
    published = FIRST_DAY + timedelta(days=rng.randrange(DAYS), seconds=rng.randrange(11 * 3600))
    submitted = published - timedelta(seconds=rng.randrange(4 * 3600, 5 * 86_400))
    lived = max(submitted - timedelta(days=rng.randrange(100)), datetime(2011, 1, 1, tzinfo=UTC))
    ward = rng.choice(specialities.WARDS[kind])
    words = {
        **teller.words,
        "ward": ward,
        "on_ward": f"{'at' if kind in {'community', 'practice'} else 'on'} {ward}",
        "place": population.BY_CODE[site].name,
        "month": f"{lived:%B %Y}",
    }
    chosen = _moods(rng, kind)
    bad = sum(not well for _, well in chosen)
    return Story(
        id=0,
        title=_title(rng, chosen, words),
        body=_body(rng, chosen, words),
        submitted=submitted,
        published=published,
        experienced=f"{lived:%Y-%m}",
        criticality=None if published < SCORED_SINCE else tellers.CRITICALITY[bad],
        role=teller.role,
        age=rng.choice(tellers.AGES),
        tags=_tags(rng, chosen),
        services=_services(rng, trust, site),
    )


def _moods(rng: random.Random, kind: str) -> list[tuple[Topic, bool]]:
    """Choose what a story is about, and which of it went well; what went well comes first."""
    own = specialities.BY_TYPE[kind]
    chosen = [rng.choice(own), *rng.sample(topics.EVERYWHERE, rng.choice((2, 3, 3)))]
    luck = rng.choice((0.05, 0.5, 0.9, 1.0))
    moods = [(topic, rng.random() < luck) for topic in chosen]
    return sorted(moods, key=lambda mood: not mood[1])


def _title(rng: random.Random, chosen: Sequence[tuple[Topic, bool]], words: dict[str, str]) -> str:
    topic, well = rng.choice(chosen)
    return say(rng, topic.titles[0 if well else 1], words)


def _body(rng: random.Random, chosen: Sequence[tuple[Topic, bool]], words: dict[str, str]) -> str:
    good, bad = (
        [
            say(rng, sentence, words)
            for topic, well in chosen
            if well is side
            for sentence in rng.sample(topic.good if side else topic.bad, rng.choice((1, 2, 2)))
        ]
        for side in (True, False)
    )
    opening = say(rng, rng.choice(tellers.OPENINGS), words)
    ending = say(rng, rng.choice(tellers.BAD_ENDINGS if bad else tellers.GOOD_ENDINGS), words)
    if good and bad and rng.random() < 0.1:  # noqa: PLR2004
        points = "\n".join(f"- {sentence}" for sentence in bad)
        return f"{opening} {' '.join(good)}\n\n**What went wrong:**\n\n{points}\n\n{ending}"
    if good and bad:
        turn = say(rng, rng.choice(tellers.TURNS), words)
        return f"{opening} {' '.join(good)}\n\n{turn} {' '.join(bad)}\n\n{ending}"
    return f"{opening} {' '.join(good or bad)}\n\n{ending}"


def _tags(rng: random.Random, chosen: Sequence[tuple[Topic, bool]]) -> tuple[Tag, ...]:
    said = [
        Tag(topic.good_tag, "good", 1) if well else Tag(topic.bad_tag, "improve", -1)
        for topic, well in chosen
    ]
    sides = {tag.polarity for tag in said} | {0}
    feelings = [Tag(name, "feel", way) for name, way in tellers.FEELINGS if way in sides]
    return (*said, *rng.sample(feelings, rng.choice((0, 1, 1, 2))))


def _services(rng: random.Random, trust: str, site: str) -> tuple[str, ...]:
    other, chance = _ALSO.get(trust, ("", 0.0))
    return (site, other) if rng.random() < chance else (site,)
