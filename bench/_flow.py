"""Ingest idle channels under Prefect and without: `python -m bench._flow REPEATS`.

The installation and Prefect's server are those that the environment names. Prints JSON.
"""

import os
import statistics
import sys
import time

import orjson

import settings
from bench import clock
from bench.prefect import Spent
from flows.ingest import ingest_channels
from steps import ingest
from store.database import create_tables


def main(repeats: int) -> Spent:
    """Read every channel once, so that all are idle; then again and again, both ways in turn."""
    with settings.open_house(os.environ) as house:
        create_tables(house.engine)
    _by_step()
    ingest_channels(due_only=False)
    walls: list[float] = []
    spent = clock.medians({"flow": lambda: _by_flow(walls), "step": _by_step}, repeats)
    return Spent(
        flow_cpu_s=spent["flow"],
        step_cpu_s=spent["step"],
        flow_s=statistics.median(walls),
        peak_mb=clock.peak_mb(),
    )


def _by_flow(walls: list[float]) -> None:
    begun = time.monotonic()
    counts = ingest_channels(due_only=False)
    walls.append(time.monotonic() - begun)
    _check(counts["fetched"])


def _by_step() -> None:
    with settings.open_house(os.environ) as house:
        for channel in house.config.channels:
            saved = ingest.ingest(house.engine, house.http, channel, house.clock)
            _check(saved.fetched)


def _check(fetched: int) -> None:
    if fetched:
        raise AssertionError("a channel that is idle brought something")


if __name__ == "__main__":
    print(orjson.dumps(main(int(sys.argv[1])).model_dump()).decode())
