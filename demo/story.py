"""The demo's story: each act of the loop, and the tables that it ends in."""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NamedTuple

from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

import settings
from demo.installation import Installation
from demo.world import World, population, readers
from demo.world.partner import Partner
from flows.collect import collect_platforms
from flows.ingest import ingest_channels
from flows.publish import publish_editions
from flows.reconcile import reconcile_platforms
from flows.summarise import summarise_organisations
from schemas.summary import Share, Summary
from steps import keep, summarise, tokens
from steps.house import now

EDITION = "choices/north"
VISITS = 60
SERVER_LOOKS_ANEW_S = 1.1

Row = Mapping[str, str]


def without_heartbeats() -> AbstractContextManager[object]:
    """Let flows end at once: each would wait a second for its heartbeat's last sleep."""
    return temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})


class Told(NamedTuple):
    """How it ended."""

    tables: Mapping[str, Sequence[Row]]
    conclusion: str
    addresses: Mapping[str, str]


class Loop:
    """The acts, in their order."""

    def __init__(self, world: World, installation: Installation, as_of: datetime) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._world = world
        self._installation = installation
        self._as_of = as_of
        self._feed = f"{installation.public_url}/feeds/{EDITION}"
        self._token = ""
        self._partner: Partner | None = None

    @property
    def partner(self) -> Partner:
        """The partner's site, once it has a token."""
        assert self._partner is not None  # noqa: S101 -- `set_up` comes first
        return self._partner

    def set_up(self) -> None:
        """Set the store up, and let the partner in."""
        with settings.open_house(os.environ) as house:
            keep.set_up(house.engine)
            self._token = tokens.issue(house.engine, "choices", "feed", now())
            report_token = tokens.issue(house.engine, "choices", "report", now())
        self._partner = self._world.partner(
            f"{self._feed}.atom",
            self._token,
            f"{self._installation.public_url}/reports/choices",
            report_token,
        )

    def ingest(self) -> str:
        """Bring in what is new."""
        return _counts(ingest_channels(due_only=False))

    def publish(self) -> str:
        """Bring the edition to what it ought to show."""
        return _counts(publish_editions())

    def follow(self) -> str:
        """Let the partner poll."""
        polled = self.partner.poll()
        return (
            f"{polled.documents} documents: {polled.new} new, {polled.changed} changed,"
            f" {polled.removed} removed"
        )

    def read(self) -> str:
        """Let readers come, and the partner report its months."""
        loaded = readers.load(self.partner, readers.visits(2012, self.partner.months, VISITS))
        sent = [self.partner.send_report(month).status for month in self.partner.months]
        return (
            f"{loaded.pages} pages loaded, {loaded.beacons} beacons, {loaded.people} by people;"
            f" {len(sent)} monthly reports, all answered {sorted(set(sent))}"
        )

    def collect(self) -> str:
        """Take in reports and hits."""
        return _counts(collect_platforms())

    def reconcile(self) -> str:
        """Settle."""
        return _counts(reconcile_platforms())

    def again(self) -> str:
        """Do everything a second time: nothing may be new."""
        documents = self.partner.poll().documents
        counts = [
            ingest_channels(due_only=False),
            publish_editions(),
            collect_platforms(),
            reconcile_platforms(),
        ]
        moved = sum(c.get(n, 0) for c in counts for n in ("new", "changed", "came_in", "revised"))
        answer = "a document" if documents else "304: nothing moved"
        return f"{moved} new or changed; the partner's poll was answered {answer}"

    def remove_and_edit(self) -> str:
        """Take one story off its channel and change another; the partner learns of both."""
        told = [s for s in self._world.stories if population.ACUTE in s.services and s.replies]
        self._world.edit(told[-1].id, title="Told again, with more to say")
        self._world.remove(self._spare())
        ingest_channels(["careopinion"], due_only=False)
        publish_editions()
        # The server looks anew once a second; a poll in the same second may still meet the old.
        time.sleep(SERVER_LOOKS_ANEW_S)
        return self.follow()

    def _spare(self) -> int:
        """Choose a story to remove: not one of the acute trust's, whose figures are told below."""
        acute = population.within(population.ACUTE)
        north = population.within("ZQ1")
        return next(
            s.id
            for s in reversed(self._world.stories)
            if not acute & {*s.services} and north & {*s.services} and not s.trap and not s.replies
        )

    def summarise(self) -> str:
        """Write the pages."""
        return _counts(summarise_organisations(["ods:ZN1", "ods:ZM1", "moor-and-dale"]))

    def told(self) -> Told:
        """Gather how it ended, as the pipeline computed it."""
        with settings.open_house(os.environ) as house:

            def of(subject: str) -> Summary:
                return summarise.summarise(house.engine, house.config, subject, self._as_of)

            acute, mental = of("ods:ZN1"), of("ods:ZM1")
            whole = of("careopinion")
            folder = house.summaries_dir
        tables = {
            "What nobody had counted": [_reads(s) for s in (acute, mental, whole)],
            "Who answers, and who pastes": [_answers(s) for s in (acute, mental, whole)],
        }
        return Told(
            tables,
            f"{acute.name}: {acute.stories:,} stories, read {_millions(acute.reads_own)} times on"
            f" the channel's own site, and {acute.reads_partners:,} times more at a partner that"
            " nobody had counted.",
            {
                "The partner's feed": f"{self._feed}.atom  (token {self._token})",
                "The edition's page": self._feed,
                "The partner's own pages": self.partner.address,
                "Prefect": self._installation.prefect_url,
                "Stories in summary": str(folder),
                "How a number came to be": f". {self._installation.folder}/env;"
                " .venv/bin/retold explain ods:ZN1",
            },
        )


def _reads(summary: Summary) -> Row:
    return {
        "reads": summary.name,
        "stories": f"{summary.stories:,}",
        "own site": f"{summary.reads_own:,}",
        "at the partner": f"{summary.reads_partners:,}",
        "in all": f"{summary.reads_own + summary.reads_partners:,}",
    }


def _answers(summary: Summary) -> Row:
    answers = summary.responsiveness
    return {
        "responses": summary.name,
        "have a response": _percent(answers.answered),
        "30-day cohort": _percent(answers.cohort_answered),
        "pasted from a script": _percent(answers.stock),
        "pasted, by reads": _percent(answers.stock_reads),
        "median days": "-" if answers.median_days is None else f"{answers.median_days:.0f}",
    }


def _percent(share: Share) -> str:
    return "-" if share.percent is None else f"{share.percent:.0f} %"


def _millions(count: int) -> str:
    return f"{count / 1e6:.1f} million" if count >= 1e6 else f"{count:,}"  # noqa: PLR2004


def _counts(counts: Mapping[str, int]) -> str:
    return "  ".join(f"{name}={count:,}" for name, count in counts.items() if count)
