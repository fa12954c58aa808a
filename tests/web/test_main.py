"""The server reads its configuration anew while it runs; a suspended partner is refused at once."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

import settings
from rules import beacon
from schemas.errors import ConfigError
from steps import collect, keep, publish, tokens
from tests.flows import house
from tests.patience import PATIENCE_S
from web import __main__ as door
from web.__main__ import Present


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Set an installation up on a free port."""
    given = house.environment(tmp_path, "https://a.example/", "a.example")
    given["RETOLD_PORT"] = str(house.free_port())
    with settings.open_house(given) as opened:
        keep.set_up(opened.engine)
    return given


def edit(environ: dict[str, str], old: str, new: str) -> None:
    """Replace the configuration by one that says something else, as an editor does."""
    path = Path(environ["RETOLD_CONFIG"])
    told = path.read_text()
    assert old in told
    beside = path.with_suffix(".new")
    beside.write_text(told.replace(old, new))
    beside.replace(path)


@pytest.fixture
def present(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Present:
    """Give the present configuration, which looks at its file each time that it is asked."""
    monkeypatch.setattr(door, "_LOOK_EVERY_S", 0.0)
    return Present(environ)


def test_an_edit_of_the_configuration_is_seen(present: Present, environ: dict[str, str]) -> None:
    before = present()
    assert present() is before
    edit(environ, 'name = "Test"', 'name = "Another"')
    assert present().name == "Another"


def test_an_edit_is_looked_for_once_in_a_while(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "_LOOK_EVERY_S", 3600.0)
    present = Present(environ)
    edit(environ, 'name = "Test"', 'name = "Another"')
    assert present().name == "Test"


def test_a_configuration_with_faults_leaves_the_one_before(
    present: Present, environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    before = present()
    edit(environ, 'name = "Test"', 'nmae = "Test"')
    assert present() is before
    assert present() is before
    (line,) = caplog.messages
    assert "the one before stands" in line
    assert "retold.toml:1" in line
    edit(environ, 'nmae = "Test"', 'name = "Mended"')
    assert present().name == "Mended"


def test_a_configuration_that_is_gone_leaves_the_one_before(
    present: Present, environ: dict[str, str]
) -> None:
    before = present()
    path = Path(environ["RETOLD_CONFIG"])
    told = path.read_text()
    path.unlink()
    assert present() is before
    path.write_text(told.replace('name = "Test"', 'name = "Back"'))
    assert present().name == "Back"


def test_a_server_does_not_start_on_a_configuration_with_faults(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    edit(environ, 'name = "Test"', 'nmae = "Test"')
    with pytest.raises(ConfigError):
        Present(environ)
    assert door.main(environ) == 2
    assert "retold.toml:1" in capsys.readouterr().err


def await_status(address: str, headers: dict[str, str], status: int) -> None:
    """Ask until the answer is of a status."""
    begun = time.monotonic()
    while requests.get(address, headers=headers, timeout=PATIENCE_S).status_code != status:
        assert time.monotonic() - begun < PATIENCE_S, f"never {status}"
        time.sleep(0.05)


@pytest.fixture
def serving(environ: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Serve in a process of its own, as `retold serve` does."""
    with (tmp_path / "web.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "web"],
            cwd=house.ROOT,
            env=os.environ | environ,
            stdout=log,
            stderr=log,
        )
        try:
            house.await_true(lambda: is_up(address_of(environ)), 30, "the server never answered")
            yield process
        finally:
            process.kill()
            process.wait()


def address_of(environ: dict[str, str]) -> str:
    return f"http://127.0.0.1:{environ['RETOLD_PORT']}"


def is_up(address: str) -> bool:
    try:
        return requests.get(f"{address}/health", timeout=PATIENCE_S).ok
    except requests.ConnectionError:
        return False


def test_a_partner_is_refused_soon_after_it_was_suspended_and_served_again_after(
    serving: subprocess.Popen[bytes], environ: dict[str, str], tmp_path: Path
) -> None:
    assert serving.poll() is None
    with settings.open_house(environ) as opened:
        token = tokens.issue(opened.engine, "voice", "feed", datetime.now(UTC))
        publish.publish(
            opened.engine, opened.press, opened.config.editions[0], opened.clock, lambda: "e1"
        )
    feed = f"{address_of(environ)}/feeds/voice/all.atom"
    headers = {"authorization": f"Bearer {token}"}
    await_status(feed, headers, 200)
    edit(environ, 'name = "Voice"', 'name = "Voice"\nsuspended = true')
    await_status(feed, headers, 403)
    edit(environ, "suspended = true", "suspended = false")
    await_status(feed, headers, 200)
    assert (tmp_path / "web.log").read_text().count("anew") == 2


@pytest.mark.parametrize(
    ("told", "code"),
    [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 0)],
    ids=["by a supervisor", "by Ctrl-C"],
)
def test_a_server_that_is_told_to_stop_keeps_its_hits_and_ends_without_a_traceback(
    serving: subprocess.Popen[bytes],
    environ: dict[str, str],
    tmp_path: Path,
    told: signal.Signals,
    code: int,
) -> None:
    story = "urn:uuid:6f6b0c1e-3f0a-4c3e-9d7a-000000000001"
    path = beacon.path("voice", story, environ["RETOLD_SECRET_KEY"].encode())
    assert requests.get(address_of(environ) + path, timeout=PATIENCE_S).status_code == 200
    serving.send_signal(told)
    assert serving.wait(PATIENCE_S) == code
    log = (tmp_path / "web.log").read_text()
    assert f"Serving http://127.0.0.1:8180 on 127.0.0.1:{environ['RETOLD_PORT']}" in log
    assert "Traceback" not in log
    with settings.open_house(environ) as opened:
        drained = collect.recorded(opened, "voice")
    assert drained.hits == 1


def test_serving_where_another_serves_already_ends(environ: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(environ["RETOLD_PORT"])))
        taken.listen()
        with pytest.raises(SystemExit):
            door.main(environ)
