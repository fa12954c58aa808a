"""How often a token may ask."""

from datetime import timedelta

import orjson
import pytest

from tests.web.rig import START, Rig
from web.app import make_app
from web.pace import Pace, Rate

ATOM = "/feeds/nhs/all.atom"


@pytest.fixture
def paced(rig: Rig) -> Rig:
    rig.feed_rate = Rate(0.5, 3)
    rig.app = make_app(rig.house())
    return rig


def test_who_asks_too_often_is_told_how_long_to_wait_and_then_is_served(paced: Rig) -> None:
    token, other = paced.issue("nhs"), paced.issue("nhs")
    assert [paced.ask(ATOM, token).status for _ in range(4)] == [200, 200, 200, 429]
    refused = paced.ask(ATOM, token)
    assert refused["content-type"] == "application/problem+json"
    assert orjson.loads(refused.body)["status"] == 429
    assert (refused["retry-after"], refused["cache-control"]) == ("2", "no-store")
    assert refused["access-control-allow-origin"] == "*"
    assert paced.ask(ATOM, other).status == 200
    paced.now += timedelta(seconds=1)
    assert paced.ask(ATOM, token)["retry-after"] == "1"
    paced.now += timedelta(seconds=1)
    assert [paced.ask(ATOM, token).status for _ in range(2)] == [200, 429]


def test_a_304_takes_a_tenth_of_an_answer(paced: Rig) -> None:
    token = paced.issue("nhs")
    held = {"if-none-match": paced.ask(ATOM, token)["etag"]}
    assert {paced.ask(ATOM, token, headers=held).status for _ in range(9)} == {304}
    assert [paced.ask(ATOM, token).status for _ in range(2)] == [200, 429]


def test_guessing_addresses_is_counted_and_guessing_tokens_takes_nobody_anything(
    paced: Rig,
) -> None:
    token = paced.issue("nhs")
    wrong = token[:-4] + "zzzz"
    assert {paced.ask(ATOM, wrong).status for _ in range(9)} == {401}
    assert {paced.ask("/feeds/bbc/all.atom", token).status for _ in range(3)} == {404}
    assert paced.ask("/feeds/bbc/all.atom", token).status == 429
    assert paced.ask(ATOM, token, method="POST").status == 429
    assert paced.ask(ATOM, method="OPTIONS").status == 204


def test_one_bucket_serves_all_that_a_token_may_ask(paced: Rig) -> None:
    token = paced.issue("nhs")
    assert paced.ask("/partners/nhs", token).status == 200
    assert paced.ask("/removals/nhs/all", token).status == 200
    assert paced.ask("/hub", token, method="POST").status == 415
    for path, method in ((ATOM, "GET"), ("/removals/nhs/all", "POST"), ("/hub", "POST")):
        assert paced.ask(path, token, method=method).status == 429
    assert paced.ask("/partners/nhs", token)["retry-after"] == "2"


def test_reports_are_counted_too(paced: Rig) -> None:
    token = paced.issue("nhs", "report")
    asked = [paced.ask("/reports/nhs", token, method="POST").status for _ in range(4)]
    assert asked[2:] == [415, 429]


def test_a_bucket_holds_no_more_than_its_burst_and_a_clock_set_back_harms_nobody() -> None:
    pace = Pace(Rate(1, 2))

    def taken(later_s: int) -> list[int]:
        return [pace.wait_s("t", START + timedelta(seconds=later_s)) for _ in range(3)]

    assert taken(0) == [0, 0, 1]
    assert taken(1000) == [0, 0, 1]
    assert taken(500) == [1, 1, 1]
    assert taken(502) == [0, 0, 1]


def test_a_rate_of_nothing_refuses_nobody() -> None:
    pace = Pace(Rate(0, 1))
    assert {pace.wait_s("t", START) for _ in range(100)} == {0}
    pace.give_back("t")
