"""Let people see what waits in quarantine, and try it again after a fix."""

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from connectors.channels import connector
from schemas.channel import Channel, Fetched, Parsed, Quarantined, Saved, Stage
from schemas.config import Config
from schemas.errors import GarbledError, UnknownError
from schemas.story import Draft
from steps import ingest, suppress
from store import landings, quarantine, runs
from store.database import Connection, Engine, one_writer, reading, wipe, writing
from store.quarantine import Kept


def listing(engine: Engine, channel: str | None = None) -> list[Quarantined]:
    """List what waits, the latest first."""
    with reading(engine) as connection:
        return quarantine.listing(connection, channel)


def show(engine: Engine, number: int) -> Kept:
    """Read one record with its bytes."""
    with reading(engine) as connection:
        found = quarantine.kept(connection, [number])
    if not found:
        raise UnknownError(
            f"nothing in quarantine bears the number {number}: see `quarantine list`"
        )
    return found[0]


def replay(
    engine: Engine,
    config: Config,
    who: str,
    now: datetime,
    *,
    channel: str | None = None,
    numbers: Sequence[int] = (),
) -> Saved:
    """Try what waits once more: all of a channel, or by number. What still fails stays."""
    with reading(engine) as connection:
        waiting = quarantine.listing(connection, channel)
        chosen = [w.id for w in waiting if not numbers or w.id in numbers]
        records = quarantine.kept(connection, chosen)
    saved = Saved()
    for channel_id, of_channel in groupby(
        sorted(records, key=lambda k: k.record.channel), key=lambda k: k.record.channel
    ):
        configured = config.channel(channel_id)
        if configured is None:
            raise UnknownError(f"channel {channel_id} is no longer configured: put it back first")
        for kept in of_channel:
            saved += _again(engine, configured, kept, who, now)
    return saved


def _again(engine: Engine, channel: Channel, kept: Kept, who: str, now: datetime) -> Saved:
    saved, erased = _taken_in(engine, channel, kept, who, now)
    if erased:
        wipe(engine)
    return saved


def _taken_in(
    engine: Engine, channel: Channel, kept: Kept, who: str, now: datetime
) -> tuple[Saved, bool]:
    """Take a record in; say whether it told what was erased, and so is kept no more."""
    with writing(engine) as connection:
        one_writer(connection)
        try:
            parsed = _parsed(connection, channel, kept)
        except GarbledError:
            return Saved(quarantined=1), False
        page, erased = suppress.sift(connection, channel, ingest.understand(channel, parsed))
        if page.refused and not erased:
            return Saved(quarantined=1), False
        # Of a page that told what was erased, what still is not understood waits by itself.
        saved = ingest.take_in(connection, channel, page, kept.landing_id or 0, now)
        quarantine.close(connection, [kept.record.id], "replayed")
        if erased:
            quarantine.drop(connection, [kept.record.id])
            landings.erase(connection, {kept.landing_id or 0}, now)
        runs.note(
            connection, who, "replay", f"{channel.id}/{kept.record.id}", saved.model_dump(), now
        )
    return saved, erased


def _parsed(connection: Connection, channel: Channel, kept: Kept) -> Parsed:
    module = connector(channel.kind)
    if kept.record.stage is Stage.PARSE:
        return module.parse(
            channel, Fetched(payload=kept.payload, media_type=kept.record.media_type)
        )
    # The landing knows more than the draft that was kept of it: a mended date format, say.
    landing = landings.get(connection, kept.landing_id or 0)
    if landing is not None:
        parsed = module.parse(channel, landing.fetched)
        wanted = tuple(d for d in parsed.drafts if d.external_id == kept.record.external_id)
        if wanted:
            return Parsed(drafts=wanted[-1:], reading=parsed.reading)
    return Parsed(drafts=(Draft.model_validate(json.loads(kept.payload)),))
