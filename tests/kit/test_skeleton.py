"""What a new connector begins with keeps every promise from the start."""

import importlib
from typing import Any

from kit import run

channel: Any = importlib.import_module("kit.skeleton.channel")
stage: Any = importlib.import_module("kit.skeleton.stage")


def test_the_skeleton_passes_every_check() -> None:
    failed = {
        one.check.name: one.why
        for one in run.run("skeleton", module=channel, played=stage)
        if one.verdict == run.FAILED
    }

    assert failed == {}
