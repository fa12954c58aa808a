"""A play reaches its sandbox, and nothing else that anybody reads."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from connectors import _places
from connectors._http import Limits
from rules import identity, play, synthetic
from schemas.config import Config
from schemas.delivery import PUSH, Delivery
from schemas.errors import ConflictError, UnknownError, WithdrawnError
from schemas.organisation import Organisation
from schemas.partner import Agreement, Edition, Partner
from schemas.play import Play, Verdict
from schemas.publication import Document, Part, PartKind, Published
from schemas.tables import metadata
from steps import (
    collect,
    documents,
    explain,
    plays,
    publish,
    reconcile,
    refresh,
    removals,
    sandbox,
    status,
    stories,
    summarise,
    tokens,
    write,
)
from steps.house import House, open_house
from store import deliveries
from store.database import Engine, reading, writing
from tests import make
from tests.tell import MONDAY, tell, telling

MINUTE = timedelta(minutes=1)
TRIED = Partner(id="nhs", name="N", live=False)
OTHER = Partner(id="bbc", name="B")
AGREEMENTS = (
    Agreement(id="a", partner="nhs", refresh_hours=1, public=True),
    Agreement(id="b", partner="bbc"),
)
REAL = (
    Edition(id="all", partner="nhs", title="All"),
    Edition(id="all", partner="bbc", title="All"),
)


def config(partner: Partner = TRIED) -> Config:
    partners = (partner, OTHER)
    return Config(
        channels=(make.channel(),),
        partners=partners,
        agreements=AGREEMENTS,
        editions=(*REAL, *play.editions(partners, AGREEMENTS)),
    )


@dataclass
class Stage:
    """An installation in which something may be played."""

    house: House
    now: datetime = MONDAY

    def __post_init__(self) -> None:
        self.house = replace(self.house, clock=lambda: self.now)
        tell(self.engine, telling("1"), telling("2"))

    @property
    def engine(self) -> Engine:
        return self.house.engine

    def configure(self, given: Config) -> None:
        press = replace(self.house.press, config=given)
        self.house = replace(self.house, config=given, press=press)

    def publish(self) -> dict[str, Published]:
        """Publish every edition, as the flow does."""
        return {
            edition.key: publish.publish(
                self.engine, self.house.press, edition, lambda: self.now, lambda: "e1"
            )
            for edition in self.house.config.editions
        }

    def start(self) -> Play:
        hour = timedelta(hours=1)
        return plays.start(self.engine, self.house.config, "nhs", hour, "ash", self.now)

    def play(self, *minutes: int) -> Play:
        begun = self.start()
        for minute in minutes:
            self.now = begun.started_at + minute * MINUTE
            self.publish()
        return begun

    def document(self, ending: str = "json", **part: Any) -> Document:
        edition = self.house.config.edition("nhs", "sandbox")
        assert edition is not None
        made = documents.document(self.engine, self.house.press, edition, ending, Part(**part))
        assert made is not None
        return made

    def shown(self) -> dict[str, str]:
        """Read why each story that the sandbox ever had is in or out."""
        with reading(self.engine) as connection:
            query = sa.text("SELECT story_id, reason FROM entries WHERE edition = 'nhs/sandbox'")
            return {row[0]: row[1] for row in connection.execute(query)}


@pytest.fixture
def stage(engine: Engine, tmp_path: Path) -> Iterator[Stage]:
    with open_house(
        config(),
        Limits(attempts=1),
        database_url=engine.url.render_as_string(hide_password=False),
        state_dir=tmp_path,
        public_url="https://retold.example",
        key=b"k" * 32,
        operator="ash",
    ) as house:
        yield Stage(house)


EVERY_SIX = range(0, 61, 6)


def test_whatever_is_played_goes_to_the_sandbox_and_nothing_real_does(stage: Stage) -> None:
    stage.play(*EVERY_SIX)
    done = stage.publish()
    assert done["nhs/sandbox"].unchanged == 10
    assert all(map(synthetic.is_one, stage.shown()))
    assert sorted(stage.shown().values()) == ["allowed"] * 8 + ["withdrawn"] * 2
    assert b"[Test]" in stage.document().body


def places(engine: Engine, ids: set[str]) -> set[tuple[str, str]]:
    """Find every column of every table in which any of these ids stands, and whose it is."""
    found = set()
    with reading(engine) as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                whole = " ".join(
                    v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v)
                    for v in row.values()
                )
                if any(one.removeprefix("urn:uuid:") in whole for one in ids):
                    found.add((table.name, str(row.get("edition") or "")))
    return found


def test_no_table_that_others_read_ever_holds_a_made_up_story(stage: Stage) -> None:
    begun = stage.play(*EVERY_SIX)
    ids = {story_id for story_id, _ in play.revisions(begun)}
    assert len(ids) == 10
    removals.acknowledge(stage.engine, "nhs/sandbox", ids, "t", stage.now)
    ours = "nhs/sandbox"
    assert places(stage.engine, ids) == {
        ("entry_log", ours),
        ("entries", ours),
        ("documents", ours),
        ("acknowledgements", ours),
        ("fragments", ""),
        ("audit", ""),
    }
    told = {identity.mint(("opinion.example", "1"))}
    assert {name for name, _ in places(stage.engine, told)} >= {"stories", "revisions", "entries"}


REPORT = """\
# svr: 1.0
# report_id: r/{month}
# revision: 0
# period: 2026-02-01/2026-03-01
# timezone: Europe/London
# coverage: complete
item,count
{real},5
{made_up},7
"""


def looks(stage: Stage) -> list[Any]:
    """Look at all that is summed up, counted or explained."""
    house, engine = stage.house, stage.engine
    told = status.status(engine, house.config, MONDAY)
    return [
        {name: told[name] for name in ("stories", "channels", "reads", "editions", "refresh")},
        summarise.summarise(engine, house.config, "all", MONDAY),
        explain.explain(engine, house.config, "ods:RXX"),
        [story.id for story in stories.every(engine)],
        removals.waiting(engine, house.config, MONDAY),
        refresh.standing(engine, house.config, MONDAY),
    ]


def test_whoever_reads_stories_reads_the_same_before_and_after_a_play(stage: Stage) -> None:
    stage.publish()
    before = looks(stage)
    stage.play(*EVERY_SIX)
    assert looks(stage) == before


def test_a_report_of_reads_of_made_up_stories_counts_the_others(stage: Stage) -> None:
    begun = stage.play(30)
    made_up = next(iter(play.revisions(begun)))[0]
    real = identity.mint(("opinion.example", "1"))
    report = REPORT.format(month="2026-02", real=real, made_up=made_up).encode()
    collect.receive(stage.engine, "bbc", "report", report, "text/csv", stage.now)
    collect.recorded(stage.house, "bbc")
    reconcile.recorded(stage.house, "bbc")
    summary = summarise.summarise(stage.engine, stage.house.config, "all", stage.now)
    assert (summary.reads_partners, summary.suspense) == (5, 0)


def test_who_is_not_live_is_shown_nothing_real_and_then_everything(stage: Stage) -> None:
    assert {k: d.came_in for k, d in stage.publish().items()} == {
        "nhs/all": 0,
        "bbc/all": 2,
        "nhs/sandbox": 0,
    }
    stage.play(6, 30)
    assert len(stage.shown()) == 9
    stage.configure(config(Partner(id="nhs", name="N", live=True)))
    done = stage.publish()
    assert (done["nhs/all"].came_in, done["nhs/sandbox"].came_in) == (2, 0)
    assert done["nhs/sandbox"].went_out == 8
    assert set(stage.shown().values()) == {"live", "withdrawn"}
    assert b'"removed":[{' in stage.document().body
    stage.configure(config())
    done = stage.publish()
    assert done["nhs/all"].went_out == 2
    preview = publish.preview(stage.engine, stage.house.press, REAL[0], stage.now)
    assert (preview.come_in, preview.unchanged) == ((), 2)


def test_publishing_twice_changes_nothing_and_time_that_was_skipped_is_caught_up(
    stage: Stage,
) -> None:
    stage.play(0, 1, 2, 59)
    again = stage.publish()["nhs/sandbox"]
    assert (again.came_in, again.revised, again.went_out) == (0, 0, 0)
    leapt = stage.shown()
    assert sorted(leapt.values()) == ["allowed"] * 8, "what came and went unseen was never shown"


def test_a_preview_of_a_sandbox_says_what_the_play_would_change(stage: Stage) -> None:
    stage.play(6)
    stage.now += 24 * MINUTE
    edition = stage.house.config.edition("nhs", "sandbox")
    assert edition is not None
    found = publish.preview(stage.engine, stage.house.press, edition, stage.now)
    assert (len(found.come_in), found.revised) == (0, 2)
    assert {why: len(ids) for why, ids in found.go_out.items()} == {"withdrawn": 1}


def test_a_sandbox_has_every_document_that_any_edition_has(stage: Stage) -> None:
    stage.play(0, 30, 60)
    assert stage.document("atom", kind=PartKind.ARCHIVE, number=1).body.count(b"deleted-entry")
    assert b'"shown":8' in stage.document(kind=PartKind.MANIFEST).body
    assert b"Rightname" in stage.document("rss").body
    [gone, *_] = [one for one, why in stage.shown().items() if why == "withdrawn"]
    with pytest.raises(WithdrawnError):
        stage.document("atom", kind=PartKind.STORY, number=UUID(gone).int)


def test_a_play_that_is_on_is_not_begun_again_and_one_that_is_over_gives_way(stage: Stage) -> None:
    first = stage.play(30)
    with pytest.raises(ConflictError, match="a play is on for nhs until 2026-03-02 10:00"):
        stage.start()
    stage.now = first.ends_at
    stage.publish()
    old = stage.shown()
    second = stage.start()
    renamed = (Organisation(id="ods:RXX", name="Renamed, so that all is written anew"),)
    stage.configure(config().model_copy(update={"organisations": renamed}))
    assert b"[Test]" in stage.document().body, "the old ones can be told until they are removed"
    stage.publish()
    new = {story_id for story_id, _ in play.revisions(second)}
    assert {stage.shown()[one] for one in old} == {"ended", "withdrawn"}
    assert {one for one, why in stage.shown().items() if why == "allowed"} < new
    assert plays.latest(stage.engine, "nhs") == second


def test_a_play_that_is_stopped_is_taken_back_and_twice_is_once(stage: Stage) -> None:
    stage.play(30)
    stage.now += MINUTE
    for _ in range(2):
        stopped = plays.stop(stage.engine, stage.house.config, "nhs", "ash", stage.now)
    assert stopped.stopped_at == stage.now
    assert b"[Test] Thank you" in stage.document().body
    stage.publish()
    assert "allowed" not in stage.shown().values()
    with pytest.raises(UnknownError, match="no play of nhs"):
        sandbox.judged(stage.house, "nhs")
    assert stage.start().started_at == stage.now


@pytest.mark.parametrize(
    ("partner", "changed", "why"),
    [
        ("nobody", {}, "no partner is called nobody; there are: nhs, bbc"),
        ("bbc", {}, "bbc is live"),
        ("nhs", {"editions": REAL}, "nhs has no sandbox"),
    ],
)
def test_who_cannot_be_played_to_is_told_why(
    stage: Stage, partner: str, changed: dict[str, Any], why: str
) -> None:
    given = config().model_copy(update=changed)
    with pytest.raises((ConflictError, UnknownError), match=why):
        plays.start(stage.engine, given, partner, timedelta(hours=1), "ash", stage.now)


def test_nothing_played_is_nothing_to_stop_or_to_see(stage: Stage) -> None:
    with pytest.raises(UnknownError, match="nothing was played to nhs"):
        plays.stop(stage.engine, stage.house.config, "nhs", "ash", stage.now)
    with pytest.raises(UnknownError, match="no play of nhs"):
        sandbox.judged(stage.house, "nhs")


def test_a_sandbox_is_written_to_no_place_and_that_is_no_fault(
    stage: Stage, tmp_path: Path
) -> None:
    stage.play(30)
    edition = stage.house.config.edition("nhs", "sandbox")
    assert edition is not None
    with _places.opened(str(tmp_path / "www")) as place:
        done = write.write(stage.engine, stage.house.press, edition, place, lambda: stage.now)
    assert (done.written, done.removed) == (0, 0)


def test_only_what_tells_how_the_sandbox_stands_is_held_for_a_partner(stage: Stage) -> None:
    begun = stage.play(30)

    def given(**fields: Any) -> Delivery:
        at = begun.started_at + 30 * MINUTE
        known: dict[str, Any] = {
            "token": "t",
            "edition": "nhs/sandbox",
            "format": "atom",
            "part": "",
            "etag": str(fields),
            "seq_from": 1,
            "seq_to": 1,
            "as_of": 1,
            "first_at": at,
            "last_at": at,
            "served": 1,
            "confirmed": 0,
        }
        return Delivery(**known | fields)

    clear = tokens.issue(stage.engine, "nhs", "feed", stage.now)
    live = clear.split("_")[2]
    before = begun.started_at - MINUTE
    late = begun.ends_at + MINUTE
    rows = [
        given(),
        given(token=live, part="manifest"),
        given(token=live, first_at=before, last_at=before),
        given(token=live, first_at=late, last_at=late),
        given(token=live, how=PUSH),
    ]
    with writing(stage.engine) as connection:
        deliveries.add(connection, rows)
    [first, *_] = sandbox.judged(stage.house, "nhs").rulings
    assert (first.seen, first.verdict) == ("0 fetches, 0 pushes", Verdict.NOT_YET)
    rows = [
        given(token=live, part="since-3", served=2),
        given(token=live, how=PUSH, confirmed=1, served=3),
    ]
    with writing(stage.engine) as connection:
        deliveries.add(connection, rows)
    [first, *_] = sandbox.judged(stage.house, "nhs").rulings
    assert (first.seen, first.verdict) == ("2 fetches, 1 pushes", Verdict.PASSED)
