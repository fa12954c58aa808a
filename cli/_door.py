"""What every command shares: the installation, the clock, and how to say things."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from schemas.errors import ConfigError, RetoldError

OUT = Console(highlight=False)
ERR = Console(stderr=True, highlight=False)

_BOUNDLESS = 10_000
"""Columns of a terminal on which everything fits."""

FAILED, MISUSED = 1, 2
"""Exit codes: something could not be done; something was asked for wrongly."""


@contextmanager
def spoken() -> Iterator[None]:
    """Say an error of ours in a line, and end with its exit code; no traceback for a mistake."""
    try:
        yield
    except ConfigError as error:
        for fault in error.faults:
            ERR.print(f"[red]✗[/] {plain(str(fault))}", soft_wrap=True)
        raise typer.Exit(MISUSED) from error
    except RetoldError as error:
        ERR.print(f"[red]✗[/] {plain(str(error))}", soft_wrap=True)
        raise typer.Exit(FAILED) from error


@contextmanager
def house() -> Iterator[Any]:
    """Open the installation that the environment describes."""
    import settings  # noqa: PLC0415 -- half a second that --help need not wait

    with spoken(), settings.open_house(os.environ) as opened:
        yield opened


def say_json(value: Any) -> None:
    """Print for a script."""
    sys.stdout.write(json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n")


def table(title: str, rows: Sequence[Mapping[str, Any]], empty: str) -> None:
    """Print rows for a person; numbers stand to the right.

    Where a terminal is too narrow for all, what is 0 in every row is told in a line beneath.
    """
    if not rows:
        OUT.print(empty)
        return
    names = list(rows[0])
    drawn = _drawn(title, names, rows)
    idle = [name for name in names if all(_is_none(row[name]) for row in rows)]
    boundless = OUT.options.update(max_width=_BOUNDLESS)
    if not idle or OUT.measure(drawn, options=boundless).maximum <= OUT.width:
        OUT.print(drawn)
        return
    OUT.print(_drawn(title, [name for name in names if name not in idle], rows))
    OUT.print(f"0 of: {', '.join(map(_head, idle))}")


def _is_none(value: Any) -> bool:
    return type(value) is int and value == 0  # False is no count


def _drawn(title: str, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Table:
    drawn = Table(title=title, title_justify="left", header_style="bold")
    for name in names:
        numeric = all(isinstance(row[name], int | float) for row in rows)
        drawn.add_column(_head(name), justify="right" if numeric else "left")
    for row in rows:
        drawn.add_row(*(cell(row[name]) for name in names))
    return drawn


def _head(name: str) -> str:
    return name.replace("_", " ")


def say(rows: Sequence[Mapping[str, Any]], title: str, empty: str, *, as_json: bool) -> None:
    """Print rows for a script or for a person."""
    if as_json:
        say_json(list(rows))
    else:
        table(title, rows, empty)


def cell(value: Any) -> str:
    if value is None:
        return "–"  # noqa: RUF001 -- a dash in a table is no hyphen
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return plain(str(value))


def plain(text: str) -> str:
    return text.replace("[", r"\[")


Json = typer.Option(default=False, help="Print JSON for a script.")
