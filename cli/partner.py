"""What a partner types: prove that it holds what it should."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import _door

partner = typer.Typer(no_args_is_help=True, help="For partners: needs no installation.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(partner, name="partner", rich_help_panel="Partners")


_TOKEN = "RETOLD_TOKEN"  # noqa: S105 -- the name of the variable that holds it

_MOST_BYTES = 500_000_000
"""Of one document: a month of a large edition lists a million stories."""


@partner.callback()
def _group() -> None:
    """Keep the group a group, though it has one command."""


@partner.command("verify")
def verify(
    address: Annotated[str, typer.Argument(help="Of the edition: its page, or any of its feeds.")],
    *,
    held: Annotated[
        Path | None,
        typer.Option(
            help="CSV of what you show: `id,revision,month` in each line. Where left out, the feed"
            " is walked, in JSON or Atom."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a script.")] = False,
) -> None:
    """Prove that what you show is what the edition shows; else say what is missing or must go.

    The token is in the environment variable `RETOLD_TOKEN`.
    """
    with _door.spoken():
        from urllib.parse import urlsplit  # noqa: PLC0415

        from connectors._http import Limits, open_http  # noqa: PLC0415
        from steps import verify as step  # noqa: PLC0415

        ours = None
        if held is not None:
            with held.open(encoding="utf-8-sig", newline="") as lines:
                ours = step.read_held(lines)
        # Whoever names a place on the command line may go there.
        with open_http(
            Limits(allow=(urlsplit(address).hostname or "",), max_bytes=_MOST_BYTES)
        ) as http:
            found = step.verify(http, address, os.environ.get(_TOKEN, ""), ours)
    if as_json:
        _door.say_json(found.model_dump() | {"holds": found.holds})
    else:
        _say(found)
    if not found.holds:
        raise typer.Exit(_door.FAILED)


def _say(found: Any) -> None:
    if found.holds:
        _door.OUT.print(f"[green]✓[/] all {found.shown:,} stories, and no other")
    named = {
        "lacking": "shown, and not held: fetch",
        "outdated": "held in another revision: fetch again",
        "to_remove": "held, and not shown: take down",
    }
    for field, words in named.items():
        ids = getattr(found, field)
        if ids:
            _door.OUT.print(f"[red]✗[/] {len(ids):,} {words}")
            for story_id in ids:
                _door.OUT.print(f"  {_door.plain(story_id)}")
