"""What an organisation announces enters and leaves as stories do, where it is named."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import html

from kit.trial import Trial, open_trial
from schemas.config import Config
from schemas.organisation import Organisation
from schemas.partner import Agreement, Edition, Partner
from schemas.publication import Published
from schemas.story import Kind
from steps import documents, pages
from steps.press import Press
from steps.publish import publish
from steps.summarise import summarise
from tests.connectors.channels.test_feed_archives import document, shelf
from tests.connectors.channels.test_feed_replies import THREAD, entry

PARTNER = Partner(id="voice", name="Northern Voice")
STORIES = Edition(id="stories", partner="voice", title="Stories")
NEWS = Edition.model_validate(
    {"id": "news", "partner": "voice", "title": "News", "scope": {"kinds": ["post"]}}
)
LATER = datetime(2026, 6, 1, 9, tzinfo=UTC)
"""After all that is told here was published."""
KINDS = tuple(Kind)
CLOSED = '<category scheme="urn:retold:comments" term="closed"/>'
POSTED = entry("p1", "Come in by Mill Lane.", author="Press office")
COMMENTED = entry("c1", "Is there a ramp?", to="p1", author="Robin")


def feed(*entries: str) -> bytes:
    return document(*entries).replace(b"<feed", f"<feed{THREAD}".encode(), 1)


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[tuple[Trial, dict[str, bytes]]]:
    with shelf(tmp_path, feed=feed(POSTED)) as (trial, placed):
        trial.more = {"kind": "post", "service": "ods:RXX", "comments": "open"}
        yield trial, placed


def config(trial: Trial) -> Config:
    every = Agreement.model_validate(
        {"id": "a", "partner": "voice", "scope": {"kinds": [str(kind) for kind in KINDS]}}
    )
    return Config(
        channels=(trial.channel,),
        partners=(PARTNER,),
        agreements=(every,),
        editions=(STORIES, NEWS),
        organisations=(Organisation(id="ods:RXX", name="Anytown"),),
    )


def press(trial: Trial) -> Press:
    return Press(config(trial), "https://retold.example", b"k" * 32)


def run(trial: Trial, edition: Edition = NEWS) -> Published:
    return publish(trial.engine, press(trial), edition, lambda: LATER, lambda: "e1")


def shown(trial: Trial) -> list[tuple[str, str, list[str]]]:
    """List title, author and categories of what the edition of posts shows."""
    found = documents.document(trial.engine, press(trial), NEWS, "atom")
    assert found is not None
    read = feedparser.parse(found.body).entries
    return [(e.title, e.author, [t.term for t in e.get("tags", [])]) for e in read]


def test_a_post_is_commented_on_closed_and_taken_down(
    channel: tuple[Trial, dict[str, bytes]],
) -> None:
    trial, placed = channel
    trial.ingest()
    assert run(trial, STORIES) == Published(edition="voice/stories", unchanged=1)
    assert run(trial) == Published(edition="voice/news", came_in=1)
    assert shown(trial) == [
        ("Come in by Mill Lane.", "Anytown", ["post", "open", "ods:RXX"]),
    ]

    placed["/feed"] = feed(POSTED.replace("<author>", CLOSED + "<author>"), COMMENTED)
    trial.ingest()
    assert run(trial) == Published(edition="voice/news", revised=1)
    assert shown(trial) == [
        ("Come in by Mill Lane.", "Anytown", ["post", "closed", "ods:RXX"]),
        ("Comment from Robin", "Robin", []),
    ]
    assert summarise(trial.engine, config(trial), "ods:RXX", LATER).stories == 0

    gone = '<at:deleted-entry ref="p1" when="2026-04-01T12:00:00Z"/>'
    placed["/feed"] = feed(gone)
    trial.ingest()
    assert run(trial) == Published(edition="voice/news", went_out=1)
    assert shown(trial) == []


@pytest.mark.parametrize("kind", ["feed", "rest", "table", "webhook"])
def test_every_kind_of_channel_that_may_choose_can_bring_posts(kind: str, tmp_path: Path) -> None:
    with open_trial(kind, tmp_path) as trial:
        trial.more = {"kind": "post"}
        trial.world.add(2)
        trial.ingest()
        assert [kept.story.kind for kept in trial.kept().values()] == [Kind.POST] * 2
        assert run(trial, STORIES).came_in == 0
        assert run(trial).came_in == 2


def test_a_record_says_whether_it_may_be_commented_on_and_who_did(tmp_path: Path) -> None:
    with open_trial("webhook", tmp_path) as trial:
        given = dict(trial.stage.options(trial.place))
        replies = given["responses"] | {"name": "words"}
        trial.more = {"kind": "post", "ext": {"comments": "heading"}, "responses": replies}
        trial.world.add(1, title="closed", reply="Robin")
        trial.ingest()
        (kept,) = trial.kept().values()
    assert kept.story.comments == "closed"
    assert [reply.organisation_name for reply in kept.story.responses] == ["Robin"]


def test_the_page_for_people_tells_a_post_from_a_story(
    channel: tuple[Trial, dict[str, bytes]],
) -> None:
    trial, placed = channel
    placed["/feed"] = feed(POSTED, COMMENTED)
    trial.ingest()
    run(trial)
    newest = documents.document(trial.engine, press(trial), NEWS, "json")
    assert newest is not None
    page = pages.edition(config(trial), NEWS, {"json": newest}, "https://retold.example")
    assert (
        "What organisations announce, chosen for <bdi>Northern Voice</bdi>"
        in page.body.decode().replace("\n", " ")
    )
    meta: Any = html.fromstring(page.body).find(".//article/p[@class='meta']")
    said = " ".join(meta.text_content().split())
    assert said == "Announcement by Anytown · 1 March 2026 · 1 comment · comments open"
