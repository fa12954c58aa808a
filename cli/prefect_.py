"""Run things under Prefect; each in a process of its own, so that nothing else waits for it."""

import subprocess
import sys
from typing import Annotated

import typer

from cli import _door

FLOWS = (
    "ingest",
    "publish",
    "push",
    "collect",
    "reconcile",
    "summarise",
    "inform",
    "subscribe",
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    panel = "Prefect"
    app.command(rich_help_panel=panel)(flow)
    app.command(rich_help_panel=panel)(bootstrap)
    app.command(rich_help_panel=panel)(doctor)


def flow(name: Annotated[str, typer.Argument(help=f"One of {', '.join(FLOWS)}.")]) -> None:
    """Run one flow now, under Prefect."""
    if name not in FLOWS:
        _door.ERR.print(f"[red]✗[/] no flow is called {name}; there are: {', '.join(FLOWS)}")
        raise typer.Exit(_door.MISUSED)
    _run(f"flows.{name}")


def bootstrap(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the difference.")] = False,
    wait: Annotated[int, typer.Option(help="Seconds to wait for the server.")] = 60,
) -> None:
    """Bring a Prefect server to prefect.yaml: pool, automation, deployments. Twice is once."""
    _run("flows.bootstrap", *(["--dry-run"] if dry_run else []), f"--wait={wait}")


def doctor() -> None:
    """Look at everything that a scheduled installation needs, and say what to do."""
    _run("flows.doctor")


def _run(module: str, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=False)  # noqa: S603 -- our own module
    raise typer.Exit(done.returncode)
