"""The steps of the loop, each for one subject or for all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli import _door
from schemas.errors import RetoldError

Subjects = Annotated[list[str] | None, typer.Argument(help="Which; every one where left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]
One = Callable[[str, Callable[[int, int | None], None]], Mapping[str, Any]]
"""Does one thing for one subject, telling how far it is; gives its counts."""


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    panel = "The loop"
    app.command(rich_help_panel=panel)(ingest)
    app.command(rich_help_panel=panel)(publish)
    app.command(rich_help_panel=panel)(push)
    app.command(rich_help_panel=panel)(collect)
    app.command(rich_help_panel=panel)(reconcile)
    app.command(rich_help_panel=panel)(summarise)
    app.command(rich_help_panel=panel)(inform)
    app.command(rich_help_panel=panel)(subscribe)


def ingest(
    channels: Subjects = None,
    *,
    due: Annotated[bool, typer.Option("--due", help="Only channels that are due.")] = False,
    believe: Annotated[
        bool, typer.Option("--believe", help="Take in what looks like a fault of the source.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring in what is new on channels."""
    with _door.house() as house:
        from steps import ingest as step  # noqa: PLC0415
        from steps import schedule  # noqa: PLC0415

        wanted = schedule.due(house.engine, house.config, house.now, channels, all_=not due)

        def one(name: str, progress: Callable[[int, int | None], None]) -> Mapping[str, Any]:
            seen = 0

            def told(saved: Any, total: int | None) -> None:
                nonlocal seen
                seen = saved.fetched
                progress(seen, total)

            channel = schedule.channel(house.config, name)
            saved = step.ingest(
                house.engine, house.http, channel, house.clock, progress=told, believe=believe
            )
            return {"fetched": saved.fetched, **saved.model_dump()}

        _each("channel", wanted, one, {"quarantined": "quarantine list"}, as_json=as_json)


