"""Look at health, and at how a number came to be."""

import re
from typing import Annotated, Any

import typer
from rich.tree import Tree

from cli import _door

_DIGEST = re.compile(r"[0-9a-f]{64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_SHOWN = 12

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(rich_help_panel="People")(status)
    app.command(rich_help_panel="People")(explain)
    app.command(rich_help_panel="Partners")(preview)


def status(*, as_json: AsJson = False) -> None:
    """Show the latest run of every step, what waits, what editions show, and who fetches late."""
    with _door.house() as house:
        from steps import status as step  # noqa: PLC0415

        found = step.status(house.engine, house.config, house.now)
        if as_json:
            _door.say_json(found)
            return
        for title, rows in found.items():
            _door.table(title, rows, f"{title}: nothing yet")


def preview(
    editions: Annotated[
        list[str] | None, typer.Argument(help="As PARTNER/EDITION; every one where left out.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say what publishing would add and remove, as retold.toml now reads; nothing is written."""
    with _door.house() as house:
        from steps import publish as step  # noqa: PLC0415
        from steps import schedule  # noqa: PLC0415

        wanted = schedule.editions(house.engine, house.config, editions)
        found = [
            step.preview(house.engine, house.press, edition, house.now)
            for edition in schedule.named(house.engine, house.config, wanted)
        ]
    if as_json:
        _door.say_json([one.model_dump(mode="json") for one in found])
        return
    rows = [
        {
            "edition": one.edition,
            "come in": len(one.come_in),
            "revised": one.revised,
            "go out": sum(map(len, one.go_out.values())),
            "why": ", ".join(f"{why} {len(ids):,}" for why, ids in one.go_out.items()),
            "unchanged": one.unchanged,
        }
        for one in found
    ]
    _door.table("", rows, "No edition to look at.")


def explain(
    which: Annotated[str, typer.Argument(help="A story, or an organisation as ods:RXX.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Unfold a total of reads: statements, observations, and the bytes they were received in."""
    with _door.house() as house:
        from steps import explain as step  # noqa: PLC0415

        found = step.explain(house.engine, house.config, which)
        if as_json:
            _door.say_json(found.model_dump(mode="json"))
            return
        _door.OUT.print(_tree("", found.model_dump(mode="json")))


def _tree(label: str, value: Any) -> Tree:
    branch = Tree(label or "[bold]reads[/]")
    _grow(branch, value)
    return branch


def _grow(branch: Tree, value: Any) -> None:
    if isinstance(value, dict):
        flat = {k: v for k, v in value.items() if not isinstance(v, dict | list)}
        if flat:
            branch.label = "  ".join(f"{k} [bold]{_brief(v)}[/]" for k, v in flat.items())
        for name, inner in value.items():
            if isinstance(inner, dict | list) and inner:
                _grow(branch.add(name), inner)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict | list):
                _grow(branch.add(""), inner)
            else:
                branch.add(_brief(inner))


def _brief(value: Any) -> str:
    """Show a digest by its beginning, and a time to the minute: `--json` has them whole."""
    text = _door.cell(value)
    if _DIGEST.fullmatch(text):
        return text[:_SHOWN]
    return text[:16].replace("T", " ") if _TIME.match(text) else text
