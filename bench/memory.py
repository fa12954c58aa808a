"""The most memory that ingesting a large file takes.

`python -m bench.memory FILE FOLDER ROWS` ingests it, and prints the peak in megabytes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench import clock, ingest, processes, texts
from bench.figure import Figure, below


class Size(NamedTuple):
    """How long the file is."""

    rows: int


FULL, TINY = Size(1_000_000), Size(300)

LIMIT_MB = 300


def figures(size: Size, folder: Path) -> Iterator[Figure]:
    """Ingest a JSON Lines file in a process of its own."""
    file = folder / "rows.jsonl"
    texts.write_jsonl(file, size.rows)
    peak = float(processes.said("bench.memory", file, folder / "store", size.rows))
    yield below("ingest.memory", "MB", peak, LIMIT_MB, f"{size.rows:,} rows")


if __name__ == "__main__":
    ingest.bring_in(Path(sys.argv[2]), Path(sys.argv[1]), int(sys.argv[3]))
    print(clock.peak_mb())
