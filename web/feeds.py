"""Serve editions: to each partner its own, and to nobody else anything.

Without a valid token every address is refused alike, before anything else is looked at; only
what a browser asks beforehand (OPTIONS) is answered to everybody, and alike at every address.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from starlette.types import Receive, Scope

from schemas import months
from schemas.config import Config
from schemas.errors import WithdrawnError
from schemas.partner import Edition, Token
from schemas.publication import NEWEST, Part, PartKind
from steps.press import HUB
from web import answers, pages, requests
from web.admission import Admission
from web.answers import Answer, Header
from web.house import House
from web.lately import Found, Lately, Lock
from web.negotiate import held_at, takes_deltas
from web.pages import PAGE
from web.shelf import FEED_HEADERS, Change, Ready, Shelf
from web.standing import Stamp, Standing

ROOT = "/feeds/"
_ROOM_BYTES = 64 * 1024 * 1024
_BELOW = re.compile(r"[1-9][0-9]{0,17}")


class Place(NamedTuple):
    """What an address names."""

    stem: str
    """`partner/edition`."""
    ending: str
    part: Part = NEWEST
    asked: str = ""
    """Of a page: the edition of another region that its reader is asked about; no address says."""


class Holding(NamedTuple):
    """An edition, and whether its partner may have it."""

    edition: Edition
    suspended: bool


class _Ask(NamedTuple):
    """A request that may see what is its own."""

    token: Token
    lock: Lock
    standing: Standing
    config: Config
    headers: dict[bytes, bytes]
    now: datetime
    counts: bool
    """Whether what is answered is a delivery: HEAD brings none, and a page for people is none."""


class Holdings:
    """Whose every edition is, under one configuration."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._suspended = {partner.id for partner in config.partners if partner.suspended}
        self._all = {e.key: Holding(e, e.partner in self._suspended) for e in config.editions}

    def find(self, token: Token, place: Place) -> Holding | None:
        """Find the edition that an address names, if it is of the token's partner."""
        found = self._all.get(place.stem)
        return found if found and found.edition.partner == token.partner else None

    def ended(self, token: Token, place: Place, standing: Standing) -> Holding | None:
        """Find the edition, if it was taken out: its documents tell that all is gone."""
        if place.stem in self._all or place.stem not in standing.stamps:
            return None
        found = standing.editions(self.config, token.partner).get(place.stem)
        return Holding(found, token.partner in self._suspended) if found else None


