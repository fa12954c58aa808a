import random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.world import phrases, population, readership, replies, stories
from demo.world.readership import spread
from demo.world.records import Story


@pytest.fixture(scope="module")
def told() -> tuple[Story, ...]:
    return stories.told(2012)


def _about(told: tuple[Story, ...], trust: str) -> list[Story]:
    codes = population.within(trust)
    return [story for story in told if not codes.isdisjoint(story.services)]


def test_exactly_1700_stories_are_about_the_acute_trust(told: tuple[Story, ...]) -> None:
    about = _about(told, population.ACUTE)
    assert len(about) == 1700
    assert all(story.origin is None for story in about)
    assert all(story.trap == "" for story in about)


def test_about_700_are_about_the_mental_health_trust_and_3000_originate_here(
    told: tuple[Story, ...],
) -> None:
    here = tuple(story for story in told if story.origin is None)
    assert len(here) == 3000
    assert len(_about(here, population.MENTAL_HEALTH)) == 701
    assert len(told) - len(here) == 240


@pytest.mark.parametrize("scale", [0.04, 0.05, 0.13, 0.5, 1.0])
@pytest.mark.parametrize("seed", [2012, 1])
def test_48_per_cent_of_what_originates_here_has_a_response(seed: int, scale: float) -> None:
    here = [story for story in stories.told(seed, scale) if story.origin is None]
    answered = sum(bool(story.replies) for story in here)
    assert round(100 * answered / len(here)) == 48


def test_the_48_per_cent_are_exact_at_full_scale(told: tuple[Story, ...]) -> None:
    here = [story for story in told if story.origin is None]
    assert sum(bool(story.replies) for story in here) == 1440


def test_imports_name_their_publisher_and_would_change_the_rate(told: tuple[Story, ...]) -> None:
    imports = [story.origin for story in told if story.origin is not None]
    assert {origin.publisher for origin in imports} == {"NHSChoices"}
    assert all(origin.url.endswith(origin.reference) for origin in imports)
    share = sum(bool(story.replies) for story in told if story.origin) / len(imports)
    assert 0.3 < share < 0.46


def test_the_acute_trust_pastes_and_the_mental_health_trust_writes(
    told: tuple[Story, ...],
) -> None:
    firsts = {
        trust: [s.replies[0] for s in told if s.replies and s.replies[0].organisation == trust]
        for trust in (population.ACUTE, population.MENTAL_HEALTH)
    }
    pasted = {
        trust: sum(reply.script is not None for reply in given) / len(given)
        for trust, given in firsts.items()
    }
    assert 0.7 < pasted[population.ACUTE] < 0.8
    assert pasted[population.MENTAL_HEALTH] < 0.08
    assert len({reply.script for reply in firsts[population.ACUTE]} - {None}) == 4


def _shingles(body: str) -> set[tuple[str, ...]]:
    words = body.rpartition("\n\n")[0].lower().split()
    return {tuple(words[n : n + 3]) for n in range(len(words) - 2)}


def _nearest(bodies: list[str]) -> list[float]:
    sets = [_shingles(body) for body in bodies]
    return sorted(
        max(len(one & other) / len(one | other) for m, other in enumerate(sets) if m != n)
        for n, one in enumerate(sets)
    )


def test_pasted_replies_are_nearly_alike_and_written_ones_are_not(
    told: tuple[Story, ...],
) -> None:
    given = [reply for story in told for reply in story.replies]
    pasted = _nearest([r.body for r in given if r.organisation == "ZN1" and r.script == 0][:100])
    written = _nearest(
        [r.body for r in given if r.organisation == "ZM1" and r.script is None][:200]
    )
    assert median(pasted) > 0.8
    assert written[-1] < 0.7
    assert median(written) < 0.45


def test_scripts_are_filled_in_and_now_and_then_tampered_with(told: tuple[Story, ...]) -> None:
    bodies = [r.body for story in told for r in story.replies if r.script == 0]
    assert all("01632 960" in body for body in bodies if "Patient Advice" in body)
    lengths = {body.count(". ") for body in bodies if "Patient Advice" in body}
    assert len(lengths) > 2


def test_replies_take_from_one_day_to_ninety(told: tuple[Story, ...]) -> None:
    days = sorted(
        (min(r.published for r in story.replies) - story.published).total_seconds() / 86_400
        for story in told
        if story.replies
    )
    assert 0.4 < days[0] < 2
    assert 85 < days[-1] < 90
    within_a_month = sum(wait <= 30 for wait in days) / len(days)
    assert 0.65 < within_a_month < 0.76


