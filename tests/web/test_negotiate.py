from datetime import UTC, datetime, timedelta

import pytest

from web.negotiate import coding, held_at, holds, http_date, is_unmodified, takes_deltas

NOON = datetime(2026, 3, 2, 12, 0, 0, 400_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        (b"", b""),
        (b"gzip", b"gzip"),
        (b"GZIP", b"gzip"),
        (b"x-gzip", b"gzip"),
        (b"gzip, deflate, br, zstd", b"br"),
        (b"gzip, zstd", b"zstd"),
        (b"BR", b"br"),
        (b"zstd;q=0.9, br;q=0.8, gzip;q=0.7", b"zstd"),
        (b"br;q=0.5, gzip;q=0.6", b"gzip"),
        (b"br;q=0, zstd;q=0, gzip", b"gzip"),
        (b"br;q=0.5, identity", b""),
        (b"gzip;q=0", b""),
        (b"gzip;q=0.0, *", b""),
        (b"*", b"gzip"),
        (b"br;q=0.2, *", b"gzip"),
        (b"*;q=0", b""),
        (b"identity", b""),
        (b"identity, *;q=0.5", b""),
        (b"gzip ; q = 0.5 , identity;q=0.1", b"gzip"),
        (b"gzip;q=0.5, identity", b""),
        (b"gzip;q=0.5.5", b""),
        (b"gzip;level=9", b""),
        (b"deflate", b""),
    ],
)
def test_of_the_codings_a_client_takes_it_gets_the_one_it_likes_best(
    accept_encoding: bytes, expected: bytes
) -> None:
    assert coding(accept_encoding) == expected


@pytest.mark.parametrize(
    ("a_im", "expected"),
    [
        (b"feed", True),
        (b"vcdiff, FEED ", True),
        (b"feed;q=0.5", True),
        (b"feed ; Q = 1", True),
        (b"feed;x=y;q=0.001", True),
        (b"feed;x=q", True),
        (b"feed;q=0", False),
        (b"vcdiff, feed; q=0.000", False),
        (b"feed;x=y;q=0", False),
        (b"feed;q=nan", False),
        (b"feed;q=", False),
        (b"feeds", False),
        (b"", False),
    ],
)
def test_a_client_that_refuses_changes_by_a_quality_of_nought_is_sent_none(
    a_im: bytes, *, expected: bool
) -> None:
    assert takes_deltas(a_im) is expected


@pytest.mark.parametrize("suffix", [b"", b"-gz", b"-br", b"-zstd"])
def test_a_state_is_known_by_its_tag_in_whatever_coding_it_was_held(suffix: bytes) -> None:
    assert held_at(b'"ab-7%b"' % suffix, "ab-9") == 7
    assert held_at(b'"ab-7-xz"', "ab-9") is None


@pytest.mark.parametrize(
    ("if_none_match", "expected"),
    [
        (b'"e1"', True),
        (b'W/"e1"', True),
        (b"*", True),
        (b" * ", True),
        (b'"e0", "e1"', True),
        (b'"e0",W/"e1","e2"', True),
        (b'"a,b", "e1"', True),
        (b"", False),
        (b"e1", False),
        (b'"e1-gz"', False),
        (b'"e"', False),
        (b'"e0, e1"', False),
        (b'"*"', False),
    ],
)
def test_a_client_holds_what_it_names_in_whatever_list(
    if_none_match: bytes, *, expected: bool
) -> None:
    assert holds(if_none_match, b'"e1"') is expected


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (b"Mon, 02 Mar 2026 12:00:00 GMT", True),
        (b"Mon, 02 Mar 2026 12:00:01 GMT", True),
        (b"Mon, 02 Mar 2026 11:59:59 GMT", False),
        (b"Monday, 02-Mar-26 12:00:00 GMT", True),
        (b"Mon Mar  2 12:00:00 2026", True),
        (b"Mon, 02 Mar 2026 12:00:00 -0000", True),
        (b"yesterday", False),
        (b"", False),
        (b"\xff", False),
    ],
)
def test_only_a_date_from_the_last_change_on_says_that_nothing_changed(
    since: bytes, *, expected: bool
) -> None:
    assert is_unmodified(since, NOON) is expected


def test_a_date_is_written_as_http_has_it_and_says_the_same_when_read_back() -> None:
    assert http_date(NOON) == b"Mon, 02 Mar 2026 12:00:00 GMT"
    assert is_unmodified(http_date(NOON), NOON)
    assert not is_unmodified(http_date(NOON), NOON + timedelta(seconds=1))
