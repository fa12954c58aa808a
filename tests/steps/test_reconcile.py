from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors._http import Limits
from rules import identity
from schemas import months
from schemas.config import Config, OwnSite, ReportPull
from schemas.partner import Partner
from schemas.views import Break, Statement
from steps import collect, reconcile, runs
from steps.house import open_house
from steps.reconcile import Reconciled
from store import breaks, ledger
from store.database import Engine, reading, writing
from store.hits import open_hits
from tests import make
from tests.reports import svr
from tests.tell import tell, telling

NOVEMBER = datetime(2026, 11, 3, 9, tzinfo=UTC)
STORY = identity.mint(("opinion.example", "1"))
OTHER = identity.mint(("opinion.example", "2"))

CONFIG = Config(
    channels=(make.channel(),),
    own_sites=(OwnSite(channel="opinion"),),
    partners=(Partner(id="nhs", name="NHS"), Partner(id="bbc", name="BBC")),
)


class Loop:
    """Send, collect and settle, on one store."""

    def __init__(self, engine: Engine, tmp_path: Path, config: Config = CONFIG) -> None:
        self.engine = engine
        self.config = config
        self.hits_path = tmp_path / "beacon.db"
        self.now = NOVEMBER

    def send(self, *payloads: bytes, platform: str = "nhs", method: str = "report") -> None:
        for payload in payloads:
            self.now += timedelta(minutes=1)
            collect.receive(self.engine, platform, method, payload, "application/json", self.now)

    def collect(self, platform: str = "nhs") -> collect.Collected:
        with open_hits(self.hits_path) as hits:
            return collect.collect(self.engine, self.config, platform, hits, self.now)

    def settle(
        self, *payloads: bytes, platform: str = "nhs", full: bool = False, **how: str
    ) -> Reconciled:
        self.send(*payloads, platform=platform, **how)
        self.collect(platform)
        return reconcile.reconcile(self.engine, self.config, self.now, [platform], full=full)

    def latest(self, platform: str = "nhs") -> dict[str, Statement]:
        with reading(self.engine) as connection:
            return ledger.platform_months(connection).get(platform, {})

    def totals(self, platform: str = "nhs") -> dict[str, tuple[int, int]]:
        return {m: (s.total, s.suspense) for m, s in self.latest(platform).items()}

    def breaks(self, state: str | None = "open") -> list[tuple[str, str, int | None, int | None]]:
        with reading(self.engine) as connection:
            found = breaks.listing(connection, state)
        return [(b.kind, b.subject, b.expected, b.found) for b in found]

    def reads(self, *story_ids: str) -> ledger.Reads:
        with reading(self.engine) as connection:
            return ledger.reads_of(connection, story_ids)

    def facts(self) -> list[tuple[Any, ...]]:
        query = sa.text(
            "SELECT f.platform, f.month, f.metric, i.ref, f.count, f.method FROM facts f"
            " JOIN item_refs i ON i.id = f.item_ref_id"
        )
        with reading(self.engine) as connection:
            return sorted(tuple(row) for row in connection.execute(query))


@pytest.fixture
def loop(engine: Engine, tmp_path: Path) -> Loop:
    return Loop(engine, tmp_path)


def test_a_report_becomes_a_numbered_statement(loop: Loop) -> None:
    tell(loop.engine, telling("1"))
    done = loop.settle(svr((STORY, 5), ("nobody", 2)))
    assert done == Reconciled(months=1, statements=1, matched=1, breaks=1)
    (statement,) = loop.latest().values()
    assert (statement.month, statement.number) == ("2026-10", 1)
    assert (statement.total, statement.suspense, str(statement.coverage)) == (7, 2, "complete")
    assert loop.reads(STORY) == {STORY: {"nhs": {"2026-10": 5}}}


def test_settling_twice_changes_nothing(loop: Loop) -> None:
    loop.settle(svr(("a", 5)))
    assert loop.settle() == Reconciled()
    again = loop.settle(full=True)
    assert (again.months, again.statements, again.unchanged) == (1, 0, 1)


def test_a_corrected_report_for_a_closed_month_supersedes_and_the_old_statement_stays(
    loop: Loop,
) -> None:
    loop.settle(svr(("a", 5), ("b", 1)))
    done = loop.settle(svr(("a", 7), revision=1))
    assert done.statements == 1
    with reading(loop.engine) as connection:
        first, second = ledger.history(connection, "nhs", "2026-10")
        assert [(line.ref, line.reads) for line in ledger.lines(connection, first.id)] == [
            ("a", 5),
            ("b", 1),
        ]
        assert [(line.ref, line.reads) for line in ledger.lines(connection, second.id)] == [
            ("a", 7)
        ]
    assert (first.number, first.total, second.number, second.total) == (1, 6, 2, 7)
    assert second.previous == first.digest
    assert ("late_correction", "statement 2", 6, 7) in loop.breaks()


