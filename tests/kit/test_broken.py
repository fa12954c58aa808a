"""Every check of the kit finds the connector that was broken for it, and spares a good one."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kit import run, trial
from kit.checks import every_check
from kit.trial import Failed, Trial
from schemas.channel import Saved
from steps import ingest
from tests.kit.broken import all_broken
from tests.kit.broken_hooks import BROKEN, Good
from tests.kit.ward import Ward, WardStage

CASES = [
    pytest.param(broken, name, id=f"{broken.__name__}-{name}") for broken, name in all_broken()
]

OF_THE_STEP = {"an_emptied_source_is_doubted"}
"""Promises that the step keeps for every connector: the step is broken for these, below."""


OF_HOOKS = {name for _, name in BROKEN}


@pytest.mark.parametrize("name", [one.name for one in every_check() if one.name not in OF_HOOKS])
def test_a_good_connector_passes(name: str) -> None:
    (outcome,) = run.run("ward", [name], module=Ward(), played=WardStage())

    assert outcome.verdict == run.PASSED, outcome.why


@pytest.mark.parametrize(("broken", "name"), CASES)
def test_a_broken_connector_is_found_by_the_check_named_for_it(
    broken: type[Ward], name: str
) -> None:
    (outcome,) = run.run("ward", [name], module=broken(), played=WardStage())

    assert outcome.verdict == run.FAILED
    assert outcome.why


@pytest.mark.parametrize(("broken", "name"), BROKEN)
def test_a_broken_hook_is_found_by_the_check_named_for_it(broken: type[Good], name: str) -> None:
    module: Any = broken()
    (good,) = run.run("webhook", [name])
    (outcome,) = run.run("webhook", [name], module=module)

    assert good.verdict == run.PASSED
    assert outcome.verdict == run.FAILED


def test_every_check_has_a_connector_that_it_finds() -> None:
    found = {name for _, name in all_broken()}
    assert found | OF_HOOKS | OF_THE_STEP == {one.name for one in every_check()}


def test_a_step_that_believes_everything_is_found(tmp_path: Path) -> None:
    check = next(one for one in every_check() if one.name in OF_THE_STEP)
    with trial.open_trial("ward", tmp_path, module=Ward(), played=WardStage()) as opened:
        check.run(opened)
    with (
        _believing(tmp_path / "again") as credulous,
        pytest.raises(Failed, match="60 of 60 stories are gone"),
    ):
        check.run(credulous)


@dataclass
class _Believing(Trial):
    def ingest(self, *_: object, **__: object) -> Saved:
        with self.http() as http:
            return ingest.ingest(
                self.engine, http, self.channel, lambda: self.now, module=self.module, believe=True
            )


@contextmanager
def _believing(folder: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202 -- a context
    with trial.open_trial("ward", folder, module=Ward(), played=WardStage()) as opened:
        yield _Believing(**vars(opened))
