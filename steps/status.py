"""Gather how an installation is doing: all of it queries on what we did."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rules import configure
from schemas.config import Config
from schemas.partner import SANDBOX
from schemas.publication import Shown
from schemas.run import Run
from steps import refresh, webhooks
from store import breaks, publication, quarantine, reports, runs, stories
from store.database import Engine, reading

Rows = list[dict[str, Any]]


def status(engine: Engine, config: Config, now: datetime) -> dict[str, Rows]:
    """Show the latest runs, what each channel brought, what each edition shows, who is behind."""
    with reading(engine) as connection:
        latest = runs.latest(connection)
        news = runs.last_news(connection)
        waiting = quarantine.counts(connection)
        states = publication.states(connection)
        shown = publication.counts(connection, states.keys())
        by_status = stories.counts(connection)
        refused = reports.refused(connection)
        doubts = Counter(one.platform for one in breaks.listing(connection, breaks.OPEN))
    ingests = {run.subject: run for run in latest if run.step == "ingest"}
    return {
        "stories": [
            {"status": name, "stories": count} for name, count in sorted(by_status.items())
        ],
        "channels": [
            {
                "channel": channel.id,
                "last_run": _ago(ingests.get(channel.id), now),
                "outcome": _outcome(ingests.get(channel.id)),
                "late": _late(ingests.get(channel.id), channel.every, now),
                "silent": _silent(news.get(channel.id), channel.expect_every, now),
                "in_quarantine": waiting.get(channel.id, 0),
            }
            for channel in config.channels
        ],
        "reads": _reads(config, refused, doubts),
        "editions": [
            {
                "edition": key,
                "shows": shown.get(key, {}).get(Shown.IN, 0),
                "removed": shown.get(key, {}).get(Shown.OUT, 0),
                "changes": state.seq,
            }
            for key, state in sorted(states.items())
            if not key.endswith(f"/{SANDBOX}")
        ],
        "refresh": [_client(one, now) for one in refresh.standing(engine, config, now)],
        "webhooks": [
            one.model_dump(mode="json", exclude={"told_upto", "next_at", "stopped_at"})
            for one in webhooks.listing(engine, config)
        ],
        "runs": [_run(run, now) for run in latest],
    }


def _run(run: Run, now: datetime) -> dict[str, Any]:
    return {
        "step": run.step,
        "subject": run.subject,
        "when": _ago(run, now),
        "outcome": str(run.outcome),
        "error": run.error,
    }


def _reads(config: Config, refused: Mapping[str, int], doubts: Mapping[str, int]) -> Rows:
    return [
        {
            "platform": name,
            "reports_refused": refused.get(name, 0),
            "open_breaks": doubts.get(name, 0),
        }
        for name in config.platforms()
    ]


def _client(one: refresh.Standing, now: datetime) -> dict[str, Any]:
    return {
        "edition": one.edition,
        "client": one.client.token,
        "every_hours": one.client.hours,
        "last_fetch": _since(one.client.fetched_at, now),
        "subscribed": one.client.subscribed,
        "overdue": one.client.overdue,
    }


def _ago(run: Run | None, now: datetime) -> str:
    return _since(run.started_at if run else None, now)


def _since(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "never"
    seconds = int((now - at).total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _outcome(run: Run | None) -> str | None:
    return None if run is None else str(run.outcome)


def _late(run: Run | None, every: str, now: datetime) -> bool:
    """Say whether a channel has been silent for more than twice its time."""
    wait = timedelta(seconds=2 * configure.every_s(every))
    return run is None or now - run.started_at > wait


def _silent(news_at: datetime | None, expected: str | None, now: datetime) -> bool:
    """Say whether a channel has brought nothing new for longer than the operator expects."""
    if expected is None or news_at is None:
        return False
    return now - news_at > timedelta(seconds=configure.every_s(expected))
