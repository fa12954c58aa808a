"""Look at what is doubtful about reads, and take note of it."""

from typing import Annotated

import typer

from cli import _door

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
Platform = Annotated[str | None, typer.Argument(help="A partner or a channel; all if left out.")]

reports = typer.Typer(no_args_is_help=True, help="View reports that came in.")
breaks = typer.Typer(no_args_is_help=True, help="Differences and doubts about reads.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(reports, name="reports", rich_help_panel="People")
    app.add_typer(breaks, name="breaks", rich_help_panel="People")


@reports.command("list")
def list_reports(platform: Platform = None, *, as_json: AsJson = False) -> None:
    """List reports, the latest first: what became of each, and how many rows are faulty."""
    with _door.house() as house:
        from steps import doubts  # noqa: PLC0415

        rows = [
            {
                "number": one.report.id,
                "platform": one.report.platform,
                "method": str(one.report.method),
                "received": f"{one.report.received_at:%Y-%m-%d %H:%M}",
                "status": one.report.status,
                "rows": one.rows,
                "faulty": len(one.faulty),
                "why": one.report.reason or _first(one.faulty),
            }
            for one in doubts.view_reports(house.engine, platform)
        ]
        _door.say(rows, "reports", "No report has come in.", as_json=as_json)


def _first(faulty: list[dict[str, object]]) -> str | None:
    return f"row {faulty[0]['row']}: {faulty[0]['reason']}" if faulty else None


@reports.command("show")
def show_report(number: int) -> None:
    """Print a report's bytes as they were received; its faults go to standard error."""
    with _door.house() as house:
        from steps import doubts  # noqa: PLC0415

        found = doubts.view_report(house.engine, number)
        for fault in found.faulty:
            _door.ERR.print(_door.plain(f"row {fault['row']}: {fault['code']}: {fault['reason']}"))
        typer.echo(found.payload)


@breaks.command("list")
def list_breaks(
    platform: Platform = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Also what is settled.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what a person should look at."""
    with _door.house() as house:
        from steps import doubts  # noqa: PLC0415

        found = doubts.listing(house.engine, platform, every=every)
        rows = [one.model_dump(mode="json", exclude={"noted_at"}) for one in found]
        _door.say(rows, "breaks", "Nothing is in doubt.", as_json=as_json)


@breaks.command("suspense")
def list_suspense(platform: Platform = None, *, as_json: AsJson = False) -> None:
    """List items that were read and whose story nobody knows, the most read first."""
    with _door.house() as house:
        from steps import doubts  # noqa: PLC0415

        found = doubts.suspense(house.engine, house.config, platform)
        rows = [one._asdict() for one in found]
        _door.say(rows, "suspense", "Every item that was read is known.", as_json=as_json)


@breaks.command("accept")
def accept(
    platform: Annotated[str, typer.Argument(help="A partner or a channel.")],
    month: Annotated[str | None, typer.Option(help="Only of this month, as 2026-10.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only of this kind.")] = None,
    why: Annotated[str, typer.Option("--why", help="The reason, for the audit.")] = "",
) -> None:
    """Take note that somebody has looked; a break opens again when its numbers change."""
    with _door.house() as house:
        from steps import doubts  # noqa: PLC0415

        done = doubts.accept(
            house.engine, platform, house.operator, why, house.now, month=month, kind=kind
        )
        _door.OUT.print(f"[green]✓[/] {len(done)} accepted; they open again if the numbers change")
