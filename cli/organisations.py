"""Make files of organisations."""

import sys
from typing import Annotated

import typer

from cli import _door

organisations = typer.Typer(no_args_is_help=True, help="Files of organisations.")

_SHOWN = 12


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(organisations, name="organisations", rich_help_panel="The installation")


@organisations.command("convert")
def convert(
    files: Annotated[
        list[str], typer.Argument(help="Files of ODS: CSV as published, ORD's JSON, FHIR's.")
    ],
    edge: Annotated[
        list[str] | None,
        typer.Option(help="A relationship that makes a parent, as RE6; several may be given."),
    ] = None,
) -> None:
    """Make a file of organisations out of files of ODS, and print it."""
    with _door.spoken():
        from pathlib import Path  # noqa: PLC0415 -- what --help need not load

        from rules import _ods_files  # noqa: PLC0415
        from rules._ods_register import EDGES  # noqa: PLC0415
        from schemas.errors import ConfigError, Fault  # noqa: PLC0415

        try:
            given = [(file, Path(file).read_bytes()) for file in files]
        except OSError as error:
            what, remedy = f"cannot be read: {error.strerror}", "check that it is there"
            raise ConfigError([Fault(str(error.filename), 0, "file", what, remedy)]) from error
        found = _ods_files.convert(given, edge or EDGES)
        sys.stdout.write(found.csv.decode())
        _door.ERR.print(f"{found.organisations:,} organisations")
        if found.left_out:
            codes = list(found.left_out)
            named = ", ".join(codes[:_SHOWN]) + ", …" * (len(codes) > _SHOWN)
            _door.ERR.print(
                f"[yellow]![/] {sum(found.left_out.values()):,} edges and successions lead to"
                f" {len(codes):,} organisations that no file is about, and were left out: {named}",
                soft_wrap=True,
            )
        for fault in found.faults:
            _door.ERR.print(f"[red]✗[/] {_door.plain(str(fault))}", soft_wrap=True)
        if found.faults:
            raise typer.Exit(_door.FAILED)
