from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import settle
from schemas import months
from schemas.views import Temporality
from store import reports, settling, touched
from store.database import Connection, Engine
from store.settling import Compared, Reset
from tests.reports import DAYS, LONGER, METHODS, Told, report_sets, row, stated

OCTOBER = LONGER[1]
_, FIRST, SECOND, LAST, _ = DAYS

EVERY_MONTH = range(months.numbered("2026-09"), months.numbered("2026-12"))

shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

Fact = tuple[str, str, str, int, str]


def keep(connection: Connection, told: Sequence[Told], platform: str = "p") -> None:
    for report in told:
        head, again = reports.keep(
            connection,
            platform,
            report.method,
            "application/json",
            report.payload,
            report.received_at,
        )
        assert not again
        reports.apply(connection, head.id, report.parsed)


def facts(connection: Connection, platform: str = "p") -> list[Fact]:
    rows = connection.exec_driver_sql(
        "SELECT i.ref, f.metric, f.month, f.count, f.method FROM facts f"
        f" JOIN item_refs i ON i.id = f.item_ref_id WHERE f.platform = '{platform}'"
    )
    return sorted((r[0], r[1], months.name(r[2]), r[3], r[4]) for r in rows)


def by_rule(told: Sequence[Told]) -> list[Fact]:
    resolved = settle.resolve(*stated(told)).resolved
    return [(r.item, r.metric, r.month, r.count, r.method) for r in resolved if r.count]


class _Undone:
    """A transaction that leaves nothing behind, so that many examples share a database."""

    def __init__(self, engine: Engine) -> None:
        self.connection = engine.connect()

    def __enter__(self) -> Connection:
        self.transaction = self.connection.begin()
        return self.connection

    def __exit__(self, *_: object) -> None:
        self.transaction.rollback()
        self.connection.close()


def check_all_at_once(engine: Engine, told: list[Told]) -> None:
    with _Undone(engine) as connection:
        keep(connection, told)
        settling.resolve(connection, "p", METHODS, EVERY_MONTH)
        assert facts(connection) == by_rule(told)


def check_one_by_one(engine: Engine, told: list[Told], chance: Random) -> None:
    shuffled = list(told)
    chance.shuffle(shuffled)
    with _Undone(engine) as connection:
        for report in shuffled:
            keep(connection, [report])
            numbers, wanted = touched.unsettled(connection, "p")
            settling.resolve(connection, "p", METHODS, wanted)
            touched.mark_settled(connection, numbers, report.received_at)
        assert facts(connection) == by_rule(told)


@shared
@given(told=report_sets())
def test_the_store_resolves_as_the_rule_does(sqlite_engine: Engine, told: list[Told]) -> None:
    check_all_at_once(sqlite_engine, told)


@shared
@given(told=report_sets(), chance=st.randoms(use_true_random=False))
def test_settling_what_each_report_touches_in_any_order_is_settling_all(
    sqlite_engine: Engine, told: list[Told], chance: Random
) -> None:
    check_one_by_one(sqlite_engine, told, chance)


@settings(shared, max_examples=25)
@given(told=report_sets(), chance=st.randoms(use_true_random=False))
def test_postgresql_resolves_as_the_rule_does(
    postgres_engine: Engine, told: list[Told], chance: Random
) -> None:
    check_all_at_once(postgres_engine, told)
    check_one_by_one(postgres_engine, told, chance)


def told(*rows: tuple[str, tuple[date, date], int], **fields: Any) -> Told:
    given_: dict[str, Any] = {
        "method": "report",
        "revision": 0,
        "received": 0,
        "temporality": Temporality.INTERVAL,
        "complete": None,
    }
    return Told(rows=tuple(row(*r) for r in rows), **(given_ | fields))


def test_a_shadow_is_compared_where_both_counters_speak(connection: Connection) -> None:
    keep(
        connection,
        [
            told(("a", OCTOBER, 20), ("b", OCTOBER, 5), complete=OCTOBER),
            told(("a", FIRST, 12), ("a", SECOND, 3), method="beacon", received=1),
            told(("c", FIRST, 7), method="log", received=2),
        ],
    )
    assert settling.resolve(connection, "p", METHODS, EVERY_MONTH) == [
        Compared(months.numbered("2026-10"), "beacon", expected=20, found=15),
        Compared(months.numbered("2026-10"), "log", expected=0, found=7),
    ]


def test_a_complete_shadow_is_compared_with_all_that_counts(connection: Connection) -> None:
    keep(
        connection,
        [
            told(("a", OCTOBER, 20), ("b", OCTOBER, 5)),
            told(("a", OCTOBER, 18), method="beacon", complete=OCTOBER, received=1),
        ],
    )
    compared = settling.resolve(connection, "p", METHODS, EVERY_MONTH)
    assert [(c.expected, c.found) for c in compared] == [(25, 18)]


def test_readings_are_compared_with_the_periods_of_their_method(connection: Connection) -> None:
    cumulative = Temporality.CUMULATIVE
    keep(
        connection,
        [
            told(("a", FIRST, 100), ("a", SECOND, 130), temporality=cumulative),
            told(("a", OCTOBER, 31), received=1),
        ],
    )
    found = settling.resolve(connection, "p", METHODS, EVERY_MONTH)
    assert found == [Compared(months.numbered("2026-10"), "report readings", 31, 30)]


def test_a_method_nobody_ranked_ranks_last(connection: Connection) -> None:
    keep(connection, [told(("a", OCTOBER, 1), method="log"), told(("a", OCTOBER, 2), received=1)])
    settling.resolve(connection, "p", ("report",), EVERY_MONTH)
    assert [fact[3:] for fact in facts(connection)] == [(2, "report")]


def test_nothing_to_settle_settles_nothing(connection: Connection) -> None:
    assert settling.resolve(connection, "p", METHODS, []) == []
    assert settling.resolve(connection, "p", METHODS, EVERY_MONTH) == []
    assert settling.resets(connection, "p", METHODS, EVERY_MONTH) == []
    assert settling.resets(connection, "p", METHODS, []) == []


def test_a_meter_that_went_back_is_told_with_its_readings(connection: Connection) -> None:
    cumulative = Temporality.CUMULATIVE
    readings = [("a", FIRST, 100), ("a", SECOND, 130), ("a", LAST, 4), ("b", LAST, 1)]
    keep(connection, [told(*readings, temporality=cumulative)])
    found = settling.resets(connection, "p", METHODS, EVERY_MONTH)
    assert found == [Reset(months.numbered("2026-10"), "a", before=130, after=4)]
    assert settling.resets(connection, "p", METHODS, [months.numbered("2026-11")]) == []


def test_another_platform_is_left_alone(connection: Connection) -> None:
    keep(connection, [told(("a", OCTOBER, 1))], "p")
    keep(connection, [told(("a", OCTOBER, 2))], "q")
    settling.resolve(connection, "p", METHODS, EVERY_MONTH)
    settling.resolve(connection, "q", METHODS, EVERY_MONTH)
    settling.resolve(connection, "p", METHODS, EVERY_MONTH)
    assert [f[3] for f in facts(connection, "p") + facts(connection, "q")] == [1, 2]
