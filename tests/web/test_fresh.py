import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from schemas.errors import StoreBusyError
from tests.patience import PATIENCE_S
from web.fresh import Fresh, Gathered

START = datetime(2026, 3, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Source:
    """Counts how often it was read; can be made slow, or fail."""

    def __init__(self) -> None:
        self.now = START
        self.read_so_far = 0
        self.gate = threading.Event()
        self.gate.set()
        self.failing = False

    def read(self) -> int:
        assert self.gate.wait(PATIENCE_S)
        if self.failing:
            raise StoreBusyError("somebody else")
        self.read_so_far += 1
        return self.read_so_far

    def fresh(self) -> Fresh[int]:
        return Fresh(self.read, lambda: self.now, SECOND)


def test_a_reading_is_read_again_only_when_it_is_too_old() -> None:
    async def ask() -> list[int]:
        source = Source()
        fresh = source.fresh()
        found = []
        for moved in (0, 0.9, 0.2, 0, 5):
            source.now += moved * SECOND
            found.append(await fresh.get())
        return found

    assert asyncio.run(ask()) == [1, 1, 2, 2, 3]


def test_a_clock_set_back_makes_a_reading_too_old() -> None:
    async def ask() -> list[int]:
        source = Source()
        fresh = source.fresh()
        first = await fresh.get()
        source.now -= timedelta(days=1)
        return [first, await fresh.get()]

    assert asyncio.run(ask()) == [1, 2]


def test_all_who_ask_at_once_share_one_reading_though_the_first_leaves() -> None:
    async def ask() -> tuple[list[int], int]:
        source = Source()
        source.gate.clear()
        fresh = source.fresh()
        asking = [asyncio.create_task(fresh.get()) for _ in range(5)]
        await asyncio.sleep(0)
        asking[0].cancel()
        source.gate.set()
        return await asyncio.gather(*asking[1:]), source.read_so_far

    assert asyncio.run(ask()) == ([1, 1, 1, 1], 1)


def test_a_reading_that_fails_is_told_to_all_and_never_replaced_by_an_old_one() -> None:
    async def ask() -> int:
        source = Source()
        fresh = source.fresh()
        await fresh.get()
        source.now += SECOND
        source.failing = True
        answers = await asyncio.gather(fresh.get(), fresh.get(), return_exceptions=True)
        assert [type(answer) for answer in answers] == [StoreBusyError] * 2
        source.failing = False
        return await fresh.get()

    assert asyncio.run(ask()) == 2


def test_rows_that_come_while_others_are_kept_are_kept_in_one_go() -> None:
    kept: list[list[int]] = []
    gate = threading.Event()

    def keep(rows: Sequence[int]) -> None:
        assert gate.wait(PATIENCE_S)
        kept.append(list(rows))

    async def add() -> None:
        gathered: Gathered[int] = Gathered(keep)
        first = asyncio.create_task(gathered.add(0))
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(gathered.add(row)) for row in range(1, 6)]
        await asyncio.sleep(0.05)
        assert not first.done()
        gate.set()
        await asyncio.gather(first, *others)

    asyncio.run(add())
    assert kept == [[0], [1, 2, 3, 4, 5]]


def test_whoever_waits_for_a_set_that_cannot_be_kept_is_told() -> None:
    def keep(rows: Sequence[int]) -> None:
        if 1 in rows:
            raise StoreBusyError("somebody else")

    async def add() -> None:
        gathered: Gathered[int] = Gathered(keep)
        told = await asyncio.gather(gathered.add(1), gathered.add(2), return_exceptions=True)
        assert [type(one) for one in told] == [StoreBusyError] * 2
        await gathered.add(3)

    asyncio.run(add())


def test_a_row_is_kept_though_whoever_brought_it_left() -> None:
    kept: list[int] = []

    async def add() -> None:
        gathered: Gathered[int] = Gathered(kept.extend)
        leaving = asyncio.create_task(gathered.add(1))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        await gathered.add(2)

    asyncio.run(add())
    assert sorted(kept) == [1, 2]
