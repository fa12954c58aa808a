"""Write docs/reference from the code: `make reference`. A test holds that it is current."""

import importlib
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import typer
from pydantic_core import PydanticUndefined

import settings
from cli import app
from connectors import channels
from kit import promises, run
from kit.checks import every_check
from kit.stages import stage, stages
from schemas.story import Story

FOLDER = Path(__file__).parent / "reference"

_NOTE = "<!-- Written by `make reference`; change the code instead. -->\n\n"


def pages() -> dict[str, str]:
    """Write every page, by file name."""
    return {
        "story.schema.json": story_schema(),
        "channels.md": _NOTE + channel_options(),
        "settings.md": _NOTE + environment(),
        "commands.md": _NOTE + commands(),
        "checks.md": _NOTE + checks(),
    }


def story_schema() -> str:
    """Describe a story as it is kept and republished, as JSON Schema."""
    return json.dumps(Story.model_json_schema(mode="serialization"), indent=2) + "\n"


def channel_options() -> str:
    """List the options of every kind of channel."""
    parts = ["# Channels\n\nThe kinds there are, and what each may be told.\n"]
    for kind in channels.kinds():
        module = channels.connector(kind)
        about = (inspect.getdoc(module) or "").split("\n\n")[0].replace("\n", " ")
        parts.append(f"\n## `{kind}`\n\n{about}\n")
        if module.SECRETS:
            named = ", ".join(f"`{name}`" for name in module.SECRETS)
            parts.append(f"\nSecrets, by reference: {named}.\n")
        parts.append("\n| option | default | what it is |\n|---|---|---|\n")
        schema = module.OPTIONS.model_json_schema()
        required = set(schema.get("required", ()))
        for name, told in schema["properties"].items():
            default = "needed" if name in required else f"`{json.dumps(told.get('default'))}`"
            parts.append(
                f"| `{name}` | {_cell(default)} | {_cell(told.get('description', ''))} |\n"
            )
    return "".join(parts)


def checks() -> str:
    """List what is asked of every connector, and how much of it of each kind."""
    asked = list(every_check())
    parts = ["# Checks\n\nWhat `retold connector test KIND` asks, and of how many kinds.\n"]
    fits = {
        kind: [
            one
            for one in asked
            if run.unfit(kind, one, channels.connector(kind), stage(kind)) is None
        ]
        for kind in stages()
    }
    parts.append(f"\n| kind | checks, of {len(asked)} |\n|---|---|\n")
    parts += [f"| `{kind}` | {len(found)} |\n" for kind, found in fits.items()]
    for group in dict.fromkeys(one.group for one in asked):
        about = (importlib.import_module(f"kit.checks.{group}").__doc__ or "").strip()
        parts.append(f"\n## {group}\n\n{about}\n\n| check | promise | kinds |\n|---|---|---|\n")
        parts += [
            f"| `{one.name}` | {_cell(one.promise)} | {sum(one in f for f in fits.values())} |\n"
            for one in asked
            if one.group == group
        ]
    return "".join(parts)


def _described(schema: dict[str, Any], told: dict[str, Any]) -> str:
    """Describe an option that is a record of its own by that record."""
    return str(schema["$defs"][told["$ref"].rpartition("/")[2]].get("description", ""))


def environment() -> str:
    """List the environment variables that differ between installations."""
    rows = ["# Settings\n\n| variable | default | what it is |\n|---|---|---|\n"]
    described = _field_docs()
    for name, field in settings.Settings.model_fields.items():
        default = "" if field.default in (None, PydanticUndefined) else f"`{field.default}`"
        rows.append(f"| `RETOLD_{name.upper()}` | {default} | {_cell(described.get(name, ''))} |\n")
    return "".join(rows)


def _field_docs() -> dict[str, str]:
    """Read the sentence that stands under each field."""
    found: dict[str, str] = {}
    lines = inspect.getsource(settings.Settings).splitlines()
    name, text = "", ""
    for line in lines:
        stripped = line.strip()
        if line.startswith("    ") and ":" in stripped and stripped.split(":")[0].isidentifier():
            name = stripped.split(":")[0]
        if stripped.startswith('"""') or text:
            text += " " + stripped.strip('"')
            if stripped.endswith('"""'):
                found.setdefault(name, text.strip())
                text = ""
    return found


def commands() -> str:
    """List every command of `retold` with its arguments and options."""
    root = typer.main.get_command(app)
    parts = ["# Commands\n"]
    for path, command in _commands(root, "retold"):
        parts.append(f"\n## `{path}`\n\n{_cell(command.help or '')}\n")
        rows = [_parameter(p) for p in command.params if p.name != "help"]
        if rows:
            parts.append("\n| | |\n|---|---|\n" + "".join(rows))
    return "".join(parts)


def _commands(command: Any, path: str) -> Iterator[tuple[str, click.Command]]:
    members = getattr(command, "commands", None)
    if members is None:
        yield path, command
        return
    for name in sorted(members):
        yield from _commands(members[name], f"{path} {name}")


def _parameter(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in parameter.opts)
    return f"| {names} | {_cell(getattr(parameter, 'help', None) or '')} |\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


if __name__ == "__main__":
    promises.FILE.write_text(promises.text())
    FOLDER.mkdir(exist_ok=True)
    for page, written in pages().items():
        (FOLDER / page).write_text(written)
