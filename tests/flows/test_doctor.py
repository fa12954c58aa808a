"""What the doctor and the bootstrap say where no server answers, and of the installation itself."""

import base64
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    temporary_settings,
)

import settings
from flows import bootstrap, doctor
from flows.bootstrap import Declared
from flows.doctor import Finding
from rules import webhooks as rules
from schemas.publication import EditionState
from steps import keep
from store import publication, webhooks
from store.database import writing
from tests.flows import house


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Give an installation whose Prefect server does not run."""
    given = house.environment(tmp_path, "https://a.example/", "a.example")
    given["PREFECT_API_URL"] = f"http://127.0.0.1:{house.free_port()}/api"
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with temporary_settings(
        {
            PREFECT_API_URL: given["PREFECT_API_URL"],
            PREFECT_SERVER_ANALYTICS_ENABLED: False,
        }
    ):
        yield given


def set_up(environ: dict[str, str]) -> None:
    with settings.open_house(environ) as opened:
        keep.set_up(opened.engine)


def ill(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings if finding.remedy}


def test_the_bootstrap_says_how_to_start_a_server_where_none_answers(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap.main(["--wait", "2"]) == 1
    said = capsys.readouterr().out
    assert f"no server answers at {environ['PREFECT_API_URL']}/: start one" in said
    assert "set PREFECT_API_URL" in said


def test_the_doctor_says_how_to_start_a_server_where_none_answers(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(environ)
    assert doctor.main() == 1
    said = capsys.readouterr().out
    assert "✓ configuration: no fault" in said
    assert f"✗ Prefect server: no answer from {environ['PREFECT_API_URL']}/\n    start one" in said
    assert said.endswith("1 to mend.\n")


@pytest.mark.usefixtures("environ")
def test_a_store_that_is_not_set_up_is_found() -> None:
    found = ill(doctor.examine())["tables of the store"]
    assert (found.found, found.remedy) == ("version none", "run `retold init` or `retold upgrade`")


def test_a_store_that_cannot_be_reached_is_found(environ: dict[str, str], tmp_path: Path) -> None:
    url = f"postgresql://nobody@127.0.0.1:{house.free_port()}/retold?connect_timeout=2"
    with settings.open_house(environ | {"RETOLD_DATABASE_URL": url}) as opened:
        found = ill(doctor.installation(opened, tmp_path))
    assert "cannot be used" in found["store"].found
    assert "RETOLD_DATABASE_URL" in found["store"].remedy


def test_a_folder_that_cannot_be_written_is_found(environ: dict[str, str], tmp_path: Path) -> None:
    set_up(environ)
    gone = tmp_path / "gone"
    with settings.open_house(environ) as opened:
        found = ill(doctor.installation(opened, gone))
        assert ill(doctor.installation(opened, tmp_path)) == {}
    assert list(found) == [f"folder {gone}"]
    assert f"make {gone} writable" in found[f"folder {gone}"].remedy


def test_a_fault_of_the_configuration_is_found_and_the_rest_is_looked_at(
    environ: dict[str, str],
) -> None:
    Path(environ["RETOLD_CONFIG"]).write_text('nmae = "x"\n')
    found = ill(doctor.examine())
    assert "retold.toml:1" in found["configuration"].found
    assert "`retold check`" in found["configuration"].remedy
    assert "Prefect server" in found


def with_webhook(environ: dict[str, str]) -> None:
    toml = Path(environ["RETOLD_CONFIG"])
    webhook = """[partners.webhook]
url = "https://paper.example/s3cret"
secret = { env = "VOICE_WEBHOOK" }
[[agreements]]"""
    toml.write_text(toml.read_text().replace("[[agreements]]", webhook))


def test_a_webhook_that_fails_or_stopped_is_found_with_what_to_do(
    environ: dict[str, str], tmp_path: Path
) -> None:
    set_up(environ)
    with_webhook(environ)
    secret = "whsec_" + base64.b64encode(b"s" * 32).decode()
    what, address = (
        "webhook paper.example of voice/all",
        rules.address("https://paper.example/s3cret"),
    )
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    with settings.open_house(environ | {"VOICE_WEBHOOK": secret}) as opened:
        well = Finding(what, "well, 0 to be told")
        assert well in doctor.installation(opened, tmp_path)
        with writing(opened.engine) as connection:
            state = EditionState(key="voice/all", epoch="e", seq=1, moved_at=now)
            publication.save_state(connection, state)
            claimed = webhooks.claim(connection, "voice/all", address, now, now)
            assert claimed is not None
            webhooks.put_off(connection, claimed.listener, now, "HTTP 500")
        failing = ill(doctor.installation(opened, tmp_path))[what]
        assert failing.found == "failing (HTTP 500), 0 to be told"
        assert failing.remedy == "tell its partner; it is told again by itself"
        with writing(opened.engine) as connection:
            webhooks.stop(connection, claimed.listener, now, "HTTP 410")
        stopped = ill(doctor.installation(opened, tmp_path))[what]
        assert stopped.found == "stopped (HTTP 410), 0 to be told"
        assert "`retold removals resume voice/all`" in stopped.remedy


def test_a_webhook_whose_secret_is_nowhere_is_a_fault_of_the_configuration(
    environ: dict[str, str],
) -> None:
    with_webhook(environ)
    found = ill(doctor.examine())["configuration"].found
    assert "partners" in found
    assert "VOICE_WEBHOOK" in found


def test_telemetry_that_is_on_is_found() -> None:
    with temporary_settings({PREFECT_SERVER_ANALYTICS_ENABLED: True}):
        assert "PREFECT_SERVER_ANALYTICS_ENABLED=false" in doctor.telemetry().remedy
    with temporary_settings({PREFECT_SERVER_ANALYTICS_ENABLED: False}):
        assert doctor.telemetry().remedy == ""


def test_versions_that_do_not_go_together_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ill(doctor.pins()) == {}
    monkeypatch.setitem(doctor.PINS, "prefect", ">=99")
    assert ill(doctor.pins())["version of prefect"].remedy.startswith("install prefect>=99")


def test_the_difference_is_told_in_a_line_each() -> None:
    wanted = [Declared("ingest/scheduled", frozenset({"a", "b"}))]
    assert bootstrap.difference(wanted, {}, has_pool=False) == [
        "+ work pool retold",
        "+ deployment ingest/scheduled",
    ]


def test_three_missed_heartbeats_are_silence() -> None:
    told = tomllib.loads(bootstrap.PREFECT_YAML.with_name("prefect.toml").read_text())
    beat = timedelta(seconds=told["flows"]["heartbeat_frequency"])
    assert 3 * beat == bootstrap.SILENCE
