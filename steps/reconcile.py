"""Settle what was said of reads into numbered statements, a platform and month each.

Only months that new reports bear on are touched, and those in which an item in suspense has
found its story. A statement is never edited: where it would say something else, the next one
supersedes it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from rules import settle
from schemas import months
from schemas._record import Record
from schemas.config import Config
from schemas.views import Break, CoverageState, Method, Statement
from steps import matching, runs
from steps.house import House
from store import breaks, ledger, reports, settling, stated, touched
from store.database import Connection, Engine, one_writer, writing
from store.settling import Compared

DOUBTFUL_SUSPENSE = 0.05
"""Share of a month's reads in suspense above which a person should look."""

_OF_MONTHS = (
    "counters_differ",
    "unknown_items",
    "counter_reset",
    "report_conflict",
    "declared_total",
)
"""Kinds of break that are looked for anew in each month that is settled."""

_MISSING = "missing_report"


class Reconciled(Record):
    """What settling came to."""

    months: int = 0
    statements: int = 0
    unchanged: int = 0
    matched: int = 0
    """Items in suspense that found their story."""
    breaks: int = 0
    """Differences and doubts that were not noted before."""
    cleared: int = 0
    """Differences and doubts that are no more."""

    def __add__(self, other: "Reconciled") -> "Reconciled":
        """Add two counts up."""
        mine, theirs = self.model_dump(), other.model_dump()
        return Reconciled(**{name: mine[name] + theirs[name] for name in mine})


def recorded(
    house: House, platform: str, flow_run_id: str | None = None, *, full: bool = False
) -> Reconciled:
    """Settle one platform, and keep a run of it."""
    with runs.recorded(house.engine, "reconcile", platform, house.clock, flow_run_id) as run:
        done = reconcile(house.engine, house.config, house.now, [platform], full=full)
        run.counts = done.model_dump()
    return done


def reconcile(
    engine: Engine,
    config: Config,
    now: datetime,
    platforms: Sequence[str] | None = None,
    *,
    full: bool = False,
) -> Reconciled:
    """Settle platforms: the months that something bears on, or every month. Twice is once."""
    done = Reconciled()
    for platform in platforms or config.platforms():
        with writing(engine) as connection:
            one_writer(connection, "observations")
            done += _settle(connection, config, platform, now, full=full)
    return done


def _settle(
    connection: Connection, config: Config, platform: str, now: datetime, *, full: bool
) -> Reconciled:
    methods = config.platforms()[platform]
    numbers, wanted = touched.unsettled(connection, platform)
    if full:
        wanted |= touched.every_month(connection, platform)
    matched = matching.match(connection, config, platform, now)
    wanted |= matched.months
    before = ledger.platform_months(connection).get(platform, {})
    compared = settling.resolve(connection, platform, methods, wanted)
    coverage = ledger.coverage_of(connection, platform, methods[0], wanted)
    made = ledger.make(connection, platform, coverage, compared, now)
    touched.mark_settled(connection, numbers, now)
    noted, cleared = _note(
        connection,
        config,
        platform,
        wanted,
        _doubts(connection, platform, methods, wanted, compared, now),
        _late(made, before, now),
        now,
    )
    return Reconciled(
        months=len(wanted),
        statements=len(made),
        unchanged=len(wanted) - len(made),
        matched=matched.items,
        breaks=noted,
        cleared=cleared,
    )


def _note(
    connection: Connection,
    config: Config,
    platform: str,
    wanted: Collection[int],
    doubts: Sequence[Break],
    late: Sequence[Break],
    now: datetime,
) -> tuple[int, int]:
    """Note what is doubtful, and clear what no longer is; say how many of each."""
    missing = _missing(connection, config, platform, now)
    cleared = breaks.clear(connection, platform, [_MISSING], missing)
    looked_at = [months.name(month) for month in wanted]
    cleared += breaks.clear(connection, platform, _OF_MONTHS, doubts, looked_at)
    return breaks.note(connection, [*doubts, *late, *missing]), cleared


def _doubts(
    connection: Connection,
    platform: str,
    methods: Sequence[str],
    wanted: Collection[int],
    compared: Iterable[Compared],
    now: datetime,
) -> list[Break]:
    """List all that a person should look at in these months."""
    settled = ledger.platform_months(connection).get(platform, {})
    found = [
        ("counters_differ", c.month, c.counter, c.expected, c.found)
        for c in compared
        if settle.differ(c.expected, c.found)
    ]
    found += [
        ("unknown_items", months.numbered(name), "suspense", one.total, one.suspense)
        for name, one in settled.items()
        if months.numbered(name) in wanted and one.suspense > DOUBTFUL_SUSPENSE * one.total
    ]
    found += [
        ("counter_reset", *reset)
        for reset in settling.resets(connection, platform, methods, wanted)
    ]
    found += [("report_conflict", *c) for c in stated.conflicts(connection, platform, wanted)]
    found += [("declared_total", *u) for u in stated.undeclared(connection, platform, wanted)]
    return [
        _break(platform, month, kind, now, subject=subject, expected=expected, found=number)
        for kind, month, subject, expected, number in found
    ]


def _late(made: Iterable[Statement], before: Mapping[str, Statement], now: datetime) -> list[Break]:
    """List new totals of months that had been complete."""
    return [
        _break(
            one.platform,
            months.numbered(one.month),
            "late_correction",
            now,
            subject=f"statement {one.number}",
            expected=before[one.month].total,
            found=one.total,
        )
        for one in made
        if one.month in before
        and before[one.month].coverage is CoverageState.COMPLETE
        and before[one.month].total != one.total
    ]


def _missing(connection: Connection, config: Config, platform: str, now: datetime) -> list[Break]:
    method = config.platforms()[platform][0]
    return [
        _break(platform, month, _MISSING, now, subject=method)
        for month in missing(connection, config, platform, now)
    ]


def missing(connection: Connection, config: Config, platform: str, now: datetime) -> list[int]:
    """Number the months whose report is past its time, since the first anything is known of."""
    method = config.platforms()[platform][0]
    known = touched.every_month(connection, platform)
    pull = next((r for r in config.reports if r.platform == platform), None)
    begun = [*known, *([months.number(pull.since)] if pull else [])]
    if not begun or method == Method.BEACON:  # that one is ours: it is late by no one's fault
        return []
    after = months.number(now.date() - timedelta(days=_lag(config, platform)))
    if pull and pull.until:
        after = min(after, months.number(pull.until) + 1)
    covered = reports.covered(connection, platform, method)
    return [month for month in range(min(begun), after) if month not in covered]


def _lag(config: Config, platform: str) -> int:
    partner = config.partner(platform)
    if partner is not None:
        return partner.report_lag_days
    return next(s.report_lag_days for s in config.own_sites if s.channel == platform)


def _break(
    platform: str,
    month: int,
    kind: str,
    now: datetime,
    *,
    subject: str,
    expected: int | None = None,
    found: int | None = None,
) -> Break:
    return Break(
        platform=platform,
        month=months.name(month),
        kind=kind,
        subject=subject,
        expected=expected,
        found=found,
        noted_at=now,
    )
