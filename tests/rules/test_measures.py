from datetime import timedelta
from typing import Any

import pytest

from rules import measures
from rules.measures import Facts, Platform
from schemas.story import Response, Story
from schemas.summary import Summary
from tests import make

OWN = {"opinion": "opinion.example"}
DAY = timedelta(days=1)


def story(number: int, *waits: float | None, **fields: object) -> Story:
    """Tell a story with a response after each of these days; None is at a time unknown."""
    responses: list[Response] = [
        make.response(
            id=f"r{place}",
            body_text=f"Answer {number} {place}",
            published_at=None if wait is None else make.NOON + wait * DAY,
        )
        for place, wait in enumerate(waits)
    ]
    given = {"id": f"urn:uuid:{number}", "responses": responses, "published_at": make.NOON}
    return make.story(**(given | fields))


def summarised(*stories: Story, **fields: Any) -> Summary:
    given: dict[str, Any] = {
        "subject": "ods:RXX",
        "name": "Anytown",
        "as_of": make.NOON + 60 * DAY,
        "stories": stories,
        "own_publishers": OWN,
        "reads": {},
        "platforms": [],
        "suspense": 0,
    }
    return measures.summarise(Facts(**(given | fields)))


def test_the_response_rate_leaves_imports_out() -> None:
    imported = story(3, origin={"publisher": "nhs.uk", "external_id": "9"})
    answered = summarised(story(1, 2), story(2), imported).responsiveness.answered
    assert (answered.part, answered.whole, answered.percent) == (1, 2, 50)


def test_a_rate_of_nothing_is_unknown_not_zero() -> None:
    assert summarised().responsiveness.answered.percent is None


def test_the_cohort_is_of_the_last_thirty_days_only() -> None:
    old, young = story(1, 2), story(2, 40, published_at=make.NOON + 31 * DAY)
    late = story(3, 90, published_at=make.NOON + 50 * DAY)
    cohort = summarised(old, young, late).responsiveness.cohort_answered
    assert (cohort.part, cohort.whole) == (1, 2)


def test_only_stories_old_enough_to_tell_count_for_thirty_days() -> None:
    stories = (story(1, 5), story(2, 45), story(3), story(4, published_at=make.NOON + 40 * DAY))
    within = summarised(*stories).responsiveness.within_30_days
    assert (within.part, within.whole) == (1, 3)


def test_the_first_response_counts_and_never_before_the_story() -> None:
    answers = summarised(story(1, 9, 3), story(2, -4), story(3, None)).responsiveness
    assert answers.days_to_respond == (1, 1, 0, 0, 0, 0)
    assert answers.median_days == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("days", "place"), [(1, 0), (1.1, 1), (7, 1), (14, 2), (30, 3), (90, 4), (91, 5)]
)
def test_days_fall_into_their_class(days: float, place: int) -> None:
    counts = summarised(story(1, days)).responsiveness.days_to_respond
    assert counts.index(1) == place


def test_pasted_responses_are_weighed_by_their_reads() -> None:
    script = "word " * 5 + "of a script that is long enough to be pasted under many stories"
    pasted = [story(n, responses=[make.response(body_text=script)]) for n in range(3)]
    own = story(9, responses=[make.response(body_text="Short and real.")])
    reads = {s.id: {"site": {"2026-01": 10}} for s in pasted} | {own.id: {"site": {"2026-01": 70}}}
    answers = summarised(*pasted, own, reads=reads).responsiveness
    assert (answers.stock.part, answers.stock.whole) == (3, 4)
    assert (answers.stock_reads.part, answers.stock_reads.whole) == (30, 100)
    assert [(g.responses, g.stories) for g in answers.groups] == [(3, 3)]


def test_reads_stand_apart_by_where_they_happened_and_a_gap_is_no_zero() -> None:
    platforms = [
        Platform("opinion", "Opinion", True, ("own_site",), 1, 2, {}),  # noqa: FBT003
        Platform("voice", "Voice", False, ("report",), 1, 1, {"beacon": 4}),  # noqa: FBT003
    ]
    told = story(1)
    reads = {told.id: {"opinion": {"2026-01": 5}, "voice": {"2026-02": 3}}}
    summary = summarised(told, reads=reads, platforms=platforms, suspense=8)
    assert (summary.reads_own, summary.reads_partners, summary.suspense) == (5, 3, 8)
    january, february = summary.reads_by_month
    assert (january.own, january.partners) == (5, None)
    assert (february.own, february.partners) == (None, 3)
    assert summary.platforms[1].shadow == {"beacon": 4}
    assert summary.most_read == ((told.title, 8),)


def test_a_story_counts_once_however_often_it_is_handed_over() -> None:
    told = story(1)
    assert summarised(told, told).stories == 1


def test_months_tags_and_criticality_are_tallied() -> None:
    untold = story(2, published_at=None, submitted_at=None, tags=(), criticality=None)
    summary = summarised(story(1), untold)
    assert summary.by_month == (("2026-01", 1),)
    assert [(t.group, t.name, t.count) for t in summary.tags] == [("good", "staff", 1)]
    assert [(t.name, t.count) for t in summary.criticality] == [("minimally", 1)]
    assert measures.first_wait(untold) is None


def test_posts_their_comments_and_their_reads_are_in_no_figure() -> None:
    paste = "Welcome to our new entrance, which is open on every day from eight in the morning."
    posts = [
        story(
            10 + n,
            kind="post",
            ext={"comments": "open"},
            criticality=5,
            responses=[make.response(id="r1", body_text=paste, published_at=make.NOON + DAY)],
        )
        for n in range(4)
    ]
    told = [story(1, 2), story(2)]
    reads = {s.id: {"opinion": {"2026-01": 7}} for s in told}
    also_read = {s.id: {"opinion": {"2026-02": 1000}} for s in posts}
    platform = Platform(
        "opinion",
        "The Opinion Site",
        is_own=True,
        methods=(),
        months_reported=1,
        months_due=1,
        shadow={},
    )
    without = summarised(*told, reads=reads, platforms=[platform])
    assert without.responsiveness.answered.part == 1
    assert summarised(*told, *posts, reads=reads | also_read, platforms=[platform]) == without
