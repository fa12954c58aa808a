"""An installation that partners follow in every way, and all that may happen to it and to them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import orjson
import sqlalchemy as sa

from connectors._http import Limits
from kit import far
from rules import identity, manifest
from schemas.partner import Agreement, Edition, Partner, Scope
from schemas.publication import Shown
from schemas.push import Pushed
from schemas.story import Kind
from steps import push
from steps.house import House, open_house
from store import publication, subscribers
from store.database import Engine, create_tables, open_engine, reading
from tests import make
from tests.tell import tell, telling
from tests.web.followers import Differ, Follower, Poller, Subscriber, Walker
from tests.web.published import Published
from tests.web.rig import CONFIG, KEY, PUBLIC_URL, Reply

EDITION = Edition(id="all", partner="nhs", title="Everything", page_size=3)
NAMES = tuple(str(number) for number in range(14))
ENDINGS = ("atom", "json")
KINDS: tuple[tuple[Kind, ...], ...] = ((), (Kind.STORY,), (Kind.CONCERN,))
"""What agreements come to allow: all, just our stories, none of them."""


class KilledError(Exception):
    """The process that pushes is no more."""


def urn(name: str) -> str:
    return identity.mint(("opinion.example", name))


class World:
    """An installation, and what may happen in it."""

    def __init__(self, engine: Engine, house: House, source: far.Far) -> None:
        self.rig = Published(engine)
        self.rig.config = CONFIG.model_copy(
            update={"channels": (make.channel(),), "editions": (EDITION,)}
        )
        self.house = house
        self.far = source
        self.token = self.rig.issue("nhs")
        self.edits = 0
        self.told: set[str] = set()
        self.expected: dict[str, int] = {}
        """What the edition shows, in which revisions, as was told and not as it was published."""
        self.kills = self.dead = False
        self.subscribers: dict[str, Subscriber] = {}

    def ask(self, path: str, headers: Mapping[str, str]) -> Reply:
        reply = self.rig.ask(path, self.token, headers=headers)
        known = {200, 226, 304, 403} if self.is_suspended else {200, 226, 304}
        assert reply.status in known, (path, reply)
        return reply

    @property
    def is_suspended(self) -> bool:
        return self.rig.config.partners[0].suspended

    # What happens to stories and agreements.

    def tell(self, name: str) -> None:
        self.edits += 1
        self.told.add(name)
        tell(self.rig.engine, telling(name, f"Told for the {self.edits}th time."))

    def remove(self, *names: str) -> None:
        self.told.difference_update(names)
        tell(self.rig.engine, removed=[("opinion", name) for name in names])

    def agree(self, kinds: tuple[Kind, ...]) -> None:
        agreement = Agreement(id="a1", partner="nhs", scope=Scope(kinds=kinds))
        self.rig.config = self.rig.config.model_copy(update={"agreements": (agreement,)})

    def suspend(self, suspended: bool) -> None:  # noqa: FBT001 -- it is drawn
        partner = Partner(id="nhs", name="The Health Site", beacon=True, suspended=suspended)
        self.rig.config = self.rig.config.model_copy(update={"partners": (partner,)})

    def publish(self) -> None:
        self.rig.publish(EDITION)
        kinds = self.rig.config.agreements[0].scope.kinds
        allows = not self.is_suspended and (not kinds or Kind.STORY in kinds)
        self.expected = self._revisions() if allows else {}

    def _revisions(self) -> dict[str, int]:
        """Read which revision of each story was told last."""
        with reading(self.rig.engine) as connection:
            rows = connection.execute(sa.text("SELECT id, revision FROM stories"))
            told = {one.id: one.revision for one in rows}
        return {urn(name): told[urn(name)] for name in self.told}

    # What happens to the hub and to those who listen to it.

    def push(self, *, kills: bool = False) -> Pushed | None:
        """Push what waits; None where the process was killed after something was sent."""
        config = self.rig.config
        house = replace(self.house, config=config, clock=self._clock)
        house = replace(house, press=replace(house.press, config=config))
        self.kills, self.dead = kills, False
        try:
            return push.push(house, EDITION.key, chance=lambda: 1.0)
        except KilledError:
            return None
        finally:
            self.kills = self.dead = False

    def be_killed(self) -> Pushed | None:
        """Push what is new; None where the process was killed at it."""
        self.tell(NAMES[0])
        self.publish()
        return self.push(kills=True)

    def _clock(self) -> datetime:
        if self.dead:
            raise KilledError
        return self.rig.now

    def heard(self) -> None:
        self.dead = self.kills

    def wait(self, **ago: float) -> None:
        self.rig.now += timedelta(**ago)

    def outage(self, *, resets: bool) -> None:
        """Let callbacks fail: nobody listens any more, or all break down."""
        self.far.trouble = far.reset if resets else None
        for one in self.subscribers.values():
            one.status = 200 if resets else 500

    def mend(self) -> None:
        self.far.trouble = None
        for one in self.subscribers.values():
            one.status = 200

    def subscribe(self, ending: str, callback: str, secret: str) -> bool:
        form = {
            "hub.mode": "subscribe",
            "hub.topic": f"{PUBLIC_URL}/feeds/nhs/all.{ending}",
            "hub.callback": callback,
            "hub.secret": secret,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        reply = self.rig.ask("/hub", self.token, method="POST", headers=headers, body=body)
        assert reply.status == (403 if self.is_suspended else 202), reply
        return reply.status == 202

    def followers(self) -> list[Follower]:
        found: list[Follower] = [
            kind(self.ask, ending) for kind in (Walker, Differ, Poller) for ending in ENDINGS
        ]
        for ending in ENDINGS:
            path = f"/{ending}"
            self.subscribers[path] = Subscriber(
                self.ask,
                ending,
                subscribe=self.subscribe,
                now=lambda: self.rig.now,
                callback=self.far.origin + path,
                heard=self.heard,
            )
        return [*found, *self.subscribers.values()]

    # What must hold.

    def follow(self, follower: Follower) -> None:
        """Let one follow; it then holds what is shown, unless a push is under way to it."""
        follower.follow()
        if self.is_suspended:
            assert isinstance(follower, Subscriber) or not follower.held
        elif not isinstance(follower, Subscriber) or self.has_all(follower):
            self.check(follower)

    def has_all(self, one: Subscriber) -> bool:
        """Say whether the hub holds that a subscriber took everything, and it asked for that."""
        with reading(self.rig.engine) as connection:
            state = publication.state(connection, EDITION.key)
            marks = {s.callback: s.mark for s in subscribers.every(connection)}
        assert state is not None
        return one.is_subscribed and marks.get(one.callback) == state.seq

    def check(self, follower: Follower) -> None:
        holds, why = follower.proof()
        assert holds, f"{type(follower).__name__} of {follower.ending}: {why}"

    def settle(self, followers: list[Follower]) -> None:
        """Let all faults end: everybody comes to hold just what is shown, pushed to by itself."""
        self.mend()
        self.suspend(suspended=False)
        self.agree(())
        self.publish()
        for one in self.subscribers.values():
            one.follow()  # whoever was denied asks again
        self.wait(hours=7)  # longer than the longest wait before a push is tried again
        self.push()
        self.wait(days=11)  # a denial that nobody heard is found out when the lease ends
        self.push()
        for _ in range(2):  # they ask to be subscribed, then walk
            for one in self.subscribers.values():
                one.follow()
            self.push()
        for one in self.subscribers.values():
            one.walks = 0
        self.tell(NAMES[0])
        self.remove(NAMES[1])
        self.publish()
        self.push()
        shown = self.replayed()
        assert shown == self.expected
        told = orjson.loads(self.ask("/feeds/nhs/all/manifest.json", {}).body)
        assert (told["shown"], told["digest"]) == (len(shown), manifest.digest(shown.items()))
        for follower in followers:
            follower.follow()
            assert follower.held == shown, type(follower).__name__
        assert all(one.walks == 0 for one in self.subscribers.values())

    def replayed(self) -> dict[str, int]:
        """Work out what is shown from the log alone, line by line."""
        query = "SELECT story_id, revision, state FROM entry_log WHERE edition = :key ORDER BY seq"
        shown: dict[str, int] = {}
        with reading(self.rig.engine) as connection:
            for story_id, revision, state in connection.execute(
                sa.text(query), {"key": EDITION.key}
            ):
                shown.pop(story_id, None)
                if state == Shown.IN:
                    shown[story_id] = revision
        return shown


@contextmanager
def world() -> Iterator[World]:
    made: list[World] = []

    def answer(ask: far.Ask) -> far.Reply:
        return made[0].subscribers[ask.path].answer(ask)

    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        url = f"sqlite:///{Path(folder) / 'retold.db'}"
        engine = open_engine(url)
        stack.callback(engine.dispose)
        create_tables(engine)
        source = stack.enter_context(far.play(answer))
        house = stack.enter_context(
            open_house(
                CONFIG,
                Limits(attempts=1, backoff_s=0, allow=(source.place,)),
                database_url=url,
                state_dir=Path(folder),
                public_url=PUBLIC_URL,
                key=KEY,
                operator="someone",
            )
        )
        made.append(World(engine, house, source))
        stack.callback(made[0].rig.runner.close)
        yield made[0]


def live(made: World, followers: list[Follower], chance: Random, changes: int) -> Counter[str]:
    """Let so many things happen at random, while each follows now and then; count them by name."""
    happenings: dict[str, tuple[int, Callable[[], object]]] = {
        "told": (40, lambda: made.tell(chance.choice(NAMES))),
        "removed": (14, lambda: made.remove(chance.choice(NAMES))),
        "many removed": (3, lambda: made.remove(*chance.sample(NAMES, 8))),
        "published": (30, made.publish),
        "agreed": (3, lambda: made.agree(chance.choice((*KINDS, ())))),
        "suspended": (2, lambda: made.suspend(suspended=True)),
        "resumed": (8, lambda: made.suspend(suspended=False)),
        "pushed": (25, made.push),
        "killed": (6, made.be_killed),
        "broken down": (2, lambda: made.outage(resets=False)),
        "unreachable": (2, lambda: made.outage(resets=True)),
        "mended": (18, made.mend),
        "waited": (18, lambda: made.wait(hours=chance.choice((0.02, 0.3, 7)))),
        "lease ended": (1, lambda: made.wait(days=11)),
    }
    names = list(happenings)
    weights = [weight for weight, _ in happenings.values()]
    happened: Counter[str] = Counter()
    while happened.total() < changes:
        [name] = chance.choices(names, weights)
        result = happenings[name][1]()
        happened[name if name != "killed" or result is None else "pushed"] += 1
        if chance.random() < 0.5:
            made.follow(chance.choice(followers))
    return happened
