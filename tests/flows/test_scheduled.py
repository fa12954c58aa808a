"""A schedule really fires: server and worker by the documented commands, two runs Completed.

A run that is started by hand hides a dead scheduler; this test does not. The same server is then
brought to what prefect.yaml says and back, and the doctor looks at it.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolUpdate
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows import bootstrap, doctor
from store import stories
from store.database import open_engine, reading
from tests.connectors import hostile
from tests.flows import house
from tests.patience import PATIENCE_S


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    folder = tmp_path_factory.mktemp("scheduled")
    served = {"/": hostile.answer(house.FEED, content_type="application/rss+xml")}
    port = house.free_port()
    with hostile.serve(served) as far:
        given = house.environment(folder, far.url("/"), far.place)
        given["PREFECT_API_URL"] = f"http://127.0.0.1:{port}/api"
        start = ("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
        assert house.run(given, "retold", "init").returncode == 0
        with house.process(folder / "server.log", given, *start):
            yield given


def five_second_file(folder: Path) -> Path:
    """Take the ingest deployment of prefect.yaml, every five seconds."""
    told = yaml.safe_load(bootstrap.PREFECT_YAML.read_text())
    ingest = next(d for d in told["deployments"] if d["entrypoint"].startswith("flows.ingest."))
    ingest["schedules"] = [{"interval": 5, "timezone": "Europe/London", "slug": "five"}]
    ingest["parameters"] = {"channels": ["forum"], "due_only": False}
    told["deployments"] = [ingest]
    path = folder / "prefect.yaml"
    path.write_text(yaml.safe_dump(told))
    return path


def completed(api: str) -> int:
    runs = requests.post(
        f"{api}/flow_runs/filter",
        json={"flow_runs": {"state": {"name": {"any_": ["Completed"]}}}},
        timeout=PATIENCE_S,
    ).json()
    return sum(run["deployment_id"] is not None and run["auto_scheduled"] for run in runs)


def test_a_schedule_fires_and_stories_arrive(environ: Mapping[str, str], tmp_path: Path) -> None:
    path = str(five_second_file(tmp_path))
    deployed = house.run(environ, "python", "-m", "flows.bootstrap", "--prefect-file", path)
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    assert "+ deployment ingest/scheduled" in deployed.stdout
    worker = ("prefect", "worker", "start", "--pool", "retold", "--limit", "4")
    with house.process(tmp_path / "worker.log", environ, *worker):
        api = environ["PREFECT_API_URL"]
        log = tmp_path / "worker.log"
        house.await_true(lambda: completed(api) >= 2, 120, f"no two runs: {log.read_text()}")
    engine = open_engine(f"sqlite:///{environ['RETOLD_STATE_DIR']}/retold.db")
    with reading(engine) as connection:
        assert stories.counts(connection) == {"published": 2}
    engine.dispose()
    again = house.run(
        environ, "python", "-m", "flows.bootstrap", "--prefect-file", path, "--dry-run"
    )
    assert "= nothing to change" in again.stdout


@pytest.fixture
def client(
    environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[SyncPrefectClient]:
    """Speak to the server from within this process, as if nothing of ours were there yet."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with (
        temporary_settings({PREFECT_API_URL: environ["PREFECT_API_URL"]}),
        get_client(sync_client=True) as client,
    ):
        assert bootstrap.await_server(client, 60, print)
        for deployment in bootstrap.deployed(client).values():
            client.delete_deployment(deployment.id)
        for pool in client.read_work_pools():
            client.delete_work_pool(pool.name)
        for watch in client.read_automations_by_name(bootstrap.ZOMBIES):
            client.delete_automation(watch.id)
        yield client


def write(folder: Path, *deployments: dict[str, Any]) -> list[str]:
    """Write a prefect.yaml of these deployments; give the arguments that name it."""
    path = folder / "prefect.yaml"
    path.write_text(yaml.safe_dump({"name": "retold", "deployments": list(deployments)}))
    return ["--prefect-file", str(path)]


def told_of(flow: str, *slugs: str, pool: str = bootstrap.POOL) -> dict[str, Any]:
    """Take a flow's deployment of prefect.yaml, on schedules of these slugs."""
    told = yaml.safe_load(bootstrap.PREFECT_YAML.read_text())["deployments"]
    found: dict[str, Any] = next(d for d in told if d["entrypoint"].startswith(f"flows.{flow}."))
    schedules = [{"interval": 86400, "timezone": "Europe/London", "slug": s} for s in slugs]
    return found | {"schedules": schedules, "work_pool": {"name": pool}}


