"""From a telling to a partner's reader, with nothing made up in between."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import orjson
import pytest

from connectors import _places
from steps import collect, write
from steps.pages import STYLE_PATH
from steps.press import Press
from store.hits import open_hits
from tests.tell import MONDAY, tell, telling
from tests.web.published import Published
from tests.web.rig import CONFIG, KEY, PUBLIC_URL
from web.app import make_app

PATH = "/feeds/nhs/all"
CODINGS = {".gz": "gzip", ".br": "br", ".zst": "zstd"}
OPEN = CONFIG.editions[0].model_copy(update={"paged": False, "page_size": 20})


def test_a_story_reaches_a_reader_and_so_does_its_removal(published: Published) -> None:
    tell(published.engine, telling("1", "The nurses were kind."), telling("2", "We waited."))
    published.publish()
    token = published.issue("nhs")
    first = published.ask(f"{PATH}.atom", token)
    read = feedparser.parse(first.body).entries
    assert len([entry for entry in read if "thr_in-reply-to" not in entry]) == 2
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


@pytest.mark.parametrize(
    ("ending", "media_type"),
    [
        ("jsonld", "application/ld+json"),
        ("google", "application/xml; charset=utf-8"),
        ("activity", "application/activity+json"),
    ],
)
def test_a_format_that_only_some_want_is_served_where_an_agreement_names_it(
    published: Published, ending: str, media_type: str
) -> None:
    tell(published.engine, telling("1", "We waited."), telling("2"))
    published.publish()
    token = published.issue("nhs")
    assert published.ask(f"{PATH}.{ending}", token).status == 404
    asked = published.ask(PATH, token).body.decode()
    assert f"{PATH}.{ending}" not in asked

    agreed = CONFIG.agreements[0].model_copy(update={"formats": ("atom", ending)})
    published.config = published.config.model_copy(update={"agreements": (agreed,)})
    published.publish()
    reply = published.ask(f"{PATH}.{ending}", token)
    assert (reply.status, reply["content-type"]) == (200, media_type)
    assert b"We waited." in reply.body
    page = published.ask(PATH, token).body.decode()
    assert f'type="{media_type.partition(";")[0]}"' in page
    assert f"{PATH}.{ending}" in page


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


def test_files_hold_the_very_bytes_that_the_server_gives(
    published: Published, tmp_path: Path
) -> None:
    agreement = CONFIG.agreements[0].model_copy(update={"public": True})
    told = {"editions": (OPEN,), "agreements": (agreement, *CONFIG.agreements[1:])}
    published.config = published.config.model_copy(update=told)
    tell(published.engine, *(telling(str(number)) for number in range(510)))
    published.publish(OPEN)
    press, clock = Press(published.config, PUBLIC_URL, KEY), lambda: published.now
    with _places.opened(str(tmp_path / "www")) as place:
        done = write.write(published.engine, press, OPEN, place, clock)
    token = published.issue("nhs")
    names = [path for path in (tmp_path / "www" / "nhs").rglob("*.*") if path.name[0] != "."]
    assert len(names) == done.written == (3 * 3 + 3) * 4
    for path in names:
        address = "/feeds/" + path.relative_to(tmp_path / "www").as_posix()
        coding = CODINGS.get(path.suffix, "")
        given = published.ask(
            _asked(address), token, headers={"accept-encoding": coding or "identity"}
        )
        assert (given.status, given["content-encoding"]) == (200, coding), address
        assert path.read_bytes() == given.body, address
    assert (tmp_path / "www" / STYLE_PATH[1:]).read_bytes() == published.ask(STYLE_PATH).body


def _asked(address: str) -> str:
    for ending in CODINGS:
        address = address.removesuffix(ending)
    return address.removesuffix("/index.html")


def test_an_edition_without_pages_names_none_and_has_none(published: Published) -> None:
    published.config = published.config.model_copy(update={"editions": (OPEN,)})
    tell(published.engine, *(telling(str(number)) for number in range(30)))
    published.publish(OPEN)
    token = published.issue("nhs")
    feed = orjson.loads(published.ask(f"{PATH}.json", token).body)
    assert "next_url" not in feed
    assert published.ask(f"{PATH}.json?below=11", token).status == 404
    older = published.ask(feed["_retold"]["prev_archive_url"].removeprefix(PUBLIC_URL), token)
    assert len(orjson.loads(older.body)["items"]) == 30
    assert b"<code>prev-archive</code>" in published.ask(PATH, token).body
    paged = OPEN.model_copy(update={"paged": True})
    published.config = published.config.model_copy(update={"editions": (paged,)})
    assert "next_url" in orjson.loads(published.ask(f"{PATH}.json", token).body)


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
