"""A schedule really fires: server and worker by the documented commands, two runs Completed.

A run that is started by hand hides a dead scheduler; this test does not.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests
import yaml

from flows import bootstrap
from store import stories
from store.database import open_engine, reading
from tests.connectors import hostile
from tests.flows import house


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
        timeout=10,
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
