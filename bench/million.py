"""What one changed story costs in an edition of a million."""

from collections.abc import Iterator
from pathlib import Path

from bench import change
from bench.change import Size
from bench.figure import Figure

FULL, TINY = Size(1_000, 1_000_000, 25), Size(20, 80, 2)


def figures(size: Size, folder: Path) -> Iterator[Figure]:
    """Change stories one by one, and publish after each, in both editions."""
    return change.figures(size, folder)
