"""How long is waited: before a try, and after one that failed."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import _http, _pace
from schemas.errors import (
    UnreachableError,
)
from tests.connectors import hostile
from tests.connectors.near import Naps, fault, opened

OK = hostile.answer(b"hi")


def test_each_wait_is_up_to_twice_as_long_and_capped() -> None:
    naps = Naps()
    told = fault(hostile.answer(status=503), naps=naps, attempts=5, backoff_cap_s=3)
    assert isinstance(told, UnreachableError)
    assert naps == [0.5, 1, 2, 3]


def test_the_waits_are_spread_over_their_whole_length() -> None:
    naps = Naps()
    with hostile.serve({"/": hostile.reset()}) as far:
        with opened(far, naps=naps, chance=0.25) as http, pytest.raises(UnreachableError):
            http.get("forum", far.url("/"))
        assert len(far.asked) == 4
    assert naps == [0.125, 0.25, 0.5]


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_no_wait_is_longer_than_its_cap(failures: int, chance: float) -> None:
    assert 0 <= _pace.backoff_s(failures, 0.5, 30, lambda: chance) <= 30


@pytest.mark.parametrize(
    ("stated", "dated", "wait_s"),
    [
        pytest.param("7", None, 7, id="seconds"),
        pytest.param(" 7 ", None, 7, id="seconds between blanks"),
        pytest.param("0", None, 0, id="at once"),
        pytest.param("Wed, 21 Oct 2026 07:28:30 GMT", None, 30, id="a date by our clock"),
        pytest.param(
            "Wed, 21 Oct 2026 09:00:30 GMT",
            "Wed, 21 Oct 2026 09:00:00 GMT",
            30,
            id="a date by its own clock",
        ),
        pytest.param("Wed, 21 Oct 2026 07:28:30 GMT", "nonsense", 30, id="its own clock broken"),
        pytest.param("Wed, 21 Oct 2026 07:28:30 -0000", None, 30, id="a date without a zone"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", None, 0, id="a date gone by"),
        pytest.param("soon", None, 0.5, id="nonsense"),
        pytest.param("-5", None, 0.5, id="negative"),
        pytest.param("9" * 5000, None, 0.5, id="beyond all bounds"),
    ],
)
def test_what_it_asks_us_to_wait_is_waited(stated: str, dated: str | None, wait_s: float) -> None:
    naps = Naps()
    date = {"Date": dated} if dated else {}

    def busy(talk: hostile.Talk) -> bool:
        fields = "".join(f"{name}: {value}\r\n" for name, value in date.items())
        fields += f"Retry-After: {stated}\r\nContent-Length: 0\r\n\r\n"
        talk.send(f"HTTP/1.1 429 Slow\r\n{fields}".encode())
        return True

    with hostile.serve({"/": [busy, OK]}) as far, opened(far, naps=naps) as http:
        http.get("forum", far.url("/"))
    assert naps == [wait_s]


def test_a_wait_beyond_the_cap_is_left_to_the_schedule() -> None:
    naps = Naps()
    later = format_datetime(datetime(2026, 10, 21, 8, 28, tzinfo=UTC), usegmt=True)
    told = fault(hostile.answer(status=503, Retry_After=later), naps=naps)
    assert isinstance(told, UnreachableError)
    assert told.transient
    assert told.reason.endswith("HTTP 503; it may be well later")
    assert told.retry_after_s == 3600
    assert naps == []


def test_the_last_try_tells_how_long_to_stay_away() -> None:
    naps = Naps()
    told = fault(hostile.answer(status=503, Retry_After="9"), naps=naps, attempts=2)
    assert isinstance(told, UnreachableError)
    assert (told.retry_after_s, naps) == (9, [9])


def test_a_kept_connection_that_died_meanwhile_is_replaced() -> None:
    def once(talk: hostile.Talk) -> bool:
        OK(talk)
        talk.wait(0.05)
        return False

    naps = Naps()
    with hostile.serve({"/": once}) as far, opened(far, naps=naps) as http:
        for _ in range(3):
            assert http.get("forum", far.url("/")).body == b"hi"
    assert len(naps) <= 2


def near(far: hostile.Server) -> _http.Limits:
    """Allow this server."""
    return _http.Limits(allow=(far.place,))


def test_one_host_is_asked_no_faster_than_told() -> None:
    with hostile.serve({"/": OK}) as far, _http.open_http(near(far)) as http:
        began = time.monotonic()
        for _ in range(11):
            http.get("forum", far.url("/"), per_second=50)
        took = time.monotonic() - began
    assert 0.2 <= took < 1


def test_threads_that_ask_one_host_share_its_pace() -> None:
    with (
        hostile.serve({"/": OK}) as far,
        _http.open_http(near(far)) as http,
        ThreadPoolExecutor(4) as pool,
    ):
        began = time.monotonic()
        channels = [f"forum{number % 4}" for number in range(20)]
        tuple(pool.map(lambda who: http.get(who, far.url("/"), per_second=50), channels))
        took = time.monotonic() - began
    assert len(far.asked) == 20
    assert 0.38 <= took < 1


def test_redirects_and_retries_wait_for_their_turn_too() -> None:
    clock = [0.0]
    naps = Naps()

    def sleep(seconds: float) -> None:
        naps(seconds)
        clock[0] += seconds

    twice = [hostile.answer(status=503), hostile.redirect("/there")]
    with hostile.serve({"/": twice, "/there": OK}) as far:
        limits = _http.Limits(allow=(far.place,), backoff_s=1)
        with _http.open_http(
            limits, sleep=sleep, clock=lambda: clock[0], chance=lambda: 0.5
        ) as http:
            http.get("forum", far.url("/"), per_second=0.5)
    assert naps == [0.5, 1.5, 2]


def test_hosts_do_not_wait_for_one_another() -> None:
    pace = _pace.Pace(lambda: 0.0)
    assert [pace.reserve(host, 2) for host in "aab"] == [0, 0.5, 0]
    assert pace.reserve("a", None) == 0


@given(st.lists(st.floats(0, 3), min_size=1, max_size=50), st.floats(0.1, 20))
def test_turns_are_never_closer_than_told(steps: Sequence[float], per_second: float) -> None:
    clock = [0.0]
    pace = _pace.Pace(lambda: clock[0])
    turns = []
    for step in steps:
        clock[0] += step
        turns.append(clock[0] + pace.reserve("host", per_second))
    gaps = [later - earlier for earlier, later in pairwise(turns)]
    assert all(gap >= 1 / per_second - 1e-9 for gap in gaps)
