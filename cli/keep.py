"""Set an installation up, check it, and keep its store safe."""

import os
import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import _door

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]

_STARTER = """\
# What this installation has. `retold check` tells what is wrong with it, line by line;
# docs/howto/configure.md explains every key.
name = "Retold"

[http]
# Private addresses are refused unless they stand here: a host, host:port, or a network.
allow = []
"""


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    panel = "The installation"
    app.command(rich_help_panel=panel)(init)
    app.command(rich_help_panel=panel)(check)
    app.command(rich_help_panel=panel)(backup)
    app.command(rich_help_panel=panel)(restore)
    app.command(rich_help_panel=panel)(upgrade)
    app.command(rich_help_panel=panel)(move)


def init() -> None:
    """Set an installation up: configuration, secret key, store. Twice is once."""
    with _door.spoken():
        import settings as installation  # noqa: PLC0415
        from steps import keep as step  # noqa: PLC0415
        from store.database import open_engine  # noqa: PLC0415

        settings = installation.read_settings(os.environ)
        if not settings.config.exists():
            settings.config.write_text(_STARTER)
            _door.OUT.print(f"wrote {settings.config}")
        if installation.keep_secret_key(settings, secrets.token_urlsafe(48)):
            _door.OUT.print(f"made a secret key in {settings.state_dir}")
        engine = open_engine(settings.database_url)
        _door.OUT.print(f"the store is at version {step.set_up(engine)}")
        engine.dispose()


def check() -> None:
    """Read the whole configuration and report every fault at once, with file, line and remedy."""
    with _door.spoken():
        import settings as installation  # noqa: PLC0415

        config = installation.read_config(os.environ)
        counted = {
            "channel": config.channels,
            "partner": config.partners,
            "agreement": config.agreements,
            "edition": config.editions,
            "organisation": config.organisations,
        }
        words = (f"{len(v)} {k}{'' if len(v) == 1 else 's'}" for k, v in counted.items())
        _door.OUT.print(f"[green]✓[/] no fault: {', '.join(words)}")


def backup(path: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Copy the store into one new file, and verify the copy."""
    with _door.house() as house:
        from steps import keep as step  # noqa: PLC0415

        copied = step.backup(house.engine, path, _quiet)
        _door.OUT.print(f"[green]✓[/] {path}: {_rows(copied):,} rows, verified")


def restore(
    path: Annotated[Path, typer.Argument(help="A file that `backup` wrote.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a backup in the place of what the store holds; what was erased since stays erased."""
    if not yes:
        typer.confirm("All that the store holds now is replaced. Go on?", abort=True)
    with _door.house() as house:
        from steps import keep as step  # noqa: PLC0415
        from steps.house import epoch  # noqa: PLC0415

        copied = step.restore(
            house.engine, house.config, path, house.operator, house.now, epoch, _quiet
        )
        _door.OUT.print(f"[green]✓[/] {_rows(copied):,} rows; editions began a new epoch")


def upgrade() -> None:
    """Bring the store to the tables that this version needs."""
    with _door.house() as house:
        from steps import keep as step  # noqa: PLC0415

        _door.OUT.print(f"[green]✓[/] the store is at version {step.set_up(house.engine)}")


def move(url: Annotated[str, typer.Argument(help="An empty database: postgresql://…")]) -> None:
    """Copy the whole store to another engine; verified by counts and digests."""
    with _door.house() as house:
        from steps import keep as step  # noqa: PLC0415
        from store.database import open_engine  # noqa: PLC0415

        target = open_engine(url)
        copied = step.move(house.engine, target, _quiet)
        target.dispose()
        _door.OUT.print(
            f"[green]✓[/] {_rows(copied):,} rows in {len(copied)} tables, counts and digests agree;"
            " now set RETOLD_DATABASE_URL to it"
        )


def _quiet(table: str, rows: int) -> None:
    if rows >= 5000:  # noqa: PLR2004 -- smaller tables are done before they can be read
        _door.ERR.print(f"{table}: {rows:,}", end="\r")


def _rows(copied: dict[str, Any]) -> int:
    return sum(c.rows for c in copied.values())
