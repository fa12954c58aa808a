from collections.abc import Sequence
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import settle
from rules.settle import Settled
from schemas import months
from schemas.views import REQUESTS, Resolved, Temporality, Verdict
from tests.reports import DAYS, LONGER, METHODS, Told, report_sets, row, stated

SEPTEMBER, OCTOBER, NOVEMBER, WEEK, OTHER_WEEK, _ = LONGER
_, FIRST, SECOND, LAST, _ = DAYS


def told(
    *rows: tuple[str, tuple[date, date], int],
    method: str = "report",
    revision: int = 0,
    received: int = 0,
    complete: tuple[date, date] | None = None,
    readings: bool = False,
) -> Told:
    temporality = Temporality.CUMULATIVE if readings else Temporality.INTERVAL
    counts = tuple(row(*r) for r in rows)
    return Told(method, revision, received, temporality, complete, counts)


def resolve(reports: Sequence[Told]) -> Settled:
    return settle.resolve(*stated(reports))


def counted(*reports: Told) -> dict[tuple[str, str], tuple[int, str]]:
    return {(r.item, r.month): (r.count, r.method) for r in resolve(reports).resolved}


def verdicts(*reports: Told) -> list[str]:
    return [str(v) for _, v in sorted(resolve(reports).verdicts.items())]


def test_a_stated_count_counts() -> None:
    assert counted(told(("a", OCTOBER, 5))) == {("a", "2026-10"): (5, "report")}


def test_days_add_up_to_their_month() -> None:
    reports = told(("a", FIRST, 5), ("a", SECOND, 7), ("a", DAYS[4], 1))
    assert counted(reports) == {("a", "2026-10"): (12, "report"), ("a", "2026-11"): (1, "report")}


def test_a_report_received_later_corrects_the_one_before() -> None:
    before, after = told(("a", OCTOBER, 5)), told(("a", OCTOBER, 3), received=1)
    assert counted(before, after) == {("a", "2026-10"): (3, "report")}
    assert verdicts(before, after) == ["superseded", "counted"]


def test_the_platforms_own_revision_goes_before_the_time_of_arrival() -> None:
    late = told(("a", OCTOBER, 3), revision=1, received=1)
    assert counted(told(("a", OCTOBER, 5), revision=2), late) == {("a", "2026-10"): (5, "report")}


def test_what_a_complete_report_no_longer_lists_is_zero() -> None:
    before = told(("a", OCTOBER, 5), ("b", OCTOBER, 2), ("b", FIRST, 1))
    after = told(("a", OCTOBER, 6), received=1, complete=OCTOBER)
    assert counted(before, after) == {
        ("a", "2026-10"): (6, "report"),
        ("b", "2026-10"): (0, "report"),
    }
    assert verdicts(before, after) == ["superseded", "superseded", "superseded", "counted"]


def test_what_a_partial_report_no_longer_lists_stays() -> None:
    after = told(("a", OCTOBER, 6), received=1)
    assert counted(told(("b", OCTOBER, 2)), after)["b", "2026-10"] == (2, "report")


def test_a_complete_report_leaves_days_outside_its_window_alone() -> None:
    before = told(("a", LAST, 5), ("a", FIRST, 3), ("b", OCTOBER, 9))
    after = told(received=1, complete=WEEK)
    found = counted(before, after)
    assert found == {("a", "2026-10"): (5, "report"), ("b", "2026-10"): (9, "report")}


def test_an_older_complete_report_takes_nothing_from_a_newer_one() -> None:
    before = told(("a", OCTOBER, 1), complete=OCTOBER)
    assert counted(before, told(("b", OCTOBER, 2), received=1))["b", "2026-10"] == (2, "report")


def test_a_month_counts_and_its_days_are_its_control() -> None:
    reports = told(("a", OCTOBER, 20), ("a", FIRST, 5), ("a", SECOND, 7))
    assert counted(reports) == {("a", "2026-10"): (20, "report")}
    assert verdicts(reports) == ["counted", "control", "control"]


def test_of_periods_that_overlap_the_longer_and_then_the_earlier_counts() -> None:
    reports = told(("a", WEEK, 20), ("a", OTHER_WEEK, 30), ("a", FIRST, 5), ("a", LAST, 1))
    assert counted(reports) == {("a", "2026-10"): (21, "report")}
    assert verdicts(reports) == ["counted", "control", "control", "counted"]


