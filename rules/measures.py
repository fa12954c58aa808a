"""Measure stories, responses and reads: all that *stories in summary* shows.

The response rate is of all stories that originate on our channels, imports left out. The
30-day cohort rate is another measure with another name: of the stories posted in the 30 days
up to a date, those answered by then. It follows the definitions that Care Opinion publishes:
https://careopinion.ie/info/statistics

What an organisation announces is no story, and its comments are no responses to one: posts, their
comments and their reads are left out of all of it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from rules import stock
from rules.stock import Reply
from schemas.story import Kind, Response, Story
from schemas.summary import (
    MonthReads,
    PlatformReads,
    Responsiveness,
    Share,
    StockGroup,
    Summary,
    Tally,
)

COHORT = timedelta(days=30)
WITHIN = timedelta(days=30)
EDGES_DAYS = (1, 7, 14, 30, 90)
"""The last day of each class of time to respond; the class after them is open."""

_TOP = 10
_SHOWN_GROUPS = 5

CRITICALITY = ("not critical", "minimally", "mildly", "moderately", "strongly", "severely")

Reads = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Reads by story, platform and month."""


class Platform(NamedTuple):
    """One place where stories are read, and how far it has reported."""

    id: str
    name: str
    is_own: bool
    methods: tuple[str, ...]
    months_reported: int
    months_due: int
    shadow: Mapping[str, int]


class Facts(NamedTuple):
    """All that a summary is made of."""

    subject: str
    name: str
    as_of: datetime
    stories: Sequence[Story]
    own_publishers: Mapping[str, str]
    """The publisher of each channel: a story told elsewhere first is an import."""
    reads: Reads
    platforms: Sequence[Platform]
    suspense: int
    predecessors: Sequence[str] = ()
    """Names of those that the subject succeeded, and whose stories are not among these."""


def summarise(facts: Facts) -> Summary:
    """Make *stories in summary* of the facts. Distinct stories count, each once; posts never."""
    posts = {s.id for s in facts.stories if s.kind == Kind.POST}
    stories = list({s.id: s for s in facts.stories if s.id not in posts}.values())
    reads = {id_: read for id_, read in facts.reads.items() if id_ not in posts}
    totals = {s.id: _total(reads.get(s.id, {})) for s in stories}
    own = {p.id for p in facts.platforms if p.is_own}
    by_platform = _by_platform(reads)
    return Summary(
        subject=facts.subject,
        name=facts.name,
        as_of=facts.as_of,
        stories=len(stories),
        by_month=tuple(sorted(Counter(_months(stories)).items())),
        tags=_tags(stories),
        criticality=_criticality(stories),
        responsiveness=responsiveness(stories, facts.own_publishers, totals, facts.as_of),
        reads_own=sum(n for p, n in by_platform.items() if p in own),
        reads_partners=sum(n for p, n in by_platform.items() if p not in own),
        suspense=facts.suspense,
        reads_by_month=_reads_by_month(reads, own),
        platforms=tuple(_platform(p, by_platform.get(p.id, 0)) for p in facts.platforms),
        most_read=_most_read(stories, totals),
        predecessors=tuple(facts.predecessors),
    )


def responsiveness(
    stories: Sequence[Story],
    own_publishers: Mapping[str, str],
    totals: Mapping[str, int],
    as_of: datetime,
) -> Responsiveness:
    """Measure how the stories that originate on our channels are answered."""
    native = [s for s in stories if is_native(s, own_publishers)]
    waits = {s.id: wait for s in native if (wait := first_wait(s)) is not None}
    cohort = [s for s in native if s.published_at and as_of - COHORT < s.published_at <= as_of]
    told = [s for s in native if s.published_at and s.published_at <= as_of - WITHIN]
    replies = [reply for s in native for reply in replies_of(s)]
    groups = stock.stock(replies)
    pasted = {reply.id for group in groups for reply in group.replies}
    return Responsiveness(
        answered=Share(part=sum(bool(s.responses) for s in native), whole=len(native)),
        cohort_answered=Share(part=sum(_answered_by(s, as_of) for s in cohort), whole=len(cohort)),
        within_30_days=Share(
            part=sum(waits.get(s.id, WITHIN * 2) <= WITHIN for s in told), whole=len(told)
        ),
        days_to_respond=_classes(waits.values()),
        median_days=median(w / timedelta(days=1) for w in waits.values()) if waits else None,
        stock=Share(part=len(pasted), whole=len(replies)),
        stock_reads=Share(
            part=sum(totals.get(r.story_id, 0) for r in replies if r.id in pasted),
            whole=sum(totals.get(r.story_id, 0) for r in replies),
        ),
        groups=tuple(_group(g) for g in groups[:_SHOWN_GROUPS]),
    )


