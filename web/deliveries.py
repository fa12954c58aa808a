"""Which document was given to whom, as it is noted while requests are answered."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap

from schemas.delivery import Delivery
from schemas.publication import Document

Keep = Callable[[Sequence[Delivery], Mapping[str, datetime]], object]
"""Keeps deliveries, and when each token was last used."""

_MOST_REMEMBERED = 100_000
"""Keys of deliveries that are known to be kept; beyond that one is merely kept again."""


_log = logging.getLogger(__name__)

_Key = tuple[str, str, str, str, str]
"""What makes two answers one delivery: token, edition, format, part and ETag."""


@dataclass(slots=True)
class _Tally:
    """What waits of one delivery. The one thing here that changes: it moves at every request."""

    document: Document
    first_at: datetime
    last_at: datetime
    served: int = 0
    confirmed: int = 0

    def add(self, other: "_Tally") -> None:
        self.last_at = other.last_at
        self.served += other.served
        self.confirmed += other.confirmed


class Deliveries:
    """Deliveries and uses of tokens that are not kept yet.

    What a token never got in this state before is kept at once, with all that waits; repeats and
    confirmations wait for the next `flush`.
    """

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._waiting: dict[_Key, _Tally] = {}
        self._used: dict[str, datetime] = {}
        self._kept: set[_Key] = set()
        self._one_at_a_time = asyncio.Lock()

    def use(self, token_id: str, now: datetime) -> None:
        """Note that a token opened something."""
        self._used[token_id] = now

    def confirm(self, token_id: str, document: Document, now: datetime) -> None:
        """Note that a client said it still holds a document."""
        self._tally(_key(token_id, document), document, now).confirmed += 1

    def knows(self, token_id: str, document: Document) -> bool:
        """Say whether it is kept already that a document went out to a token."""
        return _key(token_id, document) in self._kept

    def repeat(self, token_id: str, document: Document, now: datetime) -> None:
        """Note that a document goes out again."""
        self._tally(_key(token_id, document), document, now).served += 1

    async def serve(self, token_id: str, document: Document, now: datetime) -> None:
        """Note that a document goes out; the first time of each, return when that is safe.

        Raise what stands in the way: then nothing may go out. The count of it
        stays, for it is better to think a document held that is not than the reverse.
        """
        self.repeat(token_id, document, now)
        if not self.knows(token_id, document):
            await self.flush()

    async def flush(self) -> None:
        """Keep all that waits; what cannot be kept waits on."""
        async with self._one_at_a_time:
            waiting, self._waiting = self._waiting, {}
            used, self._used = self._used, {}
            if not waiting and not used:
                return
            try:
                await asyncio.to_thread(self._keep, list(starmap(_delivery, waiting.items())), used)
            except Exception:
                self._put_back(waiting, used)
                raise
            if len(self._kept) > _MOST_REMEMBERED:
                self._kept.clear()
            self._kept.update(waiting)

    async def flush_until(self, closing: asyncio.Event, every_s: float) -> None:
        """Flush every so often, and at last when the house closes."""
        closed = False
        while not closed:
            with suppress(TimeoutError):
                await asyncio.wait_for(closing.wait(), every_s)
            closed = closing.is_set()  # asked before: what comes during a flush needs another
            try:
                await self.flush()
            except Exception:  # noqa: BLE001 -- whatever it is, the house goes on and tries again
                _log.exception("deliveries could not be kept: they wait")

    def _tally(self, key: _Key, document: Document, now: datetime) -> _Tally:
        tally = self._waiting.get(key)
        if tally is None:
            tally = self._waiting[key] = _Tally(document, now, now)
        tally.last_at = now
        return tally

    def _put_back(self, waiting: dict[_Key, _Tally], used: dict[str, datetime]) -> None:
        newer, self._waiting = self._waiting, waiting
        for key, tally in newer.items():
            if key in waiting:
                waiting[key].add(tally)
            else:
                waiting[key] = tally
        self._used = used | self._used


def _key(token_id: str, document: Document) -> _Key:
    return token_id, document.edition, document.format, document.part, document.etag


def _delivery(key: _Key, tally: _Tally) -> Delivery:
    return Delivery(
        *key,
        seq_from=tally.document.seq_from,
        seq_to=tally.document.seq_to,
        as_of=tally.document.as_of,
        first_at=tally.first_at,
        last_at=tally.last_at,
        served=tally.served,
        confirmed=tally.confirmed,
    )
