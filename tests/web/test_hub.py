"""The hub over real loopback HTTP: the cases of websub.rocks, written anew from their definitions.

https://websub.rocks/hub: 100 a typical request, 101 with a secret, 102 with further parameters,
103 re-subscribing before the end, 104 unsubscribing, 105 plain text, 106 JSON. We have no feed in
plain text: 105 is held by the RSS feed. Last comes a subscriber that others wrote.
"""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import orjson
import pytest
import requests
from flask import Flask
from flask_websub.subscriber import (
    SQLite3SubscriberStorage,
    SQLite3TempSubscriberStorage,
    Subscriber,
)
from werkzeug.serving import make_server

from connectors._http import Limits
from kit import far
from schemas.push import Pushed
from steps import push, tokens
from steps.house import House, open_house
from store import subscribers
from store.database import Engine, reading
from tests.patience import PATIENCE_S
from tests.steps.pushing import Ears
from tests.tell import tell, telling
from tests.web.followers import atom
from tests.web.published import Published
from tests.web.rig import KEY, PUBLIC_URL, Rig
from tests.web.test_serve import serving

TOPIC = f"{PUBLIC_URL}/feeds/nhs/all.atom"


@dataclass
class Town:
    """A hub that serves, a callback that listens, and the step between them."""

    rig: Published
    hub: str
    far: far.Far
    ears: Ears
    house: House
    ahead: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self.token = self.rig.issue("nhs")
        self.publish()

    def publish(self, *external_ids: str) -> None:
        tell(self.rig.engine, *(telling(one) for one in external_ids))
        self.rig.publish()

    def post(self, topic: str = TOPIC, token: str | None = None, **fields: str) -> int:
        """Ask the hub; fields are `hub.` ones."""
        form = {"hub.mode": "subscribe", "hub.topic": topic, "hub.callback": f"{self.far.origin}/c"}
        form |= {f"hub.{name}": value for name, value in fields.items()}
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return requests.post(self.hub, form, headers=headers, timeout=PATIENCE_S).status_code

    def push(self) -> Pushed:
        house = replace(self.house, config=self.rig.config)
        house = replace(house, press=replace(house.press, config=self.rig.config))
        house = replace(house, clock=lambda: datetime.now(UTC) + self.ahead)
        done = [push.push(house, key) for key in push.subjects(house)]
        return done[0] if done else Pushed()

    def count(self) -> int:
        with reading(self.rig.engine) as connection:
            return len(subscribers.every(connection))


@pytest.fixture
def town(sqlite_engine: Engine, tmp_path: Path) -> Iterator[Town]:
    rig, ears = Published(sqlite_engine), Ears()
    with (
        far.play(ears) as source,
        serving(rig) as address,
        open_house(
            rig.config,
            Limits(attempts=1, allow=("127.0.0.0/8",)),
            database_url=sqlite_engine.url.render_as_string(),
            state_dir=tmp_path,
            public_url=PUBLIC_URL,
            key=KEY,
            operator="someone",
        ) as house,
    ):
        yield Town(rig, f"{address}/hub", source, ears, house)
    rig.runner.close()


def test_100_a_typical_request_is_verified_and_then_sent_what_changes(town: Town) -> None:
    assert town.post() == 202
    assert town.push() == Pushed(verified=1)
    assert town.ears.asked[0].query["hub.topic"] == TOPIC
    town.publish("1")
    assert town.push() == Pushed(delivered=1)
    [heard] = town.ears.heard
    assert len(atom(heard.body).shown) == 1
    assert heard.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert "x-hub-signature" not in heard.headers


def test_101_with_a_secret_content_is_signed(town: Town) -> None:
    assert town.post(secret="shh") == 202
    town.publish("1")
    assert town.push() == Pushed(verified=1, delivered=1)
    [heard] = town.ears.heard
    assert (
        heard.headers["x-hub-signature"]
        == f"sha256={hmac.digest(b'shh', heard.body, 'sha256').hex()}"
    )


def test_102_further_parameters_are_ignored(town: Town) -> None:
    assert town.post(foo="bar", verify="sync") == 202
    town.publish("1")
    assert town.push() == Pushed(verified=1, delivered=1)
    assert "hub.foo" not in town.ears.asked[0].query


