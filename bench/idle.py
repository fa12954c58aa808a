"""A thousand channels that have nothing new, looked at in one run of the flow."""

from collections.abc import Iterator
from pathlib import Path

from bench import prefect
from bench.figure import Figure, below
from bench.prefect import Size

FULL, TINY = Size(1_000, 1), Size(3, 1)

LIMIT_S, LIMIT_MB = 60, 1_000
"""On two cores, and in the process that runs the flow."""


def figures(size: Size, folder: Path) -> Iterator[Figure]:
    """Say how long one run takes by the clock on the wall, and how much memory."""
    spent = prefect.looked(size, folder)
    yield below("idle.flow", "s", spent.flow_s, LIMIT_S, f"{size.channels:,} channels")
    yield below("idle.memory", "MB", spent.peak_mb, LIMIT_MB, f"{size.channels:,} channels")
