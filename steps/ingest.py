"""Bring a channel's stories in, page by page.

Fetching and parsing stand outside any transaction; then one transaction keeps a page whole:
the bytes, the stories, what was refused, and the cursor.
"""

import gc
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from connectors._http import Http
from connectors.channels import Connector, connector
from rules import identity, normalise, text
from schemas.channel import Channel, Faulty, Fetched, Parsed, Saved, Stage
from schemas.errors import GarbledError, UnfitError
from schemas.story import Draft, Telling, as_kept
from steps import runs, suppress, tellings
from steps.runs import Clock
from steps.walk import Page, Walk
from store import landings, quarantine
from store.database import Connection, Engine, one_writer, reading, writing
from store.quarantine import Refused

Progress = Callable[[Saved, int | None], None]
"""Is told after each page what it brought, and how many records there will be in all."""


def ingest(
    engine: Engine,
    http: Http,
    channel: Channel,
    clock: Clock,
    *,
    progress: Progress = lambda _saved, _total: None,
    flow_run_id: str | None = None,
    believe: bool = False,
    module: Connector | None = None,
) -> Saved:
    """Read what is new on a channel since its cursor, and keep it. Twice changes nothing.

    What looks like a fault of the source is refused with GarbledError: most of its stories gone
    at once, or most of a page not understood. `believe` takes it in all the same. `module` is
    the connector, where it is not the one that the channel's kind names.
    """
    module = module or connector(channel.kind)
    walk = Walk(believe=believe)
    saved = Saved()
    with runs.recorded(engine, "ingest", channel.id, clock, flow_run_id) as run, _rare_gc():
        run.counts = saved.model_dump()
        with reading(engine) as connection:
            cursor = landings.cursor(connection, channel.id)
        for fetched in module.fetch(channel, http, cursor):
            page = understand(channel, module.parse(channel, fetched))
            walk.come_by(fetched, page)
            saved += keep(engine, channel, module, fetched, page, clock(), walk)
            run.counts = saved.model_dump()
            progress(saved, fetched.records)
    return saved


_OBJECTS_OF_A_PAGE = 100_000


@contextmanager
def _rare_gc() -> Iterator[None]:
    """Look for cycles once a page or so: its records hold none, and live until it is kept."""
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS_OF_A_PAGE, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def understand(channel: Channel, parsed: Parsed) -> Page:
    """Normalise every draft of a payload; one that cannot be is refused, and the rest goes on."""
    told: list[Telling] = []
    refused = [Refused(Stage.PARSE, faulty) for faulty in parsed.faulty]
    for draft in parsed.drafts:
        try:
            told.append(normalise.normalise(draft, channel, parsed.reading))
        except UnfitError as error:
            refused.append(Refused(Stage.NORMALISE, _as_faulty(draft, error)))
    passed_over = [one.external_id for one in parsed.skipped if one.external_id]
    return Page(told, parsed.removals, refused, len(parsed.skipped), passed_over)


DRAFT_MEDIA_TYPE = "application/vnd.retold.draft+json"
"""Of a record that was parsed but could not be normalised: it is kept as a draft."""


def _as_faulty(draft: Draft, error: UnfitError) -> Faulty:
    return Faulty(
        # ASCII, whatever the draft holds: a lone surrogate fits no other encoding.
        payload=json.dumps(as_kept(draft.model_dump()), default=str).encode(),
        media_type=DRAFT_MEDIA_TYPE,
        code=error.code,
        reason=str(error),
        external_id=text.gate(draft.external_id),
    )


def keep(
    engine: Engine,
    channel: Channel,
    module: Connector,
    fetched: Fetched,
    page: Page,
    now: datetime,
    walk: Walk,
) -> Saved:
    """Keep a page and its cursor: all of it, or, where it is not to be believed, its bytes."""
    try:
        return _keep(engine, channel, module, fetched, page, now, walk)
    except GarbledError:
        with writing(engine) as connection:
            one_writer(connection)
            _, erased = suppress.sift(connection, channel, page)
            if not landings.has(connection, channel.id, fetched.payload):
                by = version(channel, module)
                landings.add(connection, channel.id, by, fetched, now, erased=erased)
        raise


def _keep(
    engine: Engine,
    channel: Channel,
    module: Connector,
    fetched: Fetched,
    page: Page,
    now: datetime,
    walk: Walk,
) -> Saved:
    with writing(engine) as connection:
        one_writer(connection)
        believed = walk.believed(connection, channel, fetched, page)
        page, erased = suppress.sift(connection, channel, believed)
        by = version(channel, module)
        landing = landings.add(connection, channel.id, by, fetched, now, erased=erased)
        saved = take_in(connection, channel, page, landing, now)
        landings.move_cursor(connection, channel.id, fetched.cursor, now)
    return saved


def version(channel: Channel, module: Connector) -> str:
    """Name the connector and its version, as landings remember them."""
    return f"{channel.kind}/{module.VERSION}"


def take_in(
    connection: Connection, channel: Channel, page: Page, landing: int, now: datetime
) -> Saved:
    """Decide what a page changes, and write it, each kind of record as one set."""
    keys = [((channel.id, r.external_id), r) for r in page.removals]
    known = tellings.known_of(connection, page.tellings, [key for key, _ in keys])
    plan = identity.decide_page(page.tellings, keys, known, landing)
    tellings.write(connection, plan, landing, now)
    quarantine.add(connection, channel.id, page.refused, landing, now)
    return plan.saved + Saved(quarantined=len(page.refused), skipped=page.skipped)
