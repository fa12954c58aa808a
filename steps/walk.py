"""Watch one run over a channel: what came by, what is gone for it, and whether to believe it."""

from collections.abc import Sequence
from typing import NamedTuple

from rules import breakers
from schemas.channel import Channel, Fetched, Removal, Snapshot
from schemas.errors import GarbledError
from schemas.story import Telling
from store import stories
from store.database import Connection
from store.quarantine import Refused

GONE_FROM_SNAPSHOT = "gone_from_snapshot"
"""Why a story is removed that a walk over all that a channel shows did not come upon."""


class Page(NamedTuple):
    """What one payload came to, before the store is asked."""

    tellings: Sequence[Telling]
    removals: Sequence[Removal]
    refused: Sequence[Refused]
    skipped: int
    passed_over: Sequence[str] = ()
    """External ids of those skipped that have one."""

    @property
    def records(self) -> int:
        """Count every record of the page."""
        return len(self.tellings) + len(self.removals) + len(self.refused) + self.skipped


class Walk:
    """One run, page by page."""

    def __init__(self, *, believe: bool = False) -> None:
        self._believe = believe
        self._seen: set[str] | None = None
        """External ids since a walk over everything began; None outside of such a walk."""
        self._nameless = False
        """Whether a record came by that could be any of those that are missed."""
        self._gone = 0
        self._live: int | None = None
        """How many stories were live when the first removal came."""

    def come_by(self, fetched: Fetched, page: Page) -> None:
        """Note what a page holds."""
        if fetched.snapshot in (Snapshot.FIRST, Snapshot.WHOLE):
            self._seen, self._nameless = set(), False
        if self._seen is None:
            return
        self._seen.update(telling.external_id for telling in page.tellings)
        for refused in page.refused:
            if refused.faulty.external_id is None:
                self._nameless = True
            else:
                self._seen.add(refused.faulty.external_id)

    def believed(
        self, connection: Connection, channel: Channel, fetched: Fetched, page: Page
    ) -> Page:
        """Give the page with the removals that the end of a walk proves.

        A page that is not to be believed is a GarbledError that says what a person can do.
        """
        self._doubt(
            channel,
            breakers.doubts_faulty(len(page.refused), page.records, channel.faulty_share),
            "has the source changed? look at it, or raise the channel's `faulty_share`",
        )
        removals = (*page.removals, *self._missed(connection, channel, fetched, page))
        if not removals:
            return page
        live = stories.live_sources(connection, channel.id)
        if self._live is None:
            self._live = len(live)
        self._gone += len(live & {removal.external_id for removal in removals})
        ends = fetched.snapshot in (Snapshot.LAST, Snapshot.WHOLE)
        self._doubt(
            channel,
            breakers.doubts_gone(self._gone, self._live, is_empty=ends and self._seen == set()),
            "no removal was believed: look at the source",
        )
        return page._replace(removals=removals)

    def _missed(
        self, connection: Connection, channel: Channel, fetched: Fetched, page: Page
    ) -> Sequence[Removal]:
        """List what a walk that ends here did not come upon."""
        if fetched.snapshot not in (Snapshot.LAST, Snapshot.WHOLE):
            return ()
        if self._seen is None or self._nameless:
            return ()
        told = {removal.external_id for removal in page.removals}
        missing = stories.live_sources(connection, channel.id) - self._seen - told
        return [Removal(external_id=one, reason=GONE_FROM_SNAPSHOT) for one in sorted(missing)]

    def _doubt(self, channel: Channel, doubt: str | None, remedy: str) -> None:
        if doubt is not None and not self._believe:
            way = f"`retold ingest {channel.id} --believe` takes it in all the same"
            raise GarbledError(channel.id, f"{doubt}; {remedy}; {way}")