def ill(client: SyncPrefectClient) -> dict[str, str]:
    """Ask the doctor about the server; give what to do, by what was found."""
    found = doctor.server(client, lambda: datetime.now(UTC))
    return {finding.what: finding.remedy for finding in found if finding.remedy}


def test_the_doctor_finds_what_is_missing_and_all_is_well_once_it_is_mended(
    client: SyncPrefectClient,
    environ: Mapping[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = [one.name for one in bootstrap.declared()]
    assert doctor.main() == 1
    before = capsys.readouterr().out
    for what in ("work pool", *(f"deployment {name}" for name in names)):
        assert f"✗ {what}: missing\n    run `retold bootstrap`\n" in before
    assert "✗ automation for silent runs: missing\n    run `retold bootstrap`\n" in before
    assert f"{len(names) + 2} to mend." in before

    assert bootstrap.main([]) == 0
    said = capsys.readouterr().out
    assert said.startswith("+ work pool retold\n+ deployment ingest/scheduled\n")
    assert f"{len(names)} deployments on {environ['PREFECT_API_URL']}" in said
    assert ill(client) == {"worker": "start one: prefect worker start --pool retold"}

    worker = ("prefect", "worker", "start", "--pool", "retold")
    with house.process(tmp_path / "worker.log", environ, *worker):
        house.await_true(lambda: not ill(client), 60, "the worker never came to life")
        assert doctor.main() == 0
    assert capsys.readouterr().out.endswith("All is well.\n")


def test_the_doctor_finds_what_was_changed_behind_our_back(
    client: SyncPrefectClient, tmp_path: Path
) -> None:
    given = write(tmp_path, told_of("ingest", "a"), told_of("publish", "b"))
    assert bootstrap.main(given) == 0
    deployed = bootstrap.deployed(client)
    ingest, publish = deployed["ingest/scheduled"], deployed["publish/scheduled"]
    client.update_deployment_schedule(ingest.id, ingest.schedules[0].id, active=False)
    unlimited = {"concurrency_limit": None}
    client.update_deployment(publish.id, DeploymentUpdate.model_validate(unlimited))
    client.update_work_pool(bootstrap.POOL, WorkPoolUpdate.model_validate(unlimited))
    found = ill(client)
    assert found["deployment ingest/scheduled"] == (
        "resume it: prefect deployment schedule resume ingest/scheduled"
    )
    assert found["deployment publish/scheduled"] == "run `retold bootstrap`"
    assert found["work pool"] == "run `prefect work-pool set-concurrency-limit retold 4`"
    assert "clock" not in found
    late = doctor.server(client, lambda: datetime.now(UTC) + timedelta(minutes=1))
    assert "set both clocks" in next(f.remedy for f in late if f.what == "clock")


def test_the_bootstrap_removes_what_prefect_yaml_no_longer_has(
    client: SyncPrefectClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = write(tmp_path, told_of("ingest", "kept", "old"), told_of("publish", "b"))
    assert bootstrap.main([*before, "--dry-run"]) == 0
    assert bootstrap.deployed(client) == {}
    assert bootstrap.main(before) == 0
    assert {*bootstrap.deployed(client)} == {"ingest/scheduled", "publish/scheduled"}
    capsys.readouterr()

    after = write(tmp_path, told_of("ingest", "kept", "new"))
    assert bootstrap.main([*after, "--dry-run"]) == 0
    changes = [
        "+ schedule ingest/scheduled new",
        "- schedule ingest/scheduled old",
        "- deployment publish/scheduled",
    ]
    assert capsys.readouterr().out.splitlines() == changes
    assert bootstrap.main(after) == 0
    assert capsys.readouterr().out.splitlines()[:3] == changes
    (name, deployment), *others = bootstrap.deployed(client).items()
    assert (name, others) == ("ingest/scheduled", [])
    assert {schedule.slug for schedule in deployment.schedules} == {"kept", "new"}
    assert bootstrap.main([*after, "--dry-run"]) == 0
    assert "= nothing to change" in capsys.readouterr().out


def test_a_deployment_that_prefect_refuses_is_told_in_its_words_and_removes_nothing(
    client: SyncPrefectClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap.main(write(tmp_path, told_of("ingest", "a"))) == 0
    wrong = write(tmp_path, told_of("publish", "b", pool="nowhere"))
    assert bootstrap.main(wrong) == 1
    assert "nowhere" in capsys.readouterr().out
    assert "ingest/scheduled" in bootstrap.deployed(client)