def test_statements_of_other_platforms_and_months_are_left_alone(loop: Loop) -> None:
    loop.settle(svr(("a", 5)), svr(("a", 6), month="2026-09"))
    loop.settle(svr(("a", 9)), platform="bbc")
    before = loop.latest() | loop.latest("bbc")
    loop.settle(svr(("a", 8), month="2026-09", revision=1))
    assert (loop.latest() | loop.latest("bbc"))["2026-10"] == before["2026-10"]
    assert loop.totals() == {"2026-09": (8, 8), "2026-10": (5, 5)}


def test_a_month_that_is_said_to_be_empty_is_zero_and_one_that_is_not_there_a_gap(
    loop: Loop,
) -> None:
    loop.settle(svr(), svr(month="2026-09", coverage="none"))
    found = {m: (s.total, str(s.coverage)) for m, s in loop.latest().items()}
    assert found == {"2026-09": (0, "none"), "2026-10": (0, "complete")}


def test_a_suppressed_count_is_missing_and_not_zero(loop: Loop) -> None:
    loop.settle(svr(("a", "*"), ("b", 1), coverage="partial"))
    assert [fact[3] for fact in loop.facts()] == ["b"]
    assert str(loop.latest()["2026-10"].coverage) == "partial"


def test_a_month_is_complete_once_every_day_of_it_is(loop: Loop) -> None:
    days = [date(2026, 10, 1) + timedelta(days=n) for n in range(31)]
    reports = [
        svr(
            ("a", str(day), str(day + timedelta(days=1)), 1),
            period={"from": str(day), "to": str(day + timedelta(days=1))},
        )
        for day in days
    ]
    loop.settle(*reports[1:])
    assert str(loop.latest()["2026-10"].coverage) == "partial"
    loop.settle(reports[0])
    statement = loop.latest()["2026-10"]
    assert (str(statement.coverage), statement.total) == ("complete", 31)


def test_an_unknown_story_waits_in_suspense_until_it_is_told(loop: Loop) -> None:
    loop.settle(svr((STORY, 5), ("x", 1)))
    assert loop.totals() == {"2026-10": (6, 6)}
    with reading(loop.engine) as connection:
        assert ledger.suspense(connection) == {"nhs": 6}
        (first, second) = ledger.in_suspense(connection, "nhs")
    assert (first.ref, first.reads, first.first, first.last) == (STORY, 5, "2026-10", "2026-10")
    assert second.ref == "x"
    tell(loop.engine, telling("1"))
    done = loop.settle()
    assert (done.matched, done.statements) == (1, 1)
    assert loop.totals() == {"2026-10": (6, 1)}
    assert loop.reads(STORY) == {STORY: {"nhs": {"2026-10": 5}}}
    assert ("late_correction", "statement 2", 6, 6) not in loop.breaks(None)


def test_a_merged_storys_reads_go_to_the_one_it_became_and_none_is_lost(loop: Loop) -> None:
    tell(loop.engine, telling("1"), telling("2"))
    loop.settle(svr((STORY, 5), (OTHER, 3)))
    before = loop.latest()
    tell(loop.engine, telling("2", also=[("opinion.example", "1")]))
    assert loop.reads(STORY, OTHER) == {STORY: {"nhs": {"2026-10": 8}}}
    loop.settle(full=True)
    assert loop.latest() == before
    loop.settle(svr((OTHER, 1), month="2026-09"))
    assert loop.reads(STORY)[STORY]["nhs"] == {"2026-09": 1, "2026-10": 8}


def test_two_counters_that_differ_are_a_break_that_clears_itself(loop: Loop) -> None:
    loop.settle(svr(("a", 1000)))
    loop.settle(svr(("a", 500)), method="beacon")
    assert ("counters_differ", "beacon", 1000, 500) in loop.breaks()
    assert loop.totals() == {"2026-10": (1000, 1000)}
    done = loop.settle(svr(("a", 520), revision=1))
    assert done.cleared == 1
    assert ("counters_differ", "beacon", 1000, 500) in loop.breaks("cleared")
    loop.settle(svr(("a", 2000), revision=2))
    assert ("counters_differ", "beacon", 2000, 500) in loop.breaks()


def test_the_shadow_stands_in_the_statement(loop: Loop) -> None:
    loop.settle(svr(("a", 40)), method="beacon")
    loop.settle(svr(("a", 50)))
    assert loop.latest()["2026-10"].shadow == {"beacon": 40}
    assert loop.latest()["2026-10"].total == 50


