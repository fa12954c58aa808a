"""What is answered at once is what would be answered anyway, for as long as it would be."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from schemas.publication import Document
from store import deliveries
from store.database import reading
from tests.patience import PATIENCE_S
from tests.web.rig import CONFIG, Rig
from web.answers import Answer
from web.app import make_app
from web.lately import Found, Lately
from web.pace import Rate

ATOM = "/feeds/nhs/all.atom"


def at_once(rig: Rig, path: str, token: str, **more: str) -> Answer | None:
    headers = {"authorization": f"Bearer {token}", **more}
    asked = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return rig.app.at_once(path.encode(), asked)


def said(answer: Answer | None) -> tuple[int, list[tuple[str, str]], bytes] | None:
    if answer is None:
        return None
    lines = [(name.decode(), value.decode()) for name, value in answer.start["headers"]]
    return answer.start["status"], lines, answer.body["body"]


@pytest.mark.parametrize("path", [ATOM, "/feeds/nhs/all.json?below=11", "/feeds/nhs/all.rss"])
@pytest.mark.parametrize("coding", ["", "gzip", "br, gzip", "zstd", "identity"])
def test_it_is_the_answer_of_the_application(rig: Rig, path: str, coding: str) -> None:
    token = rig.issue("nhs")
    accepts = {"accept-encoding": coding}
    first = rig.ask(path, token, headers=accepts)
    assert said(at_once(rig, path, token, accept_encoding=coding)) == (
        first.status,
        first.headers,
        first.body,
    )
    for held in (first["etag"], f'"other", W/{first["etag"]}', "*", '"other"'):
        asked = {**accepts, "if-none-match": held}
        again = rig.ask(path, token, headers=asked)
        found = at_once(rig, path, token, accept_encoding=coding, if_none_match=held)
        assert said(found) == (again.status, again.headers, again.body)
    assert again.status == 200


def test_nothing_is_answered_at_once_that_was_not_asked_before(rig: Rig) -> None:
    token, other = rig.issue("nhs"), rig.issue("nhs")
    assert at_once(rig, ATOM, token) is None
    rig.ask(ATOM, token)
    assert at_once(rig, ATOM, other) is None
    assert at_once(rig, "/feeds/nhs/all.json", token) is None
    assert at_once(rig, ATOM, token) is not None


@pytest.mark.parametrize("path", ["/feeds/nhs/none.atom", "/feeds/bbc/all.atom", "/feeds/nhs/all"])
def test_what_is_refused_or_is_a_page_is_never_answered_at_once(rig: Rig, path: str) -> None:
    token = rig.issue("nhs")
    rig.ask(path, token)
    assert at_once(rig, path, token) is None


def test_who_asked_for_the_head_alone_has_been_given_nothing(rig: Rig) -> None:
    token = rig.issue("nhs")
    rig.ask(ATOM, token, method="HEAD")
    assert at_once(rig, ATOM, token) is None


def test_a_client_that_takes_deltas_is_left_to_the_application(rig: Rig) -> None:
    token = rig.issue("nhs")
    rig.ask(ATOM, token)
    assert at_once(rig, ATOM, token, a_im="feed") is None


def test_what_goes_out_for_the_first_time_waits_until_that_is_safe(rig: Rig) -> None:
    token = rig.issue("nhs")
    etag = rig.ask(ATOM, rig.issue("nhs"))["etag"]
    rig.ask(ATOM, token, headers={"if-none-match": etag})
    assert at_once(rig, ATOM, token, if_none_match=etag) is not None
    assert at_once(rig, ATOM, token) is None


def test_it_is_forgotten_within_a_second(rig: Rig) -> None:
    token = rig.issue("nhs")
    rig.ask(ATOM, token)
    rig.now += timedelta(seconds=0.9)
    assert at_once(rig, ATOM, token) is not None
    rig.now += timedelta(seconds=0.1)
    assert at_once(rig, ATOM, token) is None


def test_a_token_that_expires_meanwhile_opens_nothing(rig: Rig) -> None:
    token = rig.issue("nhs", days=1)
    rig.now += timedelta(days=1, seconds=-0.5)
    rig.ask(ATOM, token)
    rig.now += timedelta(seconds=0.4)
    assert at_once(rig, ATOM, token) is not None
    rig.now += timedelta(seconds=0.1)
    assert at_once(rig, ATOM, token) is None


def test_a_change_of_the_configuration_is_known_at_once(rig: Rig) -> None:
    token = rig.issue("nhs")
    rig.ask(ATOM, token)
    nhs, *others = CONFIG.partners
    suspended = nhs.model_copy(update={"suspended": True})
    rig.config = CONFIG.model_copy(update={"partners": (suspended, *others)})
    assert at_once(rig, ATOM, token) is None
    assert rig.ask(ATOM, token).status == 403


def test_what_was_asked_before_a_suspension_is_not_remembered_after_it(rig: Rig) -> None:
    """A document takes a while to make, and the configuration may change meanwhile."""
    token = rig.issue("nhs")
    begun, may_end = Event(), Event()
    make_document = rig.document

    def slow(*asked: Any) -> Document | None:
        begun.set()
        may_end.wait(PATIENCE_S)
        return make_document(*asked)

    rig.app = make_app(replace(rig.house(), document=slow))
    nhs, *others = CONFIG.partners
    suspended = nhs.model_copy(update={"suspended": True})

    async def suspend_meanwhile() -> list[int]:
        under_way = asyncio.create_task(rig.send(ATOM, token))
        await asyncio.to_thread(begun.wait, 5)
        rig.config = CONFIG.model_copy(update={"partners": (suspended, *others)})
        after = await rig.send(ATOM, token)
        may_end.set()
        return [(await under_way).status, after.status]

    assert rig.runner.run(suspend_meanwhile()) == [200, 403]
    assert at_once(rig, ATOM, token) is None


def test_it_is_counted_like_any_other(rig: Rig) -> None:
    token = rig.issue("nhs")
    with rig.open():
        etag = rig.ask(ATOM, token)["etag"]
        for _ in range(3):
            at_once(rig, ATOM, token)
        for _ in range(2):
            at_once(rig, ATOM, token, if_none_match=etag)
    with reading(rig.engine) as connection:
        [kept] = deliveries.of(connection, "nhs/all")
    assert (kept.served, kept.confirmed) == (4, 2)


def test_who_asks_too_often_is_told_to_wait_and_a_304_costs_a_tenth(rig: Rig) -> None:
    rig.app = make_app(replace(rig.house(), feed_rate=Rate(0.1, 5)))
    token = rig.issue("nhs")
    etag = rig.ask(ATOM, token)["etag"]
    for _ in range(10):
        assert said(at_once(rig, ATOM, token, if_none_match=etag))[0] == 304  # type: ignore[index]
    assert [said(at_once(rig, ATOM, token))[0] for _ in range(3)] == [200, 200, 429]  # type: ignore[index]
    assert rig.ask(ATOM, token).status == 429


def test_no_more_is_remembered_than_there_is_room_for(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.lately._MOST", 1)
    lately, found = Lately(), Found(None, None)  # type: ignore[arg-type]
    lately.remember("store", rig.config, (b"/1", b""), found)  # type: ignore[arg-type]
    lately.remember("store", rig.config, (b"/2", b""), found)  # type: ignore[arg-type]
    assert lately.find("store", rig.config, (b"/1", b"")) is found  # type: ignore[arg-type]
    assert lately.find("store", rig.config, (b"/2", b"")) is None  # type: ignore[arg-type]
