"""Play made-up stories to a partner that is not live, in its sandbox and nowhere else.

They are told to no store: what a play holds at a moment follows from when it began, so that there
is nothing to bring forward, and nothing that another edition or a summary could read.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rules import play as rule
from schemas.config import Config
from schemas.errors import ConflictError, UnknownError
from schemas.partner import SANDBOX, Partner
from schemas.play import Play
from schemas.publication import Desire
from schemas.story import Story
from store import manifests, plays, runs
from store.database import Connection, Engine, one_writer, reading, writing

_WRITER = "plays"


def desires(connection: Connection, partner: Partner, now: datetime) -> list[Desire]:
    """Say what the partner's sandbox ought to do about every story that it may show."""
    latest = next(iter(plays.of(connection, partner.id)), None)
    shown = manifests.held(connection, f"{partner.id}/{SANDBOX}")
    return rule.desires(latest, partner, shown, now)


def at_revisions(
    connection: Connection, partner: str, wanted: Sequence[tuple[str, int]]
) -> list[Story]:
    """Tell made-up stories of any play of a partner at given revisions, in no special order."""
    known: dict[tuple[str, int], Story] = {}
    for play in plays.of(connection, partner) if wanted else ():
        known |= rule.revisions(play)
    return [known[one] for one in wanted if one in known]


def start(
    engine: Engine, config: Config, partner: str, length: timedelta, who: str, now: datetime
) -> Play:
    """Begin a play; a ConflictError says why there can be none."""
    _may_play(config, partner)
    begun = Play(partner=partner, started_at=now, length_s=int(length.total_seconds()))
    with writing(engine) as connection:
        one_writer(connection, _WRITER)
        for before in plays.of(connection, partner)[:1]:
            if before.is_on(now):
                raise ConflictError(
                    f"a play is on for {partner} until {before.ends_at:%Y-%m-%d %H:%M} UTC:"
                    f" wait, or end it with `retold sandbox stop {partner}`"
                )
        plays.add(connection, begun)
        runs.note(connection, who, "sandbox start", partner, {"length_s": begun.length_s}, now)
    return begun


def _may_play(config: Config, partner: str) -> None:
    found = known_partner(config, partner)
    if found.live:
        raise ConflictError(f"{partner} is live: only who has `live = false` is played anything")
    if config.edition(partner, SANDBOX) is None:
        raise ConflictError(f"{partner} has no sandbox: write an agreement of it in [[agreements]]")


def known_partner(config: Config, name: str) -> Partner:
    """Find a partner by id."""
    found = config.partner(name)
    if found is None:
        known = ", ".join(p.id for p in config.partners) or "none"
        raise UnknownError(f"no partner is called {name}; there are: {known}")
    return found


def stop(engine: Engine, config: Config, partner: str, who: str, now: datetime) -> Play:
    """End a partner's play: the next publication takes all of it back. Twice is once."""
    known_partner(config, partner)
    with writing(engine) as connection:
        one_writer(connection, _WRITER)
        found = plays.of(connection, partner)[:1]
        for play in found:
            if play.stopped_at is None:
                plays.stop(connection, play, now)
                runs.note(connection, who, "sandbox stop", partner, {}, now)
    if not found:
        raise UnknownError(f"nothing was played to {partner}: `retold sandbox start {partner}`")
    return found[0]


def latest(engine: Engine, partner: str) -> Play:
    """Read a partner's latest play; UnknownError where there was none, or it was stopped."""
    with reading(engine) as connection:
        for play in plays.of(connection, partner)[:1]:
            if play.stopped_at is None:
                return play
    raise UnknownError(f"no play of {partner} is to be seen: `retold sandbox start {partner}`")
