"""Whoever follows an edition, in whatever way, holds just what it shows: the manifest proves it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rules import identity
from schemas.partner import Agreement, Edition, Scope
from schemas.story import Kind
from steps import documents
from store.database import Engine, create_tables, open_engine
from tests import make
from tests.tell import tell, telling
from tests.web.followers import Differ, Follower, Poller, Walker, atom
from tests.web.published import Published
from tests.web.rig import CONFIG, Reply

NAMES = [str(number) for number in range(14)]
TURNS = 24
EDITION = Edition(id="all", partner="nhs", title="Everything", page_size=3)


def urn(name: str) -> str:
    return identity.mint(("opinion.example", name))


class World:
    """An installation, and what may happen in it."""

    def __init__(self, engine: Engine) -> None:
        self.rig = Published(engine)
        self.rig.config = CONFIG.model_copy(
            update={"channels": (make.channel(),), "editions": (EDITION,)}
        )
        self.token = self.rig.issue("nhs")
        self.edits = 0

    def ask(self, path: str, headers: Mapping[str, str]) -> Reply:
        reply = self.rig.ask(path, self.token, headers=headers)
        assert reply.status in {200, 226, 304}, (path, reply)
        return reply

    def tell(self, name: str) -> None:
        self.edits += 1
        tell(self.rig.engine, telling(name, f"Told for the {self.edits}th time."))

    def remove(self, name: str) -> None:
        tell(self.rig.engine, removed=[("opinion", name)])

    def agree(self, kinds: tuple[Kind, ...]) -> None:
        agreement = Agreement(id="a1", partner="nhs", scope=Scope(kinds=kinds))
        self.rig.config = self.rig.config.model_copy(update={"agreements": (agreement,)})

    def publish(self) -> None:
        self.rig.publish(EDITION)

    def followers(self) -> list[Follower]:
        return [kind(self.ask, ending) for kind in (Walker, Differ, Poller) for ending in ENDINGS]


ENDINGS = ("atom", "json")


@contextmanager
def world() -> Iterator[World]:
    with TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'retold.db'}")
        create_tables(engine)
        made = World(engine)
        yield made
        made.rig.runner.close()
        engine.dispose()


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
        self.opened.__exit__(None, None, None)

    @rule(name=st.sampled_from(NAMES))
    def a_story_is_told_or_edited(self, name: str) -> None:
        self.world.tell(name)

    @rule(name=st.sampled_from(NAMES))
    def a_story_is_removed(self, name: str) -> None:
        self.world.remove(name)

    @rule(kinds=st.sampled_from([(), (Kind.STORY,), (Kind.CONCERN,)]))
    def an_agreement_changes(self, kinds: tuple[Kind, ...]) -> None:
        self.world.agree(kinds)

    @rule()
    def the_edition_is_published(self) -> None:
        self.world.publish()

    @rule(which=st.integers(0, 5))
    def one_follows(self, which: int) -> None:
        follower = self.followers[which]
        follower.follow()
        holds, why = follower.proof()
        assert holds, f"{type(follower).__name__}: {why}"

    @invariant()
    def nobody_holds_what_was_never_there(self) -> None:
        assert all(len(follower.held) <= len(NAMES) for follower in self.followers)


@pytest.fixture(autouse=True)
def small_archives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "BUCKET", 4)


TestFollowing = Following.TestCase
TestFollowing.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_followers_hold_what_is_shown_after_many_changes() -> None:
    chance = Random(2012)
    with world() as made:
        followers = made.followers()
        for turn in range(TURNS):
            for _ in range(chance.randrange(16)):
                chance.choice((made.tell, made.tell, made.remove))(chance.choice(NAMES))
            made.agree((Kind.CONCERN,) if turn % 7 == 5 else ())
            made.publish()
            for follower in followers:
                if chance.random() < 0.7 or turn == TURNS - 1:
                    follower.follow()
                    assert follower.proof()[0], (turn, type(follower), follower.proof()[1])


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
