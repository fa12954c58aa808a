"""Flows run whole under Prefect: what is counted, what is told, and what is tried again."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, TaskRun
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Completed, Failed, exception_to_failed_state
from prefect.testing.utilities import prefect_test_harness

import settings
from flows import _running
from flows._running import Done, PartlyFailedError
from flows.collect import collect_platforms
from flows.inform import inform_channels
from flows.ingest import ingest_channel, ingest_channels
from flows.publish import publish_editions
from flows.push import push_editions
from flows.reconcile import reconcile_platforms
from flows.subscribe import subscribe_channels
from flows.summarise import summarise_organisations
from kit.far import Ask, Reply, play
from schemas.errors import (
    GarbledError,
    RefusedError,
    RetoldError,
    StoreBusyError,
    UnknownError,
    UnreachableError,
)
from steps import keep, runs
from tests.connectors import hostile
from tests.flows import house


@pytest.fixture(scope="module", autouse=True)
def _prefect() -> Iterator[None]:
    """Run one server of Prefect's for all of these tests."""
    with (
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
        prefect_test_harness(server_startup_timeout=300),
    ):
        yield


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Set an installation up, with one channel that brings two stories and one that is gone."""
    served = {"/": hostile.answer(house.FEED, content_type="application/rss+xml")}
    with hostile.serve(served) as far:
        given = house.environment(tmp_path, far.url("/"), far.place)
        for name, value in given.items():
            if name.startswith("RETOLD_"):
                monkeypatch.setenv(name, value)
        with settings.open_house(given) as opened:
            keep.set_up(opened.engine)
        yield given


def artifact(key: str) -> list[dict[str, Any]]:
    """Read the table that a flow left for an operator."""
    with get_client(sync_client=True) as client:
        answer = client.request("GET", "/artifacts/{key}/latest", path_params={"key": key})
    rows: list[dict[str, Any]] = json.loads(answer.json()["data"])
    return rows


def test_one_channel_that_fails_stops_no_other_and_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(PartlyFailedError, match=r"^1 of 2 failed: gone: .*404"):
        ingest_channels()
    forum, gone = artifact("retold-ingest")
    assert (forum["subject"], forum["new"], forum["fetched"], forum["error"]) == ("forum", 2, 2, "")
    assert gone["subject"] == "gone"
    assert "404" in gone["error"]
    with settings.open_house(environ) as opened:
        latest = {run.subject: run for run in runs.latest(opened.engine)}
    assert {name: str(run.outcome) for name, run in latest.items()} == {
        "forum": "done",
        "gone": "failed",
    }
    assert latest["forum"].flow_run_id == latest["gone"].flow_run_id is not None


def test_a_channel_that_hangs_delays_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(ask: Ask) -> Reply:
        if ask.path == "/":
            return Reply(house.FEED, "application/rss+xml")
        time.sleep(4)  # it has accepted, and says nothing for long
        return Reply(status=404)

    with play(answer) as far:
        given = house.environment(tmp_path, f"{far.origin}/", far.place)
        for name, value in given.items():
            if name.startswith("RETOLD_"):
                monkeypatch.setenv(name, value)
        with settings.open_house(given) as opened:
            keep.set_up(opened.engine)
        with pytest.raises(PartlyFailedError, match="1 of 2 failed: gone"):
            ingest_channels(["gone", "forum"])
        with settings.open_house(given) as opened:
            latest = {run.subject: run for run in runs.latest(opened.engine)}
    hung, well = latest["gone"], latest["forum"]
    assert hung.ended_at is not None
    assert well.ended_at is not None
    assert (hung.ended_at - hung.started_at).total_seconds() > 3
    assert well.ended_at < hung.ended_at
    assert (well.ended_at - well.started_at).total_seconds() < 1


def test_public_editions_go_to_a_place_as_files_and_leave_it_when_they_are_so_no_more(
    environ: dict[str, str], tmp_path: Path
) -> None:
    config, www = Path(environ["RETOLD_CONFIG"]), tmp_path / "www"
    private = config.read_text()
    public = private.replace('id = "a"', 'id = "a"\npublic = true')
    ingest_channels(["forum"])
    assert "files_written" not in publish_editions(to=str(www))
    assert not (www / "voice").exists()
    config.write_text(public.replace('title = "All"', 'title = "All"\npaged = false'))
    assert publish_editions(to=str(www))["files_written"] > 0
    assert b"Kind staff" in (www / "voice/all.atom").read_bytes()
    assert publish_editions(to=str(www))["files_written"] == 0
    config.write_text(private)
    assert publish_editions(to=str(www))["files_removed"] > 0
    assert not (www / "voice/all.atom").exists()
    assert [row["subject"] for row in artifact("retold-publish")] == ["voice/all", str(www)]


def test_an_edition_that_is_taken_out_takes_back_what_it_showed_its_files_too(
    environ: dict[str, str], tmp_path: Path
) -> None:
    config, www = Path(environ["RETOLD_CONFIG"]), tmp_path / "www"
    written = config.read_text().replace('id = "a"', 'id = "a"\npublic = true') + "paged = false\n"
    config.write_text(written)
    ingest_channels(["forum"])
    assert publish_editions(to=str(www))["files_written"] > 0
    config.write_text(written.partition("[[editions]]")[0])
    done = publish_editions(to=str(www))
    assert done["went_out"] == 2
    assert done["files_removed"] > 0
    assert not (www / "voice/all.atom").exists()
    assert publish_editions() == {}


def test_an_edition_that_no_files_can_be_keeps_no_other_from_being_written(
    environ: dict[str, str], tmp_path: Path
) -> None:
    config, www = Path(environ["RETOLD_CONFIG"]), tmp_path / "www"
    public = config.read_text().replace('id = "a"', 'id = "a"\npublic = true')
    other = '[[editions]]\nid = "plain"\npartner = "voice"\ntitle = "Plain"\npaged = false\n'
    config.write_text(f"{public}\n{other}")
    ingest_channels(["forum"])
    with pytest.raises(PartlyFailedError, match="voice/all is paged"):
        publish_editions(to=str(www))
    assert b"Kind staff" in (www / "voice/plain.atom").read_bytes()
    assert not (www / "voice/all.atom").exists()


@pytest.mark.usefixtures("environ")
def test_a_channel_that_was_just_read_is_left_out_unless_all_are_asked_for() -> None:
    assert ingest_channels(["forum"])["new"] == 2
    assert ingest_channels(["forum"]) == {}
    assert ingest_channels(["forum"], due_only=False)["fetched"] == 0


def test_a_channel_that_nobody_knows_fails_the_run_and_starts_nothing(
    environ: dict[str, str],
) -> None:
    with pytest.raises(UnknownError, match="there are: forum, gone"):
        ingest_channels(["nope"])
    with settings.open_house(environ) as opened:
        assert runs.latest(opened.engine) == []


def test_the_loop_runs_whole_and_twice_is_once(environ: dict[str, str]) -> None:
    ingest_channels(["forum"])
    assert publish_editions()["came_in"] == 2
    again = publish_editions(["voice/all"])
    assert (again["came_in"], again["revised"], again["unchanged"]) == (0, 0, 0)
    assert collect_platforms()["applied"] == 0
    assert reconcile_platforms(["voice"])["statements"] == 0
    assert summarise_organisations(["forum", "all"])["stories"] == 4
    folder = Path(environ["RETOLD_STATE_DIR"]) / "summaries"
    assert {path.name for path in folder.iterdir()} == {"all.html", "forum.html"}
    assert [row["subject"] for row in artifact("retold-publish")] == ["voice/all"]
    assert [row["subject"] for row in artifact("retold-summarise")] == ["forum", "all"]


@pytest.mark.usefixtures("environ")
def test_a_run_with_nothing_to_do_counts_nothing() -> None:
    assert summarise_organisations() == {}
    assert inform_channels() == {}
    assert push_editions() == {}
    assert subscribe_channels() == {}


def test_the_unforeseen_stops_no_other_and_is_named_by_its_kind(
    environ: dict[str, str],
) -> None:
    Path(environ["RETOLD_STATE_DIR"], "summaries").write_text("a file where the folder should be")
    with pytest.raises(PartlyFailedError, match="1 of 1 failed: all: FileExistsError"):
        summarise_organisations(["all"])


RUN = TaskRun(task_key="t", dynamic_key="0", flow_run_id=uuid4())


def failed(error: BaseException) -> State[Any]:
    return asyncio.run(exception_to_failed_state(error))


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (UnreachableError("forum", "no answer"), True),
        (StoreBusyError("somebody else is writing"), True),
        (RefusedError("forum", "401"), False),
        (GarbledError("forum", "no feed"), False),
        (UnknownError("nobody"), False),
        (RetoldError("ours"), False),
        (KeyError("unforeseen"), False),
        (ConnectionResetError("unforeseen"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_what_says_that_it_may_pass_is_tried_again(
    error: BaseException,
    again: bool,  # noqa: FBT001
) -> None:
    assert _running.may_pass(ingest_channel, RUN, failed(error)) is again


def test_what_did_not_fail_is_not_tried_again() -> None:
    assert not _running.may_pass(ingest_channel, RUN, Completed(data={"new": 1}))
    assert not _running.may_pass(ingest_channel, RUN, Failed(message="no error in it"))


def test_a_task_is_tried_three_times_in_all() -> None:
    assert (ingest_channel.retries, ingest_channel.retry_delay_seconds) == (2, [5, 60])
    assert ingest_channel.retry_condition_fn is _running.may_pass


def test_a_step_is_tried_again_only_where_it_may_pass() -> None:
    tried: list[str] = []

    @_running.step("visit")
    def visit(subject: str) -> dict[str, int]:
        tried.append(subject)
        if subject == "garbled":
            raise GarbledError(subject, "no feed")
        if subject == "silent" or tried.count(subject) == 1:
            raise UnreachableError(subject, "no answer")
        return {"new": tried.count(subject)}

    @flow(name="visits", task_runner=_running.runner())
    def visits() -> list[Done]:
        subjects = ["slow", "garbled", "silent"]
        at_once = visit.with_options(retry_delay_seconds=0)
        return _running.gather(subjects, at_once.map(subjects))

    assert visits() == [
        Done("slow", {"new": 2}),
        Done("garbled", {}, "garbled: no feed"),
        Done("silent", {}, "silent: no answer"),
    ]
    assert {subject: tried.count(subject) for subject in tried} == {
        "slow": 2,
        "garbled": 1,
        "silent": 3,
    }
