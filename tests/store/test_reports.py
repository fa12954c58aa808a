from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from schemas import months
from schemas.views import Coverage, CoverageState, ParsedReport, Temporality
from store import marks, reports, stated, touched
from store.database import Connection
from tests.reports import DAYS, LONGER, MIDNIGHT, Told, row

OCTOBER = LONGER[1]
FIRST, SECOND = DAYS[1], DAYS[2]


def keep(connection: Connection, payload: bytes = b"[]", platform: str = "p") -> int:
    kept, _ = reports.keep(connection, platform, "report", "application/json", payload, MIDNIGHT)
    return kept.id


def told(*counts: tuple[str, tuple[date, date], int], revision: int = 0) -> ParsedReport:
    rows = tuple(row(*c) for c in counts)
    return Told("report", revision, 0, Temporality.INTERVAL, None, rows).parsed


def test_bytes_come_back_as_they_were_received(connection: Connection) -> None:
    payload = b"\x00\xff" * 1000
    number = keep(connection, payload)
    found = reports.kept(connection, [number])[number]
    assert found.payload == payload
    assert (found.report.status, found.report.received_at) == ("received", MIDNIGHT)
    assert reports.kept(connection, []) == {}
    assert reports.kept(connection, [number + 1]) == {}


def test_a_number_is_given_in_order_of_arrival_and_only_to_new_bytes(
    connection: Connection,
) -> None:
    numbers = [keep(connection, payload) for payload in (b"1", b"2", b"1", b"3")]
    assert numbers == [1, 2, 1, 3]
    assert reports.waiting(connection, "p") == [1, 2, 3]
    assert keep(connection, b"1", "q") == 4


def test_a_refused_report_waits_no_longer_and_keeps_its_reason(connection: Connection) -> None:
    number = keep(connection)
    reports.refuse(connection, number, "not_json: it is not whole")
    assert reports.waiting(connection, "p") == []
    found = reports.kept(connection, [number])[number].report
    assert (found.status, found.reason) == ("refused", "not_json: it is not whole")


def test_a_reference_has_one_number_on_each_platform_for_ever(connection: Connection) -> None:
    first = reports.intern(connection, "p", ["b", "a", "b"])
    assert first == {"a": 1, "b": 2}
    assert reports.intern(connection, "p", ["c", "a"]) == {"a": 1, "c": 3}
    assert reports.intern(connection, "q", ["a"]) == {"a": 4}
    assert reports.intern(connection, "p", []) == {}


def test_a_set_of_any_size_is_interned(connection: Connection) -> None:
    refs = [f"ref {number}" for number in range(40_000)]
    assert len(reports.intern(connection, "p", refs)) == len(refs)
    assert reports.intern(connection, "p", refs[:10]).keys() == set(refs[:10])


def test_the_latest_revision_of_a_name_is_the_last(connection: Connection) -> None:
    for revision in (0, 2, 1):
        number = keep(connection, b"%d" % revision)
        found = told(("a", FIRST, 1), revision=revision)
        reports.apply(connection, number, found, revision=revision, rows=revision * 10)
    last = reports.last(connection, "p", "report", "report/0")
    assert last is not None
    assert (last.revision, last.rows, last.complete) == (2, 20, False)
    assert reports.last(connection, "p", "report", "report/1") is None
    assert reports.last(connection, "p", "beacon", "report/0") is None


def test_the_last_day_is_the_last_that_a_counter_speaks_of(connection: Connection) -> None:
    assert reports.last_day(connection, "p", "report", "") is None
    reports.apply(connection, keep(connection), told(("a", FIRST, 1), ("a", SECOND, 1)))
    assert reports.last_day(connection, "p", "report", "report/") == SECOND[0]
    assert reports.last_day(connection, "p", "report", "other/") is None
    assert reports.last_day(connection, "p", "beacon", "") is None


def test_months_are_covered_by_what_was_applied_and_not_by_a_gap(connection: Connection) -> None:
    gap = Coverage(t0=date(2026, 9, 1), t1=date(2026, 10, 1), state=CoverageState.NONE)
    parsed = told(("a", OCTOBER, 1))
    head = parsed.head.model_copy(update={"coverage": (*parsed.head.coverage, gap)})
    number = keep(connection)
    assert reports.covered(connection, "p", "report") == frozenset()
    reports.apply(connection, number, parsed.model_copy(update={"head": head}))
    assert reports.covered(connection, "p", "report") == {months.numbered("2026-10")}
    assert touched.every_month(connection, "p") == {
        months.numbered("2026-09"),
        months.numbered("2026-10"),
    }


