"""Readings that many share, and writings that many wait for."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")

_NEVER = datetime.min.replace(tzinfo=UTC)


class Fresh(Generic[T]):
    """A reading that is never older than `max_age` when it is asked for.

    Whoever finds it older has it read again, in a thread; who asks meanwhile shares that reading.
    """

    def __init__(
        self, read: Callable[[], T], now: Callable[[], datetime], max_age: timedelta
    ) -> None:
        self._read = read
        self._now = now
        self._max_age = max_age
        self._at = self._until = _NEVER
        self._found: T | None = None
        self._reading: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """Give the reading; raise what reading it anew raises, rather than give an old one."""
        found = self.at_hand(self._now())
        if found is not None:
            return found
        if self._reading is None:
            self._reading = asyncio.create_task(self._renew())
        return await asyncio.shield(self._reading)  # one asker who leaves must not stop the others

    def at_hand(self, now: datetime) -> T | None:
        """Give the reading if it is fresh enough at `now`."""
        # A clock that was set back must not keep an old reading alive.
        return self._found if self._at <= now < self._until else None

    async def _renew(self) -> T:
        try:
            at = self._now()
            self._found = await asyncio.to_thread(self._read)
            self._at, self._until = at, at + self._max_age
            return self._found
        finally:
            self._reading = None


class Gathered(Generic[T]):
    """Rows of many askers kept in one go: while one set is being kept the next one gathers."""

    def __init__(self, keep: Callable[[Sequence[T]], object]) -> None:
        self._keep = keep
        self._one_at_a_time = asyncio.Lock()
        self._open: tuple[list[T], asyncio.Task[None]] | None = None

    async def add(self, row: T) -> None:
        """Keep a row: it is safe when this returns; raise what keeping its set raised."""
        if self._open is None:
            rows: list[T] = []
            self._open = rows, asyncio.create_task(self._commit(rows))
        rows, done = self._open
        rows.append(row)
        await asyncio.shield(done)

    async def _commit(self, rows: list[T]) -> None:
        async with self._one_at_a_time:
            self._open = None
            await asyncio.to_thread(self._keep, rows)
