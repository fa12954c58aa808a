from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import times
from schemas.channel import DateReading
from schemas.errors import UnfitError

ISO = DateReading()
MAIL = DateReading(formats=("rfc822",))
LONDON = DateReading(formats=("iso", "rfc822", "%d/%m/%Y %H:%M", "%d/%m/%Y"), zone="Europe/London")
BERLIN = DateReading(formats=("iso", "rfc822"), zone="Europe/Berlin")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("told", "reading", "meant"),
    [
        ("2026-01-02T12:00:00Z", ISO, utc(2026, 1, 2, 12)),
        (" 2026-01-02T12:00:00+01:00\n", ISO, utc(2026, 1, 2, 11)),
        ("20260102T120000Z", ISO, utc(2026, 1, 2, 12)),
        ("2026-01-02T12:00:00.1234567Z", ISO, utc(2026, 1, 2, 12, 0, 0, 123456)),
        ("2026-07-01", LONDON, utc(2026, 6, 30, 23)),
        ("2026-07-01T12:00", LONDON, utc(2026, 7, 1, 11)),
        ("01/07/2026 12:00", LONDON, utc(2026, 7, 1, 11)),
        ("02/01/2026", LONDON, utc(2026, 1, 2)),
        ("Fri, 02 Jan 2026 12:00:00 GMT", MAIL, utc(2026, 1, 2, 12)),
        ("Sat, 02 Jan 2026 12:00:00 GMT", MAIL, utc(2026, 1, 2, 12)),
        ("Fri, 02 Jan 2026 12:00:00 +01:00", MAIL, utc(2026, 1, 2, 11)),
        ("Fri, 02 Jan 2026 12:00:00 -0000", MAIL, utc(2026, 1, 2, 12)),
        ("Fri, 02 Jan 2026 12:00:00 EST", MAIL, utc(2026, 1, 2, 17)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", MAIL, utc(1994, 11, 6, 8, 49, 37)),
        ("Wed, 01 Jul 2026 12:00:00 +0100 (BST)", MAIL, utc(2026, 7, 1, 11)),
        ("Wed Jul  1 12:00:00 2026", LONDON, utc(2026, 7, 1, 11)),
        ("Wed, 01 Jul 2026 12:00:00", LONDON, utc(2026, 7, 1, 11)),
        ("Wed, 01 Jul 2026 12:00:00 BST", LONDON, utc(2026, 7, 1, 11)),
        ("Wed, 01 Jul 2026 12:00:00 (noon)", LONDON, utc(2026, 7, 1, 11)),
    ],
)
def test_a_time_is_read_as_it_was_meant(told: str, reading: DateReading, meant: datetime) -> None:
    assert times.read(told, reading) == meant
    assert times.read(told, reading).tzinfo is UTC


def test_an_hour_that_no_clock_shows_counts_on_from_the_hour_before() -> None:
    assert times.read("2026-03-29T01:30", LONDON) == utc(2026, 3, 29, 1, 30)


def test_an_hour_that_clocks_show_twice_is_the_first() -> None:
    assert times.read("2026-10-25T01:30", LONDON) == utc(2026, 10, 25, 0, 30)


def test_a_named_zone_says_which_of_the_two_hours_is_meant() -> None:
    assert times.read("25 Oct 2026 02:30:00 CEST", BERLIN) == utc(2026, 10, 25, 0, 30)
    assert times.read("25 Oct 2026 02:30:00 CET", BERLIN) == utc(2026, 10, 25, 1, 30)


@pytest.mark.parametrize(
    ("told", "reading"),
    [
        ("2026-01-02T12:00:00", ISO),
        ("2026-01-02", ISO),
        ("Fri, 02 Jan 2026 12:00:00", MAIL),
        ("Wed, 01 Jul 2026 12:00:00 BST", MAIL),
        ("Fri, 02 Jan 2026 12:00:00 BST", LONDON),
        ("Fri, 02 Jan 2026 12:00:00 CET", LONDON),
        ("2026-01-02", DateReading(zone="Europe/Lodnon")),
        ("2026-01-02", DateReading(zone="../passwd")),
    ],
)
def test_a_time_without_a_zone_is_refused_not_guessed(told: str, reading: DateReading) -> None:
    with pytest.raises(UnfitError) as refused:
        times.read(told, reading)
    assert refused.value.code == "no_zone"