def test_103_re_subscribing_before_the_end_makes_no_second_subscription(town: Town) -> None:
    for lease in ("7200", "14400"):
        assert town.post(lease_seconds=lease) == 202
        assert town.push() == Pushed(verified=1)
        assert town.ears.asked[-1].query["hub.lease_seconds"] == lease
    assert town.count() == 1
    town.publish("1")
    assert town.push() == Pushed(delivered=1)
    assert len(town.ears.heard) == 1


def test_104_who_unsubscribes_is_sent_nothing_more(town: Town) -> None:
    town.post()
    town.push()
    assert town.post(mode="unsubscribe") == 202
    assert town.push() == Pushed(dropped=1)
    town.publish("1")
    assert town.push() == Pushed()
    assert town.ears.heard == []


@pytest.mark.parametrize(
    ("ending", "media_type"),
    [("rss", "application/rss+xml; charset=utf-8"), ("json", "application/feed+json")],
    ids=["105 rss", "106 json"],
)
def test_content_is_sent_in_the_topics_own_media_type(
    town: Town, ending: str, media_type: str
) -> None:
    topic = f"{PUBLIC_URL}/feeds/nhs/all.{ending}"
    assert town.post(topic) == 202
    town.publish("1")
    assert town.push() == Pushed(verified=1, delivered=1)
    [heard] = town.ears.heard
    assert heard.headers["content-type"] == media_type
    assert heard.headers["link"].endswith(f'<{topic}>; rel="self"')


@pytest.mark.parametrize(
    ("asked", "given"),
    [("1", "3600"), ("99999999", "2592000"), ("", "864000"), ("0", "3600")],
    ids=["too short", "too long", "not said", "for ever"],
)
def test_a_lease_is_bounded(town: Town, asked: str, given: str) -> None:
    assert town.post(lease_seconds=asked) == 202
    town.push()
    assert town.ears.asked[0].query["hub.lease_seconds"] == given


@pytest.mark.parametrize(
    "fields",
    [
        {"mode": "publish"},
        {"mode": ""},
        {"callback": ""},
        {"callback": "ftp://a.example/"},
        {"callback": "https://me:word@a.example/"},
        {"callback": "https://a.example/#here"},
        {"callback": "https://a.example/ b"},
        {"callback": "https://a.example/" + "a" * 2000},
        {"lease_seconds": "-1"},
        {"lease_seconds": "1.5"},
        {"secret": "s" * 200},
        {"secret": "\N{SNOWMAN}" * 67},
        {"topic": ""},
    ],
    ids=lambda fields: " ".join(f"{k}={v[:20]}" for k, v in fields.items()),
)
def test_what_is_no_request_is_refused(rig: Rig, fields: dict[str, str]) -> None:
    assert ask(rig, rig.issue("nhs"), **fields) == 400


def ask(rig: Rig, token: str | None, path: str = "/hub", **fields: str) -> int:
    form = {"mode": "subscribe", "topic": TOPIC, "callback": "https://a.example/c"} | fields
    request = requests.Request("POST", "http://x.example", data={f"hub.{k}": form[k] for k in form})
    body = request.prepare().body
    assert isinstance(body, str)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return rig.ask(path, token, method="POST", headers=headers, body=body.encode()).status


def test_a_secret_of_199_bytes_will_do(rig: Rig) -> None:
    assert ask(rig, rig.issue("nhs"), secret="s" * 199) == 202


def test_without_a_valid_token_all_is_refused_alike(rig: Rig) -> None:
    revoked = rig.issue("nhs")
    tokens.revoke(rig.engine, revoked.split("_")[2], rig.now)
    replies = {
        (reply.status, reply.body)
        for token in (None, "nonsense", rig.issue("nhs", "report"), revoked)
        for method in ("GET", "POST")
        for path in ("/hub", "/hub/", "/hub/more")
        for reply in [rig.ask(path, token, method=method)]
    }
    assert [status for status, _ in replies] == [401]


def test_a_token_comes_by_header_by_basic_or_in_the_hubs_address(rig: Rig) -> None:
    token = rig.issue("nhs")
    assert ask(rig, None, f"/hub?token={token}") == 202
    assert ask(rig, token) == 202


