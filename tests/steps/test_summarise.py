"""Stories in summary: of an organisation with all below it, a population, a channel, of all."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from connectors._http import Limits
from rules import identity
from schemas.config import Config, OwnSite, ReportPull
from schemas.errors import UnknownError
from schemas.organisation import Organisation, Parent, Population, Successor
from schemas.partner import Partner
from schemas.run import Outcome
from schemas.story import Service, Telling
from schemas.summary import PlatformReads, Summary
from steps import collect, reconcile, runs, summarise
from steps.house import House, open_house
from store.database import Engine
from store.hits import open_hits
from tests import make
from tests.reports import svr
from tests.tell import tell, telling

NOVEMBER = datetime(2026, 11, 3, 9, tzinfo=UTC)

CONFIG = Config(
    name="Retold of Anytown",
    channels=(make.channel(), make.channel(id="other", publisher="other.example")),
    own_sites=(OwnSite(channel="opinion", report_lag_days=0),),
    partners=(
        Partner(id="nhs", name="The Health Site", report_lag_days=0, counters=("report", "log")),
    ),
    organisations=(
        Organisation(id="ods:QQQ", name="The Board"),
        Organisation(id="ods:RXX", name="Anytown NHS Trust", parents=(Parent(id="ods:QQQ"),)),
        Organisation(id="ods:RXX01", name="Anytown Infirmary", parents=(Parent(id="ods:RXX"),)),
        Organisation(id="ods:RYY", name="Elsewhere"),
    ),
    populations=(
        Population(id="north", name="The North", organisations=("ods:RXX", "ods:RYY")),
        Population(id="old", name="The Old", organisations=("ods:RYY",)),
    ),
)


def urn(external_id: str) -> str:
    return identity.mint(("opinion.example", external_id))


def about(
    external_id: str, code: str, channel: str = "opinion", publisher: str = "opinion.example"
) -> Telling:
    """Tell a story about one organisation."""
    told = telling(external_id, f"About {code}.", channel=channel, publisher=publisher)
    services = (Service(scheme="ods", code=code, role="provider"),)
    content = told.content.model_copy(update={"services": services})
    return told.model_copy(update={"content": content, "canonical": content.model_dump_json()})


def settle(
    engine: Engine, folder: Path, method: str, payload: bytes, platform: str = "nhs"
) -> None:
    """Let a platform report its reads, and settle them; the more is told, the later."""
    at = NOVEMBER + timedelta(seconds=len(payload))
    collect.receive(engine, platform, method, payload, "application/json", at)
    with open_hits(folder / "beacon.db") as hits:
        collect.collect(engine, CONFIG, platform, hits, NOVEMBER)
    reconcile.reconcile(engine, CONFIG, NOVEMBER, [platform])


@pytest.fixture
def told(engine: Engine, tmp_path: Path) -> Engine:
    """Tell of the infirmary, its trust, the board and elsewhere; and of reads in October."""
    own = [about("1", "RXX01"), about("2", "RXX"), about("3", "QQQ"), about("4", "RYY")]
    other = about("5", "RYY", channel="other", publisher="other.example")
    tell(engine, *own)
    tell(engine, other)
    settle(engine, tmp_path, "report", svr((urn("1"), 5), (urn("4"), 7)))
    settle(engine, tmp_path, "own_site", svr((urn("1"), 100), (urn("2"), 20)), "opinion")
    return engine


def summary(engine: Engine, subject: str, config: Config = CONFIG) -> Summary:
    return summarise.summarise(engine, config, subject, NOVEMBER)


def figures(found: Summary) -> tuple[str, int, int, int]:
    return (found.name, found.stories, found.reads_own, found.reads_partners)


EXPECTED = {
    "ods:RXX01": ("Anytown Infirmary", 1, 100, 5),
    "ods:RXX": ("Anytown NHS Trust", 2, 120, 5),
    "ods:QQQ": ("The Board", 3, 120, 5),
    "ods:RYY": ("Elsewhere", 2, 0, 7),
    "north": ("The North", 4, 120, 12),
    "old": ("The Old", 2, 0, 7),
    "opinion": ("opinion.example", 4, 120, 12),
    "other": ("other.example", 1, 0, 0),
    "all": ("Retold of Anytown", 5, 120, 12),
}


def test_a_subject_is_summed_up_with_all_that_stands_below_it(told: Engine) -> None:
    assert {subject: figures(summary(told, subject)) for subject in EXPECTED} == EXPECTED


def test_organisations_above_each_other_in_a_ring_are_summed_up_once(told: Engine) -> None:
    ring = (
        Organisation(id="ods:RXX", name="One", parents=(Parent(id="ods:RYY"),)),
        Organisation(id="ods:RYY", name="Two", parents=(Parent(id="ods:RXX"),)),
    )
    config = CONFIG.model_copy(update={"organisations": ring, "populations": ()})
    assert summary(told, "ods:RXX", config).stories == 3


def test_each_story_counts_for_whom_its_organisation_belonged_to_on_its_day(told: Engine) -> None:
    day = make.NOON.date()

    def board(edge: Parent) -> int:
        moved = tuple(
            o.model_copy(update={"parents": (edge,)}) if o.id == "ods:RXX" else o
            for o in CONFIG.organisations
        )
        config = CONFIG.model_copy(update={"organisations": moved})
        return summary(told, "ods:QQQ", config).stories

    assert board(Parent(id="ods:QQQ", until=day)) == 3
    assert board(Parent(id="ods:QQQ", until=day - timedelta(days=1))) == 1
    assert board(Parent(id="ods:QQQ", since=day + timedelta(days=1))) == 1


def test_what_was_told_of_an_organisation_that_split_is_neither_successors_own(
    told: Engine,
) -> None:
    october = date(2021, 10, 1)
    heirs = (Successor(id="ods:RM3", on=october), Successor(id="ods:R0A", on=october))
    north, wide = (
        Population(
            id=name, name=name, organisations=("ods:RM3", "ods:R0A"), with_predecessors=widely
        )
        for name, widely in (("north", False), ("wide", True))
    )
    organisations = (
        *CONFIG.organisations[:1],
        CONFIG.organisations[1].model_copy(update={"successors": heirs}),
        *CONFIG.organisations[2:],
        Organisation(id="ods:RM3", name="Salford"),
        Organisation(id="ods:R0A", name="Manchester"),
    )
    config = CONFIG.model_copy(
        update={"organisations": organisations, "populations": (north, wide)}
    )
    for subject in ("ods:RM3", "ods:R0A", "north"):
        found = summary(told, subject, config)
        assert (found.stories, found.predecessors) == (0, ("Anytown NHS Trust (ods:RXX)",))
    assert (summary(told, "wide", config).stories, summary(told, "wide", config).predecessors) == (
        2,
        (),
    )
    assert summary(told, "ods:RXX", config).stories == 2
    assert summary(told, "all", config).predecessors == ()


def of_platform(found: Summary, platform: str) -> PlatformReads:
    return next(p for p in found.platforms if p.platform == platform)


def test_each_platform_says_how_far_it_has_reported(told: Engine) -> None:
    found = summary(told, "all")
    nhs, opinion = of_platform(found, "nhs"), of_platform(found, "opinion")
    assert (nhs.name, nhs.is_own, nhs.reads, nhs.methods) == (
        "The Health Site",
        False,
        12,
        ("report",),
    )
    assert (nhs.months_reported, nhs.months_due) == (1, 1)
    assert (opinion.name, opinion.is_own, opinion.reads) == ("opinion.example", True, 120)
    assert (opinion.months_reported, opinion.months_due) == (1, 1)


def test_a_month_is_due_once_its_report_could_be_there(told: Engine) -> None:
    later = NOVEMBER + timedelta(days=60)
    found = summarise.summarise(told, CONFIG, "all", later)
    assert of_platform(found, "nhs").months_due == 3
    patient = CONFIG.model_copy(
        update={"partners": (Partner(id="nhs", name="N", report_lag_days=60),)}
    )
    found = summarise.summarise(told, patient, "all", later)
    assert of_platform(found, "nhs").months_due == 1
    until = ReportPull(platform="nhs", url="x", since=date(2026, 10, 1), until=NOVEMBER.date())
    ended = CONFIG.model_copy(update={"reports": (until,)})
    found = summarise.summarise(told, ended, "all", later)
    assert of_platform(found, "nhs").months_due == 1


def test_a_platform_that_never_reported_owes_nothing_yet(sqlite_engine: Engine) -> None:
    found = summary(sqlite_engine, "all")
    assert [(p.months_reported, p.months_due) for p in found.platforms] == [(0, 0), (0, 0)]
    assert (found.stories, found.suspense) == (0, 0)


def test_a_shadow_is_shown_beside_the_counter_of_record(told: Engine, tmp_path: Path) -> None:
    settle(told, tmp_path, "log", svr((urn("1"), 4)))
    settle(told, tmp_path, "report", svr((urn("1"), 6), (urn("4"), 7), revision=1))
    found = summary(told, "all")
    assert of_platform(found, "nhs").shadow == {"log": 4}
    assert found.reads_partners == 13


def test_reads_of_what_we_do_not_know_stand_in_suspense(told: Engine, tmp_path: Path) -> None:
    settle(told, tmp_path, "report", svr((urn("1"), 5), (urn("4"), 7), ("nobody", 9)))
    found = summary(told, "ods:RXX")
    assert (found.suspense, found.reads_partners) == (9, 5)


def test_every_organisation_and_population_is_meant_where_none_is_named() -> None:
    everyone = ["ods:QQQ", "ods:RXX", "ods:RXX01", "ods:RYY", "north", "old"]
    assert summarise.subjects(CONFIG) == everyone
    assert summarise.subjects(CONFIG, ["other", "all", "north"]) == ["other", "all", "north"]
    with pytest.raises(UnknownError, match="is called ods:RZZ: name an organisation as ods:RXX"):
        summarise.subjects(CONFIG, ["all", "ods:RZZ"])


@pytest.fixture
def house(sqlite_engine: Engine, tmp_path: Path) -> Iterator[House]:
    tell(sqlite_engine, about("1", "RXX01"))
    with open_house(
        CONFIG,
        Limits(),
        database_url=f"sqlite:///{tmp_path}/retold.db",
        state_dir=tmp_path,
        public_url="https://retold.example",
        key=b"k" * 32,
        operator="ash",
    ) as house:
        yield house


def test_a_page_is_written_for_each_subject_and_the_run_is_on_record(
    house: House, tmp_path: Path
) -> None:
    folder = tmp_path / "deep" / "summaries"
    done = summarise.recorded(house, "ods:RXX", folder, "f1")
    page = folder / "ods-RXX.html"
    assert done == {
        "stories": 1,
        "reads_own": 0,
        "reads_partners": 0,
        "page": str(page),
    }
    assert b"Anytown NHS Trust" in page.read_bytes()
    (run,) = runs.latest(house.engine)
    assert (run.step, run.subject, run.outcome, run.flow_run_id) == (
        "summarise",
        "ods:RXX",
        Outcome.DONE,
        "f1",
    )
    assert run.counts == {"stories": 1, "reads_own": 0, "reads_partners": 0}


def test_the_same_state_writes_the_same_page(house: House, tmp_path: Path) -> None:
    summarise.recorded(house, "all", tmp_path)
    before = (tmp_path / "all.html").read_bytes()
    summarise.recorded(house, "all", tmp_path)
    assert (tmp_path / "all.html").read_bytes() == before
