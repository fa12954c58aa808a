import asyncio
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from schemas.delivery import Delivery
from schemas.errors import StoreBusyError
from schemas.publication import Document
from tests.make import NOON
from tests.patience import PATIENCE_S
from web import deliveries
from web.deliveries import Deliveries

LATER = NOON + timedelta(minutes=1)


def document(etag: str = "e1") -> Document:
    return Document(
        edition="nhs/all",
        format="atom",
        part="",
        as_of=2,
        media_type="application/atom+xml",
        etag=etag,
        last_modified=NOON,
        body=b"words",
        gzip=b"zip",
        br=b"br",
        zstd=b"zst",
        seq_from=1,
        seq_to=2,
    )


class Shop:
    """Keeps what it is handed; can be closed, or slow."""

    def __init__(self) -> None:
        self.kept: list[tuple[list[Delivery], dict[str, datetime]]] = []
        self.closed = False
        self.gate = threading.Event()
        self.gate.set()

    def keep(self, given: Sequence[Delivery], used: Mapping[str, datetime]) -> None:
        assert self.gate.wait(PATIENCE_S)
        if self.closed:
            raise StoreBusyError("closed")
        self.kept.append((list(given), dict(used)))

    def counts(self) -> list[tuple[str, int, int]]:
        return [(one.etag, one.served, one.confirmed) for given, _ in self.kept for one in given]


def test_the_first_delivery_of_a_state_is_kept_before_it_goes_out_and_repeats_wait() -> None:
    shop = Shop()

    async def give() -> None:
        given = Deliveries(shop.keep)
        await given.serve("t", document(), NOON)
        assert shop.counts() == [("e1", 1, 0)]
        await given.serve("t", document(), NOON)
        given.confirm("t", document(), LATER)
        assert len(shop.kept) == 1
        await given.flush()
        await given.flush()

    asyncio.run(give())
    assert shop.counts() == [("e1", 1, 0), ("e1", 1, 1)]
    repeated = shop.kept[1][0][0]
    assert (repeated.first_at, repeated.last_at) == (NOON, LATER)
    assert (repeated.token, repeated.edition, repeated.format) == ("t", "nhs/all", "atom")
    assert (repeated.part, repeated.seq_from, repeated.seq_to) == ("", 1, 2)


def test_another_token_or_another_state_is_another_delivery() -> None:
    shop = Shop()

    async def give() -> None:
        given = Deliveries(shop.keep)
        for token_id, etag in (("t", "e1"), ("u", "e1"), ("t", "e2")):
            await given.serve(token_id, document(etag), NOON)

    asyncio.run(give())
    assert [count[0] for count in shop.counts()] == ["e1", "e1", "e2"]


def test_many_first_deliveries_at_once_are_kept_in_few_writes() -> None:
    shop = Shop()
    shop.gate.clear()

    async def give() -> None:
        given = Deliveries(shop.keep)
        giving = [asyncio.create_task(given.serve("t", document(f"e{n}"), NOON)) for n in range(50)]
        await asyncio.sleep(0.05)
        shop.gate.set()
        await asyncio.gather(*giving)

    asyncio.run(give())
    assert len(shop.counts()) == 50
    assert len(shop.kept) <= 2


def test_what_cannot_be_kept_is_not_given_and_waits_with_what_came_meanwhile() -> None:
    shop = Shop()

    async def give() -> None:
        given = Deliveries(shop.keep)
        shop.closed = True
        shop.gate.clear()
        given.use("t", NOON)
        giving = asyncio.create_task(given.serve("t", document(), NOON))
        await asyncio.sleep(0.05)
        given.confirm("t", document(), LATER)
        given.confirm("t", document("e2"), LATER)
        given.use("u", NOON)
        given.use("t", LATER)
        shop.gate.set()
        with pytest.raises(StoreBusyError):
            await giving
        shop.closed = False
        await given.flush()

    asyncio.run(give())
    assert shop.counts() == [("e1", 1, 1), ("e2", 0, 1)]
    assert shop.kept[0][1] == {"t": LATER, "u": NOON}


def test_what_comes_while_the_last_flush_is_under_way_is_kept_before_the_house_closes() -> None:
    shop = Shop()

    async def close() -> None:
        given, closing = Deliveries(shop.keep), asyncio.Event()
        shop.gate.clear()
        given.use("t", NOON)
        flushing = asyncio.create_task(given.flush_until(closing, 0.001))
        await asyncio.sleep(0.05)
        given.confirm("t", document(), LATER)
        closing.set()
        shop.gate.set()
        await flushing

    asyncio.run(close())
    assert shop.counts() == [("e1", 0, 1)]


def test_a_flush_that_fails_is_tried_again_until_the_house_closes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shop = Shop()

    async def close() -> None:
        given, closing = Deliveries(shop.keep), asyncio.Event()
        shop.closed = True
        given.confirm("t", document(), NOON)
        flushing = asyncio.create_task(given.flush_until(closing, 0.001))
        await asyncio.sleep(0.2)
        shop.closed = False
        closing.set()
        await flushing

    asyncio.run(close())
    assert shop.counts() == [("e1", 0, 1)]
    assert caplog.text.count("they wait") > 1


def test_the_use_of_a_token_is_kept_with_its_latest_time() -> None:
    shop = Shop()

    async def give() -> None:
        given = Deliveries(shop.keep)
        given.use("t", NOON)
        given.use("t", LATER)
        await given.flush()

    asyncio.run(give())
    assert shop.kept == [([], {"t": LATER})]


def test_what_is_known_to_be_kept_is_forgotten_rather_than_grow_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deliveries, "_MOST_REMEMBERED", 1)
    shop = Shop()

    async def give() -> None:
        given = Deliveries(shop.keep)
        for etag in ("e1", "e2", "e3", "e1"):
            await given.serve("t", document(etag), NOON)

    asyncio.run(give())
    assert [count[0] for count in shop.counts()] == ["e1", "e2", "e3", "e1"]
