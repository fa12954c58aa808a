"""Measure: `python -m bench [names]` prints a line a figure, and writes bench/latest.json."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import orjson

from bench.figure import Figure, line

GROUPS = ("ingest", "parse", "kinds", "render", "serve", "change", "removed", "settle", "prefect")
LARGE = ("memory", "idle", "million")
"""Groups that take minutes, and so run only when they are asked for."""

KNOWN = (*GROUPS, *LARGE)

LATEST = Path(__file__).with_name("latest.json")


class Group(Protocol):
    """What a module of figures must have."""

    FULL: Any
    TINY: Any
    """Sizes: one that gives figures worth reading, one that merely shows that all runs."""

    def figures(self, size: Any, folder: Path, /) -> Iterator[Figure]:
        """Measure, with an empty folder to work in."""


def group(name: str) -> Group:
    """Find a group of figures; each is imported alone, so that no peer burdens another."""
    return cast("Group", import_module(f"bench.{name}"))


def measure(name: str, *, tiny: bool = False) -> Iterator[Figure]:
    """Measure one group in a folder that is gone afterwards."""
    found = group(name)
    with tempfile.TemporaryDirectory(prefix="retold-bench-") as folder:
        yield from found.figures(found.TINY if tiny else found.FULL, Path(folder))


def write(figures: Sequence[Figure], path: Path) -> None:
    """Write what was measured, for programs."""
    listed = [figure.model_dump() for figure in figures]
    path.write_bytes(orjson.dumps(listed, option=orjson.OPT_INDENT_2) + b"\n")


def main(arguments: Sequence[str], latest: Path = LATEST) -> int:
    """Measure what is asked for, and print and write it; a goal that is missed is no error."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    names = asked.names or (KNOWN if asked.large else GROUPS)
    unknown = sorted(set(names) - set(KNOWN))
    if unknown:
        parser.error(f"no figures are called {', '.join(unknown)}: say {', '.join(KNOWN)}")
    measured: list[Figure] = []
    for name in names:
        for figure in measure(name, tiny=asked.tiny):
            measured.append(figure)
            print(line(figure), flush=True)
    write(measured, latest)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(KNOWN))
    parser.add_argument("--large", action="store_true", help="also what takes minutes")
    parser.add_argument("--tiny", action="store_true", help="only show that every figure runs")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
