from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from rules import identity
from schemas.config import Config
from schemas.errors import UnknownError
from schemas.organisation import Organisation, Parent, Population
from schemas.partner import Partner
from schemas.views import Hit
from steps import collect, explain, reconcile
from store.database import Engine
from store.hits import open_hits
from tests import make
from tests.reports import svr
from tests.tell import tell, telling

NOVEMBER = datetime(2026, 11, 3, 9, tzinfo=UTC)
STORY = identity.mint(("opinion.example", "1"))
OTHER = identity.mint(("opinion.example", "2"))
FIREFOX = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"

CONFIG = Config(
    channels=(make.channel(),),
    partners=(Partner(id="bbc", name="BBC"), Partner(id="nhs", name="NHS")),
    organisations=(
        Organisation(id="ods:QQQ", name="The Board"),
        Organisation(id="ods:RXX", name="Anytown NHS Trust", parents=(Parent(id="ods:QQQ"),)),
        Organisation(id="ods:RYY", name="Elsewhere"),
    ),
    populations=(Population(id="north", name="The North", organisations=("ods:RXX",)),),
)

FIRST = svr((STORY, 5), (OTHER, 3), ("nobody", 9), report_id="r", revision=1)
SECOND = svr((STORY, 7), (OTHER, 3), report_id="r", revision=2)


@pytest.fixture
def told(engine: Engine, tmp_path: Path) -> Engine:
    """Tell two stories, a report and its correction, a beacon's hit, and another platform."""
    tell(engine, telling("1"), telling("2"))
    for number, (platform, payload) in enumerate(
        [("nhs", FIRST), ("nhs", SECOND), ("bbc", svr((STORY, 1)))]
    ):
        at = NOVEMBER + timedelta(minutes=number)
        collect.receive(engine, platform, "report", payload, "application/json", at)
    october = datetime(2026, 10, 6, 9, tzinfo=UTC)
    seen = Hit(partner="nhs", story_id=STORY, at=october, visitor="v", agent=FIREFOX)
    later = october + timedelta(hours=1)
    feedly = seen.model_copy(update={"at": later, "agent": "Feedly/1.0"})
    with open_hits(tmp_path / "beacon.db") as hits:
        hits.add([seen, feedly])
        for platform in ("nhs", "bbc"):
            collect.collect(engine, CONFIG, platform, hits, october + timedelta(days=1))
    reconcile.reconcile(engine, CONFIG, NOVEMBER)
    return engine


def test_a_storys_total_unfolds_into_statements_observations_and_bytes(told: Engine) -> None:
    found = explain.explain(told, CONFIG, STORY)
    assert (found.subject, found.name) == (STORY, "Kind staff, long wait")
    assert (found.total, found.by_platform) == (8, {"bbc": 1, "nhs": 7})
    bbc, nhs = found.statements
    assert (nhs.platform, nhs.month, nhs.number, nhs.reads) == ("nhs", "2026-10", 1, 7)
    (item,) = nhs.items
    assert (item.ref, item.how, item.reads, item.method) == (STORY, "id", 7, "report")
    assert [
        (o.report.method, o.access, o.metric[:6], o.count, o.verdict) for o in item.observations
    ] == [
        ("report", "Regular", "Total_", 5, "superseded"),
        ("report", "Regular", "Total_", 7, "counted"),
        ("beacon", "Machine", "Total_", 1, "machine"),
        ("beacon", "Regular", "Total_", 1, "shadowed"),
        ("beacon", "Regular", "Unique", 1, "shadowed"),
    ]
    report = item.observations[1].report
    assert (report.report_id, report.revision, report.size_bytes) == ("r", 2, len(SECOND))
    assert report.sha256 == sha256(SECOND).hexdigest()
    assert report.received_at == NOVEMBER + timedelta(minutes=1)
    assert sum(s.reads for s in found.statements) == found.total
    assert bbc.items[0].reads == 1


def test_a_story_is_found_by_any_name(told: Engine) -> None:
    assert explain.explain(told, CONFIG, "opinion/1") == explain.explain(told, CONFIG, STORY)


@pytest.mark.parametrize(
    ("which", "name"),
    [("ods:RXX", "Anytown NHS Trust"), ("ods:QQQ", "The Board"), ("north", "The North")],
)
def test_an_organisation_stands_for_its_stories_and_all_below_it(
    told: Engine, which: str, name: str
) -> None:
    found = explain.explain(told, CONFIG, which)
    assert (found.subject, found.name, found.total) == (which, name, 11)
    assert found.by_platform == {"bbc": 1, "nhs": 10}
    assert [(s.story_id, s.reads) for s in found.stories] == [(STORY, 8), (OTHER, 3)]
    assert [(s.platform, s.reads) for s in found.statements] == [("bbc", 1), ("nhs", 10)]


def test_an_organisation_without_stories_has_no_reads(told: Engine) -> None:
    found = explain.explain(told, CONFIG, "ods:RYY")
    assert (found.total, found.stories, found.statements) == (0, (), ())


def test_an_organisation_that_only_stories_name_is_explained_too(told: Engine) -> None:
    config = CONFIG.model_copy(update={"organisations": ()})
    found = explain.explain(told, config, "ods:RXX")
    assert (found.name, found.total) == ("ods:RXX", 11)


def test_what_nobody_knows_is_an_error_that_says_so(told: Engine) -> None:
    with pytest.raises(UnknownError, match="no story is known as ods:RZZ"):
        explain.explain(told, CONFIG, "ods:RZZ")


def test_a_merged_story_brings_its_reads_along(told: Engine) -> None:
    tell(told, telling("2", also=[("opinion.example", "1")]))
    found = explain.explain(told, CONFIG, STORY)
    assert (found.total, found.by_platform) == (11, {"bbc": 1, "nhs": 10})
    assert sorted(item.reads for item in found.statements[1].items) == [3, 7]


def test_a_zero_says_what_was_looked_at(told: Engine) -> None:
    note = explain.explain(told, CONFIG, "ods:RYY").note
    assert note is not None
    assert "no read in the statements of bbc (1 months), nhs (1 months)" in note
    assert explain.explain(told, CONFIG, STORY).note is None


def test_a_zero_before_any_statement_is_told_as_silence(engine: Engine) -> None:
    tell(engine, telling("1"))
    note = explain.explain(engine, CONFIG, STORY).note
    assert note == "no statement was made yet; nothing was ever said of bbc, nhs"


def test_a_zero_names_the_reads_that_wait_for_their_story(told: Engine, tmp_path: Path) -> None:
    unknown = svr(("nobody", 9), month="2026-09")
    collect.receive(told, "nhs", "report", unknown, "application/json", NOVEMBER)
    with open_hits(tmp_path / "beacon.db") as hits:
        collect.collect(told, CONFIG, "nhs", hits, NOVEMBER)
    reconcile.reconcile(told, CONFIG, NOVEMBER)
    note = explain.explain(told, CONFIG, "ods:RYY").note
    assert note is not None
    assert note.endswith("9 reads wait for their story: see `retold breaks suspense`")
