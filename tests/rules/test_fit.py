from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import fit, synthetic
from schemas.views import Coverage, CoverageState, FaultyRow, ParsedReport, ReportHead, StatedCount
from tests.reports import row

FIRST = date(2026, 10, 1)
LAST = date(2026, 10, 31)
AFTER = date(2026, 11, 1)


def report(*rows: StatedCount, coverage: tuple[Coverage, ...] = ()) -> ParsedReport:
    head = ReportHead(t0=FIRST, t1=AFTER, coverage=coverage)
    stated = FaultyRow(row=9, code="suppressed", reason="a star")
    return ParsedReport(head=head, rows=rows, faulty=(stated,))


def codes(*rows: StatedCount) -> list[str]:
    return [f.code for f in fit.fit(report(*rows)).faulty]


@pytest.mark.parametrize(
    "days",
    [
        (FIRST, AFTER),
        (LAST, AFTER),
        (FIRST, LAST),
        (date(2026, 12, 1), date(2027, 1, 1)),
        (date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_days_within_a_month_stand(days: tuple[date, date]) -> None:
    assert codes(row("a", days, 1)) == ["suppressed"]


@pytest.mark.parametrize(
    "days",
    [
        (LAST, date(2026, 11, 2)),
        (FIRST, date(2026, 12, 1)),
        (FIRST, date(2027, 11, 1)),
        (date(2026, 12, 31), date(2027, 1, 2)),
    ],
)
def test_days_of_several_months_are_set_aside(days: tuple[date, date]) -> None:
    assert codes(row("a", days, 1)) == ["suppressed", "crosses_month"]


@pytest.mark.parametrize("days", [(AFTER, FIRST), (FIRST, FIRST)])
def test_days_that_end_before_they_begin_are_set_aside(days: tuple[date, date]) -> None:
    assert codes(row("a", days, 1)) == ["suppressed", "reversed"]


def test_a_row_of_a_made_up_story_counts_nowhere_and_is_no_fault() -> None:
    made_up = row(synthetic.mint("a"), (FIRST, AFTER), 7)
    real = row("urn:uuid:6f6b0c1e-3f0a-5c3e-9d7a-000000000001", (FIRST, AFTER), 5)
    fitted = fit.fit(ParsedReport(head=report().head, rows=(made_up, real)))
    assert (fitted.rows, fitted.faulty) == ((real,), ())


def test_a_count_beyond_belief_is_set_aside_with_its_row_and_the_others_stand() -> None:
    days = (FIRST, AFTER)
    found = fit.fit(report(row("a", days, fit.LARGEST), row("b", days, fit.LARGEST + 1)))
    assert [r.item for r in found.rows] == ["a"]
    assert (found.faulty[-1].row, found.faulty[-1].code) == (2, "implausible")


def test_a_report_that_claims_nothing_is_partial() -> None:
    assert fit.fit(report()).head.coverage == (
        Coverage(t0=FIRST, t1=AFTER, state=CoverageState.PARTIAL),
    )


def test_rows_outside_of_what_is_claimed_are_partial() -> None:
    claimed = Coverage(t0=FIRST, t1=AFTER, state=CoverageState.COMPLETE)
    before = row("a", (date(2026, 9, 1), date(2026, 9, 2)), 1)
    behind = row("a", (AFTER, date(2026, 11, 2)), 1)
    told = report(before, behind, coverage=(claimed,)).model_copy(update={"faulty": ()})
    found = fit.fit(told).head.coverage
    assert [(c.t0, c.t1, str(c.state)) for c in found] == [
        (date(2026, 9, 1), FIRST, "partial"),
        (FIRST, AFTER, "complete"),
        (AFTER, date(2026, 11, 2), "partial"),
    ]


days = st.dates(min_value=date(2026, 8, 1), max_value=date(2027, 2, 28))


@given(st.lists(st.tuples(days, days)))
def test_every_row_that_stands_is_covered_and_no_row_is_lost(
    spans: list[tuple[date, date]],
) -> None:
    rows = [row("a", span, 1) for span in spans]
    found = fit.fit(report(*rows))
    assert len(found.rows) + len(found.faulty) == len(rows) + 1
    first = min(c.t0 for c in found.head.coverage)
    after = max(c.t1 for c in found.head.coverage)
    assert all(first <= r.t0 and r.t1 <= after for r in found.rows)


def test_a_report_with_a_row_that_is_not_understood_is_complete_no_more() -> None:
    day = date(2026, 10, 1)
    whole = Coverage(t0=day, t1=date(2026, 11, 1), state=CoverageState.COMPLETE)
    head = ReportHead(t0=whole.t0, t1=whole.t1, coverage=(whole,))
    fault = FaultyRow(row=2, code="bad_count", reason="4,800 is no count")
    assert fit.fit(ParsedReport(head=head, rows=())).head.coverage == (whole,)
    (claim,) = fit.fit(ParsedReport(head=head, rows=(), faulty=(fault,))).head.coverage
    assert (claim.state, claim.reason) == (CoverageState.PARTIAL, "rows faulty")


def test_days_that_were_not_over_when_the_report_came_are_set_aside() -> None:
    told = report(row("a", (LAST, AFTER), 1), row("b", (FIRST, LAST), 1))
    assert [f.code for f in fit.fit(told, LAST).faulty] == ["suppressed"]
    a_day_ahead = fit.fit(told, date(2026, 10, 30))
    assert [f.code for f in a_day_ahead.faulty] == ["suppressed"]  # it is tomorrow somewhere
    ahead = fit.fit(told, date(2026, 10, 29))
    assert [(f.row, f.code) for f in ahead.faulty[1:]] == [(1, "future")]
    assert [kept.item for kept in ahead.rows] == ["b"]
