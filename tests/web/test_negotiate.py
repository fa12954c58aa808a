from datetime import UTC, datetime, timedelta

import pytest

from web.negotiate import holds, http_date, is_unmodified, takes_gzip

NOON = datetime(2026, 3, 2, 12, 0, 0, 400_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        (b"", False),
        (b"gzip", True),
        (b"GZIP", True),
        (b"x-gzip", True),
        (b"gzip, deflate, br, zstd", True),
        (b"gzip;q=0", False),
        (b"gzip;q=0.0, *", False),
        (b"*", True),
        (b"*;q=0", False),
        (b"identity", False),
        (b"identity, *;q=0.5", False),
        (b"gzip ; q = 0.5 , identity;q=0.1", True),
        (b"gzip;q=0.5, identity", False),
        (b"gzip;q=0.5.5", False),
        (b"gzip;level=9", False),
        (b"br", False),
    ],
)
def test_gzip_is_sent_to_those_who_like_it_no_less_than_plain_bytes(
    accept_encoding: bytes, *, expected: bool
) -> None:
    assert takes_gzip(accept_encoding) is expected


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
