"""The web application: which address leads where, and what they share."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus

import orjson
from starlette.types import Receive, Scope, Send

from schemas.delivery import Delivery
from schemas.errors import StoreError
from steps import deliver, keep
from store.database import Engine
from web import answers, pages, standing
from web.admission import Admission
from web.answers import INERT, Answer
from web.beacon import Beacon
from web.deliveries import Deliveries
from web.feeds import Feeds
from web.fresh import Fresh
from web.hooks import Hooks
from web.house import House
from web.hub import Hub
from web.partners import Partners
from web.removals import Removals
from web.reports import Reports

_MAX_AGE = timedelta(seconds=1)
"""How long a revoked token may still open anything, and a change of an edition stay unseen."""

FLUSH_EVERY_S = 5.0

_NO_PAGE = answers.problem(HTTPStatus.NOT_FOUND, "There is no such page.")

Room = Callable[[Scope, Receive], Awaitable[Answer]]
"""Answers all addresses that begin alike."""


def make_app(house: House, flush_every_s: float = FLUSH_EVERY_S) -> "App":
    """Build the application of an installation; what it counts is kept every few seconds."""
    return App(house, flush_every_s)


class App:
    """The front door: it knows where each address leads, and when the house closes."""

    def __init__(self, house: House, flush_every_s: float) -> None:
        self._flush_every_s = flush_every_s
        self._deliveries = Deliveries(_keep(house.engine))
        present = Fresh(lambda: standing.read(house.engine), house.now, _MAX_AGE)
        admission = Admission(house, present, self._deliveries)
        feeds = Feeds(house, admission)
        self.at_once = feeds.at_once
        """What the protocol asks before it asks the application."""
        self._rooms: dict[str, Room] = {
            "feeds": feeds,
            "b": Beacon(house),
            "hooks": Hooks(house),
            "hub": Hub(house, admission),
            "partners": Partners(house, admission),
            "removals": Removals(house, admission),
            "reports": Reports(house, admission),
        }
        self._pages = _Pages(house)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live as long as the server does."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        room = self._rooms.get(scope["path"][1:].partition("/")[0], self._pages)
        try:
            answer = await room(scope, receive)
        except StoreError:
            answer = answers.UNAVAILABLE
        await send(answer.start)
        await send(answers.NOTHING if scope["method"] == "HEAD" else answer.body)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Keep what was counted every few seconds, and when the house closes."""
        await receive()
        closing = asyncio.Event()
        flushing = asyncio.create_task(self._deliveries.flush_until(closing, self._flush_every_s))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        closing.set()
        await flushing
        await send({"type": "lifespan.shutdown.complete"})


def _keep(engine: Engine) -> Callable[[Sequence[Delivery], Mapping[str, datetime]], None]:
    return lambda given, used: deliver.flush(engine, given, used)


class _Pages:
    """The addresses that are open to everybody."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._health = Fresh(lambda: _health(house.engine), house.now, _MAX_AGE)
        self._pages: dict[str, Callable[[], Awaitable[Answer]]] = {
            "/": self._home,
            "/health": self._health.get,
            pages.STYLE_PATH: _style,
        }

    async def __call__(self, scope: Scope, _: Receive) -> Answer:
        page = self._pages.get(scope["path"])
        if page is None:
            return _NO_PAGE
        return await page() if scope["method"] in {"GET", "HEAD"} else answers.READ_ONLY

    async def _home(self) -> Answer:
        return pages.home(self._house.config())


async def _style() -> Answer:
    return pages.STYLE


def _health(engine: Engine) -> Answer:
    """Say whether we can work: the store answers, and has the tables that this version needs."""
    try:
        current, needed = keep.versions(engine)
    except StoreError:
        return _unwell("store unreachable")
    if current != needed:
        return _unwell("store not migrated: run `retold init`")
    return _said(HTTPStatus.OK, "ok")


def _unwell(why: str) -> Answer:
    return _said(HTTPStatus.SERVICE_UNAVAILABLE, why)


def _said(status: HTTPStatus, word: str) -> Answer:
    body = orjson.dumps({"status": word}) + b"\n"
    return answers.whole(status, "application/json", body, (b"cache-control", b"no-store"), INERT)
