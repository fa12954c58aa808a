from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.types import Count, Month, Slug, UtcTime

TIME: TypeAdapter[datetime] = TypeAdapter(UtcTime)


def accepts(narrow: Any, value: object) -> bool:
    try:
        TypeAdapter(narrow).validate_python(value)
    except ValidationError:
        return False
    return True


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.timezones()))  # noqa: DTZ001
def test_a_time_is_the_same_moment_in_utc(moment: datetime) -> None:
    kept = TIME.validate_python(moment)
    assert kept == moment.astimezone(UTC)
    assert kept.tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="must say its zone"):
        TIME.validate_python("2026-01-02T12:00:00")


def test_a_count_is_never_negative() -> None:
    assert accepts(Count, 0)
    assert not accepts(Count, -1)


@pytest.mark.parametrize("month", ["2026-01", "2026-12"])
def test_a_month_is_a_year_and_a_month_of_it(month: str) -> None:
    assert accepts(Month, month)


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "2026-1", "26-01", "2026-01-02", ""])
def test_what_is_no_month_is_refused(month: str) -> None:
    assert not accepts(Month, month)


@pytest.mark.parametrize("slug", ["a", "7", "north-west_2", "x" * 63])
def test_a_slug_is_fit_for_addresses(slug: str) -> None:
    assert accepts(Slug, slug)


@pytest.mark.parametrize("slug", ["", "-a", "A", "a b", "a/b", "a.b", "x" * 64, "é", "a\n"])
def test_what_is_unfit_for_addresses_is_no_slug(slug: str) -> None:
    assert not accepts(Slug, slug)
