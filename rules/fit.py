"""Bring a parsed view report into the form that the ledger keeps.

A row that it cannot keep is set aside with the reason; the others stand.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from rules import synthetic
from schemas.views import Coverage, CoverageState, FaultyRow, ParsedReport, StatedCount

LARGEST = 10**12
"""More reads than that of one item in one period are no count."""


_DAY = timedelta(days=1)


def fit(parsed: ParsedReport, received: date = date.max) -> ParsedReport:
    """Set aside rows of several months, of days to come, and implausible; cover those that stay.

    `received` is the day in UTC on which the report came in; it may be tomorrow where it was made.

    A report with a row that cannot be understood is complete no more: what it says of that item
    is unknown, and unknown is not zero. A row of a made-up story counts nowhere.
    """
    faulty = list(parsed.faulty)
    rows = []
    for number, row in enumerate(parsed.rows, 1):
        if synthetic.is_one(row.item):
            continue
        fault = _fault(row, received)
        if fault is None:
            rows.append(row)
        else:
            faulty.append(FaultyRow(row=number, code=fault[0], reason=fault[1]))
    head = parsed.head.model_copy(
        update={"coverage": tuple(_claims(parsed, rows, whole=not faulty))}
    )
    return ParsedReport.model_construct(head=head, rows=tuple(rows), faulty=tuple(faulty))


def _fault(row: StatedCount, received: date) -> tuple[str, str] | None:
    t0, t1 = row.t0, row.t1
    if t1 <= t0:
        return "reversed", f"{t0} to {t1}: the end is the day after the last"
    follows = (t0.year + t0.month // 12, t0.month % 12 + 1)
    if (t1.year, t1.month) != (t0.year, t0.month) and ((t1.year, t1.month), t1.day) != (follows, 1):
        return "crosses_month", f"{t0} to {t1}: split it where a month ends"
    if t1 - 2 * _DAY > received:
        return "future", f"{t1 - _DAY} was not over when the report came in, on {received}"
    if row.count > LARGEST:
        return "implausible", f"{row.count} reads: more than {LARGEST} are no count"
    return None


def _claims(parsed: ParsedReport, rows: list[StatedCount], *, whole: bool) -> Iterator[Coverage]:
    for claim in _coverage(parsed, rows):
        if whole or claim.state is not CoverageState.COMPLETE:
            yield claim
            continue
        yield claim.model_copy(update={"state": CoverageState.PARTIAL, "reason": "rows faulty"})


def _coverage(parsed: ParsedReport, rows: list[StatedCount]) -> Iterator[Coverage]:
    """Yield what the report claims; rows outside of all that are partial."""
    head = parsed.head
    partial = CoverageState.PARTIAL
    claimed = head.coverage or (Coverage(t0=head.t0, t1=head.t1, state=partial),)
    first, after = min(c.t0 for c in claimed), max(c.t1 for c in claimed)
    t0 = min((row.t0 for row in rows), default=first)
    t1 = max((row.t1 for row in rows), default=after)
    if t0 < first:
        yield Coverage(t0=t0, t1=first, state=partial)
    yield from claimed
    if t1 > after:
        yield Coverage(t0=after, t1=t1, state=partial)