def test_a_report_is_settled_once(connection: Connection) -> None:
    number = keep(connection)
    assert touched.unsettled(connection, "p") == ((), frozenset())
    reports.apply(connection, number, told(("a", FIRST, 1)))
    october = frozenset({months.numbered("2026-10")})
    assert touched.unsettled(connection, "p") == ((number,), october)
    touched.mark_settled(connection, [number], MIDNIGHT)
    touched.mark_settled(connection, [], MIDNIGHT)
    assert touched.unsettled(connection, "p") == ((), frozenset())


def test_a_reading_touches_every_month_between_its_meters_first_and_last(
    connection: Connection,
) -> None:
    number = keep(connection)
    rows = (row("a", DAYS[0], 1), row("a", (date(2027, 1, 1), date(2027, 1, 2)), 5))
    reports.apply(
        connection, number, Told("report", 0, 0, Temporality.CUMULATIVE, None, rows).parsed
    )
    touched.mark_settled(connection, [number], MIDNIGHT)
    between = keep(connection, b"later")
    later = (row("a", DAYS[4], 3),)
    reports.apply(
        connection, between, Told("report", 0, 1, Temporality.CUMULATIVE, None, later).parsed
    )
    expected = range(months.numbered("2026-09"), months.numbered("2027-01") + 1)
    assert touched.unsettled(connection, "p").months == set(expected)


def test_what_is_stated_of_an_item_comes_with_what_its_report_weighs(
    connection: Connection,
) -> None:
    number = keep(connection)
    reports.apply(connection, number, told(("a", SECOND, 2), ("b", FIRST, 9), ("a", FIRST, 1)))
    ids = reports.intern(connection, "p", ["a"])
    found = stated.observed(connection, ids.values())
    assert [(o.t0, o.reads, o.method) for o in found] == [
        (FIRST[0], 1, "report"),
        (SECOND[0], 2, "report"),
    ]
    assert found[0].order[:2] == (0, MIDNIGHT)
    assert stated.observed(connection, []) == []
    assert stated.complete(connection, "p") == []


@pytest.mark.parametrize("column", ["count", "item_ref_id"])
def test_observations_are_kept_as_they_were_stated(connection: Connection, column: str) -> None:
    number = keep(connection)
    reports.apply(connection, number, told(("a", FIRST, 7), ("a", SECOND, 7)))
    values = connection.execute(sa.text(f'SELECT "{column}" FROM observations')).scalars()
    assert set(values) == {7 if column == "count" else 1}


def test_contradictions_are_looked_for_only_where_asked(connection: Connection) -> None:
    assert stated.undeclared(connection, "p", []) == []
    assert stated.conflicts(connection, "p", []) == []


def test_two_reports_of_one_name_contradict_in_the_month_of_the_later(
    connection: Connection,
) -> None:
    for payload, count in ((b"1", 5), (b"2", 6)):
        reports.apply(connection, keep(connection, payload), told(("a", FIRST, count)))
    month = months.numbered("2026-10")
    assert stated.conflicts(connection, "p", [month]) == [(month, "report/0 revision 0", 5, 6)]
    assert stated.conflicts(connection, "p", [month + 1]) == []
    assert stated.conflicts(connection, "q", [month]) == []


def test_how_far_something_was_followed_is_remembered(connection: Connection) -> None:
    assert marks.get(connection, ["a", "b"]) == {"a": 0, "b": 0}
    marks.put(connection, {"a": 5})
    marks.put(connection, {"a": 7, "b": 1})
    assert marks.get(connection, ["a", "b", "c"]) == {"a": 7, "b": 1, "c": 0}


def test_received_at_is_the_moment_given(connection: Connection) -> None:
    later: datetime = MIDNIGHT + timedelta(microseconds=1)
    kept, _ = reports.keep(connection, "p", "report", "text/csv", b"x", later)
    assert reports.kept(connection, [kept.id])[kept.id].report.received_at == later
