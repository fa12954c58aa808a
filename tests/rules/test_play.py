"""What a play tells at a moment follows from its start, its length and the clock."""

from collections import Counter
from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import play, synthetic
from rules._play_script import SCRIPT, TEST, Gone
from schemas.partner import Agreement, Partner
from schemas.play import Play
from schemas.publication import Held, Shown
from schemas.story import Status
from tests.make import NOON

HOUR = Play(partner="nhs", started_at=NOON, length_s=3600)
TRIED = Partner(id="nhs", name="N", live=False)
SHARES = st.floats(0, 1)


def at(share: float) -> timedelta:
    return timedelta(seconds=3600 * share)


def revisions(share: float, one: Play = HOUR) -> dict[str, int]:
    return {story.id: story.revision for story in play.standing(one, NOON + at(share))}


@given(SHARES, SHARES)
def test_as_time_goes_on_stories_come_and_change_and_none_goes_back(a: float, b: float) -> None:
    before, after = revisions(min(a, b)), revisions(max(a, b))
    assert before.keys() <= after.keys()
    assert all(before[story_id] <= after[story_id] for story_id in before)


@given(SHARES)
def test_what_stands_is_one_of_the_revisions_that_are_known(share: float) -> None:
    known = play.revisions(HOUR)
    for story in play.standing(HOUR, NOON + at(share)):
        assert known[story.id, story.revision] == story


def test_the_same_play_told_again_is_the_same() -> None:
    again = HOUR.model_copy(update={"length_s": 3601})
    play.revisions(again)
    assert play.revisions(HOUR) == play.revisions(Play(**vars(HOUR)))
    assert play.standing(HOUR, NOON - timedelta(seconds=1)) == []


def test_a_day_is_the_same_play_but_slower() -> None:
    day = HOUR.model_copy(update={"length_s": 86_400})
    slow = play.standing(day, NOON + timedelta(hours=12))
    assert {story.id: story.revision for story in slow} == revisions(0.5)


@pytest.mark.parametrize(
    "other", [{"partner": "bbc"}, {"started_at": NOON + timedelta(microseconds=1)}]
)
def test_another_play_has_other_stories(other: dict[str, object]) -> None:
    ids = {story_id for story_id, _ in play.revisions(HOUR)}
    others = {story_id for story_id, _ in play.revisions(HOUR.model_copy(update=other))}
    assert not ids & others


def test_every_text_says_that_it_is_made_up() -> None:
    for story in play.revisions(HOUR).values():
        assert synthetic.is_one(story.id)
        texts = [story.title, story.body_text, *(r.body_text for r in story.responses)]
        texts += [service.name or "" for service in story.services]
        texts += [r.organisation_name or "" for r in story.responses]
        assert all(text.startswith(TEST) for text in texts), texts
        assert (story.rights.attribution_text or "").startswith(TEST)
        assert story.moderation.codes == ()


def test_a_play_has_something_of_everything() -> None:
    told = list(play.revisions(HOUR).values())
    last = list(play.standing(HOUR, HOUR.ends_at))
    assert {story.language for story in told} == {"en-GB", "ar", "ja"}
    assert Counter(story.status for story in last)[Status.REMOVED] == 2
    assert {rating.value for story in told for rating in story.ratings} == {1, 2, 3, 4}
    assert any(story.tags for story in told)
    assert {len(story.responses) for story in told} == {0, 1}
    assert max(len(story.body_text) for story in told) > 2000
    assert all(mark in told[0].body for mark in ("<ul>", "<blockquote>", "&amp;", "&lt;", "🙂"))


def test_no_title_stands_within_another_or_a_page_could_not_be_read() -> None:
    titles = {story.title for story in play.revisions(HOUR).values()}
    assert [(a, b) for a, b in combinations(sorted(titles, key=len), 2) if a in b] == []


def test_the_last_quarter_is_quiet() -> None:
    assert revisions(0.75) == revisions(1)
    assert revisions(0.74) != revisions(1)
    acts = [act for one in SCRIPT.values() for act in one]
    assert all(one[0].at <= one[-1].at for one in SCRIPT.values())
    assert sum(isinstance(act, Gone) for act in acts) == 3


def held(story_id: str) -> Held:
    return Held(story_id, 1, "2026-01")


def test_what_a_sandbox_shows_and_no_play_tells_goes() -> None:
    [gone] = play.desires(None, TRIED, [held("urn:old")], NOON)
    assert (gone.story_id, gone.state, gone.reason) == ("urn:old", Shown.OUT, "ended")
    assert play.desires(None, TRIED, [], NOON) == []


def test_a_play_that_was_stopped_tells_nothing() -> None:
    stopped = HOUR.model_copy(update={"stopped_at": NOON + at(0.5)})
    assert revisions(0.49, stopped) == revisions(0.49)
    assert revisions(0.5, stopped) == {}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"live": True}, "live"), ({"suspended": True}, "suspended")],
)
def test_who_is_live_or_suspended_is_played_nothing(
    changed: dict[str, object], reason: str
) -> None:
    partner = TRIED.model_copy(update=changed)
    found = play.desires(HOUR, partner, [held("urn:old")], NOON + at(0.3))
    assert {one.state for one in found} == {Shown.OUT}
    assert {one.reason for one in found} == {reason}


def test_a_removed_story_is_out_for_its_own_reason() -> None:
    found = play.desires(HOUR, TRIED, [], HOUR.ends_at)
    assert Counter(one.reason for one in found) == {"allowed": 8, "withdrawn": 2}


def test_who_is_not_live_or_says_that_it_is_has_a_sandbox() -> None:
    partners = [
        TRIED,
        Partner(id="said", name="S", live=True),
        Partner(id="quiet", name="Q"),
        Partner(id="new", name="No agreement", live=False),
    ]
    agreements = [Agreement(id=f"{p.id}-a", partner=p.id) for p in partners[:3]]
    found = play.editions(partners, agreements)
    assert [one.key for one in found] == ["nhs/sandbox", "said/sandbox"]
    assert all(one.is_sandbox and one.title.startswith(TEST) for one in found)
