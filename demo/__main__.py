"""Run the whole loop on a made-up world: `make demo`.

Stories come in from three channels, go out to a partner, are read there, and the reads come
back into the ledger and into a summary: the founding observation, as the pipeline computes it.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from demo.installation import Installation
from demo.story import Loop, Told
from demo.world import World

OUT = Console(highlight=False)

AS_OF = datetime(2012, 12, 31, 23, 59, tzinfo=UTC)
"""The end of the founding year."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end instead of serving on")
    parser.add_argument("--scale", type=float, default=1.0, help="below 1: a smaller world")
    parser.add_argument("--folder", type=Path, default=Path(".retold/demo"))
    given = parser.parse_args(arguments)
    begun = time.monotonic()
    installation = Installation(given.folder.absolute())
    with World(scale=given.scale) as world:
        installation.prepare(world)
        with _saying("starting Prefect's server and ours"):
            running = installation.processes()
            running.__enter__()
        try:
            told = _loop(world, installation)
            _show(told, time.monotonic() - begun)
            if not given.once:
                _serve_on(installation)
        finally:
            running.__exit__(None, None, None)
    return 0


def _loop(world: World, installation: Installation) -> Told:
    loop = Loop(world, installation, AS_OF)
    acts: Sequence[tuple[str, Callable[[], object]]] = (
        ("setting up the store, and a token for the partner", loop.set_up),
        ("ingest: three channels", loop.ingest),
        ("publish: one edition", loop.publish),
        ("the partner follows its feed", loop.follow),
        ("readers come, robots and double-clicks among them", loop.read),
        ("collect: reports and the beacon", loop.collect),
        ("reconcile: numbered statements", loop.reconcile),
        ("everything a second time", loop.again),
        ("a story is removed, another edited", loop.remove_and_edit),
        ("summarise: stories in summary", loop.summarise),
    )
    for words, act in acts:
        with _saying(words) as done:
            done(act())
    return loop.told()


@contextmanager
def _saying(words: str) -> Iterator[Callable[[object], None]]:
    begun, said = time.monotonic(), ""

    def done(result: object) -> None:
        nonlocal said
        said = "" if result is None else str(result)

    with OUT.status(f"{words} …") if OUT.is_terminal else _quiet():
        yield done
    took = time.monotonic() - begun
    OUT.print(f"[green]✓[/] {words} [dim]{took:.1f} s[/]" + (f"\n    {said}" if said else ""))


@contextmanager
def _quiet() -> Iterator[None]:
    yield


def _show(told: Told, took: float) -> None:
    for title, rows in told.tables.items():
        OUT.print()
        OUT.print(_table(title, rows))
    OUT.print()
    OUT.print(f"[bold]{told.conclusion}[/]")
    OUT.print(f"[dim]{took:.0f} seconds[/]\n")
    for what, where in told.addresses.items():
        OUT.print(f"{what:<28} {where}", soft_wrap=True)


def _table(title: str, rows: Sequence[Mapping[str, str]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for name in rows[0]:
        table.add_column(name, justify="left" if name == next(iter(rows[0])) else "right")
    for row in rows:
        table.add_row(*row.values())
    return table


def _serve_on(installation: Installation) -> None:
    OUT.print(f"\nServing {installation.public_url} and Prefect; Ctrl-C ends it.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        OUT.print("\nended")


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] -- a real stream here
    os.environ.setdefault("NO_COLOR", "") if not OUT.is_terminal else None
    sys.exit(main())
