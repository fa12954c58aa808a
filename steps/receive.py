"""Take in what a source sends us; it is safe before anybody is told so."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from connectors.channels import Connector, Received, connector, pushed
from schemas.channel import Channel, Faulty, Saved, Stage
from schemas.errors import GarbledError, UnknownError
from steps import ingest, runs, suppress, tellings
from steps.walk import Page, Walk
from store import landings
from store.database import Connection, Engine, one_writer, writing
from store.quarantine import Refused

_NOTHING = Page((), (), (), 0)


class Receipt(NamedTuple):
    """What became of a delivery."""

    id: int
    """The landing that holds its bytes."""
    duplicate: bool
    """Whether it had been taken in before."""
    saved: Saved


def receive(
    engine: Engine,
    channel: Channel,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    module: Connector | None = None,
) -> Receipt:
    """Take in one delivery; headers by lower-case name. Twice changes nothing.

    One that is not genuine is a RefusedError, and nothing of it is kept. One that is, and cannot
    be understood or believed, waits in quarantine whole: its sender has done its part.
    """
    module = module or connector(channel.kind)
    taker = pushed(module)
    if taker is None:
        raise UnknownError(f"{channel.id} is not sent its stories; it is asked for them")
    return take_in(engine, channel, module, taker.receive(channel, headers, body, now), now)


def take_in(
    engine: Engine,
    channel: Channel,
    module: Connector,
    received: Received,
    now: datetime,
    step: str = "ingest",
) -> Receipt:
    """Take in one delivery that is genuine, and keep a run of it as of that step."""
    try:
        page = ingest.understand(channel, module.parse(channel, received.page))
    except GarbledError as error:
        page = _set_aside(received, "garbled", error)
    with runs.recorded(engine, step, channel.id, lambda: now, None) as run:
        with writing(engine, durable=True) as connection:
            one_writer(connection)
            known = landings.delivered(connection, channel.id, received.id)
            if known is not None:
                return Receipt(known, duplicate=True, saved=Saved())
            receipt = _keep(connection, channel, module, received, page, now)
        run.counts = receipt.saved.model_dump()
    return receipt


def _keep(
    connection: Connection,
    channel: Channel,
    module: Connector,
    received: Received,
    page: Page,
    now: datetime,
) -> Receipt:
    told, erased = suppress.sift(connection, channel, page)
    try:
        page = Walk().believed(connection, channel, received.page, told)
    except GarbledError as error:
        # What tells of an erased story cannot wait whole: its bytes would come back with it.
        page = _NOTHING if erased else _set_aside(received, "not_believed", error)
    version = ingest.version(channel, module)
    landing = landings.add(
        connection, channel.id, version, received.page, now, received.id, erased=erased
    )
    current = _in_order(connection, channel, page)
    saved = ingest.take_in(connection, channel, current, landing, now)
    return Receipt(landing, duplicate=False, saved=saved)


def _in_order(connection: Connection, channel: Channel, page: Page) -> Page:
    """Pass over what a later delivery has already told newer: deliveries come in any order."""
    keys = [(channel.id, removal.external_id) for removal in page.removals]
    known = tellings.known_of(connection, page.tellings, keys)
    told_at = {s.key: s.told_at for sources in known.sources.values() for s in sources}
    current = []
    for telling in page.tellings:
        newest = told_at.get((channel.id, telling.external_id))
        if newest is None or telling.told_at is None or telling.told_at >= newest:
            current.append(telling)
    late = len(page.tellings) - len(current)
    return page._replace(tellings=current, skipped=page.skipped + late)


def _set_aside(received: Received, code: str, error: GarbledError) -> Page:
    whole = Faulty(
        payload=received.page.payload,
        media_type=received.page.media_type,
        code=code,
        reason=error.reason,
    )
    return Page((), (), (Refused(Stage.PARSE, whole),), 0)
