"""A story that says how long it may be shown is shown no longer, whatever is agreed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import lineage, select
from schemas.partner import Agreement, Edition, Partner
from schemas.publication import Shown
from schemas.story import Rights, Story
from tests import make

NOON = make.NOON
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
PARTNER = Partner(id="paper", name="The Paper")
EDITION = Edition(id="north", partner="paper", title="North")
OPEN = {"opinion": Rights(may_syndicate=True)}
FREE = make.RIGHTS | {"retention_days": None}


def agreed(**terms: Any) -> Agreement:
    return Agreement.model_validate({"id": "a", "partner": "paper"} | terms)


def at(now: datetime, *agreements: Agreement) -> select.Selector:
    ground = lineage.ground((), NOON.date())
    return select.selector(EDITION, PARTNER, agreements, OPEN, ground, now)


def due(story: Story, now: datetime, *agreements: Agreement) -> datetime | None:
    """Say when its answer may next change, where both who know it agree."""
    found = at(now, *agreements).due(story)
    assert select.due(story, PARTNER, [EDITION], agreements, OPEN, now) == found
    return found


def test_a_story_is_out_from_the_moment_on_at_which_it_expires() -> None:
    end = NOON + 5 * DAY
    story = make.story(rights=FREE, expires_at=end)
    assert due(story, NOON, agreed()) == end
    assert at(end - INSTANT, agreed())(story).reason == "allowed"
    assert at(end, agreed())(story).reason == "expired"
    assert due(story, end, agreed()) is None


@pytest.mark.parametrize(("keeps", "leaves"), [(3, 3), (9, 5), (None, 5)])
def test_retention_and_expiry_end_a_story_at_the_earlier_of_both(
    keeps: int | None, leaves: int
) -> None:
    story = make.story(rights=FREE, expires_at=NOON + 5 * DAY)
    agreement = agreed(retention_days=keeps)
    end = NOON + leaves * DAY
    assert due(story, NOON, agreement) == end
    assert at(end - INSTANT, agreement)(story).state is Shown.IN
    assert at(end, agreement)(story).reason == "expired"


def test_a_story_that_bears_no_other_time_expires_too() -> None:
    silent = {"published_at": None, "updated_at": None, "submitted_at": None}
    story = make.story(rights=FREE, expires_at=NOON + DAY, **silent)
    assert at(NOON, agreed())(story).state is Shown.IN
    assert due(story, NOON, agreed()) == NOON + DAY
    assert at(NOON + DAY, agreed())(story).reason == "expired"


def test_a_story_that_expires_under_embargo_is_never_shown() -> None:
    story = make.story(rights=FREE, expires_at=NOON + DAY)
    agreement = agreed(embargo_days=3)
    reasons = [at(NOON + days * DAY, agreement)(story).reason for days in (0, 2, 3)]
    assert reasons == ["embargo", "embargo", "expired"]


near = st.datetimes(datetime(2025, 12, 25), datetime(2026, 1, 10), timezones=st.just(UTC))  # noqa: DTZ001
few = st.none() | st.integers(1, 5)
agreements_of = st.lists(
    st.builds(
        lambda embargo, keeps: agreed(embargo_days=embargo, retention_days=keeps),
        st.integers(0, 5),
        few,
    ),
    min_size=1,
    max_size=3,
)


@given(
    published=st.none() | near, end=near, agreements=agreements_of, now=near, way=st.floats(0, 1)
)
def test_no_agreement_shows_what_has_expired_and_no_end_is_missed(
    published: datetime | None,
    end: datetime,
    agreements: list[Agreement],
    now: datetime,
    way: float,
) -> None:
    story = make.story(
        published_at=published, updated_at=None, submitted_at=None, rights=FREE, expires_at=end
    )
    lasting = story.model_copy(update={"expires_at": None})
    told, without = at(now, *agreements)(story), at(now, *agreements)(lasting)
    assert told.state is (Shown.OUT if now >= end else without.state)
    again = due(story, now, *agreements)
    assert again is None or again > now
    last = (again or now + 60 * DAY) - INSTANT
    for moment in (now + (last - now) * way, last):
        assert at(moment, *agreements)(story) == told
