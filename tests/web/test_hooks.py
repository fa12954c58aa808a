"""What sources send us: safe before they are told so, and each delivery once."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.channels import webhook
from kit.stages import webhook as stage
from kit.world import Delivery, World
from schemas.channel import Channel
from schemas.config import Config
from schemas.errors import StoreBusyError
from steps import stories
from tests.web.rig import CONFIG, Rig
from web import hooks

PATH = "/hooks/forms"


def config() -> Config:
    told = webhook.OPTIONS.model_validate(dict(stage.options("")))
    sent = Channel(id="forms", kind="webhook", options=told, secrets=dict(stage.SECRETS))
    asked = Channel(id="asked", kind="careopinion")
    return CONFIG.model_copy(update={"channels": (sent, asked)})


@pytest.fixture
def delivery(rig: Rig) -> Delivery:
    rig.config = config()
    world = World()
    world.add(3)
    (one,) = stage.deliver(list(world.pieces.values()), rig.now)
    return one


def test_a_delivery_is_kept_and_then_accepted(rig: Rig, delivery: Delivery) -> None:
    reply = rig.ask(PATH, method="POST", headers=delivery.headers, body=delivery.body)
    assert reply.status == 202
    assert json.loads(reply.body) == {"id": 1, "status": "received"}
    assert len(stories.every(rig.engine)) == 3


def test_the_same_delivery_again_is_a_duplicate(rig: Rig, delivery: Delivery) -> None:
    said = [
        rig.ask(PATH, method="POST", headers=delivery.headers, body=delivery.body) for _ in range(2)
    ]
    assert [reply.status for reply in said] == [202, 202]
    assert json.loads(said[1].body) == {"id": 1, "status": "duplicate"}
    assert len(stories.every(rig.engine)) == 3


def test_nobody_learns_which_channels_there_are(rig: Rig, delivery: Delivery) -> None:
    bare = {"content-type": "application/json"}
    said = [
        rig.ask(path, method="POST", headers=bare, body=delivery.body)
        for path in (PATH, "/hooks/asked", "/hooks/none", "/hooks/")
    ]
    assert {reply.status for reply in said} == {401}
    assert len({(tuple(reply.headers), reply.body) for reply in said}) == 1
    assert not stories.every(rig.engine)


def test_a_delivery_of_an_hour_ago_is_refused(rig: Rig, delivery: Delivery) -> None:
    rig.now = datetime.fromtimestamp(rig.now.timestamp() + 3600, UTC)
    assert rig.ask(PATH, method="POST", headers=delivery.headers, body=delivery.body).status == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_a_delivery_is_posted(rig: Rig, delivery: Delivery, method: str) -> None:
    assert rig.ask(PATH, method=method, headers=delivery.headers).status == 405


def test_a_delivery_that_is_too_long_or_empty_is_refused(rig: Rig, delivery: Delivery) -> None:
    long = [b" " * (hooks.LONGEST_BYTES // 2 + 1)] * 2
    assert rig.ask(PATH, method="POST", headers=delivery.headers, body=long).status == 413
    assert rig.ask(PATH, method="POST", headers=delivery.headers, body=b"").status == 400


def test_while_the_store_is_busy_the_sender_is_asked_to_come_back(
    rig: Rig, delivery: Delivery
) -> None:
    def busy(*_: object) -> None:
        raise StoreBusyError("locked")

    from web.app import make_app  # noqa: PLC0415 -- only here

    rig.app = make_app(replace(rig.house(), deliver=busy), flush_every_s=0.01)  # type: ignore[arg-type]
    reply = rig.ask(PATH, method="POST", headers=delivery.headers, body=delivery.body)
    assert reply.status == 503