def is_native(story: Story, own_publishers: Mapping[str, str]) -> bool:
    """Say whether a story was first told on the channel that brings it."""
    return story.origin.publisher == own_publishers.get(story.source.channel)


def first_wait(story: Story) -> timedelta | None:
    """Give the time from publication to the first response; None where either is unknown."""
    times = [r.published_at for r in story.responses if r.published_at]
    if story.published_at is None or not times:
        return None
    return max(min(times) - story.published_at, timedelta())


def replies_of(story: Story) -> list[Reply]:
    """List a story's responses, each under the organisation that gave it."""
    about = story.services[0].organisation if story.services else ""
    return [
        Reply(f"{story.id} {r.id}", story.id, r.organisation or about, r.body_text)
        for r in story.responses
    ]


def _answered_by(story: Story, as_of: datetime) -> bool:
    return any(_is_by(r, as_of) for r in story.responses)


def _is_by(response: Response, as_of: datetime) -> bool:
    return response.published_at is None or response.published_at <= as_of


def _classes(waits: Iterable[timedelta]) -> tuple[int, ...]:
    counts = [0] * (len(EDGES_DAYS) + 1)
    for wait in waits:
        counts[sum(wait > timedelta(days=edge) for edge in EDGES_DAYS)] += 1
    return tuple(counts)


def _group(group: stock.Group) -> StockGroup:
    return StockGroup(
        example=group.replies[0].text,
        responses=len(group.replies),
        stories=len({reply.story_id for reply in group.replies}),
    )


def _months(stories: Iterable[Story]) -> Iterable[str]:
    return (f"{at:%Y-%m}" for s in stories if (at := s.published_at or s.submitted_at))


def _tags(stories: Iterable[Story]) -> tuple[Tally, ...]:
    counts = Counter((t.group or "", t.name) for s in stories for t in s.tags)
    most = sorted(counts.items(), key=lambda c: (-c[1], c[0]))
    return tuple(Tally(name=n, group=g or None, count=c) for (g, n), c in most[: 3 * _TOP])


def _criticality(stories: Iterable[Story]) -> tuple[Tally, ...]:
    counts = Counter(s.criticality for s in stories if s.criticality is not None)
    return tuple(
        Tally(name=name, count=counts[level])
        for level, name in enumerate(CRITICALITY)
        if counts[level]
    )


def _total(by_platform: Mapping[str, Mapping[str, int]]) -> int:
    return sum(n for months in by_platform.values() for n in months.values())


def _by_platform(reads: Reads) -> Counter[str]:
    counts: Counter[str] = Counter()
    for by_platform in reads.values():
        for platform, months in by_platform.items():
            counts[platform] += sum(months.values())
    return counts


def _reads_by_month(reads: Reads, own: set[str]) -> tuple[MonthReads, ...]:
    """Add up by month; where nobody reported a month there is no figure, not a zero."""
    sums: dict[str, dict[bool, int]] = {}
    for by_platform in reads.values():
        for platform, months in by_platform.items():
            for month, count in months.items():
                of_month = sums.setdefault(month, {})
                of_month[platform in own] = of_month.get(platform in own, 0) + count
    return tuple(
        MonthReads(month=month, own=s.get(True), partners=s.get(False))
        for month, s in sorted(sums.items())
    )


def _platform(platform: Platform, reads: int) -> PlatformReads:
    return PlatformReads(
        platform=platform.id,
        name=platform.name,
        is_own=platform.is_own,
        reads=reads,
        methods=platform.methods,
        months_reported=platform.months_reported,
        months_due=platform.months_due,
        shadow=dict(platform.shadow),
    )


def _most_read(stories: Iterable[Story], totals: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    ranked = sorted(stories, key=lambda s: (-totals[s.id], s.id))
    return tuple((s.title, totals[s.id]) for s in ranked[:_TOP] if totals[s.id])
