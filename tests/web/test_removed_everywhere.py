"""A story that its channel withdraws is told of to everyone who had it, by one publish and push."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors._http import Limits
from connectors.channels import feed
from kit import far
from kit.far import Ask, Far, Reply
from rules import identity
from rules.push import Wish
from schemas.config import Config
from schemas.partner import Agreement, Edition, Partner, Webhook
from schemas.push import Mode
from steps import ingest, publish, push, removals, tokens
from steps.house import House, open_house
from store.database import Engine
from tests import make
from tests.patience import PATIENCE_S
from tests.steps.pushing import SECRET
from tests.web.followers import atom
from tests.web.published import Published

URN = identity.mint(("opinion.example", "s1"))
DAY = timedelta(days=1)
START = datetime.fromisoformat("2026-11-02T09:00:00Z")
FEED = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">
<id>f</id><title>Opinions</title>{}</feed>"""
STORY = """<entry><id>s1</id><title>Kind staff</title><updated>2026-10-01T09:00:00Z</updated>
<published>2026-10-01T09:00:00Z</published><content>They were kind.</content></entry>"""
TOMBSTONE = '<at:deleted-entry ref="s1" when="2026-11-01T09:00:00Z"/>'


@dataclass
class World:
    """A source of stories, and two partners' places that we post to."""

    shows: str = STORY
    status: int = 200
    heard: dict[str, list[Ask]] = field(default_factory=dict)

    def __call__(self, ask: Ask) -> Reply:
        if ask.path == "/source":
            return Reply(FEED.format(self.shows).encode(), "application/atom+xml")
        if ask.method == "GET":
            return Reply(ask.query["hub.challenge"].encode(), "text/plain")
        self.heard.setdefault(ask.path, []).append(ask)
        said = {"acknowledged": [URN]} if ask.path == "/hook" else {}
        return Reply(json.dumps(said).encode(), status=self.status)


def config(origin: str) -> Config:
    partners = ("reader", "listener", "hooked")
    options = feed.Opts(url=f"{origin}/source")
    webhook = Webhook(url=f"{origin}/hook", secret=SECRET)
    return Config(
        channels=(make.channel(kind="feed", options=options, publisher="opinion.example"),),
        partners=tuple(
            Partner(id=name, name=name, webhook=webhook if name == "hooked" else None)
            for name in partners
        ),
        agreements=tuple(Agreement(id=f"a-{name}", partner=name) for name in partners),
        editions=tuple(Edition(id="all", partner=name, title="All") for name in partners),
    )


@dataclass
class Town:
    """The whole loop up to partners."""

    house: House
    world: World
    rig: Published
    origin: str
    now: datetime = START

    def ingest(self) -> None:
        channel = self.house.config.channels[0]
        ingest.ingest(self.house.engine, self.house.http, channel, lambda: self.now)

    def publish_and_push(self) -> None:
        for edition in self.house.config.editions:
            publish.publish(
                self.house.engine, self.house.press, edition, lambda: self.now, lambda: "e1"
            )
        for key in push.subjects(self.house):
            push.push(self.house, key)

    def subscribe(self) -> str:
        """Let a partner subscribe at the hub; give its client's id."""
        engine, edition = self.house.engine, self.house.config.editions[1]
        clear = tokens.issue(engine, edition.partner, "feed", self.now)
        known = {kept.token.id: kept.token for kept in tokens.listing(engine)}
        token = known[clear.split("_")[2]]
        wish = Wish(Mode.SUBSCRIBE, "", f"{self.origin}/cb", 30 * 86_400, None)
        push.ask(engine, edition, "atom", wish, token, self.now)
        return token.id

    def withdraw(self) -> None:
        """Let the channel take its story back, and notice."""
        self.now += timedelta(minutes=5)
        self.world.shows = TOMBSTONE
        self.ingest()

    def fetch(self, token: str) -> bytes:
        self.rig.now = self.now
        return self.rig.ask("/feeds/reader/all.atom", token).body

    def certificate(self) -> dict[str, dict[str, Any]]:
        paper = removals.certificate(self.house.engine, self.house.config, URN, self.now)
        return {one["client"]: one for one in paper["holders"]}


@pytest.fixture
def town(engine: Engine, tmp_path: Path) -> Iterator[Town]:
    url = engine.url.render_as_string(hide_password=False)
    world, rig = World(), Published(engine)
    with far.play(world) as place, _open(url, tmp_path, place) as house:
        made = Town(house, world, rig, place.origin)
        made.house = replace(house, clock=lambda: made.now)
        rig.config = house.config
        yield made
    rig.runner.close()


def _open(url: str, folder: Path, place: Far) -> AbstractContextManager[House]:
    return open_house(
        config(place.origin),
        Limits(
            attempts=1,
            backoff_s=0,
            read_timeout_s=PATIENCE_S,
            deadline_s=PATIENCE_S,
            allow=(place.place,),
        ),
        database_url=url,
        state_dir=folder,
        public_url="https://retold.example",
        key=b"k" * 32,
        operator="someone",
    )


def test_one_publish_and_one_push_tell_everyone_and_the_certificate_lists_each(town: Town) -> None:
    reader = tokens.issue(town.house.engine, "reader", "feed", town.now)
    town.ingest()
    hub = town.subscribe()
    town.publish_and_push()
    assert len(atom(town.fetch(reader)).shown) == 1
    assert len(atom(town.world.heard["/cb"][0].body).shown) == 1

    town.withdraw()
    town.publish_and_push()

    assert atom(town.fetch(reader)).removed == [URN]
    assert atom(town.world.heard["/cb"][-1].body).removed == [URN]
    [posted] = town.world.heard["/hook"]
    assert [one["id"] for one in json.loads(posted.body)["data"]["removed"]] == [URN]
    held, hook, client = town.certificate(), "webhook 127.0.0.1", reader.split("_")[2]
    assert set(held) == {client, hub, hook}
    assert {one["told_at"] for one in held.values()} == {town.now}
    assert held[hook]["acknowledged_at"] == town.now

    body = orjson.dumps({"removed": [URN]})
    assert town.rig.ask("/removals/reader/all", reader, method="POST", body=body).status == 200
    town.now += 7 * DAY
    overdue = {name: one["overdue"] for name, one in town.certificate().items()}
    assert overdue == {client: False, hook: False, hub: True}
    waiting = removals.waiting(town.house.engine, town.house.config, town.now)
    assert [(one.edition, one.client, one.overdue) for one in waiting] == [
        ("listener/all", hub, True)
    ]


def test_a_push_or_a_post_that_was_not_taken_has_told_nobody(town: Town) -> None:
    town.ingest()
    hub = town.subscribe()
    town.publish_and_push()
    town.withdraw()
    town.world.status = 500
    town.publish_and_push()
    assert {one["told_at"] for one in town.certificate().values()} == {None}
    town.world.status = 200
    town.now += timedelta(hours=1)
    town.publish_and_push()
    held = town.certificate()
    assert {name: one["told_at"] for name, one in held.items()} == {
        hub: town.now,
        "webhook 127.0.0.1": town.now,
    }