def test_a_break_that_a_person_accepted_opens_again_only_with_other_numbers(loop: Loop) -> None:
    loop.settle(svr(("a", 1000)))
    loop.settle(svr(("a", 500)), method="beacon")
    with writing(loop.engine) as connection:
        (found,) = [b for b in breaks.listing(connection, "open") if b.kind == "counters_differ"]
        assert breaks.accept(connection, found)
        assert not breaks.accept(connection, found.model_copy(update={"month": "2000-01"}))
    loop.settle(full=True)
    assert not [b for b in loop.breaks() if b[0] == "counters_differ"]
    loop.settle(svr(("a", 400), revision=1), method="beacon")
    assert [b for b in loop.breaks() if b[0] == "counters_differ"]


def test_few_unknown_items_are_no_break(loop: Loop) -> None:
    tell(loop.engine, telling("1"))
    loop.settle(svr((STORY, 95), ("x", 5)))
    assert loop.breaks() == []
    loop.settle(svr((STORY, 95), ("x", 6), revision=1))
    assert ("unknown_items", "suspense", 101, 6) in loop.breaks()


def test_the_same_revision_with_other_bytes_is_a_conflict_and_the_later_counts(loop: Loop) -> None:
    loop.settle(svr(("a", 5), report_id="r", revision=3))
    loop.settle(svr(("a", 7), report_id="r", revision=3))
    assert ("report_conflict", "r revision 3", 5, 7) in loop.breaks()
    assert loop.totals()["2026-10"] == (7, 7)
    loop.settle(svr(("a", 8), report_id="r", revision=4))
    assert ("report_conflict", "r revision 3", 5, 7) in loop.breaks()


def test_a_meter_that_went_back_is_a_break(loop: Loop) -> None:
    readings = [
        ("a", f"2026-10-0{n}", f"2026-10-0{n + 1}", c) for n, c in ((1, 90), (2, 100), (3, 4))
    ]
    loop.settle(svr(*readings, temporality="cumulative", coverage="partial"))
    assert ("counter_reset", "a", 100, 4) in loop.breaks()
    assert loop.totals()["2026-10"] == (14, 14)


def test_rows_that_do_not_sum_up_to_the_declared_total_are_a_break(loop: Loop) -> None:
    loop.settle(svr(("a", 5), report_id="r", total=5))
    assert [b for b in loop.breaks() if b[0] == "declared_total"] == []
    loop.settle(svr(("a", 5), report_id="s", total=6, revision=1))
    assert ("declared_total", "s #2", 6, 5) in loop.breaks()


def missing(loop: Loop, platform: str = "nhs") -> list[str]:
    with reading(loop.engine) as connection:
        found = breaks.listing(connection, "open")
    return [b.month for b in found if b.kind == "missing_report" and b.platform == platform]


def test_a_report_past_its_time_is_missing_until_it_comes(loop: Loop) -> None:
    loop.settle(svr(("a", 5), month="2026-08"))
    assert missing(loop) == ["2026-09"]  # October is due 28 days after its end
    done = loop.settle(svr(("a", 5), month="2026-09"))
    assert done.cleared == 1
    assert missing(loop) == []
    loop.now = datetime(2026, 11, 29, 12, tzinfo=UTC)
    loop.settle()
    assert missing(loop) == ["2026-10"]


def test_a_pulled_report_is_due_from_the_first_month_there_is(
    engine: Engine, tmp_path: Path
) -> None:
    url = str(tmp_path / "{month}.json")
    pull = ReportPull(platform="nhs", url=url, since=date(2026, 8, 1), until=date(2026, 9, 30))
    loop = Loop(engine, tmp_path, CONFIG.model_copy(update={"reports": (pull,)}))
    loop.now = datetime(2026, 10, 28, 12, tzinfo=UTC)
    loop.settle()
    assert missing(loop) == ["2026-08"]
    loop.now = datetime(2027, 2, 1, tzinfo=UTC)
    loop.settle()
    assert missing(loop) == ["2026-08", "2026-09"]


def test_an_own_site_has_its_own_time(engine: Engine, tmp_path: Path) -> None:
    site = OwnSite(channel="opinion", report_lag_days=1)
    loop = Loop(engine, tmp_path, CONFIG.model_copy(update={"own_sites": (site,)}))
    loop.settle(svr(("1", 5), month="2026-09"), platform="opinion", method="own_site")
    assert missing(loop, "opinion") == ["2026-10"]


def test_our_own_beacon_owes_no_report(engine: Engine, tmp_path: Path) -> None:
    partner = Partner(id="nhs", name="NHS", counters=("beacon",))
    loop = Loop(engine, tmp_path, CONFIG.model_copy(update={"partners": (partner,)}))
    loop.settle(svr(("a", 5), month="2026-01"), method="beacon")
    assert missing(loop) == []


