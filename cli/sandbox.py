"""Try a partner in its sandbox before real stories flow."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli import _door

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
Partner = Annotated[str, typer.Argument(help="A partner with `live = false`.")]

sandbox = typer.Typer(no_args_is_help=True, help="Try a partner before it goes live.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(sandbox, name="sandbox", rich_help_panel="Partners")


class Over(StrEnum):
    """How long a play may be."""

    HOUR = "1h"
    DAY = "1d"


_LENGTHS = {Over.HOUR: timedelta(hours=1), Over.DAY: timedelta(days=1)}


@sandbox.command("start")
def start(
    partner: Partner,
    *,
    over: Annotated[Over, typer.Option(help="How long it lasts.")] = Over.HOUR,
) -> None:
    """Begin to play made-up stories, edits, responses and removals to a partner."""
    with _door.house() as house:
        from steps import plays  # noqa: PLC0415

        length = _LENGTHS[over]
        begun = plays.start(house.engine, house.config, partner, length, house.operator, house.now)
        _door.OUT.print(
            f"[green]✓[/] plays until {begun.ends_at:%Y-%m-%d %H:%M} UTC in {partner}/sandbox,"
            " as often as it is published",
            soft_wrap=True,
        )


@sandbox.command("show")
def show(partner: Partner, *, as_json: AsJson = False) -> None:
    """Show what the latest play asked of a partner, and whether it did; 1 where it did not."""
    with _door.house() as house:
        from steps import sandbox as step  # noqa: PLC0415

        found = step.judged(house, partner)
        if as_json:
            _door.say_json(found.model_dump(mode="json") | {"obeys": found.obeys})
        else:
            say(found, house.now)
    if found.fails:
        raise typer.Exit(_door.FAILED)


_MARKS = {"passed": "✓ passed", "failed": "✗ failed", "not yet": "… not yet"}


def say(found: Any, now: datetime) -> None:
    """Say to a person how a partner stands, and what to do where it obeys."""
    play = found.play
    rows = [one.model_dump() | {"verdict": _MARKS[one.verdict]} for one in found.rulings]
    ends = "ends" if play.is_on(now) else "ended"
    _door.table(f"{play.partner}: {ends} {play.ends_at:%Y-%m-%d %H:%M} UTC", rows, "")
    if found.obeys:
        told = f'write live = true under [[partners]] id = "{play.partner}" in retold.toml'
        _door.OUT.print(f"[green]✓[/] may go live: {_door.plain(told)}", soft_wrap=True)
    elif not play.is_on(now):
        _door.OUT.print("[red]✗[/] not yet fit to go live: mend it, and start again")


@sandbox.command("stop")
def stop(partner: Partner) -> None:
    """End a play: the next publication takes all of it back."""
    with _door.house() as house:
        from steps import plays  # noqa: PLC0415

        plays.stop(house.engine, house.config, partner, house.operator, house.now)
        _door.OUT.print(f"[green]✓[/] nothing more is played to {partner}")
