"""Count what the beacon saw as Project COUNTER counts.

Robots are out; two hits of a visitor on a story within 30 seconds are one reading, and the
later of them stands; a visitor is a session for an hour. Days are the partner's own: a chain
of clicks ends at its midnight. Hours are of UTC, so that no day has one of them twice.

Spec: https://cop5.countermetrics.org/en/5.1.1/07-processing/02-double-click-filtering.html
Spec: https://cop5.countermetrics.org/en/5.1.1/07-processing/03-counting-unique-items.html
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rules import robots
from rules.robots import Category
from schemas.views import REQUESTS, Hit, StatedCount

UNIQUES = "Unique_Item_Requests"
"""How many sessions a story was read in; never added up over days or platforms."""

DOUBLE_CLICK = timedelta(seconds=30)
"""A second hit no later than this is the same reading."""

_DAY = timedelta(days=1)
_QUARTER_MINUTES = 15


class Page(NamedTuple):
    """A story at a partner on one of the partner's days."""

    partner: str
    story_id: str
    day: date


class Reads(NamedTuple):
    """How often a page was read."""

    requests: int = 0
    """By people, double clicks once."""
    uniques: int = 0
    """In how many sessions of people."""
    machines: int = 0
    """By assistants and feed readers, double clicks once."""
    robots: int = 0
    """Hits of robots: counted nowhere, shown to whoever asks."""


class _Visit(NamedTuple):
    page: Page
    visitor: str
    category: Category


def count(hits: Iterable[Hit], zones: Mapping[str, str]) -> dict[Page, Reads]:
    """Count hits by page, in any order; `zones` names the zone of each partner's days."""
    visits: dict[_Visit, list[datetime]] = defaultdict(list)
    for hit in hits:
        page = Page(hit.partner, hit.story_id, _day(hit.at, zones[hit.partner]))
        visits[_Visit(page, hit.visitor, robots.category(hit.agent))].append(hit.at)
    found: dict[Page, Reads] = defaultdict(Reads)
    for visit, times in visits.items():
        found[visit.page] = _with(found[visit.page], visit.category, times)
    return dict(found)


def stated(counted: Mapping[Page, Reads]) -> list[StatedCount]:
    """State what was counted as the rows of a report, in the order of their pages."""
    return [row for page in sorted(counted) for row in _rows(page, counted[page])]


def _with(reads: Reads, category: Category, times: list[datetime]) -> Reads:
    if category is Category.ROBOT:
        return reads._replace(robots=reads.robots + len(times))
    clicks = _clicks(times)
    if category is Category.MACHINE:
        return reads._replace(machines=reads.machines + len(clicks))
    sessions = len({at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) for at in clicks})
    return reads._replace(requests=reads.requests + len(clicks), uniques=reads.uniques + sessions)


def _clicks(times: list[datetime]) -> list[datetime]:
    """Drop every hit that the same visitor follows up within 30 seconds; the last one stands."""
    ordered = sorted(times)
    return [at for at, later in pairwise(ordered) if later - at > DOUBLE_CLICK] + ordered[-1:]


def _day(at: datetime, zone: str) -> date:
    # Every midnight anywhere falls on a quarter of an hour of UTC: a day has 100 at most.
    minute = at.minute - at.minute % _QUARTER_MINUTES
    return _day_of_quarter(at.replace(minute=minute, second=0, microsecond=0), zone)


@lru_cache(maxsize=4096)
def _day_of_quarter(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _rows(page: Page, reads: Reads) -> Iterable[StatedCount]:
    for metric, access, number in (
        (REQUESTS, "Regular", reads.requests),
        (UNIQUES, "Regular", reads.uniques),
        (REQUESTS, "Machine", reads.machines),
    ):
        if number:
            yield StatedCount(
                item=page.story_id,
                t0=page.day,
                t1=page.day + _DAY,
                metric=metric,
                access=access,
                count=number,
            )
