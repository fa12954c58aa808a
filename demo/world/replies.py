"""What the organisations reply: pasted from a script, or written for this one story."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from demo.world import population, scripts, specialities, topics
from demo.world.phrases import Topic, say
from demo.world.records import Reply, Story

ANSWERED = 0.48
"""The share of the stories originating here that have at least one reply, exactly."""

QUOTA = {population.ACUTE: 0.45, population.MENTAL_HEALTH: 0.62}
"""The same share at the two trusts that it is set for; the others make up the rest."""

SCRIPTED = {
    population.ACUTE: 0.75,
    population.MENTAL_HEALTH: 0.04,
    population.COMMUNITY: 0.3,
    population.AMBULANCE: 0.35,
    population.PRACTICE: 0.2,
}
"""How likely a reply is pasted from a script."""

FIRST_ID = 500_001

_IMPORTS_ANSWERED = 0.4
_FOLLOWED_UP = 0.08
_TAMPERED = 0.3
"""How often somebody adds a sentence to the script or takes one out."""

_WITHIN = ((45, 1, 10), (25, 11, 28), (30, 31, 89))
"""Weight, and days from and to: most replies come within a month, the rest within three."""

TOPICS: dict[str, Topic] = {
    tag: topic
    for topic in (*topics.EVERYWHERE, *itertools.chain(*specialities.BY_TYPE.values()))
    for tag in (topic.good_tag, topic.bad_tag)
}
"""What a tag is about."""

TRUST = {code: trust for trust in SCRIPTED for code in population.within(trust)}
"""Which trust replies for a site."""


def answered(stories: Sequence[Story], rng: random.Random) -> dict[int, tuple[Reply, ...]]:
    """Reply to the stories, by story id: to exactly 48 % of those that originate here."""
    chosen = _chosen(stories, rng)
    drafts = [
        (story.id, reply) for story in stories if story.id in chosen for reply in _write(story, rng)
    ]
    drafts.sort(key=lambda draft: (draft[1].submitted, draft[0]))
    given: dict[int, tuple[Reply, ...]] = {}
    for number, (story_id, reply) in enumerate(drafts, FIRST_ID):
        given[story_id] = (*given.get(story_id, ()), replace(reply, id=number))
    return given


def _chosen(stories: Sequence[Story], rng: random.Random) -> set[int]:
    here = [story for story in stories if story.origin is None]
    pools: dict[str, list[int]] = {trust: [] for trust in (*QUOTA, "")}
    for story in here:
        if story.trap != "personal":
            trust = TRUST[story.services[0]]
            pools[trust if trust in QUOTA else ""].append(story.id)
    counts = {trust: round(share * len(pools[trust])) for trust, share in QUOTA.items()}
    counts[""] = round(ANSWERED * len(here)) - sum(counts.values())
    chosen = {n for trust, pool in pools.items() for n in rng.sample(pool, counts[trust])}
    imports = (story.id for story in stories if story.origin is not None)
    return chosen | {n for n in imports if rng.random() < _IMPORTS_ANSWERED}


def _write(story: Story, rng: random.Random) -> Iterator[Reply]:
    trust = TRUST[story.services[0]]
    days = _delay(rng)
    at = _office_hours(story.published + timedelta(days=days), rng)
    if rng.random() < SCRIPTED[trust]:
        yield _paste(story, trust, at, rng)
    else:
        yield _compose(story, trust, at, rng)
    if rng.random() < _FOLLOWED_UP:
        later = _office_hours(at + timedelta(days=rng.randrange(5, 40)), rng)
        yield _compose(story, TRUST[story.services[-1]], later, rng)


def _delay(rng: random.Random) -> int:
    weights = [weight for weight, _, _ in _WITHIN]
    _, first, last = rng.choices(_WITHIN, weights)[0]
    return rng.randint(first, last)


def _office_hours(day: datetime, rng: random.Random) -> datetime:
    return day.replace(hour=8, minute=0, second=0) + timedelta(seconds=rng.randrange(9 * 3600))


def _paste(story: Story, trust: str, at: datetime, rng: random.Random) -> Reply:
    patterns = scripts.BY_TRUST[trust]
    number = rng.randrange(len(patterns))
    words = _words(story, rng)
    sentences = [say(rng, sentence, words) for sentence in patterns[number]]
    if rng.random() < _TAMPERED:
        place = rng.randrange(1, len(sentences))
        extra = say(rng, rng.choice(scripts.EXTRAS), words)
        sentences[place:place] = [extra]
        if rng.random() < 0.5:  # noqa: PLR2004
            del sentences[place : place + 2]
    role = rng.choice(scripts.ROLES)
    return _signed(trust, words["name"], role, " ".join(sentences), at, rng, script=number)


def _compose(story: Story, trust: str, at: datetime, rng: random.Random) -> Reply:
    words = _words(story, rng)
    sore = any(tag.group == "improve" for tag in story.tags)
    patterns = [
        rng.choice(scripts.OPENINGS),
        *rng.sample(_remarks(story, rng), 2),
        rng.choice(scripts.STEPS if sore else scripts.THANKS),
    ]
    text = " ".join(say(rng, pattern, words) for pattern in patterns)
    closing = say(rng, rng.choice(scripts.CLOSINGS), words)
    change = rng.choice(scripts.CHANGES) if sore else None
    role = rng.choice(scripts.ROLES)
    return _signed(trust, words["name"], role, f"{text}\n\n{closing}", at, rng, change=change)


def _remarks(story: Story, rng: random.Random) -> list[str]:
    """List what there is to say about this story's own topics, each remark once."""
    remarks = dict.fromkeys(rng.sample(scripts.CHEERS, 2))
    for tag in story.tags:
        topic = TOPICS.get(tag.name)
        if topic is not None and tag.group == "improve":
            return list(topic.answers)
        if topic is not None:
            remarks |= dict.fromkeys(topic.cheers)
    return list(remarks)


def _words(story: Story, rng: random.Random) -> dict[str, str]:
    kind = population.BY_CODE[story.services[0]].type
    sentence = rng.choice(story.body.splitlines()[0].split(". ")).split(" ")
    start = rng.randrange(max(1, len(sentence) - 8))
    return {
        "name": f"{rng.choice(scripts.FIRST_NAMES)} {rng.choice(scripts.LAST_NAMES)}",
        "place": population.BY_CODE[story.services[0]].name,
        "trust": population.BY_CODE[TRUST[story.services[0]]].name,
        "ward": rng.choice(specialities.WARDS[kind]),
        "phone": f"01632 960{rng.randrange(1000):03}",
        "title": story.title,
        "quote": " ".join(sentence[start : start + rng.randint(5, 11)]).strip(" ,.;:"),
        "month": f"{story.published:%B}",
    }


def _signed(
    trust: str,
    name: str,
    role: str,
    text: str,
    at: datetime,
    rng: random.Random,
    *,
    script: int | None = None,
    change: str | None = None,
) -> Reply:
    return Reply(
        id=0,
        organisation=trust,
        author=name,
        role=role,
        body=f"{text}\n\n{name}, {role}",
        submitted=at,
        published=at + timedelta(seconds=rng.randrange(1800, 20_000)),
        change=change,
        script=script,
    )
