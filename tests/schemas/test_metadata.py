from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from schemas import tables
from schemas.tables import metadata, micros, moment

MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(MOMENTS)
def test_a_time_comes_back_from_the_store_to_the_microsecond(time: datetime) -> None:
    assert moment(micros(time)) == time


@given(MOMENTS, MOMENTS)
def test_times_sort_in_the_store_as_they_happened(one: datetime, other: datetime) -> None:
    assert (micros(one) < micros(other)) == (one < other)


def test_a_time_is_kept_as_microseconds_since_1970_whatever_its_zone() -> None:
    assert micros(datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == 0
    assert micros(datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)) == -1
    assert moment(1_000_000) == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_every_table_has_its_name_in_the_list_of_all() -> None:
    assert set(metadata.tables) <= set(tables.__all__)
