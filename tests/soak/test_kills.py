"""Killed at any moment, a run that is started again ends as one that was never killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from steps import collect
from store.database import Engine, create_tables, open_engine
from tests.soak import canonical, child

ROOT = Path(__file__).parents[2]
KILLS = 30 if os.environ.get("RETOLD_SOAK") else 2
ROWS = 12_000
REPORTS, REPORT_ROWS = 30, 400


def stories_file(folder: Path) -> None:
    with (folder / "stories.jsonl").open("w") as file:
        for number in range(ROWS):
            told = {
                "id": f"s{number}",
                "title": f"Story {number}",
                "body": f"They were kind, number {number}. " * 8,
                "at": "2026-01-02T12:00:00Z" if number % 50 else "yesterday",
            }
            file.write(json.dumps(told) + "\n")


def reports(engine: Engine) -> None:
    for number in range(REPORTS):
        month = f"2026-{number % 9 + 1:02}"
        rows = "".join(f"s{n},{n + number}\n" for n in range(REPORT_ROWS))
        head = f"# svr: 1.0\n# report_id: r{number}\n# period: {month}-01/{month}-28\n"
        payload = f"{head}item,count\n{rows}".encode()
        collect.receive(engine, "voice", "report", payload, "text/csv", child.now())


def start(what: str, url: str, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.soak.child", what, url, str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)


def finish(what: str, url: str, folder: Path) -> float:
    begun = time.monotonic()
    running = start(what, url, folder)
    _, said = running.communicate()
    assert running.returncode == 0, said.decode()
    return time.monotonic() - begun


@pytest.fixture
def fresh(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], str]]:
    """Give the address of an empty store on an engine, as often as it is asked for."""
    made: list[Engine] = []

    def make(kind: str) -> str:
        if kind == "postgresql":
            made.append(request.getfixturevalue("postgres_engine"))
            return made[-1].url.render_as_string(hide_password=False)
        url = f"sqlite:///{tmp_path}/{len(made)}.db"
        made.append(open_engine(url))
        create_tables(made[-1])
        return url

    yield make
    for engine in made:
        engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("what", ["ingest", "collect"])
def test_a_killed_run_started_again_ends_as_an_undisturbed_one(
    what: str, kind: str, tmp_path: Path, fresh: Callable[[str], str]
) -> None:
    chance = random.Random(f"{what}/{kind}")
    stories_file(tmp_path)

    def prepared(kind: str) -> tuple[str, Engine]:
        url = fresh(kind)
        engine = open_engine(url)
        if what == "collect":
            reports(engine)
        return url, engine

    url, engine = prepared("sqlite")
    took = finish(what, url, tmp_path)
    wanted = canonical.dump(engine)
    assert len(wanted["stories"]) == (ROWS - ROWS // 50 if what == "ingest" else 0)
    assert len(wanted["observations"]) == (REPORTS * REPORT_ROWS if what == "collect" else 0)
    engine.dispose()

    url, engine = prepared(kind)
    killed = 0
    while killed < KILLS:
        running = start(what, url, tmp_path)
        time.sleep(chance.uniform(0.2, 0.95) * took)
        if running.poll() is None:
            running.send_signal(signal.SIGKILL)
            killed += 1
        running.communicate()
        if killed < KILLS and chance.random() < 0.3:  # begin anew, so that early moments are met
            engine.dispose()
            if kind == "postgresql":
                continue
            url, engine = prepared(kind)
    finish(what, url, tmp_path)
    assert canonical.dump(engine) == wanted
    engine.dispose()
