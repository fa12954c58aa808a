"""Whoever follows an edition, in whatever way, holds just what it shows: the manifest proves it."""

from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from schemas.story import Kind
from steps import documents
from tests.web.followers import Differ, Walker, atom
from tests.web.following import KINDS, NAMES, live, urn, world

CHANGES = 150


class Following(RuleBasedStateMachine):
    """Whatever happens in whatever order, followers come to hold what is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = world()
        self.world = self.opened.__enter__()
        for name in NAMES:
            self.world.tell(name)
        self.world.publish()
        self.followers = self.world.followers()

    def teardown(self) -> None:
        try:
            self.world.settle(self.followers)
        finally:
            self.opened.__exit__(None, None, None)

    @rule(name=st.sampled_from(NAMES))
    def a_story_is_told_or_edited(self, name: str) -> None:
        self.world.tell(name)

    @rule(name=st.sampled_from(NAMES))
    def a_story_is_removed(self, name: str) -> None:
        self.world.remove(name)

    @rule(names=st.sets(st.sampled_from(NAMES), min_size=6))
    def many_stories_are_removed_at_once(self, names: set[str]) -> None:
        self.world.remove(*sorted(names))
        self.world.publish()

    @rule(kinds=st.sampled_from(KINDS))
    def an_agreement_changes(self, kinds: tuple[Kind, ...]) -> None:
        self.world.agree(kinds)

    @rule()
    def the_edition_is_published(self) -> None:
        self.world.publish()

    @rule(suspended=st.booleans())
    def the_partner_is_suspended_or_resumed(self, suspended: bool) -> None:  # noqa: FBT001
        self.world.suspend(suspended)

    @rule(kills=st.booleans())
    def what_waits_is_pushed(self, kills: bool) -> None:  # noqa: FBT001
        self.world.push(kills=kills)

    @rule(resets=st.booleans())
    def callbacks_fail(self, resets: bool) -> None:  # noqa: FBT001
        self.world.outage(resets=resets)

    @rule()
    def callbacks_work_again(self) -> None:
        self.world.mend()

    @rule(hours=st.sampled_from([0.02, 0.3, 7, 11 * 24]))
    def time_passes_and_nobody_pushes(self, hours: float) -> None:
        self.world.wait(hours=hours)

    @rule(which=st.integers(0, 7))
    def one_follows(self, which: int) -> None:
        self.world.follow(self.followers[which])

    @invariant()
    def nobody_holds_what_was_never_there(self) -> None:
        assert all(len(follower.held) <= len(NAMES) for follower in self.followers)


@pytest.fixture(autouse=True)
def small_archives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "BUCKET", 4)
    monkeypatch.setattr(documents, "MOST_IN_DELTA", 9)
    monkeypatch.setattr(documents, "MOST_REMOVED", 4)


TestFollowing = Following.TestCase
TestFollowing.settings = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.parametrize("seed", [1, 3])
def test_followers_hold_what_is_shown_after_many_changes(seed: int) -> None:
    with world() as made:
        followers = made.followers()
        made.publish()
        happened = live(made, followers, Random(seed), CHANGES)
        assert happened["killed"] > 0
        made.settle(followers)


def test_a_follower_of_deltas_is_sent_only_what_changed() -> None:
    with world() as made:
        for name in NAMES:
            made.tell(name)
        made.publish()
        follower = Differ(made.ask)
        follower.follow()
        follower.asked = follower.received = 0
        made.tell("3")
        made.remove("5")
        made.publish()
        follower.follow()
        assert (follower.asked, follower.received) == (1, 1)
        assert follower.proof()[0]


def test_a_proof_fails_where_a_revision_is_old() -> None:
    with world() as made:
        made.tell("1")
        made.tell("2")
        made.publish()
        follower = Walker(made.ask)
        follower.follow()
        made.tell("2")
        made.publish()
        assert not follower.proof()[0]


def test_archives_stay_as_they_are_filled_whatever_is_edited() -> None:
    with world() as made:
        for name in NAMES[:8]:
            made.tell(name)
        made.publish()
        archives = ("/feeds/nhs/all/archive-1.atom", "/feeds/nhs/all/archive-2.atom")
        first, second = (made.ask(path, {}) for path in archives)
        for name in NAMES[5:]:
            made.tell(name)
        made.publish()
        held = {"if-none-match": first["etag"]}
        assert made.ask(archives[0], held).status == 304
        assert made.ask(archives[1], {"if-none-match": second["etag"]}).status == 200
        names = [list(atom(made.ask(path, {}).body).shown) for path in archives]
        third = list(atom(made.ask("/feeds/nhs/all/archive-3.atom", {}).body).shown)
        assert [*names[0], *names[1], *third][:12] == [urn(name) for name in NAMES[:12]]
