"""What a request to the hub says, and when a push is tried again."""

import hmac
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import push
from rules.push import FIRST_WAIT, LEASES, LONGEST_WAIT, Fate
from schemas.errors import UnfitError


@given(asked=st.none() | st.integers(min_value=0))
def test_no_lease_leaves_its_bounds(asked: int | None) -> None:
    assert LEASES.least_s <= push.lease_s(asked) <= LEASES.most_s


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_a_wait_is_within_jitter_of_a_doubling_that_is_capped(failures: int, chance: float) -> None:
    bound = min(FIRST_WAIT * (1 << min(failures - 1, 30)), LONGEST_WAIT)
    assert bound / 2 <= push.wait(failures, chance) <= bound


def test_a_callback_may_ask_for_more_time_but_not_for_ever() -> None:
    assert push.wait(1, 0.0, 7200) == timedelta(hours=2)
    assert push.wait(1, 0.0, 1e12) == LONGEST_WAIT
    assert push.wait(1, 1.0, 1) == FIRST_WAIT


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (200, Fate.TAKEN),
        (204, Fate.TAKEN),
        (226, Fate.TAKEN),
        (301, Fate.FAILED),
        (404, Fate.FAILED),
        (410, Fate.GONE),
        (500, Fate.FAILED),
    ],
)
def test_only_2xx_takes_a_push_and_only_410_ends_it(status: int, fate: Fate) -> None:
    assert push.fate(status) is fate


def test_only_the_whole_challenge_confirms() -> None:
    assert push.echoes(200, b"abc", "abc")
    assert push.echoes(202, b"abc", "abc")
    assert not push.echoes(404, b"abc", "abc")
    assert not push.echoes(200, b"abc\n", "abc")
    assert not push.echoes(200, b"", "abc")


@given(secret=st.text(min_size=1, max_size=60), body=st.binary())
def test_a_signature_is_the_hmac_of_the_bytes(secret: str, body: bytes) -> None:
    known = hmac.new(secret.encode(), body, "sha256").hexdigest()
    assert push.signature(secret, body) == f"sha256={known}"


def test_a_subscriber_is_its_topic_and_callback() -> None:
    known = push.subscriber_id("nhs/all", "atom", "https://a.example/")
    assert known == push.subscriber_id("nhs/all", "atom", "https://a.example/")
    assert known != push.subscriber_id("nhs/all", "rss", "https://a.example/")
    assert known != push.subscriber_id("nhs/all", "atom", "https://a.example/b")


@pytest.mark.parametrize(
    "callback",
    ["", "http://[::1", "ftp://a.example/x", "https://user@a.example/", "https://a.example/é"],
)
def test_what_is_no_address_of_the_web_is_no_callback(callback: str) -> None:
    asked = {"hub.mode": "subscribe", "hub.topic": "t", "hub.callback": callback}
    with pytest.raises(UnfitError, match=r"hub\.callback"):
        push.read(asked)
