"""Give out keys to feeds and reports, and take them back."""

from typing import Annotated

import typer

from cli import _door

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]

token = typer.Typer(no_args_is_help=True, help="Keys to feeds and reports.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(token, name="token", rich_help_panel="Partners")


@token.command("create")
def create(
    partner: Annotated[str, typer.Argument(help="A partner, or a channel whose site reports.")],
    *,
    use: Annotated[str, typer.Option(help="`feed` or `report`.")] = "feed",
    days: Annotated[int | None, typer.Option(help="Days until it expires; never without.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token. It is shown once: only its digest is kept."""
    with _door.house() as house:
        from steps import tokens as step  # noqa: PLC0415

        made = step.create(
            house.engine, house.config, house.operator, partner, use, house.now, days
        )
        if as_json:
            _door.say_json({"token": made})
            return
        typer.echo(made)
        _door.ERR.print("Shown this once: hand it over, and keep it nowhere.")


@token.command("list")
def listing(*, as_json: AsJson = False) -> None:
    """List tokens, without their secrets."""
    with _door.house() as house:
        from steps import tokens as step  # noqa: PLC0415

        rows = [
            {
                "id": token.id,
                "partner": token.partner,
                "use": token.use,
                "created": f"{token.created_at:%Y-%m-%d}",
                "expires": None if token.expires_at is None else f"{token.expires_at:%Y-%m-%d}",
                "last_used": None if used is None else f"{used:%Y-%m-%d %H:%M}",
                "live": token.is_live(house.now),
            }
            for token, used in step.listing(house.engine)
        ]
        _door.say(rows, "tokens", "There is no token yet: `retold token create`.", as_json=as_json)


@token.command("rotate")
def rotate(
    token_id: Annotated[str, typer.Argument(help="As `token list` shows it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Make a token in the place of another, which opens for seven days more."""
    with _door.house() as house:
        from steps import tokens as step  # noqa: PLC0415

        made = step.rotate(house.engine, house.operator, token_id, house.now)
        if as_json:
            _door.say_json({"token": made.clear})
            return
        typer.echo(made.clear)
        _door.ERR.print(f"Shown this once. {token_id} ends on {made.old.expires_at:%Y-%m-%d}.")


@token.command("revoke")
def revoke(token_id: Annotated[str, typer.Argument(help="As `token list` shows it.")]) -> None:
    """Take a token back; it opens nothing from the next second on."""
    with _door.house() as house:
        from steps import tokens as step  # noqa: PLC0415

        heirs = step.withdraw(house.engine, house.operator, token_id, house.now)
        _door.OUT.print(f"[green]✓[/] {token_id} opens nothing any more")
        for heir in heirs:
            _door.ERR.print(
                f"{heir} took its place by a rotation, and opens still: revoke it too, unless you"
                " know that its partner has it."
            )
