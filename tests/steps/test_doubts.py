"""What a person is shown of doubtful reads, and what becomes of taking note of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rules import identity
from schemas.config import Config
from schemas.errors import UnknownError
from schemas.partner import Partner
from steps import collect, doubts, reconcile
from store import runs
from store.database import Engine, reading
from store.hits import open_hits
from tests import make
from tests.reports import svr
from tests.tell import tell, telling

NOVEMBER = datetime(2026, 11, 3, 9, tzinfo=UTC)
STORY = identity.mint(("opinion.example", "1"))
CONFIG = Config(
    channels=(make.channel(),),
    partners=(Partner(id="bbc", name="BBC"), Partner(id="nhs", name="NHS")),
)
BAD = svr((STORY, -1), (STORY, 7))


@pytest.fixture
def told(engine: Engine, tmp_path: Path) -> Engine:
    """Send a report of an unknown story, one with a faulty row, and bytes that are no report."""
    tell(engine, telling("1"))
    for platform, payload in (("nhs", svr(("nobody", 9))), ("bbc", BAD), ("bbc", b"<html>")):
        collect.receive(engine, platform, "report", payload, "application/json", NOVEMBER)
    with open_hits(tmp_path / "beacon.db") as hits:
        for platform in ("nhs", "bbc"):
            collect.collect(engine, CONFIG, platform, hits, NOVEMBER)
    reconcile.reconcile(engine, CONFIG, NOVEMBER)
    return engine


def test_reports_are_listed_with_what_is_wrong_with_them(told: Engine) -> None:
    refused, faulty, well = doubts.view_reports(told)
    assert (well.report.status, well.rows, well.faulty) == ("applied", 1, [])
    assert (faulty.report.platform, faulty.rows) == ("bbc", 1)
    assert [fault["row"] for fault in faulty.faulty] == [1]
    assert refused.report.status == "refused"
    assert refused.report.reason
    assert [one.report.id for one in doubts.view_reports(told, "nhs")] == [well.report.id]


def test_a_report_is_read_with_its_bytes(told: Engine) -> None:
    number = doubts.view_reports(told)[1].report.id
    assert doubts.view_report(told, number).payload == BAD
    with pytest.raises(UnknownError, match="reports list"):
        doubts.view_report(told, 99)


def test_items_nobody_knows_are_listed_with_their_reads(told: Engine) -> None:
    (item,) = doubts.suspense(told, CONFIG)
    assert (item.platform, item.ref, item.reads) == ("nhs", "nobody", 9)
    assert doubts.suspense(told, CONFIG, "bbc") == []


def test_a_break_that_was_accepted_is_open_no_more_and_the_audit_says_who(told: Engine) -> None:
    (found,) = [one for one in doubts.listing(told, "nhs") if one.kind == "unknown_items"]
    with pytest.raises(UnknownError, match="breaks list"):
        doubts.accept(told, "nhs", "ann", "", NOVEMBER, month="2020-01")
    doubts.accept(told, "nhs", "ann", "known to be theirs", NOVEMBER, kind="unknown_items")
    assert found not in doubts.listing(told, "nhs")
    states = {one.kind: one.state for one in doubts.listing(told, "nhs", every=True)}
    assert states["unknown_items"] == "accepted"
    with reading(told) as connection:
        (act,) = runs.acts(connection)
    assert (act.who, act.action) == ("ann", "accept break")
    assert act.subject == f"nhs/2026-10/unknown_items/{found.subject}"
