"""What `prefect.yaml` says holds against the code: a slip there shows on a server, at night."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow

from cli.prefect_ import FLOWS
from flows import bootstrap

TOLD: dict[str, Any] = yaml.safe_load(bootstrap.PREFECT_YAML.read_text())
DEPLOYMENTS: list[dict[str, Any]] = TOLD["deployments"]

every_deployment = pytest.mark.parametrize(
    "deployment", DEPLOYMENTS, ids=[d["entrypoint"].rpartition(".")[2] for d in DEPLOYMENTS]
)

NO_FLOWS = {"bootstrap", "doctor"}
"""Modules among the flows that are commands."""


def flow_of(deployment: dict[str, Any]) -> Flow[..., Any]:
    module, _, function = deployment["entrypoint"].rpartition(".")
    found = getattr(import_module(module), function)
    assert isinstance(found, Flow)
    return found


@every_deployment
def test_an_entrypoint_is_a_flow_by_its_module_path(deployment: dict[str, Any]) -> None:
    assert ":" not in deployment["entrypoint"]
    assert deployment["entrypoint"].startswith("flows.")
    assert flow_of(deployment).name in deployment["entrypoint"].split(".")


@every_deployment
def test_a_flow_takes_the_parameters_that_its_deployment_gives(deployment: dict[str, Any]) -> None:
    flow_of(deployment).validate_parameters(deployment.get("parameters", {}))


@every_deployment
def test_a_deployment_never_overlaps_itself(deployment: dict[str, Any]) -> None:
    assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}


@every_deployment
def test_a_deployment_is_found_again_by_its_tag_and_its_pool(deployment: dict[str, Any]) -> None:
    assert bootstrap.TAG in deployment["tags"]
    assert deployment["work_pool"]["name"] == bootstrap.POOL
    assert deployment["description"]


@every_deployment
def test_every_schedule_has_a_slug_and_a_zone(deployment: dict[str, Any]) -> None:
    assert deployment["schedules"]
    for schedule in deployment["schedules"]:
        assert schedule["slug"]
        assert schedule["timezone"] == "Europe/London"
        assert len({"interval", "cron"} & {*schedule}) == 1


def test_no_two_schedules_bear_the_same_slug() -> None:
    slugs = [s["slug"] for d in DEPLOYMENTS for s in d["schedules"]]
    assert len(slugs) == len({*slugs})


def test_every_flow_has_a_deployment_and_a_command() -> None:
    folder = Path(bootstrap.__file__).parent
    modules = {path.stem for path in folder.glob("[!_]*.py")} - NO_FLOWS
    assert {d["entrypoint"].split(".")[1] for d in DEPLOYMENTS} == modules == {*FLOWS}


def test_what_is_declared_is_what_the_file_says() -> None:
    declared = {one.name: one.slugs for one in bootstrap.declared()}
    assert declared == {
        f"{flow_of(d).name}/{d['name']}": {s["slug"] for s in d["schedules"]} for d in DEPLOYMENTS
    }