def test_a_period_that_was_superseded_speaks_for_no_day() -> None:
    before = told(("a", WEEK, 20))
    after = told(("a", FIRST, 5), received=1, complete=WEEK)
    assert counted(before, after) == {("a", "2026-10"): (5, "report")}


def test_a_meter_counts_what_it_grew_by() -> None:
    readings = told(("a", FIRST, 100), ("a", SECOND, 130), ("a", LAST, 131), readings=True)
    assert counted(readings) == {("a", "2026-10"): (31, "report")}
    assert verdicts(readings) == ["baseline", "counted", "counted"]


def test_a_meter_that_was_reset_counts_its_new_reading_whole() -> None:
    readings = told(("a", FIRST, 100), ("a", SECOND, 7), readings=True)
    assert counted(readings) == {("a", "2026-10"): (7, "report")}


def test_a_corrected_reading_moves_the_growth_before_and_after_it() -> None:
    readings = told(("a", FIRST, 100), ("a", SECOND, 150), ("a", LAST, 160), readings=True)
    mended = told(("a", SECOND, 110), received=1, readings=True)
    assert counted(readings, mended) == {("a", "2026-10"): (60, "report")}
    assert verdicts(readings, mended) == ["baseline", "superseded", "counted", "counted"]


def test_growth_belongs_to_the_month_of_the_later_reading_and_no_other_counter_adds_to_it() -> None:
    readings = told(("a", DAYS[0], 100), ("a", DAYS[4], 160), readings=True)
    beacon = told(("a", OCTOBER, 40), method="beacon", received=1)
    assert counted(readings, beacon) == {
        ("a", "2026-09"): (0, "report"),
        ("a", "2026-10"): (0, "report"),
        ("a", "2026-11"): (60, "report"),
    }


def test_the_periods_of_a_method_go_before_its_readings() -> None:
    readings = told(("a", FIRST, 100), ("a", SECOND, 150), readings=True)
    periods = told(("a", OCTOBER, 70), received=1)
    assert counted(readings, periods) == {("a", "2026-10"): (70, "report")}
    assert verdicts(readings, periods) == ["baseline", "shadowed", "counted"]


def test_two_counters_of_the_same_reads_are_alternatives_and_never_a_sum() -> None:
    report = told(("a", OCTOBER, 20))
    beacon = told(("a", FIRST, 30), method="beacon", received=1)
    assert counted(report, beacon) == {("a", "2026-10"): (20, "report")}
    assert verdicts(report, beacon) == ["counted", "shadowed"]


def test_a_lower_counter_fills_a_gap() -> None:
    report = told(("a", OCTOBER, 20), ("b", SEPTEMBER, 1), complete=SEPTEMBER)
    beacon = told(("a", NOVEMBER, 3), ("b", OCTOBER, 4), method="beacon", received=1)
    assert counted(report, beacon) == {
        ("a", "2026-10"): (20, "report"),
        ("a", "2026-11"): (3, "beacon"),
        ("b", "2026-09"): (1, "report"),
        ("b", "2026-10"): (4, "beacon"),
    }


def test_a_lower_counter_does_not_fill_a_zero() -> None:
    report = told(complete=OCTOBER)
    beacon = told(("a", OCTOBER, 4), method="beacon", received=1)
    assert counted(report, beacon) == {("a", "2026-10"): (0, "report")}


def test_a_count_that_a_report_took_back_is_not_filled_from_below() -> None:
    before, after = told(("a", OCTOBER, 4)), told(received=1, complete=OCTOBER)
    beacon = told(("a", OCTOBER, 9), method="beacon", received=2)
    assert counted(before, after, beacon) == {("a", "2026-10"): (0, "report")}


def test_where_nobody_counted_nothing_is_said() -> None:
    assert counted(told(complete=OCTOBER)) == {}


@given(report_sets(), st.randoms(use_true_random=False))
def test_the_order_of_work_changes_nothing(reports: list[Told], chance: Random) -> None:
    observations, windows = stated(reports)
    settled = settle.resolve(observations, windows)
    chance.shuffle(observations)
    chance.shuffle(windows)
    assert settle.resolve(observations, windows) == settled


@given(report_sets())
def test_every_observation_has_one_verdict(reports: list[Told]) -> None:
    observations, windows = stated(reports)
    assert set(settle.resolve(observations, windows).verdicts) == {o.id for o in observations}


