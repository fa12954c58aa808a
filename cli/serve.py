"""Serve feeds, beacon and reports."""

import os
import sys

import typer


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(rich_help_panel="Partners")(serve)


def serve() -> None:
    """Serve feeds, the beacon and view reports, until Ctrl-C."""
    # The server takes the place of this process, so that a supervisor's signals reach it.
    os.execv(sys.executable, [sys.executable, "-m", "web"])  # noqa: S606
