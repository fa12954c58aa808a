"""From a telling to a partner's reader, with nothing made up in between."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import orjson
import pytest

from schemas.partner import Edition
from steps import collect
from steps.press import Press
from steps.publish import publish
from store.database import Engine
from store.hits import open_hits
from tests import make
from tests.tell import MONDAY, tell, telling
from tests.web.rig import CONFIG, KEY, PUBLIC_URL, Rig
from web.app import make_app
from web.press import Documents

PATH = "/feeds/nhs/all"


class Published(Rig):
    """An installation whose documents are those of the publish step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        documents = Documents(self.engine, PUBLIC_URL, KEY)
        self.config = CONFIG.model_copy(update={"channels": (make.channel(),)})
        self.app = make_app(replace(self.house(), document=documents))

    def publish(self, edition: Edition = CONFIG.editions[0]) -> None:
        self.now += timedelta(seconds=1)
        press = Press(self.config, PUBLIC_URL, KEY)
        publish(self.engine, press, edition, lambda: self.now, lambda: "e1")
        self.now += timedelta(seconds=1)


@pytest.fixture
def published(sqlite_engine: Engine) -> Iterator[Published]:
    rig = Published(sqlite_engine)
    yield rig
    rig.runner.close()


def test_a_story_reaches_a_reader_and_so_does_its_removal(published: Published) -> None:
    tell(published.engine, telling("1", "The nurses were kind."), telling("2", "We waited."))
    published.publish()
    token = published.issue("nhs")
    first = published.ask(f"{PATH}.atom", token)
    assert len(feedparser.parse(first.body).entries) == 2
    assert b"The nurses were kind." in first.body
    assert (
        published.ask(f"{PATH}.atom", token, headers={"if-none-match": first["etag"]}).status == 304
    )
    tell(published.engine, removed=[("opinion", "1")], now=MONDAY + timedelta(days=1))
    published.publish()
    second = published.ask(f"{PATH}.atom", token, headers={"if-none-match": first["etag"]})
    assert second.status == 200
    assert b"The nurses were kind." not in second.body
    assert b"deleted-entry" in second.body
    removed = orjson.loads(published.ask(f"{PATH}.json", token).body)["_retold"]["removed"]
    assert len(removed) == 1


def test_the_canonical_address_is_the_same_in_the_header_and_in_the_document(
    published: Published,
) -> None:
    tell(published.engine, *(telling(str(number)) for number in range(60)))
    published.publish()
    token = published.issue("nhs")
    feed = orjson.loads(published.ask(f"{PATH}.json?token={token}").body)
    assert feed["feed_url"] == f"{PUBLIC_URL}{PATH}.json"
    older = published.ask(feed["next_url"].removeprefix(PUBLIC_URL), token)
    assert older["link"] == f'<{feed["next_url"]}>; rel="self"'
    assert orjson.loads(older.body)["feed_url"] == feed["next_url"]
    ids = {entry["id"] for entry in feed["items"] + orjson.loads(older.body)["items"]}
    assert len(ids) == 60


def test_the_page_for_people_shows_what_the_documents_show(published: Published) -> None:
    tell(published.engine, telling("1", "The nurses were <em>kind</em> &amp; quick."))
    published.publish()
    page = published.ask(PATH, published.issue("nhs")).body.decode()
    assert "The nurses were kind &amp; quick." in page
    assert "Kind staff, long wait" in page


def test_a_reading_at_a_partner_is_kept_with_the_story_it_is_of(
    published: Published, tmp_path: Path
) -> None:
    tell(published.engine, telling("1"))
    published.publish()
    feed = orjson.loads(published.ask(f"{PATH}.json", published.issue("nhs")).body)
    [entry] = feed["items"]
    with open_hits(tmp_path / "beacon.db") as hits:
        published.app = make_app(replace(published.house(), hits=hits))
        published.ask(entry["_retold"]["beacon_url"].removeprefix(PUBLIC_URL))
        [(_, hit)] = hits.of("nhs")
    assert (hit.story_id, hit.at) == (entry["id"], published.now)


def test_a_report_is_kept_once_however_often_it_is_sent(published: Published) -> None:
    published.app = make_app(replace(published.house(), receive=collect.receive))
    token = published.issue("nhs", "report")
    sending: dict[str, Any] = {
        "method": "POST",
        "headers": {"content-type": "text/csv"},
        "body": b"item,count",
    }
    first, again = (
        orjson.loads(published.ask("/reports/nhs", token, **sending).body) for _ in range(2)
    )
    assert (first["status"], again["status"]) == ("received", "duplicate")
    assert (first["id"], first["sha256"]) == (again["id"], again["sha256"])


def test_documents_follow_the_configuration(published: Published) -> None:
    tell(published.engine, telling("1"))
    published.publish()
    token = published.issue("nhs")
    before = published.ask(f"{PATH}.json", token)
    partner = CONFIG.partners[0].model_copy(update={"name": "Renamed"})
    renamed = {"partners": (partner,), "agreements": (CONFIG.agreements[0],)}
    published.config = published.config.model_copy(update=renamed)
    after = published.ask(f"{PATH}.json", token, headers={"if-none-match": before["etag"]})
    assert after.status == 200
    assert orjson.loads(after.body)["description"] == "Stories for Renamed"
    narrowed = CONFIG.agreements[0].model_copy(update={"formats": ("atom",)})
    published.config = published.config.model_copy(update={"agreements": (narrowed,)})
    assert published.ask(f"{PATH}.json", token).status == 404