def publish(
    editions: Subjects = None,
    *,
    to: Annotated[
        str | None,
        typer.Option(help="Write them as files too: to a folder, or to s3://bucket/prefix."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring editions, named PARTNER/EDITION, to what they ought to show."""
    with _door.house() as house:
        from steps import publish as step  # noqa: PLC0415
        from steps import schedule  # noqa: PLC0415
        from steps.house import epoch  # noqa: PLC0415

        def one(name: str, _: Callable[[int, int | None], None]) -> Mapping[str, Any]:
            edition = schedule.edition(house.engine, house.config, name)
            done = step.publish(house.engine, house.press, edition, house.clock, epoch)
            return done.model_dump(exclude={"edition"})

        wanted = schedule.editions(house.engine, house.config, editions)
        if to is None:
            _each("edition", wanted, one, as_json=as_json)
        else:
            _write(house, wanted, to, one, as_json=as_json)


def _write(house: Any, wanted: Sequence[str], to: str, publish_one: One, *, as_json: bool) -> None:
    """Publish editions and write them to a place, from which others that may not be there go."""
    from connectors import _places  # noqa: PLC0415
    from schemas.publication import Published  # noqa: PLC0415
    from steps import schedule  # noqa: PLC0415
    from steps import write as step  # noqa: PLC0415

    with _places.opened(to) as place:
        strays = [key for key in step.strays(house.press, place) if key not in wanted]

        def one(name: str, progress: Callable[[int, int | None], None]) -> Mapping[str, Any]:
            if name in strays:
                done = Published(edition=name).model_dump(exclude={"edition"})
                files = step.clear(house.engine, place, name, house.clock)
            else:
                done = dict(publish_one(name, progress))
                edition = schedule.edition(house.engine, house.config, name)
                files = step.write(house.engine, house.press, edition, place, house.clock)
            told = files.model_dump(exclude={"edition"})
            return done | {f"files_{what}": count for what, count in told.items()}

        _each("edition", [*strays, *wanted], one, as_json=as_json)


def push(editions: Subjects = None, *, as_json: AsJson = False) -> None:
    """Push what changed to who subscribed, verify who asks to, and tell webhooks of removals."""
    with _door.house() as house:
        from steps import push as step  # noqa: PLC0415

        def one(name: str, _: Callable[[int, int | None], None]) -> Mapping[str, Any]:
            return step.recorded(house, name).model_dump()

        look = {"stopped": "removals webhooks"}
        _each("edition", step.subjects(house, editions), one, look, as_json=as_json)


def collect(platforms: Subjects = None, *, as_json: AsJson = False) -> None:
    """Take in view reports and the beacon's hits."""
    with _door.house() as house:
        from steps import collect as step  # noqa: PLC0415
        from steps import schedule  # noqa: PLC0415

        def one(name: str, _: Callable[[int, int | None], None]) -> Mapping[str, Any]:
            return step.recorded(house, name).model_dump()

        look = {"refused": "reports list", "faulty": "reports list"}
        _each("platform", schedule.platforms(house.config, platforms), one, look, as_json=as_json)


def reconcile(
    platforms: Subjects = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Settle every month anew.")] = False,
    as_json: AsJson = False,
) -> None:
    """Settle every month that new reports bear on into numbered statements."""
    with _door.house() as house:
        from steps import reconcile as step  # noqa: PLC0415
        from steps import schedule  # noqa: PLC0415

        def one(name: str, _: Callable[[int, int | None], None]) -> Mapping[str, Any]:
            return step.recorded(house, name, full=full).model_dump()

        look = {"breaks": "breaks list"}
        _each("platform", schedule.platforms(house.config, platforms), one, look, as_json=as_json)


def summarise(
    organisations: Subjects = None,
    *,
    to: Annotated[str | None, typer.Option(help="The folder to write to.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the stories in summary of organisations, as `ods:RXX`, or of populations."""
    with _door.house() as house:
        from pathlib import Path  # noqa: PLC0415

        from steps import summarise as step  # noqa: PLC0415

        folder = Path(to) if to else house.summaries_dir

        def one(name: str, _: Callable[[int, int | None], None]) -> Mapping[str, Any]:
            return step.recorded(house, name, folder)

        wanted = step.subjects(house.config, organisations)
        _each("organisation", wanted, one, as_json=as_json)


def inform(channels: Subjects = None, *, as_json: AsJson = False) -> None:
    """Inform channels that want it how often their stories were read at partners."""
    with _door.house() as house:
        from steps import inform as step  # noqa: PLC0415

        def one(name: str, _: Callable[[int, int | None], None]) -> Mapping[str, Any]:
            return step.recorded(house, name).model_dump()

        _each("channel", step.takers(house.config, channels), one, as_json=as_json)


def subscribe(channels: Subjects = None, *, as_json: AsJson = False) -> None:
    """Subscribe channels at the hubs that their feeds name, renew, and end what nobody wants."""
    with _door.house() as house:
        from steps import subscribe as step  # noqa: PLC0415

        def one(name: str, _: Callable[[int, int | None], None]) -> Mapping[str, Any]:
            return step.recorded(house, name).model_dump()

        _each("channel", step.subjects(house.engine, house.config, channels), one, as_json=as_json)


def _each(
    noun: str,
    subjects: Sequence[str],
    one: One,
    look: Mapping[str, str] = {},
    *,
    as_json: bool,
) -> None:
    """Do one thing for each subject; one that fails stops no other.

    `look` names, by count, the command that shows what was counted.
    """
    rows: list[Mapping[str, Any]] = []
    failed: dict[str, str] = {}
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=_door.ERR, transient=True) as progress:
        for name in subjects:
            bar = progress.add_task(name, total=None)

            def told(done: int, total: int | None, bar: Any = bar) -> None:
                progress.update(bar, completed=done, total=total)

            try:
                rows.append({noun: name, **one(name, told)})
            except RetoldError as error:
                failed[name] = str(error)
                rows.append({noun: name, "error": str(error)})
            progress.remove_task(bar)
    if as_json:
        _door.say_json(rows)
    else:
        done = [row for row in rows if "error" not in row]
        _door.table("", done, "" if failed else f"No {noun} to work on.")
        for name, command in look.items():
            if count := sum(row[name] for row in done):
                _door.ERR.print(f"[yellow]![/] {count:,} {name}: see `retold {command}`")
    for name, why in failed.items():
        said = _door.plain(why if name in why else f"{name}: {why}")
        _door.ERR.print(f"[red]✗[/] {said}", soft_wrap=True)
    if failed:
        raise typer.Exit(_door.FAILED)
