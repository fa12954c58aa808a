"""Every kind of channel is put to the whole kit; a new one is under test by its file alone."""

import pytest

from connectors import channels
from kit import run
from kit.checks import every_check
from kit.stages import stage, stages

CASES = [
    pytest.param(kind, one.name, id=f"{kind}-{one.name}")
    for kind in stages()
    for one in every_check()
    if run.unfit(kind, one, channels.connector(kind), stage(kind)) is None
]


def test_every_kind_has_a_stage() -> None:
    assert stages() == channels.kinds()


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_every_kind_keeps_every_promise(kind: str, name: str) -> None:
    (outcome,) = run.run(kind, [name])

    assert outcome.verdict == run.PASSED, outcome.why
