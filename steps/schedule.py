"""Say what is due, and find what is named."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rules import configure
from rules import editions as rules
from schemas.channel import Channel
from schemas.config import Config
from schemas.errors import UnknownError
from schemas.partner import Edition
from store import publication, runs
from store.database import Connection, Engine, reading


def channel(config: Config, name: str) -> Channel:
    """Find a channel by id."""
    found = config.channel(name)
    if found is None:
        known = ", ".join(c.id for c in config.channels) or "none"
        raise UnknownError(f"no channel is called {name}; there are: {known}")
    return found


def edition(engine: Engine, config: Config, name: str) -> Edition:
    """Find an edition by `partner/edition`, one that was taken out too."""
    return named(engine, config, [name])[0]


def named(engine: Engine, config: Config, names: Sequence[str]) -> list[Edition]:
    """Find editions by `partner/edition`, those that were taken out too."""
    with reading(engine) as connection:
        found = {one.key: one for one in known(connection, config)}
    for name in names:
        if name not in found:
            there = ", ".join(found) or "none"
            raise UnknownError(f"no edition is called {name}; there are: {there}")
    return [found[name] for name in names]


def editions(engine: Engine, config: Config, wanted: Sequence[str] | None = None) -> list[str]:
    """List editions by `partner/edition`: those named, or every one.

    Of those that were taken out only such as show something still: they come first, to go.
    """
    if wanted:
        return [one.key for one in named(engine, config, wanted)]
    with reading(engine) as connection:
        ended = {one.key for one in rules.ended(config, publication.states(connection))}
        showing = publication.showing_any(connection, ended)
    return [*sorted(showing), *(one.key for one in config.editions)]


def known(connection: Connection, config: Config) -> list[Edition]:
    """List every edition there is: those configured, and those that were taken out."""
    return rules.known(config, publication.states(connection))


def platforms(config: Config, wanted: Sequence[str] | None = None) -> list[str]:
    """List who reports reads: those named, or every one."""
    known = list(config.platforms())
    for name in wanted or ():
        if name not in known:
            raise UnknownError(f"nobody reports reads as {name}; there are: {', '.join(known)}")
    return list(wanted or known)


def due(
    engine: Engine,
    config: Config,
    now: datetime,
    wanted: Sequence[str] | None = None,
    *,
    all_: bool = False,
) -> list[str]:
    """List the channels to read now: those named or every one, unless read too lately."""
    chosen = [channel(config, name) for name in wanted or [c.id for c in config.channels]]
    if all_:
        return [c.id for c in chosen]
    with reading(engine) as connection:
        last = runs.last_done(connection, "ingest")
    return [
        c.id
        for c in chosen
        if c.id not in last or now - last[c.id] >= timedelta(seconds=configure.every_s(c.every))
    ]
