"""Follow removals to everyone who held the story."""

from typing import Annotated

import typer

from cli import _door

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]

removals = typer.Typer(no_args_is_help=True, help="Who still holds what was removed.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(removals, name="removals", rich_help_panel="Partners")


@removals.command("list")
def listing(
    editions: Annotated[
        list[str] | None, typer.Argument(help="As PARTNER/EDITION; every one where left out.")
    ] = None,
    *,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those overdue.")] = False,
    as_json: AsJson = False,
) -> None:
    """List who was given a story that was removed, and has not said that it is taken down."""
    with _door.house() as house:
        from steps import removals as step  # noqa: PLC0415

        found = step.waiting(house.engine, house.config, house.now, editions)
        rows = [one.model_dump(mode="json") for one in found if one.overdue or not overdue]
        if as_json:
            _door.say_json(rows)
            return
        shown = ("edition", "client", "story_id", "removed_at", "told_at", "fetched_at", "overdue")
        nothing = "Nobody owes an acknowledgement."
        _door.table("", [{name: row[name] for name in shown} for row in rows], nothing)


@removals.command("acknowledge")
def acknowledge(
    edition: Annotated[str, typer.Argument(help="As PARTNER/EDITION.")],
    stories: Annotated[list[str], typer.Argument(help="Ids of stories, as urn:uuid:...")],
    *,
    as_json: AsJson = False,
) -> None:
    """Note that a partner said, by letter or by phone, that stories are taken down."""
    with _door.house() as house:
        from steps import removals as step  # noqa: PLC0415

        done = step.by_person(
            house.engine, house.config, edition, stories, house.operator, house.now
        )
        if as_json:
            _door.say_json(done.model_dump())
            return
        _door.OUT.print(f"acknowledged {done.acknowledged}, known before {done.known}")


@removals.command("webhooks")
def webhooks(*, as_json: AsJson = False) -> None:
    """List the webhooks that are told of removals: which fail, which stopped, what waits."""
    with _door.house() as house:
        from steps import webhooks as step  # noqa: PLC0415

        rows = [one.model_dump(mode="json") for one in step.listing(house.engine, house.config)]
        if as_json:
            _door.say_json(rows)
            return
        _door.table("", rows, "No partner has a webhook.")


@removals.command("resume")
def resume(
    edition: Annotated[str, typer.Argument(help="As PARTNER/EDITION.")],
) -> None:
    """Tell a webhook again that said it is gone, or that waits after a failure."""
    with _door.house() as house:
        from steps import webhooks as step  # noqa: PLC0415

        step.resume(house.engine, house.config, edition, house.operator, house.now)
        _door.OUT.print(f"{edition}: told again by the next push")


@removals.command("certificate")
def certificate(
    story: Annotated[str, typer.Argument(help="Its id, the end of its id, or CHANNEL/ID.")],
) -> None:
    """Certify where a story went, who held it, and what each of them said since, as JSON."""
    with _door.house() as house:
        from steps import removals as step  # noqa: PLC0415

        _door.say_json(step.certificate(house.engine, house.config, story, house.now))
