"""Show each partner how it stands, take its forms, and list its editions for readers.

Without a valid token every address is refused alike, before anything else is looked at; with
one, all that is not its partner's answers alike.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import NamedTuple

import orjson
from starlette.types import Receive, Scope

from schemas.config import Config
from schemas.errors import ConflictError
from schemas.partner import Partner, Token
from steps import partner as step
from steps import partner_page as pages
from steps import removals, tokens
from steps.pages import HTML
from web import answers, bodies, origin, requests
from web.admission import Admission
from web.answers import INERT, NOTHING, READABLE, SAFE, SHARED, Answer, Header
from web.fresh import Fresh
from web.house import House
from web.negotiate import holds
from web.shelf import CACHING
from web.standing import Standing

LONGEST_BYTES = 64 * 1024
"""Of a form: a page lists a hundred removals."""

_MOST_FIELDS = 1000

_ADDRESS = re.compile(r"/partners/(?P<id>[^/.]+)(?P<opml>\.opml)?")

_AGE = timedelta(seconds=2)
"""How old what a page says may be: its reading is shared by all who ask meanwhile."""

_NO_STORE: Header = (b"cache-control", b"no-store")

_CSP: Header = (
    b"content-security-policy",
    (
        b"default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none';"
        b" frame-ancestors 'none'"
    ),
)

_METHODS = answers.problem(
    HTTPStatus.METHOD_NOT_ALLOWED,
    "A partner's page is read, and takes its own forms by POST.",
    [(b"allow", b"GET, HEAD, POST, OPTIONS")],
)
_NO_FORM = answers.problem(
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "This page takes its own forms: application/x-www-form-urlencoded.",
)
_MISREAD = answers.problem(
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "Say `do=rotate`, or `do=acknowledge` with `edition` and each story as `removed`.",
)


class _Ask(NamedTuple):
    """A request that may see what is its own."""

    config: Config
    partner: Partner
    token: Token
    standing: Standing
    headers: dict[bytes, bytes]
    outline: bool
    """Whether it asks for the OPML."""


class Partners:
    """The addresses under `/partners/`."""

    def __init__(self, house: House, admission: Admission) -> None:
        self._house = house
        self._admission = admission
        self._config = house.config()
        self._looks: dict[str, Fresh[step.Standing]] = {}

    async def __call__(self, scope: Scope, receive: Receive) -> Answer:
        """Answer one request; what a form asks for is safe before the answer goes out."""
        if scope["method"] == "OPTIONS":
            return answers.PREFLIGHT
        ask = await self._admit(scope)
        if isinstance(ask, Answer):
            return ask
        if ask.partner.suspended:
            return answers.SUSPENDED
        if not ask.outline:
            posted = scope["method"] == "POST"
            return await self._posted(ask, receive) if posted else await self._page(ask)
        return answers.FEED_READ_ONLY if scope["method"] == "POST" else self._outline(ask)

    async def _admit(self, scope: Scope) -> _Ask | Answer:
        """Let in whoever asks for what is its partner's; else say why not."""
        headers, query = requests.headers(scope), requests.query(scope)
        admitted = await self._admission.admit(headers, query.token)
        if isinstance(admitted, Answer):
            return admitted
        token, standing, _ = admitted
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            return _METHODS
        address = _ADDRESS.fullmatch(scope["path"])
        config = self._house.config()
        partner = config.partner(token.partner)
        if address is None or partner is None or address["id"] != partner.id:
            return answers.NOT_FOUND
        return _Ask(config, partner, token, standing, headers, outline=bool(address["opml"]))

    def _outline(self, ask: _Ask) -> Answer:
        body = pages.outline(ask.config, ask.partner, self._house.public_url)
        etag = b'"%b"' % sha256(body).hexdigest()[:32].encode()
        validators: Sequence[Header] = ((b"etag", etag), *CACHING)
        if holds(ask.headers.get(b"if-none-match", b""), etag):
            start = {"type": "http.response.start", "status": 304}
            return Answer({**start, "headers": [*validators, READABLE, *SAFE]}, NOTHING)
        return answers.whole(HTTPStatus.OK, pages.OPML, body, *validators, *SHARED, INERT)

    async def _page(self, ask: _Ask, said: str = "") -> Answer:
        standing = await self._look(ask.config, ask.partner.id).get()
        given = (ask.config, standing, self._house.public_url, ask.token.id, said)
        return _html(await asyncio.to_thread(pages.page, *given))

    def _look(self, config: Config, partner_id: str) -> Fresh[step.Standing]:
        """Find what reads how a partner stands; a new configuration begins anew."""
        house = self._house
        if config is not self._config:
            self._config, self._looks = config, {}
        if partner_id not in self._looks:

            def read() -> step.Standing:
                return step.look(house.engine, config, partner_id, house.now())

            self._looks[partner_id] = Fresh(read, house.now, _AGE)
        return self._looks[partner_id]

    async def _posted(self, ask: _Ask, receive: Receive) -> Answer:
        if not origin.is_ours(ask.headers, self._house.public_url):
            return origin.ELSEWHERE
        if not requests.is_form(ask.headers):
            return _NO_FORM
        body = await bodies.whole(ask.headers, receive, LONGEST_BYTES, "a form")
        if isinstance(body, Answer):
            return body
        fields = requests.form(body, _MOST_FIELDS) or {}  # what cannot be read asks for nothing
        match fields.get("do"):
            case ["rotate"]:
                return await self._rotate(ask)
            case ["acknowledge"]:
                return await self._acknowledge(ask, fields)
        return _MISREAD

    async def _acknowledge(self, ask: _Ask, fields: Mapping[str, Sequence[str]]) -> Answer:
        edition = fields.get("edition", [""])[0]
        if edition not in ask.standing.editions(ask.config, ask.partner.id):
            return _MISREAD
        stories = fields.get("removed", [])
        given = (self._house.engine, edition, stories, ask.token.id, self._house.now())
        taken = await asyncio.to_thread(removals.acknowledge, *given)
        self._looks.pop(ask.partner.id, None)
        are = "story is" if taken.acknowledged == 1 else "stories are"
        return await self._page(ask, f"{taken.acknowledged} {are} noted as taken down. Thank you.")

    async def _rotate(self, ask: _Ask) -> Answer:
        engine, now, own = self._house.engine, self._house.now(), ask.token.id
        try:
            made = await asyncio.to_thread(tokens.rotate, engine, own, own, now)
        except ConflictError as error:
            return answers.problem(HTTPStatus.CONFLICT, str(error))
        self._looks.pop(ask.partner.id, None)
        if b"application/json" not in ask.headers.get(b"accept", b""):
            return _html(pages.rotated(ask.config, made, ask.partner, self._house.public_url))
        said = {
            "token": made.clear,
            "id": made.token.id,
            "expires_at": made.token.expires_at,
            "old": made.old.id,
            "old_expires_at": made.old.expires_at,
        }
        body = orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
        return answers.whole(HTTPStatus.OK, "application/json", body, _NO_STORE, INERT)


def _html(body: bytes) -> Answer:
    return answers.whole(HTTPStatus.OK, HTML, body, _CSP, _NO_STORE)
