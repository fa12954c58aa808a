"""Serve editions: to each partner its own, and to nobody else anything.

Without a valid token every address is refused alike, before anything else is looked at.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from starlette.types import Receive, Scope

from schemas.config import Config
from schemas.partner import Edition, Token
from web import answers, keys, pages, requests
from web.answers import Answer, Header
from web.deliveries import Deliveries
from web.fresh import Fresh
from web.house import House
from web.pages import PAGE
from web.shelf import FEED_HEADERS, Ready, Shelf
from web.standing import Stamp, Standing

ROOT = "/feeds/"
_ROOM_BYTES = 64 * 1024 * 1024
_BELOW = re.compile(r"[1-9][0-9]{0,17}")


class Place(NamedTuple):
    """What an address names."""

    stem: str
    """`partner/edition`."""
    ending: str
    below: int


class Holding(NamedTuple):
    """An edition, and whether its partner may have it."""

    edition: Edition
    suspended: bool


class _Ask(NamedTuple):
    """A request that may see what is its own."""

    token: Token
    headers: dict[bytes, bytes]
    now: datetime
    counts: bool
    """Whether what is answered is a delivery: HEAD brings none, and a page for people is none."""


class Holdings:
    """Whose every edition is, under one configuration."""

    def __init__(self, config: Config) -> None:
        self.config = config
        suspended = {partner.id for partner in config.partners if partner.suspended}
        self._all = {e.key: Holding(e, e.partner in suspended) for e in config.editions}

    def find(self, token: Token, place: Place) -> Holding | None:
        """Find the edition that an address names, if it is of the token's partner."""
        found = self._all.get(place.stem)
        return found if found and found.edition.partner == token.partner else None


class Feeds:
    """The addresses under `/feeds/`."""

    def __init__(
        self,
        house: House,
        standing: Fresh[Standing],
        deliveries: Deliveries,
    ) -> None:
        self._house = house
        self._standing = standing
        self._deliveries = deliveries
        self._shelf: Shelf[Place] = Shelf(_ROOM_BYTES)
        self._holdings = Holdings(house.config())

    async def __call__(self, scope: Scope, _: Receive) -> Answer:
        """Answer one request."""
        headers, query = requests.headers(scope), requests.query(scope)
        standing = await self._standing.get()
        now = self._house.now()
        token = standing.keyring.holder(keys.presented(headers, query.token), "feed", now)
        if token is None:
            return answers.UNAUTHORIZED
        if scope["method"] not in {"GET", "HEAD"}:
            return answers.READ_ONLY
        self._deliveries.use(token.id, now)
        place = _place(scope["path"], query.below)
        holding = self._present_holdings().find(token, place) if place else None
        if place is None or holding is None:
            return answers.NOT_FOUND
        ask = _Ask(token, headers, now, counts=scope["method"] == "GET" and place.ending != PAGE)
        return await self._show(place, holding, standing.stamps.get(place.stem), ask)

    async def _show(self, place: Place, holding: Holding, stamp: Stamp | None, ask: _Ask) -> Answer:
        if holding.suspended:
            return answers.SUSPENDED
        if stamp is None:
            return answers.UNPUBLISHED
        ready = await self._ready(place, holding.edition, stamp)
        if ready is None:
            return answers.NOT_FOUND
        answer, held = ready.answer(ask.headers, ask.now)
        if ask.counts and held:
            self._deliveries.confirm(ask.token.id, ready.document, ask.now)
        elif ask.counts:
            await self._deliveries.serve(ask.token.id, ready.document, ask.now)
        return answer

    def _present_holdings(self) -> Holdings:
        config = self._house.config()
        if config is not self._holdings.config:
            self._holdings = Holdings(config)
        return self._holdings

    async def _ready(self, place: Place, edition: Edition, stamp: Stamp) -> Ready | None:
        holdings = self._holdings
        state = (holdings, stamp)
        ready = self._shelf.find(place, state)
        if ready is not None:
            return ready
        return await self._shelf.make(
            place, state, lambda: self._made(place, edition, holdings.config)
        )

    def _made(self, place: Place, edition: Edition, config: Config) -> Ready | None:
        document_of, public_url = self._house.document, self._house.public_url
        if place.ending == PAGE:
            return pages.edition(config, edition, document_of, public_url)
        document = document_of(config, edition, place.ending, place.below)
        return Ready(document, (*FEED_HEADERS, self._link(place))) if document else None

    def _link(self, place: Place) -> Header:
        below = f"?below={place.below}" if place.below else ""
        address = f"{self._house.public_url}{ROOT}{place.stem}.{place.ending}{below}"
        return b"link", f'<{address}>; rel="self"'.encode()


@lru_cache(maxsize=4096)
def _place(path: str, below: str) -> Place | None:
    """Read an address; None where no edition can have it."""
    if below and not _BELOW.fullmatch(below):
        return None
    stem, dot, ending = path.removeprefix(ROOT).partition(".")
    if bool(dot) != bool(ending) or (below and not ending):
        return None
    return Place(stem, ending, int(below or 0))