CORRECTIONS: Sequence[bytes] = (
    svr(("a", 5), ("b", 1), report_id="r", revision=0),
    svr(("a", 7), report_id="r", revision=1),
    svr(("c", "2026-10-01", "2026-10-02", 4), coverage="partial", revision=2),
)


def test_in_whatever_order_reports_are_worked_through_the_result_is_the_same(
    engine: Engine, tmp_path: Path
) -> None:
    ends = set()
    for number, order in enumerate(permutations(range(3))):
        partner = Partner(id=f"p{number}", name="P")
        config = CONFIG.model_copy(update={"partners": (partner,)})
        loop = Loop(engine, tmp_path, config)
        for place in order:
            loop.now = NOVEMBER + timedelta(hours=place)
            loop.settle(CORRECTIONS[place], platform=partner.id)
        with reading(engine) as connection:
            last = ledger.platform_months(connection)[partner.id]["2026-10"]
            lines = ledger.lines(connection, last.id)
        ends.add((last.total, last.coverage, tuple((x.ref, x.reads, x.method) for x in lines)))
    assert ends == {(11, "complete", (("a", 7, "report"), ("c", 4, "report")))}


def test_settling_everything_again_gives_the_same_facts_and_no_new_statement(loop: Loop) -> None:
    for payload in CORRECTIONS:
        loop.settle(payload)
    loop.settle(svr(("a", 9), ("b", 3)), method="beacon")
    facts, latest = loop.facts(), loop.latest()
    with writing(loop.engine) as connection:
        connection.execute(sa.text("DELETE FROM facts"))
    loop.settle(full=True)
    assert (loop.facts(), loop.latest()) == (facts, latest)


def test_what_was_stated_once_is_never_altered(loop: Loop) -> None:
    loop.settle(svr(("a", 5)))
    with reading(loop.engine) as connection:
        (first,) = ledger.history(connection, "nhs", "2026-10")
        lines = ledger.lines(connection, first.id)
    loop.settle(svr(("a", 9), revision=1))
    loop.settle(svr(("a", 2), revision=2))
    with reading(loop.engine) as connection:
        assert ledger.history(connection, "nhs", "2026-10")[0] == first
        assert ledger.lines(connection, first.id) == lines
        assert [s.number for s in ledger.history(connection, "nhs", "2026-10")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("mended", "found"),
    [
        ("UPDATE statements SET total = 50 WHERE id = 1", 1),
        ("UPDATE statements SET previous = digest WHERE id = 2", 2),
        ("UPDATE statement_lines SET count = 50 WHERE statement_id = 3", 3),
        ("DELETE FROM statement_lines WHERE statement_id = 4", 4),
        ("DELETE FROM statements WHERE id = 2", 3),
    ],
)
def test_a_statement_that_somebody_mended_is_found(loop: Loop, mended: str, found: int) -> None:
    loop.settle(svr(("a", 5)), svr(("a", 4), month="2026-09"), svr(month="2026-08"))
    loop.settle(svr(("a", 7), revision=1))
    with writing(loop.engine) as connection:
        assert ledger.broken_statement(connection) is None
        connection.execute(sa.text(mended))
        assert ledger.broken_statement(connection) == found


def test_every_platform_is_settled_where_none_is_named(loop: Loop) -> None:
    loop.send(svr(("a", 5)))
    loop.send(svr(("a", 6)), platform="bbc")
    for platform in ("nhs", "bbc"):
        loop.collect(platform)
    done = reconcile.reconcile(loop.engine, CONFIG, NOVEMBER)
    assert (done.months, done.statements) == (2, 2)


def test_a_run_of_it_is_kept(loop: Loop, tmp_path: Path) -> None:
    loop.send(svr(("a", 5)))
    loop.collect()
    with open_house(
        CONFIG,
        Limits(),
        database_url=loop.engine.url.render_as_string(hide_password=False),
        state_dir=tmp_path / "state",
        public_url="https://retold.example",
        key=b"k" * 32,
        operator="ann",
    ) as house:
        assert reconcile.recorded(house, "nhs", full=True).statements == 1
    (run,) = runs.latest(loop.engine)
    assert (run.step, run.subject, run.counts["statements"]) == ("reconcile", "nhs", 1)


def test_a_break_has_its_month(loop: Loop) -> None:
    loop.settle(svr(("a", 5)))
    with reading(loop.engine) as connection:
        (found,) = breaks.listing(connection)
    assert found == Break(
        platform="nhs",
        month=months.name(months.numbered("2026-10")),
        kind="unknown_items",
        subject="suspense",
        expected=5,
        found=5,
        noted_at=loop.now,
    )
