"""Run the whole loop on a made-up world: `make demo`.

Stories come in from three channels, go out to a partner, are read there, and the reads come
back into the ledger and into a summary: the founding observation, as the pipeline computes it.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from demo.installation import Installation
from demo.world import World

if TYPE_CHECKING:
    from demo.story import Loop, Told

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
    world = World(scale=given.scale, folder=installation.world_folder)
    with world, ExitStack() as running:
        installation.prepare(world)
        running.enter_context(installation.processes())
        # Prefect reads the environment when it is imported, so that must stand first.
        from demo.story import Loop, without_heartbeats  # noqa: PLC0415

        running.enter_context(without_heartbeats())
        loop = Loop(world, installation, AS_OF)
        _act("setting up the store, and tokens for the partner", loop.set_up)
        _act("starting Prefect's server and ours", installation.await_answers)
        told = _loop(loop)
        _show(told, time.monotonic() - begun)
        if not given.once:
            _serve_on(installation)
    return 0


def _loop(loop: "Loop") -> "Told":
    acts: Sequence[tuple[str, Callable[[], object]]] = (
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
        _act(words, act)
    return loop.told()


def _act(words: str, act: Callable[[], object]) -> None:
    """Do one act of the loop, saying so while it lasts and what it came to."""
    begun = time.monotonic()
    with OUT.status(f"{words} …") if OUT.is_terminal else nullcontext():
        result = act()
    OUT.print(f"[green]✓[/] {words} [dim]{time.monotonic() - begun:.1f} s[/]")
    if result is not None:
        OUT.print(f"    {result}")


def _show(told: "Told", took: float) -> None:
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
    sys.exit(main())
