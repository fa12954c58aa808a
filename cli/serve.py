"""Serve feeds, beacon and reports."""

import typer

from cli import _door


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(rich_help_panel="Partners")(serve)


def serve() -> None:
    """Serve feeds, the beacon and view reports, until Ctrl-C."""
    with _door.spoken():
        import os  # noqa: PLC0415

        import settings  # noqa: PLC0415

        _door.OUT.print("Serving; Ctrl-C ends it.")
        settings.serve(os.environ)
