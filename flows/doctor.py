"""Look at everything that a scheduled installation needs; every finding bears its remedy.

Run as `retold doctor`.
"""

import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import httpx
from packaging.specifiers import SpecifierSet
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import WorkerStatus
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings

import settings
from flows import bootstrap
from schemas.errors import RetoldError
from steps import keep, webhooks
from steps.house import House

PINS = {"prefect": ">=3.8.8,<3.9", "fastapi": ">=0.139,<0.151", "sqlalchemy": ">=2.0.40,<2.1"}
"""What is known to work together; outside these Prefect's scheduler stands still in silence."""

SKEW = timedelta(seconds=5)


class Finding(NamedTuple):
    """One thing that was looked at."""

    what: str
    found: str
    remedy: str = ""
    """What to do; empty where all is well."""


def pins() -> Iterator[Finding]:
    """Look at the versions that must fit together."""
    for name, wanted in PINS.items():
        found = version(name)
        fits = SpecifierSet(wanted).contains(found)
        remedy = "" if fits else f"install {name}{wanted}: make clean install"
        yield Finding(f"version of {name}", found, remedy)


def installation(house: House, state_dir: Path) -> Iterator[Finding]:
    """Look at the store, its tables, the partners' webhooks, and the folder for our files."""
    try:
        current, newest = keep.versions(house.engine)
    except RetoldError as error:
        yield Finding("store", str(error), "see RETOLD_DATABASE_URL; is the database running?")
    else:
        remedy = "" if current == newest else "run `retold init` or `retold upgrade`"
        yield Finding("tables of the store", f"version {current or 'none'}", remedy)
        if not remedy:
            yield from _webhooks(house)
    writable = os.access(state_dir, os.W_OK)
    found = "writable" if writable else "not writable"
    remedy = "" if writable else f"make {state_dir} writable for this user, or set RETOLD_STATE_DIR"
    yield Finding(f"folder {state_dir}", found, remedy)


def _webhooks(house: House) -> Iterator[Finding]:
    for one in webhooks.listing(house.engine, house.config):
        remedy = ""
        if one.state is webhooks.State.STOPPED:
            remedy = f"ask its partner to mend it; then run `retold removals resume {one.edition}`"
        elif one.state is webhooks.State.FAILING:
            remedy = "tell its partner; it is told again by itself"
        why = f" ({one.error})" if one.error else ""
        found = f"{one.state}{why}, {one.waiting} to be told"
        yield Finding(f"{one.webhook} of {one.edition}", found, remedy)


def telemetry() -> Finding:
    """Look whether Prefect would call home."""
    on = get_current_settings().server.analytics_enabled
    remedy = "set PREFECT_SERVER_ANALYTICS_ENABLED=false, or start Prefect in this folder"
    return Finding("Prefect's telemetry", "on" if on else "off", remedy if on else "")


def server(client: SyncPrefectClient, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Look at the server, its clock, the pool, a live worker, and the deployments."""
    try:
        answer = client.request("GET", "/ready")
    except (httpx.HTTPError, RuntimeError):
        start = "start one (docs/howto/schedule.md) and set PREFECT_API_URL"
        yield Finding("Prefect server", f"no answer from {client.api_url}", start)
        return
    yield Finding("Prefect server", str(client.api_url))
    skew = abs(parsedate_to_datetime(answer.headers["date"]) - now())
    remedy = "" if skew < SKEW else "set both clocks by the same time server"
    yield Finding("clock", f"{skew.total_seconds():.0f} s from the server's", remedy)
    yield from _pool(client)
    yield from _deployments(client)
    missing = not bootstrap.has_zombie_watch()
    found, remedy = ("missing", "run `retold bootstrap`") if missing else ("there", "")
    yield Finding("automation for silent runs", found, remedy)


def _pool(client: SyncPrefectClient) -> Iterator[Finding]:
    try:
        pool = client.read_work_pool(bootstrap.POOL)
    except ObjectNotFound:
        yield Finding("work pool", "missing", "run `retold bootstrap`")
        return
    limited = pool.concurrency_limit is not None
    remedy = "" if limited else f"run `prefect work-pool set-concurrency-limit {pool.name} 4`"
    yield Finding("work pool", f"at most {pool.concurrency_limit} runs at once", remedy)
    answer = client.request(
        "POST",
        "/work_pools/{work_pool_name}/workers/filter",
        path_params={"work_pool_name": pool.name},
        json={},
    )
    live = [w["name"] for w in answer.json() if w["status"] == WorkerStatus.ONLINE.value]
    remedy = "" if live else f"start one: prefect worker start --pool {pool.name}"
    yield Finding("worker", ", ".join(live) or "none is alive", remedy)


def _deployments(client: SyncPrefectClient) -> Iterator[Finding]:
    found = bootstrap.deployed(client)
    for wanted in bootstrap.declared():
        deployment = found.get(wanted.name)
        if deployment is None:
            yield Finding(f"deployment {wanted.name}", "missing", "run `retold bootstrap`")
            continue
        active = [s for s in deployment.schedules if s.active]
        alone = deployment.global_concurrency_limit is not None
        state = f"{len(active)} of {len(deployment.schedules)} schedules active"
        remedy = "" if active else f"resume it: prefect deployment schedule resume {wanted.name}"
        if not alone:
            state, remedy = f"{state}, may overlap itself", "run `retold bootstrap`"
        yield Finding(f"deployment {wanted.name}", state, remedy)


def examine() -> Iterator[Finding]:
    """Look at everything."""
    yield from pins()
    yield telemetry()
    try:
        given = settings.read_settings(os.environ)
        with settings.open_house(os.environ) as house:
            yield Finding("configuration", "no fault")
            yield from installation(house, given.state_dir)
    except RetoldError as error:
        yield Finding("configuration", str(error), "mend it; `retold check` tells when it is right")
    with get_client(sync_client=True) as client:
        yield from server(client, lambda: datetime.now(UTC))


def main() -> int:
    """Run from the command line; 1 where anything needs mending."""
    ill = 0
    for finding in examine():
        mark = "✗" if finding.remedy else "✓"
        ill += bool(finding.remedy)
        sys.stdout.write(f"{mark} {finding.what}: {finding.found}\n")
        if finding.remedy:
            sys.stdout.write(f"    {finding.remedy}\n")
    sys.stdout.write("All is well.\n" if not ill else f"{ill} to mend.\n")
    return 1 if ill else 0


if __name__ == "__main__":
    sys.exit(main())
