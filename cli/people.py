"""Look at stories and quarantined records, and act on them."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from cli import _door

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
Which = Annotated[str, typer.Argument(help="Its id, the end of its id, or CHANNEL/ID.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for the audit.")]

story = typer.Typer(no_args_is_help=True, help="Look at one story, and act on it.")
quarantine = typer.Typer(no_args_is_help=True, help="Records that could not be understood.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(story, name="story", rich_help_panel="People")
    app.add_typer(quarantine, name="quarantine", rich_help_panel="People")


@story.command("show")
def show(which: Which, *, as_json: AsJson = False) -> None:
    """Show a story: what it says, its revisions, its sources, and where it went."""
    with _door.house() as house:
        from steps import stories as step  # noqa: PLC0415

        found = step.show(house.engine, which)
        if as_json:
            _door.say_json(
                {
                    "story": found.story.model_dump(mode="json"),
                    "history": list(found.history),
                    "sources": [s._asdict() for s in found.sources],
                    "editions": [{"edition": e, **line.model_dump()} for e, line in found.editions],
                }
            )
            return
        _show(found)


def _show(found: Any) -> None:
    told = found.story
    state = told.status + (f" ({told.reason})" if told.reason else "")
    _door.OUT.print(
        f"[bold]{_door.plain(told.title)}[/]\n{told.id}  revision {told.revision}, {state}"
    )
    _door.OUT.print(_door.plain(told.body_text))
    _door.table("revisions", list(found.history), "")
    rows = [
        {"channel": s.channel, "external_id": s.external_id, "ended": s.ended}
        for s in found.sources
    ]
    _door.table("sources", rows, "")
    went = [
        {"edition": e, "seq": x.seq, "revision": x.revision, "state": x.state, "why": x.reason}
        for e, x in found.editions
    ]
    _door.table("editions", went, "No edition has shown it.")


@story.command("hold")
def hold(which: Which, why: Why = "") -> None:
    """Keep a story from every partner until somebody releases it."""
    _act("hold", which, why, "is held")


@story.command("release")
def release(which: Which, why: Why = "") -> None:
    """Let a held story out as it now reads."""
    _act("release", which, why, "is released")


@story.command("withdraw")
def withdraw(which: Which, why: Why = "") -> None:
    """Remove a story for good, whatever its channels go on telling."""
    _act("withdraw", which, why, "is withdrawn")


@story.command("erase")
def erase(
    which: Which,
    reason: Annotated[
        str, typer.Option("--reason", help="A code for the audit, as author_request: no names.")
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a story for good: its words wherever they are kept, and whatever may bring it back."""
    with _door.house() as house:
        from steps import erase as step  # noqa: PLC0415

        if not yes:
            meant = step.describe(house.engine, house.config, which)
            question = f"{meant} is erased, and nothing brings it back. Go on?"
            typer.confirm(question, abort=True, err=True)
        done = step.erase(house.engine, house.config, which, house.operator, reason, house.clock)
        if as_json:
            _door.say_json(done.model_dump())
            return
        if done.already:
            _door.OUT.print(f"{done.story} is erased already")
        else:
            _said(done)
        if not done.wiped:
            _door.ERR.print(
                "[yellow]![/] somebody read meanwhile, so that SQLite's log may still hold words"
                f" of it: run `retold story erase {done.story} --reason {reason}` once more"
            )


def _said(done: Any) -> None:
    _door.OUT.print(
        f"[green]✓[/] {done.story} is erased: {done.revisions} revisions blank,"
        f" {done.landings} landings without their bytes, {done.quarantined} records out of"
        f" quarantine, {len(done.editions)} editions say that it is gone"
    )
    _door.OUT.print("now run `retold publish` (`--to` each place of files) and `retold push`")


def _act(name: str, which: str, why: str, done: str) -> None:
    with _door.house() as house:
        from steps import stories as step  # noqa: PLC0415

        act: Callable[..., str] = getattr(step, name)
        story_id = act(house.engine, which, house.operator, why, house.now)
        _door.OUT.print(f"[green]✓[/] {story_id} {done}; the next publish tells the partners")


@story.command("merge")
def merge(stories: list[str], why: Why = "") -> None:
    """Make one story of several; the oldest stays."""
    with _door.house() as house:
        from steps import stories as step  # noqa: PLC0415

        stays = step.merge(house.engine, stories, house.operator, why, house.now)
        _door.OUT.print(f"[green]✓[/] {stays} stays")


@quarantine.command("list")
def listing(
    channel: Annotated[str | None, typer.Argument()] = None, *, as_json: AsJson = False
) -> None:
    """List what waits."""
    with _door.house() as house:
        from steps import quarantine as step  # noqa: PLC0415

        rows = [
            {
                "number": q.id,
                "channel": q.channel,
                "id": q.external_id,
                "stage": str(q.stage),
                "code": q.code,
                "reason": q.reason,
                "first_seen": f"{q.first_seen:%Y-%m-%d %H:%M}",
            }
            for q in step.listing(house.engine, channel)
        ]
        _door.say(rows, "quarantine", "Nothing waits in quarantine.", as_json=as_json)


@quarantine.command("show")
def show_record(number: int) -> None:
    """Print a record's bytes as they were received."""
    with _door.house() as house:
        from steps import quarantine as step  # noqa: PLC0415

        kept = step.show(house.engine, number)
        _door.ERR.print(f"{kept.record.channel}: {kept.record.code}: {kept.record.reason}")
        typer.echo(kept.payload)


@quarantine.command("replay")
def replay(
    channel: Annotated[str | None, typer.Argument(help="A channel; all where left out.")] = None,
    *,
    number: Annotated[list[int] | None, typer.Option(help="Only this record.")] = None,
    as_json: AsJson = False,
) -> None:
    """Try records once more after a fix; what still fails stays."""
    with _door.house() as house:
        from steps import quarantine as step  # noqa: PLC0415

        saved = step.replay(
            house.engine,
            house.config,
            house.operator,
            house.now,
            channel=channel,
            numbers=number or (),
        )
        row = {"tried": saved.fetched, **saved.model_dump()}
        _door.say([row], "replayed", "", as_json=as_json)
