"""Count what the beacon saw as Project COUNTER counts.

Robots are out; two hits of a visitor on a story within 30 seconds are one reading, and the
later of them stands; a visitor is a session for an hour. Days are the partner's own: a chain
of clicks ends at its midnight. Hours are of UTC, so that no day has one of them twice.

Spec: https://cop5.countermetrics.org/en/5.1.1/07-processing/02-double-click-filtering.html
Spec: https://cop5.countermetrics.org/en/5.1.1/07-processing/03-counting-unique-items.html
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rules import robots
from rules.robots import Category
from schemas.tables import micros, moment
from schemas.views import REQUESTS, Hit, StatedCount

UNIQUES = "Unique_Item_Requests"
"""How many sessions a story was read in; never added up over days or platforms."""

DOUBLE_CLICK_S = 30
"""A second hit no later than this is the same reading."""

_SECOND = 1_000_000
_QUARTER = 900 * _SECOND
_HOUR = 4 * _QUARTER
_DAY = timedelta(days=1)


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


_Visit = tuple[str, str, date, str, Category]


def count(hits: Iterable[Hit], zones: Mapping[str, str]) -> dict[Page, Reads]:
    """Count hits by page, in any order; `zones` names the zone of each partner's days."""
    visits: dict[_Visit, list[int]] = defaultdict(list)
    for hit in hits:
        at = micros(hit.at)
        day = _day_of_quarter(at // _QUARTER, zones[hit.partner])
        category = robots.category(hit.agent)
        visits[hit.partner, hit.story_id, day, hit.visitor, category].append(at)
    found: dict[Page, Reads] = defaultdict(Reads)
    for (partner, story_id, day, _, category), times in visits.items():
        page = Page(partner, story_id, day)
        found[page] = _with(found[page], category, times)
    return dict(found)


def stated(counted: Mapping[Page, Reads]) -> list[StatedCount]:
    """State what was counted as the rows of a report, in the order of their pages."""
    return [row for page in sorted(counted) for row in _rows(page, counted[page])]


def _with(reads: Reads, category: Category, times: list[int]) -> Reads:
    if category is Category.ROBOT:
        return reads._replace(robots=reads.robots + len(times))
    clicks = _clicks(times)
    if category is Category.MACHINE:
        return reads._replace(machines=reads.machines + len(clicks))
    sessions = len({at // _HOUR for at in clicks})
    return reads._replace(requests=reads.requests + len(clicks), uniques=reads.uniques + sessions)


def _clicks(times: list[int]) -> list[int]:
    """Drop every hit that the same visitor follows up within 30 seconds; the last one stands."""
    ordered = sorted(times)
    apart = DOUBLE_CLICK_S * _SECOND
    return [at for at, later in pairwise(ordered) if later - at > apart] + ordered[-1:]


@lru_cache(maxsize=4096)
def _day_of_quarter(quarter: int, zone: str) -> date:
    """Name the day that a quarter of an hour is in: no midnight anywhere falls within one."""
    return moment(quarter * _QUARTER).astimezone(ZoneInfo(zone)).date()


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
