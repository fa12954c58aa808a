"""Look at a channel before anything of it is kept: can we get in, and what would we get."""

from collections.abc import Iterator
from typing import Any, cast

from pydantic import Field

from connectors._http import Http
from connectors.channels import Connector, Peeking, connector
from schemas._record import Record
from schemas.channel import Channel, Fetched
from schemas.story import Telling
from steps import ingest


class Look(Record):
    """What the first page of a channel comes to; nothing of it was kept."""

    channel: str
    pages: int = 0
    """Pages that were read: none where the channel is sent its stories."""
    stories: tuple[Telling, ...] = ()
    """As they would be kept."""
    removals: int = 0
    skipped: dict[str, int] = Field(default={})
    """Records that are no stories, by the reason."""
    faulty: tuple[tuple[str, str], ...] = ()
    """Of each record that cannot be understood: the code, and the reason in words."""


def look(http: Http, channel: Channel, module: Connector | None = None) -> Look:
    """Read the first page of a channel from its start; OutsideError says why we do not get in."""
    module = module or connector(channel.kind)
    for fetched in _first(module, channel, http):
        parsed = module.parse(channel, fetched)
        page = ingest.understand(channel, parsed)
        skipped: dict[str, int] = {}
        for one in parsed.skipped:
            skipped[one.code] = skipped.get(one.code, 0) + 1
        return Look(
            channel=channel.id,
            pages=1,
            stories=tuple(page.tellings),
            removals=len(page.removals),
            skipped=skipped,
            faulty=tuple((one.faulty.code, one.faulty.reason) for one in page.refused),
        )
    return Look(channel=channel.id)


def _first(module: Connector, channel: Channel, http: Http) -> Iterator[Fetched]:
    if hasattr(module, "peek"):
        yield cast("Peeking", module).peek(channel, http)
        return
    pages: Any = module.fetch(channel, http, None)
    try:
        yield from pages
    finally:
        if hasattr(pages, "close"):  # an iterator that is no generator has nothing to end
            pages.close()
