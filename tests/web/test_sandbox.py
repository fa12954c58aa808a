"""A partner is tried in its sandbox: who obeys passes, and who does not fails at just that."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from connectors._http import Limits, open_http
from kit import far
from rules import beacon, play
from schemas.config import Config
from schemas.partner import Agreement, Edition, Partner
from schemas.play import Judged, Verdict
from steps import plays, removals, sandbox
from steps.house import House
from steps.press import Press
from store.database import Engine
from store.hits import open_hits
from tests import make
from tests.tell import tell, telling
from tests.web.published import Published
from tests.web.pupil import Pupil, serving
from tests.web.rig import KEY, PUBLIC_URL
from web.app import make_app
from web.press import Documents

PARTNER = Partner(id="nhs", name="The Health Site", live=False, beacon=True)
AGREEMENT = Agreement(
    id="a",
    partner="nhs",
    formats=("atom", "json", "rss"),
    attribution="With Retold",
    refresh_hours=1,
)
SANDBOX = play.editions([PARTNER], [AGREEMENT])[0]
REAL = Edition(id="all", partner="nhs", title="All")
MINUTE = timedelta(minutes=1)


class Trial(Published):
    """An installation with a partner that is not live."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.config = Config(
            channels=(make.channel(),),
            partners=(PARTNER,),
            agreements=(AGREEMENT,),
            editions=(REAL, SANDBOX),
        )
        tell(self.engine, telling("1"))
        documents = Documents(self.engine, PUBLIC_URL, KEY)
        self.web = replace(self.house(), document=documents)
        self.app = make_app(self.web)

    def configure(self, **fields: Any) -> None:
        partner = self.config.partners[0].model_copy(update=fields)
        self.config = self.config.model_copy(update={"partners": (partner,)})

    def play(self, pupil: Pupil, minutes: int = 60) -> None:
        """Play an hour to a partner, or the beginning of one; publish every three minutes."""
        begun = plays.start(
            self.engine, self.config, "nhs", timedelta(hours=1), "someone", self.now
        )
        with serving(self.web) as pupil.address:
            for minute in range(0, minutes + 1, 3):
                self.now = begun.started_at + minute * MINUTE
                self.publish(SANDBOX)
                self.publish(REAL)
                pupil.at(minute)

    def judged(self, folder: Path, page: Pupil) -> Judged:
        with (
            far.play(page) as source,
            open_http(Limits(attempts=1, allow=(source.place,))) as http,
            open_hits(folder / "b.db") as hits,
        ):
            self.configure(page_url=source.origin + "/stories")
            press = Press(self.config, PUBLIC_URL, KEY)
            house = House(
                self.config, self.engine, http, hits, press, "someone", folder, lambda: self.now
            )
            return sandbox.judged(house, "nhs")


@pytest.fixture
def trial(sqlite_engine: Engine) -> Iterator[Trial]:
    made = Trial(sqlite_engine)
    yield made
    made.runner.close()


def failing(found: Judged) -> list[str]:
    return [one.rule for one in found.rulings if one.verdict is Verdict.FAILED]


EVERY = [
    "fetch atom",
    "fetch json",
    "fetch rss",
    "come back",
    "refresh",
    "edits",
    "removals",
    "acknowledge",
    "page: stories",
    "page: removed",
    "page: edits",
    "page: attribution",
    "page: beacon",
]


def test_a_partner_that_obeys_passes_everything(trial: Trial, tmp_path: Path) -> None:
    pupil = Pupil(trial.issue("nhs"))
    trial.play(pupil)
    found = trial.judged(tmp_path, pupil)
    assert [one.rule for one in found.rulings] == EVERY
    assert [one for one in found.rulings if one.verdict is not Verdict.PASSED] == []
    assert found.obeys
    assert not found.fails


WAYS: dict[str, dict[str, Any]] = {
    "fetch atom": {"formats": ("json", "rss")},
    "come back": {"is_conditional": False},
    "edits": {"sleeps": (12, 24)},
    "removals": {"sleeps": (24, 36), "never_sleep": ("rss",)},
    "acknowledge": {"acknowledges": False},
    "page": {"forgets": frozenset({"page"})},
    "page: stories": {"forgets": frozenset({"stories"})},
    "page: removed": {"forgets": frozenset({"removed"})},
    "page: edits": {"forgets": frozenset({"edits"})},
    "page: attribution": {"forgets": frozenset({"attribution"})},
    "page: beacon": {"forgets": frozenset({"beacon"})},
}


@pytest.mark.parametrize("rule", WAYS)
def test_each_way_of_disobeying_fails_at_just_that(trial: Trial, tmp_path: Path, rule: str) -> None:
    pupil = Pupil(trial.issue("nhs"), **WAYS[rule])
    trial.play(pupil)
    found = trial.judged(tmp_path, pupil)
    assert failing(found) == [rule]
    assert found.fails
    assert not found.obeys


def test_a_sandbox_is_served_like_any_edition_and_its_readings_count_nowhere(
    trial: Trial,
) -> None:
    pupil = Pupil(trial.issue("nhs"))
    trial.play(pupil, minutes=30)
    trial.now += MINUTE
    for path in ("", ".atom", ".json", ".rss", "/manifest.json", "/archive-1.atom"):
        assert trial.ask(f"/feeds/nhs/sandbox{path}", pupil.token).status == 200, path
    assert b"[Test]" not in trial.ask("/feeds/nhs/all.atom", pupil.token).body
    entry = next(iter(pupil.held.values()))
    image = f"{PUBLIC_URL}{beacon.path('nhs', entry['id'], KEY)}"
    assert image in entry["content_html"]
    assert trial.ask(image.removeprefix(PUBLIC_URL)).status == 200
    assert trial.hits == []
    topic = {"hub.topic": f"{PUBLIC_URL}/feeds/nhs/sandbox.atom", "hub.mode": "subscribe"}
    wish = urlencode(topic | {"hub.callback": "https://site.example/heard"})
    form = {"content-type": "application/x-www-form-urlencoded"}
    asked = trial.ask("/hub", pupil.token, method="POST", headers=form, body=wish.encode())
    assert asked.status == 202


def test_in_the_midst_of_a_play_nothing_is_ruled_out_for_who_obeys(
    trial: Trial, tmp_path: Path
) -> None:
    pupil = Pupil(trial.issue("nhs"))
    trial.play(pupil, minutes=45)
    found = trial.judged(tmp_path, pupil)
    assert failing(found) == []
    assert not found.obeys


def test_removals_of_made_up_stories_are_listed_only_where_the_sandbox_is_named(
    trial: Trial,
) -> None:
    pupil = Pupil(trial.issue("nhs"), acknowledges=False)
    trial.play(pupil, minutes=36)
    held = removals.waiting(trial.engine, trial.config, trial.now, ["nhs/sandbox"])
    assert {one.client for one in held} == {pupil.token.split("_")[2]}
    assert removals.waiting(trial.engine, trial.config, trial.now) == []
