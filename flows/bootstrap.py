"""Bring a Prefect server to what `prefect.yaml` says: pool, automation, deployments. Twice is once.

Run as `retold bootstrap`.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import yaml
from prefect.automations import Automation
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound

PREFECT_YAML = Path(__file__).parents[1] / "prefect.yaml"
POOL = "retold"
POOL_LIMIT = 4
"""Flow runs at the same time: after an outage they come all at once."""
TAG = "retold"
ZOMBIES = "retold-crash-zombies"
SILENCE = timedelta(seconds=90)
"""Three missed heartbeats."""


class Declared(NamedTuple):
    """One deployment as `prefect.yaml` has it."""

    name: str
    """`flow/deployment`."""
    slugs: frozenset[str]


def declared(path: Path = PREFECT_YAML) -> list[Declared]:
    """Read the deployments of a `prefect.yaml`."""
    found = []
    for deployment in yaml.safe_load(path.read_text())["deployments"]:
        module, _, function = deployment["entrypoint"].rpartition(".")
        flow = getattr(import_module(module), function)
        slugs = frozenset(schedule["slug"] for schedule in deployment["schedules"])
        found.append(Declared(f"{flow.name}/{deployment['name']}", slugs))
    return found


def deployed(client: SyncPrefectClient) -> dict[str, DeploymentResponse]:
    """Read our deployments from the server, by `flow/deployment`."""
    ours = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    return {
        f"{client.read_flow(d.flow_id).name}/{d.name}": d
        for d in client.read_deployments(deployment_filter=ours)
    }


def await_server(client: SyncPrefectClient, wait_s: float, say: Callable[[str], None]) -> bool:
    """Wait until the server and its database answer; say so where they do not."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            if client.request("GET", "/ready").status_code == httpx.codes.OK:
                return True
        except (httpx.HTTPError, RuntimeError):
            pass
        if time.monotonic() >= deadline:
            say(f"no server answers at {client.api_url}: start one (docs/howto/schedule.md),")
            say("and set PREFECT_API_URL to it")
            return False
        time.sleep(0.5)


def difference(
    wanted: Sequence[Declared], found: dict[str, DeploymentResponse], *, has_pool: bool
) -> list[str]:
    """Say in a line each what a bootstrap would change."""
    lines = [] if has_pool else [f"+ work pool {POOL}"]
    names = {d.name for d in wanted}
    for one in wanted:
        if one.name not in found:
            lines.append(f"+ deployment {one.name}")
            continue
        slugs = {s.slug for s in found[one.name].schedules}
        lines += [f"+ schedule {one.name} {slug}" for slug in sorted(one.slugs - slugs)]
        lines += [f"- schedule {one.name} {slug}" for slug in sorted(map(str, slugs - one.slugs))]
    return lines + [f"- deployment {name}" for name in sorted(found) if name not in names]


def bootstrap(
    client: SyncPrefectClient, path: Path, say: Callable[[str], None], *, dry_run: bool
) -> bool:
    """Show the difference, then make it; say whether the server is now as declared."""
    wanted, found = declared(path), deployed(client)
    lines = difference(wanted, found, has_pool=_has_pool(client))
    has_automation = has_zombie_watch()
    lines += [] if has_automation else [f"+ automation {ZOMBIES}"]
    for line in lines or ["= nothing to change; deployments are written anew all the same"]:
        say(line)
    if dry_run:
        return True
    if not _has_pool(client):
        pool = WorkPoolCreate(name=POOL, type="process", concurrency_limit=POOL_LIMIT)
        client.create_work_pool(pool)
    if not has_automation:
        zombies().create()
    if not _deploy(path, say):
        return False
    _prune(client, wanted)
    say(f"{len(wanted)} deployments on {client.api_url}")
    return True


def zombies() -> Automation:
    """Mark a run as crashed once it falls silent; the next scheduled one goes on where it was."""
    every_run = ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]})
    return Automation(
        name=ZOMBIES,
        description="A flow run without a heartbeat has crashed.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.*"},
            match=every_run,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                name="Crashed",
                message=f"no heartbeat for {SILENCE.seconds} s",
            )
        ],
    )


def has_zombie_watch() -> bool:
    """Say whether the server marks silent runs as crashed."""
    try:
        return bool(Automation.read(name=ZOMBIES))
    except ValueError:
        return False


def _has_pool(client: SyncPrefectClient) -> bool:
    try:
        client.read_work_pool(POOL)
    except ObjectNotFound:
        return False
    return True


def _deploy(path: Path, say: Callable[[str], None]) -> bool:
    """Let Prefect's own command read prefect.yaml: what it makes is what operators know."""
    environ = os.environ | {"RETOLD_HOME": os.environ.get("RETOLD_HOME") or str(Path.cwd())}
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    command += ["--prefect-file", str(path)]
    done = subprocess.run(  # noqa: S603 -- our own interpreter
        command, check=False, capture_output=True, text=True, env=environ, cwd=PREFECT_YAML.parent
    )
    if done.returncode:
        say(done.stdout + done.stderr)
    return done.returncode == 0


def _prune(client: SyncPrefectClient, wanted: Sequence[Declared]) -> None:
    """Remove what prefect.yaml no longer has: Prefect itself leaves it, and goes on running it."""
    slugs = {d.name: d.slugs for d in wanted}
    for name, deployment in deployed(client).items():
        if name not in slugs:
            client.delete_deployment(deployment.id)
            continue
        for schedule in deployment.schedules:
            if schedule.slug not in slugs[name]:
                client.delete_deployment_schedule(deployment.id, schedule.id)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="retold bootstrap", description=__doc__)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--wait", type=float, default=60, help="seconds to wait for the server")
    parser.add_argument("--prefect-file", type=Path, default=PREFECT_YAML)
    given = parser.parse_args(arguments)

    def say(line: Any) -> None:
        sys.stdout.write(f"{line}\n")

    with get_client(sync_client=True) as client:
        if not await_server(client, given.wait, say):
            return 1
        return 0 if bootstrap(client, given.prefect_file, say, dry_run=given.dry_run) else 1


if __name__ == "__main__":
    sys.exit(main())