class Feeds:
    """The addresses under `/feeds/`."""

    def __init__(self, house: House, admission: Admission) -> None:
        self._house = house
        self._admission = admission
        self._deliveries = admission.deliveries
        self._pace = admission.pace
        self._shelf: Shelf[Place] = Shelf(_ROOM_BYTES)
        self._holdings = Holdings(house.config())
        self._lately = Lately()

    def at_once(self, target: bytes, headers: dict[bytes, bytes]) -> Answer | None:
        """Answer a GET as `__call__` would, if that takes no wait."""
        now = self._house.now()
        standing, config = self._admission.standing.at_hand(now), self._house.config()
        lock = target, headers.get(b"authorization", b"")
        found = self._lately.find(standing, config, lock)
        if found is None or b"a-im" in headers or not found.token.is_live(now):
            return None
        token_id, document = found.token.id, found.ready.document
        answer, held = found.ready.answer(headers, now)
        if not held and not self._deliveries.knows(token_id, document):
            return None
        wait_s = self._pace.wait_s(token_id, now)
        if wait_s:
            return answers.too_often(wait_s)
        self._deliveries.use(token_id, now)
        if held:
            self._pace.give_back(token_id)
            self._deliveries.confirm(token_id, document, now)
        else:
            self._deliveries.repeat(token_id, document, now)
        return answer

    async def __call__(self, scope: Scope, _: Receive) -> Answer:
        """Answer one request."""
        if scope["method"] == "OPTIONS":
            return answers.PREFLIGHT
        headers, query = requests.headers(scope), requests.query(scope)
        admitted = await self._admission.admit(headers, query.token)
        if isinstance(admitted, Answer):
            return admitted
        token, standing, now = admitted
        if scope["method"] not in {"GET", "HEAD"}:
            return answers.FEED_READ_ONLY
        place = _place(scope["path"], query.below)
        holdings = self._present_holdings()
        if place is None:
            return answers.NOT_FOUND
        holding = holdings.find(token, place) or holdings.ended(token, place, standing)
        if holding is None:
            return answers.NOT_FOUND
        counts = scope["method"] == "GET" and place.ending != PAGE
        lock = requests.target(scope), headers.get(b"authorization", b"")
        ask = _Ask(token, lock, standing, holdings.config, headers, now, counts)
        return await self._show(place, holding, ask)

    async def _show(self, place: Place, holding: Holding, ask: _Ask) -> Answer:
        if holding.suspended:
            return answers.SUSPENDED
        stamp = ask.standing.stamps.get(place.stem)
        if stamp is None:
            return answers.UNPUBLISHED
        place = self._asking(place, holding.edition, ask)
        try:
            ready = await self._ready(place, holding.edition, stamp)
        except WithdrawnError:
            return answers.GONE
        if ready is None:
            return answers.NOT_FOUND
        if ask.counts:
            found = Found(ask.token, ready)
            self._lately.remember(ask.standing, ask.config, ask.lock, found)
        if place.part is NEWEST and takes_deltas(ask.headers.get(b"a-im", b"")):
            ready = await self._changes(place, holding.edition, stamp, ready, ask) or ready
        answer, held = ready.answer(ask.headers, ask.now)
        if held:
            self._pace.give_back(ask.token.id)
        if ask.counts and held:
            self._deliveries.confirm(ask.token.id, ready.document, ask.now)
        elif ask.counts:
            await self._deliveries.serve(ask.token.id, ready.document, ask.now)
        return answer

    def _asking(self, place: Place, edition: Edition, ask: _Ask) -> Place:
        if place.ending != PAGE:
            return place
        languages = ask.headers.get(b"accept-language", b"")
        return place._replace(asked=pages.asked(self._holdings.config, edition, languages))

    async def _changes(
        self, place: Place, edition: Edition, stamp: Stamp, newest: Ready, ask: _Ask
    ) -> Ready | None:
        """Find what changed since the state that a client holds; None where that is no help.

        Spec: https://www.rfc-editor.org/rfc/rfc3229
        """
        number = held_at(ask.headers.get(b"if-none-match", b""), newest.document.etag)
        if number is None:
            return None
        return await self._ready(place._replace(part=Part(PartKind.DELTA, number)), edition, stamp)

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
            return pages.edition(config, edition, document_of, public_url, place.asked)
        document = document_of(config, edition, place.ending, place.part)
        if document is None:
            return None
        headers = (*FEED_HEADERS, self._link(place))
        return (
            Change(document, headers)
            if place.part.kind is PartKind.DELTA
            else Ready(document, headers)
        )

    def _link(self, place: Place) -> Header:
        """Name the document's own address and, of the newest, our hub."""
        public_url = self._house.public_url
        address = f"{public_url}{ROOT}{place.stem}{place.part.suffix(place.ending)}"
        newest = place.part.kind in {PartKind.NEWEST, PartKind.DELTA}
        hub = f'<{public_url}{HUB}>; rel="hub", ' if newest else ""
        return b"link", f'{hub}<{address}>; rel="self"'.encode()


@lru_cache(maxsize=4096)
def _place(path: str, below: str) -> Place | None:
    """Read an address; None where no edition can have it."""
    if below and not _BELOW.fullmatch(below):
        return None
    address = path.removeprefix(ROOT)
    story = _STORY.fullmatch(address)
    if story is not None:
        alone = Part(PartKind.STORY, UUID(story["uuid"]).int)
        return None if below else Place(story["stem"], _STORY_ENDING, alone)
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return None
    stem, named, ending = found["stem"], found["part"], found["ending"] or ""
    part = _part(named) if named else NEWEST
    if part is None or (below and (named or not ending)) or (named and not ending):
        return None
    return Place(stem, ending, Part(PartKind.PAGE, int(below)) if below else part)


_ADDRESS = re.compile(r"(?P<stem>[^/.]+/[^/.]+)(?:/(?P<part>[a-z0-9-]+))?(?:\.(?P<ending>[a-z]+))?")

_STORY = re.compile(
    r"(?P<stem>[^/.]+/[^/.]+)/story/(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
_STORY_ENDING = "atom"


def _part(named: str) -> Part | None:
    """Read the name of an archive or of a manifest."""
    kind, _, number = named.partition("-")
    if kind == PartKind.ARCHIVE and _ARCHIVE.fullmatch(number):
        return Part(PartKind.ARCHIVE, int(number))
    if named == PartKind.MANIFEST:
        return Part(PartKind.MANIFEST)
    if kind == PartKind.MANIFEST and _MONTH.fullmatch(number):
        return Part(PartKind.MANIFEST, months.numbered(number))
    return None


_ARCHIVE = re.compile(r"[1-9][0-9]{0,11}")
"""The number of an archive: what stands in it is numbered too, and no store counts on for ever."""

_MONTH = re.compile(r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])")