def test_stories_are_told_within_the_two_years_and_after_what_they_tell_of(
    told: tuple[Story, ...],
) -> None:
    for story in told:
        assert "2011-01" <= story.experienced <= f"{story.submitted:%Y-%m}" <= "2012-12"
        assert story.submitted < story.published
        assert 2011 <= story.published.year <= 2012
    assert [s.id for s in told] == list(range(stories.FIRST_ID, stories.FIRST_ID + len(told)))
    assert [s.published for s in told] != sorted(s.published for s in told)


def test_bodies_are_all_different_and_about_120_words_long(told: tuple[Story, ...]) -> None:
    assert len({story.body for story in told}) == len(told)
    assert 110 <= median(len(story.body.split()) for story in told) <= 130
    assert not any(mark in story.body for story in told for mark in "[]{}|")
    assert not any(m in r.body for story in told for r in story.replies for m in "[]{}|")
    assert any("\n- " in story.body for story in told)


def test_tags_criticality_and_tellers_vary(told: tuple[Story, ...]) -> None:
    assert {tag.group for story in told for tag in story.tags} == {"good", "improve", "feel"}
    assert {tag.polarity for story in told for tag in story.tags} == {-1, 0, 1}
    assert len({story.criticality for story in told}) == 6
    assert all(s.criticality is None for s in told if s.published < stories.SCORED_SINCE)
    assert len({story.role for story in told}) == 5
    assert any(len(story.services) == 2 for story in told)


def test_the_traps_are_laid_outside_the_acute_trust(told: tuple[Story, ...]) -> None:
    traps = {trap: [s for s in told if s.trap == trap] for trap in ("personal", "three services")}
    assert [story.services for story in traps["three services"]] == [("ZC101", "ZM101", "ZP1")]
    bodies = [story.body for story in traps["personal"]]
    for body, secret in zip(bodies, ("@mailbox.example", "0113 496", "999 000"), strict=True):
        assert secret in body
    assert not any(story.replies for story in traps["personal"])


@pytest.mark.parametrize("scale", [0.0, -1.0, 1.5])
def test_a_scale_that_makes_no_world_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        stories.told(1, scale)


def test_choices_may_hold_words_to_fill_in() -> None:
    said = phrases.say(random.Random(1), "[take {me}|take {me}] home.", {"me": "her"})
    assert said == "Take her home."


def test_acute_views_add_up_to_4300000_over_all_months(told: tuple[Story, ...]) -> None:
    views = readership.own_site(told, 2012)
    acute = {s.id for s in _about(told, population.ACUTE)}
    total = sum(count for month in views.values() for n, count in month.items() if n in acute)
    assert total == 4_300_000
    assert tuple(views) == readership.MONTHS
    assert readership.MONTHS[0] == "2012-01"
    assert readership.MONTHS[-1] == "2013-03"


def test_few_stories_are_read_widely_and_each_less_as_it_ages(told: tuple[Story, ...]) -> None:
    views = readership.own_site(told, 2012)
    acute = _about(told, population.ACUTE)
    whole = sorted((sum(m.get(s.id, 0) for m in views.values()) for s in acute), reverse=True)
    assert sum(whole[:170]) > 4_300_000 * 0.4
    old = {s.id for s in acute if f"{s.published:%Y-%m}" < "2012-01"}
    by_month = [sum(n for i, n in month.items() if i in old) for month in views.values()]
    assert by_month == sorted(by_month, reverse=True)


def test_a_story_is_not_read_before_it_is_published(told: tuple[Story, ...]) -> None:
    born = {story.id: f"{story.published:%Y-%m}" for story in told}
    for month, counts in readership.own_site(told, 2012).items():
        assert all(born[n] <= month and count > 0 for n, count in counts.items())


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.floats(0.001, 1000, allow_nan=False), min_size=1, max_size=50),
)
def test_shares_add_up_to_the_whole_exactly_and_none_is_off_by_one(
    total: int, weights: list[float]
) -> None:
    shares = spread(total, weights)
    assert sum(shares) == total
    whole = sum(weights)
    assert all(abs(n - total * w / whole) <= 1.001 for n, w in zip(shares, weights, strict=True))


def test_every_site_belongs_to_the_trust_that_replies_for_it() -> None:
    assert replies.TRUST["ZN102"] == "ZN1"
    assert replies.TRUST["ZM1"] == "ZM1"
