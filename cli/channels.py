"""Look at channels, and read again what they told."""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.progress import Progress

from cli import _door
from schemas.errors import RetoldError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
Which = Annotated[str, typer.Argument(help="The id of a channel.")]

channel = typer.Typer(no_args_is_help=True, help="Look at channels before anything is kept.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(channel, name="channel", rich_help_panel="The loop")
    app.command(rich_help_panel="The loop")(renormalise)


@channel.command("check")
def check(
    channels: Annotated[list[str] | None, typer.Argument(help="Which; all if left out.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say of each channel whether we get in, and what its first page holds; nothing is kept."""
    with _door.house() as house:
        from steps import schedule  # noqa: PLC0415

        wanted = schedule.due(house.engine, house.config, house.now, channels, all_=True)
        rows = [_checked(house, name) for name in wanted]
        _door.say(rows, "channels", "No channel is configured.", as_json=as_json)
        if any(row["error"] for row in rows):
            raise typer.Exit(_door.FAILED)


def _checked(house: Any, name: str) -> dict[str, Any]:
    from steps import look, schedule  # noqa: PLC0415

    row: dict[str, Any] = {"channel": name, "stories": 0, "faulty": 0, "skipped": 0, "error": None}
    try:
        found = look.look(house.http, schedule.channel(house.config, name))
    except RetoldError as error:
        return row | {"error": str(error)}
    return row | {
        "stories": len(found.stories),
        "faulty": len(found.faulty),
        "skipped": sum(found.skipped.values()),
    }


@channel.command("preview")
def preview(
    which: Which,
    most: Annotated[int, typer.Option(help="Show so many stories.")] = 3,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the first stories of a channel as they would be kept; nothing is written."""
    with _door.house() as house:
        from steps import look, schedule  # noqa: PLC0415

        found = look.look(house.http, schedule.channel(house.config, which))
        if as_json:
            told = found.model_dump(mode="json")
            told["stories"] = [one["content"] for one in told["stories"][:most]]
            _door.say_json(told)
            return
        for telling in found.stories[:most]:
            story = telling.content
            held = f"  [yellow]would be held: {', '.join(story.moderation.codes)}[/]"
            _door.OUT.print(
                f"[bold]{_door.plain(story.title)}[/]  {_door.plain(telling.external_id)}"
                f"{held if story.moderation.codes else ''}"
            )
            _door.OUT.print(_door.plain(story.body_text) + "\n")
        rows = [{"code": code, "why": why} for code, why in found.faulty[:most]]
        _door.table("faulty", rows, f"{len(found.stories)} stories on the first page, no fault.")


def renormalise(which: Which, *, as_json: AsJson = False) -> None:
    """Read a channel's kept bytes once more, after a connector or a rule was mended."""
    with _door.house() as house:
        from steps import renormalise as step  # noqa: PLC0415
        from steps import schedule  # noqa: PLC0415

        configured = schedule.channel(house.config, which)
        with Progress(console=_door.ERR, transient=True) as progress:
            bar = progress.add_task(which, total=None)
            told: Callable[[int, int | None], None] = lambda done, total: progress.update(  # noqa: E731
                bar, completed=done, total=total
            )
            done = step.renormalise(house.engine, configured, house.operator, house.now, told)
        _door.say([done.model_dump()], "read again", "", as_json=as_json)
        if done.expired and not as_json:
            _door.ERR.print(
                f"[yellow]![/] the bytes of {done.expired} landings have expired;"
                " what they told stays as it was understood then"
            )