@given(report_sets())
def test_what_was_stated_is_counted_or_set_aside_and_nothing_is_made_up(
    reports: list[Told],
) -> None:
    reports = [r for r in reports if r.temporality is Temporality.INTERVAL]
    observations, windows = stated(reports)
    settled = settle.resolve(observations, windows)
    by_verdict = dict.fromkeys(Verdict, 0)
    for one in observations:
        by_verdict[settled.verdicts[one.id]] += one.count
    assert by_verdict[Verdict.COUNTED] == sum(r.count for r in settled.resolved)
    assert by_verdict[Verdict.BASELINE] == 0


@given(report_sets())
def test_no_month_counts_more_than_one_counter_claims_for_it(reports: list[Told]) -> None:
    observations, windows = stated(reports)
    settled = settle.resolve(observations, windows)
    for found in settled.resolved:
        alone = [o for o in observations if o.method == found.method]
        claimed = settle.resolve(alone, [w for w in windows if w.method == found.method])
        assert found.count <= _count(claimed.resolved, found)


def _count(resolved: Sequence[Resolved], like: Resolved) -> int:
    key = (like.item, like.metric, like.month)
    return sum(r.count for r in resolved if (r.item, r.metric, r.month) == key)


@given(report_sets(methods=("report", "log")), report_sets(methods=("beacon",)))
def test_a_shadow_moves_nothing_that_is_covered(reports: list[Told], shadows: list[Told]) -> None:
    shadows = [s._replace(received=s.received + 100) for s in shadows]
    order = ("report", "log", "beacon")
    before = settle.resolve(*stated(reports, order)).resolved
    after = settle.resolve(*stated([*reports, *shadows], order)).resolved
    covered = {(r.item, r.metric, r.month) for r in before}
    assert [r for r in after if (r.item, r.metric, r.month) in covered] == before


@given(
    st.lists(st.integers(min_value=0, max_value=50), min_size=2, max_size=20),
    st.data(),
)
def test_a_meter_never_counts_more_than_was_read_however_many_readings_are_lost(
    reads: list[int], data: st.DataObject
) -> None:
    shown = [sum(reads[: n + 1]) for n in range(len(reads))]
    seen = data.draw(st.sets(st.sampled_from(range(len(reads))), min_size=1))
    rows = [("a", (date(2026, 10, n + 1), date(2026, 10, n + 2)), shown[n]) for n in sorted(seen)]
    grown = sum(r.count for r in resolve([told(*rows, readings=True)]).resolved)
    assert grown == shown[max(seen)] - shown[min(seen)]


@given(report_sets())
def test_a_report_told_once_more_changes_nothing(reports: list[Told]) -> None:
    again = reports[0]._replace(received=max(r.received for r in reports) + 1)
    if any(r.method == again.method and r.revision >= again.revision for r in reports[1:]):
        return
    assert resolve([*reports, again]).resolved == resolve(reports).resolved


@pytest.mark.parametrize(
    ("expected", "found", "apart"),
    [
        (1000, 1000, False),
        (1000, 880, False),
        (10_000, 9_100, False),
        (10_000, 8_900, True),
        (0, 10, False),
        (0, 40, True),
        (3, 12, False),
        (100, 160, False),
        (100, 170, True),
    ],
)
def test_two_counters_differ_beyond_chance_and_custom(
    expected: int,
    found: int,
    apart: bool,  # noqa: FBT001
) -> None:
    assert settle.differ(expected, found) is apart
    assert settle.differ(found, expected) is apart


def test_months_stand_in_a_row() -> None:
    assert months.touched(date(2026, 10, 31), date(2027, 2, 1)) == range(24321, 24325)
    assert [months.name(n) for n in range(24322, 24326)] == [
        "2026-11",
        "2026-12",
        "2027-01",
        "2027-02",
    ]
    assert months.first_day(24323) == date(2026, 12, 1)
    assert months.numbered("2026-12") == months.number(date(2026, 12, 31)) == 24323


def test_the_headline_metric_has_its_own_counts() -> None:
    uniques = row("a", OCTOBER, 3, "Unique_Item_Requests")
    report = told(("a", OCTOBER, 5))
    resolved = resolve([report._replace(rows=(*report.rows, uniques))]).resolved
    assert [(r.metric, r.count) for r in resolved] == [(REQUESTS, 5), ("Unique_Item_Requests", 3)]
    assert METHODS[0] == "report"
