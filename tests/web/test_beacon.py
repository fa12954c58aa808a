from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from rules import beacon, synthetic
from schemas.errors import StoreBusyError
from schemas.views import Hit
from tests.web.rig import KEY, Rig
from web.app import make_app
from web.beacon import Salts

STORY = "urn:uuid:6f6b0c1e-3f0a-4c3e-9d7a-000000000001"
PATH = beacon.path("nhs", STORY, KEY)
FORGED = PATH.replace("/nhs/", "/bbc/")


def test_a_story_that_is_opened_counts_one_hit(rig: Rig) -> None:
    reply = rig.ask(PATH, headers={"user-agent": "Firefox"})
    assert reply.status == 200
    [hit] = rig.hits
    assert (hit.partner, hit.story_id, hit.at) == ("nhs", STORY, rig.now)
    assert hit.agent == "Firefox"
    assert "192.0.2.1" not in hit.model_dump_json()


def test_the_answer_is_always_the_same_small_image(rig: Rig) -> None:
    replies = {
        (reply.status, tuple(reply.headers), reply.body)
        for path in (PATH, FORGED, "/b/", "/b", "/b/nhs/x/y.gif", PATH + "?x=1")
        for reply in [rig.ask(path)]
    }
    [(status, headers, body)] = replies
    assert status == 200
    assert len(body) == 43
    assert body.startswith(b"GIF89a")
    assert dict(headers)["cache-control"] == "no-store"
    assert dict(headers)["content-type"] == "image/gif"
    assert "set-cookie" not in dict(headers)


def test_an_address_we_did_not_make_counts_nothing(rig: Rig) -> None:
    for path in (FORGED, PATH[:-5] + "x.gif", PATH.upper(), "/b/"):
        rig.ask(path)
    assert rig.hits == []


def test_a_made_up_story_counts_nothing_though_its_image_is_there(rig: Rig) -> None:
    reply = rig.ask(beacon.path("nhs", synthetic.mint("a"), KEY))
    assert (reply.status, len(reply.body), rig.hits) == (200, 43, [])


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-moz": "Prefetch"},
        {"x-purpose": "preview"},
    ],
)
def test_what_a_browser_fetches_ahead_is_no_reading(rig: Rig, headers: dict[str, str]) -> None:
    assert rig.ask(PATH, headers=headers).status == 200
    assert rig.hits == []


def test_asking_for_the_headers_is_no_reading_and_sending_is_refused(rig: Rig) -> None:
    head = rig.ask(PATH, method="HEAD")
    assert (head.status, head.body, head["content-length"]) == (200, b"", "43")
    assert rig.ask(PATH, method="POST").status == 405
    assert rig.hits == []


def test_a_visitor_is_the_same_all_day_and_another_tomorrow(rig: Rig) -> None:
    for moved in (timedelta(0), timedelta(hours=10), timedelta(hours=10)):
        rig.now += moved
        rig.ask(PATH)
    rig.ask(PATH, client=("192.0.2.2", 1))
    rig.ask(PATH, client=None)
    today, again, tomorrow, *others = (hit.visitor for hit in rig.hits)
    assert today == again
    assert len({today, tomorrow, *others}) == 4


def test_a_salt_is_gone_with_its_day() -> None:
    drawn = iter([b"one", b"two", b"three"])
    salts = Salts(lambda _: next(drawn))
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    assert [salts.of(day) for day in (monday, monday, tuesday, monday)] == [
        b"one",
        b"one",
        b"two",
        b"three",
    ]


def test_an_agent_that_is_no_text_is_kept_as_text(rig: Rig) -> None:
    rig.ask(PATH, headers={"user-agent": "caf\xe9"})
    assert rig.hits[0].agent == "caf\xe9"


class Full(Rig):
    """An installation whose disk is full."""

    def add(self, rows: Sequence[Hit]) -> None:
        raise StoreBusyError(f"the disk has no room for {len(rows)}")


def test_a_reader_sees_no_broken_image_though_the_hit_is_lost(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    full = Full(rig.engine)
    full.app = make_app(full.house())
    assert full.ask(PATH).status == 200
    full.runner.close()
    assert "the disk has no room for 1" in caplog.text