@pytest.mark.parametrize(
    "topic",
    [
        f"{PUBLIC_URL}/feeds/bbc/all.atom",
        f"{PUBLIC_URL}/feeds/nhs/none.atom",
        f"{PUBLIC_URL}/feeds/nhs/all",
        f"{PUBLIC_URL}/feeds/nhs/all.pdf",
        f"{PUBLIC_URL}/feeds/nhs/all.atom?below=11",
        f"{PUBLIC_URL}/feeds/nhs/all.atom?token=rt_feed_x",
        f"{PUBLIC_URL}/feeds/nhs/all/archive-1.atom",
        "https://elsewhere.example/feeds/nhs/all.atom",
        "/feeds/nhs/all.atom",
    ],
)
def test_what_is_not_ones_own_canonical_feed_is_not_found_alike(rig: Rig, topic: str) -> None:
    assert ask(rig, rig.issue("nhs"), topic=topic) == 404


def test_a_format_that_is_not_agreed_is_not_found(rig: Rig) -> None:
    token = rig.issue("bbc")
    assert ask(rig, token, topic=f"{PUBLIC_URL}/feeds/bbc/all.rss") == 404
    assert ask(rig, token, topic=f"{PUBLIC_URL}/feeds/bbc/all.atom") == 202


def test_a_suspended_partner_is_told_so(rig: Rig) -> None:
    assert ask(rig, rig.issue("late"), topic=f"{PUBLIC_URL}/feeds/late/all.atom") == 403


def test_only_forms_of_a_bounded_size_are_read(rig: Rig) -> None:
    token = rig.issue("nhs")
    form = {"content-type": "application/x-www-form-urlencoded"}
    sent: Callable[..., int] = lambda **given: rig.ask("/hub", token, **given).status  # noqa: E731
    assert sent(method="GET") == 405
    assert sent(method="POST", body=b"{}", headers={"content-type": "application/json"}) == 415
    assert sent(method="POST", body=b"a" * 16_385, headers=form) == 413
    assert sent(method="POST", body=b"hub.mode=%ff", headers=form) == 400
    assert sent(method="POST", body=b"a=1&" * 101, headers=form) == 400
    assert rig.ask("/hub/more", token, method="POST").status == 404


def test_feeds_name_the_hub_alike_for_everybody_and_without_a_token(town: Town) -> None:
    hub = f"{PUBLIC_URL}/hub"
    for ending in ("atom", "rss", "json"):
        reply = town.rig.ask(f"/feeds/nhs/all.{ending}?token={town.token}")
        own = f"{PUBLIC_URL}/feeds/nhs/all.{ending}"
        assert reply["link"] == f'<{hub}>; rel="hub", <{own}>; rel="self"'
        assert hub.encode() in reply.body
        assert town.token.encode() not in reply.body
    assert orjson.loads(reply.body)["hubs"] == [{"type": "WebSub", "url": hub}]
    archive = town.rig.ask("/feeds/nhs/all/archive-1.json", town.token)
    assert "hub" not in archive["link"]


def test_a_subscriber_that_others_wrote_is_verified_heard_and_let_go(
    town: Town, tmp_path: Path
) -> None:
    heard: list[tuple[str, bytes]] = []
    told: list[str] = []
    kept = SQLite3SubscriberStorage(str(tmp_path / "kept.db"))
    asked = SQLite3TempSubscriberStorage(str(tmp_path / "asked.db"))
    peer = Subscriber(kept, asked)
    peer.add_listener(lambda topic, _, body: heard.append((topic, body)))
    peer.add_success_handler(lambda _, __, mode: told.append(mode))
    peer.add_error_handler(lambda _, __, reason: told.append(reason))
    app = Flask("peer")
    app.register_blueprint(peer.build_blueprint(url_prefix="/callbacks"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    app.config["SERVER_NAME"] = f"127.0.0.1:{server.port}"
    hub = f"{town.hub}?token={town.token}"
    try:
        with app.app_context():
            key = peer.subscribe(topic_url=TOPIC, hub_url=hub, lease_seconds=7200)
            assert town.push() == Pushed(verified=1)
            town.publish("1")
            assert town.push() == Pushed(delivered=1)
            assert [(topic, len(atom(body).shown)) for topic, body in heard] == [(TOPIC, 1)]
            peer.renew(key)
            assert town.push() == Pushed(verified=1)
            peer.unsubscribe(key)
            assert town.push() == Pushed(dropped=1)
            peer.subscribe(topic_url=TOPIC, hub_url=hub)
            tokens.revoke(town.rig.engine, town.token.split("_")[2], datetime.now(UTC))
            assert town.push() == Pushed(denied=1)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    denied = "the token of this subscription has ended"
    assert told == ["subscribe", "subscribe", "unsubscribe", denied]
