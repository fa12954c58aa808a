"""Parse and normalise what was received once more, after a connector or a rule was mended.

Nothing is fetched: the bytes that are kept are read again, the latest telling of each story. What
is too old for it, since its bytes have expired, is counted and stays as it is.
"""

from collections.abc import Callable
from datetime import datetime

from connectors.channels import connector
from rules import identity
from schemas._record import Record
from schemas.channel import Channel, Saved
from schemas.errors import GarbledError
from steps import ingest, tellings
from steps.walk import Page
from store import landings, runs
from store.database import Engine, one_writer, reading, writing
from store.landings import Landing

Progress = Callable[[int, int | None], None]


class Renormalised(Record):
    """What reading again came to."""

    landings: int = 0
    expired: int = 0
    """Landings whose bytes are gone: what they told stays as it was understood then."""
    erased: int = 0
    """Landings whose bytes were dropped for a story that was erased: the same holds of these."""
    garbled: int = 0
    """Landings that the connector makes nothing of now."""
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    """Records that cannot be understood now; what is kept of them stays."""


def renormalise(
    engine: Engine,
    channel: Channel,
    who: str,
    now: datetime,
    progress: Progress = lambda _done, _total: None,
) -> Renormalised:
    """Read all kept bytes of a channel again, the latest first, and keep what reads differently."""
    with reading(engine) as connection:
        numbers = landings.numbers(connection, channel.id)
        erased = landings.erased(connection, channel.id)
    seen: set[str] = set()
    done = Renormalised()
    for place, number in enumerate(reversed(numbers), 1):
        with reading(engine) as connection:
            landing = landings.get(connection, number)
        one = (
            Renormalised(landings=1, erased=1)
            if number in erased
            else _again(engine, channel, landing, seen, now)
        )
        done = _added(done, one)
        progress(place, len(numbers))
    with writing(engine) as connection:
        runs.note(connection, who, "renormalise", channel.id, done.model_dump(), now)
    return done


def _again(
    engine: Engine, channel: Channel, landing: Landing | None, seen: set[str], now: datetime
) -> Renormalised:
    if landing is None:
        return Renormalised(landings=1, expired=1)
    try:
        parsed = connector(channel.kind).parse(channel, landing.fetched)
    except GarbledError:
        return Renormalised(landings=1, garbled=1)
    page = ingest.understand(channel, parsed)
    # What came later has the last word: a removal, or a telling that replaced this one.
    latest = [telling for telling in page.tellings if telling.external_id not in seen]
    seen.update(telling.external_id for telling in page.tellings)
    seen.update(removal.external_id for removal in page.removals)
    seen.update(one.faulty.external_id for one in page.refused if one.faulty.external_id)
    saved = _keep(engine, Page(latest, (), (), 0), landing, now)
    return Renormalised(
        landings=1,
        changed=saved.changed + saved.new,
        unchanged=saved.unchanged,
        quarantined=len(page.refused),
    )


def _keep(engine: Engine, page: Page, landing: Landing, now: datetime) -> Saved:
    with writing(engine) as connection:
        one_writer(connection)
        known = tellings.known_of(connection, page.tellings)
        live = {s.key: s for sources in known.sources.values() for s in sources if not s.ended}
        told = [(t, live.get((t.channel, t.external_id))) for t in page.tellings]
        # What a later landing told, whose bytes are gone, stands all the same.
        newest = [t for t, source in told if source and source.landing <= landing.id]
        plan = identity.decide_page(newest, [], known, landing.id)
        tellings.write(connection, plan, landing.id, now)
    return plan.saved


def _added(one: Renormalised, other: Renormalised) -> Renormalised:
    mine, theirs = one.model_dump(), other.model_dump()
    return Renormalised(**{name: mine[name] + theirs[name] for name in mine})
