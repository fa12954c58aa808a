"""Put connectors to the test."""

from typing import Annotated

import typer

from cli import _door

connector = typer.Typer(no_args_is_help=True, help="For engineers who add a kind of channel.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(connector, name="connector", rich_help_panel="For engineers")


@connector.command("new")
def new(kind: Annotated[str, typer.Argument(help="What to call it, as `pigeon_post`.")]) -> None:
    """Begin a kind of channel in this checkout: its connector, its stage, its test and its page."""
    with _door.spoken():
        from pathlib import Path  # noqa: PLC0415 -- as below

        from kit import scaffold  # noqa: PLC0415 -- what --help need not load

        for path in scaffold.write(kind, Path.cwd()):
            _door.OUT.print(f"[green]✓[/] {path.relative_to(Path.cwd())}", soft_wrap=True)
        _door.OUT.print(f"Next: `retold connector test {kind}`; docs/howto/add-a-connector.md")


@connector.command("record")
def record(
    channel: Annotated[str, typer.Argument(help="The id of a channel.")],
    to: Annotated[str, typer.Option(help="The file to write; none that is there is touched.")],
    pages: Annotated[int, typer.Option(help="How many pages to read.")] = 2,
) -> None:
    """Record what a channel's source answers, without secrets and personal data, for a stage."""
    with _door.house() as house:
        import json  # noqa: PLC0415 -- as below
        from pathlib import Path  # noqa: PLC0415 -- as below

        from kit import record as recording  # noqa: PLC0415 -- what --help need not load
        from steps import schedule  # noqa: PLC0415

        if Path(to).exists():
            raise typer.BadParameter(f"{to} is there already", param_hint="--to")
        found = recording.record(schedule.channel(house.config, channel), house.http, pages)
        text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
        Path(to).write_text(text, encoding="utf-8")
        _door.OUT.print(f"[green]✓[/] {len(found)} exchanges in {to}")
        _door.ERR.print("[yellow]![/] it knows no names in a text: read it before you keep it")


@connector.command("test")
def put_to_the_test(
    kind: Annotated[str, typer.Argument(help="A kind of channel.")],
    only: Annotated[list[str] | None, typer.Argument(help="Checks; all if left out.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a script.")] = False,
) -> None:
    """Play a kind's source, and hold its connector to every promise of the contract."""
    with _door.spoken():
        from kit import run  # noqa: PLC0415 -- a server and a store that --help need not load

        rows = []
        for one in run.run(kind, only or ()):
            row = {
                "group": one.check.group,
                "check": one.check.name,
                "promise": one.check.promise,
                "verdict": one.verdict,
                "why": one.why,
                "seconds": round(one.seconds, 2),
            }
            rows.append(row)
            if not as_json:
                _say(row)
        if as_json:
            _door.say_json({"kind": kind, "checks": rows})
        counts = {v: sum(row["verdict"] == v for row in rows) for v in run.VERDICTS}
        if not as_json:
            _door.OUT.print(f"{kind}: {', '.join(f'{n} {v}' for v, n in counts.items())}")
        if counts[run.FAILED] or not counts[run.PASSED]:
            raise typer.Exit(_door.FAILED)


_MARKS = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "left out": "[dim]·[/]"}


def _say(row: dict[str, object]) -> None:
    why = f"  {_door.plain(str(row['why']))}" if row["why"] else ""
    mark = _MARKS[str(row["verdict"])]
    _door.OUT.print(f"{mark} {row['group']}/{row['check']}{why}", soft_wrap=True)