@pytest.mark.parametrize(
    ("told", "reading"),
    [
        ("", ISO),
        ("yesterday", LONDON),
        ("2026-02-30T12:00:00Z", ISO),
        ("2026-01-02T25:00:00Z", ISO),
        ("1989-12-31T12:00:00Z", ISO),
        ("2101-01-01T00:00:00Z", ISO),
        ("0001-01-01T00:00:00+14:00", ISO),
        ("02/01/0026", LONDON),
        ("Thu, 01 Jan 1970 00:00:00 GMT", MAIL),
        ("02 Jan 2026 02:00 PM", LONDON),
        ("Fri, 02 Jan 2026 12:00:00 around noon", LONDON),
        ("Fri, 02 Jan 2026 12:00:00 +99999999", MAIL),
        ("\ud800", LONDON),
        ("2026-01-02 GMT", DateReading(formats=("%Y-%m-%d %Z",), zone="Europe/London")),
        ("2026-01-02T12:00:00Z", DateReading(formats=())),
    ],
)
def test_what_is_no_time_is_refused(told: str, reading: DateReading) -> None:
    with pytest.raises(UnfitError) as refused:
        times.read(told, reading)
    assert refused.value.code == "bad_date"


def test_the_refusal_says_which_formats_were_tried_in_plain_letters() -> None:
    with pytest.raises(UnfitError, match=r"'\\ud800' is no time .* by iso, rfc822, %d/%m/%Y"):
        times.read("\ud800", LONDON)


def test_the_next_format_is_tried_where_one_reads_an_absurd_year() -> None:
    reading = DateReading(formats=("%d/%m/%Y", "%d/%m/%y"), zone="Europe/London")
    assert times.read("02/01/26", reading) == utc(2026, 1, 2)


@pytest.mark.parametrize(
    ("told", "reading", "meant"),
    [
        ("2012-05", ISO, "2012-05"),
        (" 2012-05 ", ISO, "2012-05"),
        ("2012-05-31", ISO, "2012-05"),
        ("2026-07-01", LONDON, "2026-07"),
        ("2026-07-01T00:30:00+01:00", ISO, "2026-07"),
        ("01/07/2026", LONDON, "2026-07"),
    ],
)
def test_a_month_is_the_one_that_was_told(told: str, reading: DateReading, meant: str) -> None:
    assert times.month(told, reading) == meant


@pytest.mark.parametrize("told", ["2012-13", "1812-05", "2150-05", "May", "2012", "٢٠١٢-05"])
def test_what_is_no_month_is_refused(told: str) -> None:
    with pytest.raises(UnfitError) as refused:
        times.month(told, ISO)
    assert refused.value.code == "bad_date"


MOMENTS = st.datetimes(datetime(1990, 1, 2), datetime(2100, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_a_time_with_an_offset_reads_back_to_the_microsecond(told: datetime, east: int) -> None:
    local = told.astimezone(timezone(timedelta(minutes=east)))
    assert times.read(local.isoformat(), LONDON) == told


@given(MOMENTS)
def test_a_local_time_reads_back_but_for_the_hour_told_twice(told: datetime) -> None:
    local = told.astimezone(ZoneInfo("Europe/London"))
    if local.fold == 0:
        assert times.read(local.replace(tzinfo=None).isoformat(), LONDON) == told


@given(st.text(max_size=40) | st.text("0123456789-+:TZ /.APMGBSTJan", max_size=30))
def test_any_text_is_read_or_refused(told: str) -> None:
    for reading in (ISO, MAIL, LONDON):
        for rule in (times.read, times.month):
            try:
                rule(told, reading)
            except UnfitError as refused:
                assert refused.code in {"bad_date", "no_zone"}  # noqa: PT017
