"""Count readings by an image that a story's page loads."""

import logging
import secrets
from base64 import b64decode
from collections.abc import Callable
from datetime import date, datetime

from starlette.types import Receive, Scope

from rules import beacon, synthetic
from schemas.errors import StoreError
from schemas.views import Hit
from web import answers, requests
from web.answers import INERT, Answer
from web.fresh import Gathered
from web.house import House

_SALT_BYTES = 32

_IMAGE = answers.whole(
    200,
    "image/gif",
    b64decode(b"R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    INERT,
)
"""One transparent point, in 43 bytes."""

_log = logging.getLogger(__name__)


class Salts:
    """The salt of each day: in memory alone, and gone with the day, so that nobody is followed."""

    def __init__(self, chance: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._chance = chance
        self._day = date.min
        self._salt = b""

    def of(self, day: date) -> bytes:
        """Give a day's salt: the same all day, and another on the next."""
        if day != self._day:
            self._day, self._salt = day, self._chance(_SALT_BYTES)
        return self._salt


class Beacon:
    """The addresses under `/b/`: always an image, whatever is asked."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._salts = Salts()
        self._hits: Gathered[Hit] = Gathered(house.hits.add)

    async def __call__(self, scope: Scope, _: Receive) -> Answer:
        """Answer one request; what it counts is safe before the answer goes out."""
        method = scope["method"]
        if method not in {"GET", "HEAD"}:
            return answers.READ_ONLY
        headers = requests.headers(scope)
        named = beacon.read(scope["path"], self._house.key)
        is_reading = method == "GET" and not _is_fetched_ahead(headers)
        if named is not None and is_reading and not synthetic.is_one(named[1]):
            await self._count(named, scope, headers)
        return _IMAGE

    async def _count(
        self, named: tuple[str, str], scope: Scope, headers: dict[bytes, bytes]
    ) -> None:
        hit = self._hit(named, scope, headers, self._house.now())
        try:
            await self._hits.add(hit)
        except StoreError as error:  # the reader's page must not show a broken image
            _log.error("a hit of the beacon at %s could not be kept: %s", named[0], error)

    def _hit(
        self, named: tuple[str, str], scope: Scope, headers: dict[bytes, bytes], now: datetime
    ) -> Hit:
        partner, story_id = named
        agent = headers.get(b"user-agent", b"").decode("latin-1")
        address, _ = scope["client"] or ("", 0)
        visitor = beacon.visitor(self._salts.of(now.date()), address, agent)
        return Hit(partner=partner, story_id=story_id, at=now, visitor=visitor, agent=agent)


def _is_fetched_ahead(headers: dict[bytes, bytes]) -> bool:
    """Say whether a browser fetches for a page that nobody has opened yet."""
    names = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
    return any(
        word in headers.get(name, b"").lower()
        for name in names
        for word in (b"prefetch", b"preview")
    )
