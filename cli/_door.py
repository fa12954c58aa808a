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
    """Print rows for a person; numbers stand to the right."""
    if not rows:
        OUT.print(empty)
        return
    drawn = Table(title=title, title_justify="left", header_style="bold")
    for name in rows[0]:
        numeric = all(isinstance(r[name], int | float) for r in rows)
        drawn.add_column(name.replace("_", " "), justify="right" if numeric else "left")
    for row in rows:
        drawn.add_row(*(cell(value) for value in row.values()))
    OUT.print(drawn)


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
