"""Answer the hubs at which our channels are subscribed.

Spec: https://www.w3.org/TR/websub/#hub-verifies-intent and #content-distribution
"""

import asyncio
import re
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.types import Receive, Scope

from steps import subscribe
from steps.subscribe import Asked
from web import answers, bodies, requests
from web.answers import INERT, Answer
from web.house import House

ROOT = f"/{subscribe.ROOM}/"

LONGEST_BYTES = 8 << 20
"""Of what a hub sends: a whole feed."""

_PATH = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""What we call a callback by; whatever else is asked for, the store need not be."""

_NO_STORE = (b"cache-control", b"no-store")

_NOT_ASKED = answers.problem(HTTPStatus.NOT_FOUND, "Nobody here asked for that.")
_GONE = answers.problem(HTTPStatus.GONE, "Nobody here is subscribed any more: send no more.")
_METHODS = answers.problem(
    HTTPStatus.METHOD_NOT_ALLOWED,
    "Hubs ask here by GET and send by POST.",
    [(b"allow", b"GET, POST")],
)
# The same whether it was signed as agreed or not: who has no secret learns nothing.
_TAKEN = answers.whole(HTTPStatus.ACCEPTED, "text/plain; charset=utf-8", b"", _NO_STORE, INERT)


class Callbacks:
    """The addresses under `/hooks/websub/`: one for each subscription."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive) -> Answer:
        """Answer a hub that asks whether we meant it, or take in what it sends."""
        channel, _, path = scope["path"].removeprefix(ROOT).partition("/")
        if scope["method"] not in {"GET", "POST"}:
            return _METHODS
        is_get = scope["method"] == "GET"
        if not _PATH.fullmatch(path):
            return _NOT_ASKED if is_get else _GONE
        if is_get:
            return await self._verify(channel, path, scope["query_string"])
        headers = requests.headers(scope)
        body = await bodies.whole(headers, receive, LONGEST_BYTES, "a document")
        if isinstance(body, Answer):
            return body
        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
        house = self._house
        listens = await asyncio.to_thread(
            subscribe.push, house.engine, house.config(), (channel, path), named, body, house.now()
        )
        return _TAKEN if listens else _GONE

    async def _verify(self, channel: str, path: str, query: bytes) -> Answer:
        """Echo the challenge of a hub that asks for just what we asked of it."""
        told = parse_qs(query.decode("latin-1"), encoding="utf-8", errors="replace")
        first = {name: values[0] for name, values in told.items()}
        mode, challenge = first.get("hub.mode", ""), first.get("hub.challenge", "")
        if not challenge and mode != "denied":
            return _NOT_ASKED
        asked = Asked(
            mode,
            first.get("hub.topic", ""),
            first.get("hub.lease_seconds", ""),
            first.get("hub.reason", ""),
        )
        house = self._house
        meant = await asyncio.to_thread(
            subscribe.verify, house.engine, channel, path, asked, house.now()
        )
        if not meant:
            return _NOT_ASKED
        said = b"" if mode == "denied" else challenge.encode("utf-8", "replace")
        return answers.whole(HTTPStatus.OK, "text/plain; charset=utf-8", said, _NO_STORE, INERT)
