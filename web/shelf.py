"""The documents at hand: those asked for of late, ready to be sent in each coding."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Generic, NamedTuple, TypeVar

from starlette.types import Message

from schemas.publication import Document
from web.answers import INERT, NOTHING, READABLE, SAFE, SHARED, Answer, Header
from web.negotiate import SUFFIXES, coding, holds, http_date, is_unmodified

K = TypeVar("K")

CACHING: tuple[Header, ...] = (
    # The token decides what is seen: no cache that people share may keep it.
    (b"cache-control", b"private, max-age=60, must-revalidate"),
    (b"vary", b"Accept-Encoding, Authorization"),
)

FEED_HEADERS: tuple[Header, ...] = (*SAFE, INERT)

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Coding:
    """A document in one coding: what is answered to those who lack it, and who hold it."""

    etag: bytes
    ok: Answer
    unchanged: Answer


class Given(NamedTuple):
    """What is answered to one request."""

    answer: Answer
    held: bool
    """Whether the client holds it already, so that no bytes go out."""


class Ready:
    """A document, made ready to be sent."""

    _status = 200
    _caching = CACHING

    def __init__(self, document: Document, headers: tuple[Header, ...] = FEED_HEADERS) -> None:
        self.document = document
        bodies = {
            b"": document.body,
            b"gzip": document.gzip,
            b"br": document.br,
            b"zstd": document.zstd,
        }
        self.size = sum(map(len, bodies.values()))
        self._codings = {name: self._coding(name, body, headers) for name, body in bodies.items()}

    def answer(self, headers: dict[bytes, bytes], now: datetime) -> Given:
        """Answer a request of these headers at `now`."""
        chosen = self._codings[coding(headers.get(b"accept-encoding", b""))]
        held = self._is_held(chosen.etag, headers)
        answer = chosen.unchanged if held else chosen.ok
        modified = self.document.last_modified
        if now - modified < _SECOND:
            answer = _dated(answer, modified - _SECOND)
        return Given(answer, held)

    def _coding(self, name: bytes, body: bytes, headers: tuple[Header, ...]) -> Coding:
        etag = b'"%b%b"' % (self.document.etag.encode(), SUFFIXES[name])
        modified = http_date(self.document.last_modified)
        validators = ((b"etag", etag), (b"last-modified", modified), *self._caching)
        whole = (
            (b"content-type", self.document.media_type.encode()),
            (b"content-length", b"%d" % len(body)),
            *validators,
            *SHARED,
            *headers,
            *(((b"content-encoding", name),) if name else ()),
        )
        return Coding(
            etag,
            Answer(_start(self._status, whole), {"type": "http.response.body", "body": body}),
            Answer(_start(304, (*validators, READABLE)), NOTHING),
        )

    def _is_held(self, etag: bytes, headers: dict[bytes, bytes]) -> bool:
        if_none_match = headers.get(b"if-none-match")
        if if_none_match is not None:
            return holds(if_none_match, etag)
        since = headers.get(b"if-modified-since")
        return since is not None and is_unmodified(since, self.document.last_modified)


class Change(Ready):
    """The entries that changed since a state that a client holds; no cache may keep it.

    Spec: https://www.rfc-editor.org/rfc/rfc3229
    """

    _status = HTTPStatus.IM_USED
    _caching = ((b"im", b"feed"), (b"cache-control", b"no-store, im"), *CACHING[1:])


def _start(status: int, headers: tuple[Header, ...]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def _dated(answer: Answer, modified: datetime) -> Answer:
    """Date an answer back: within this very second more may change, under the same date."""
    name = b"last-modified"
    headers = [
        (name, http_date(modified)) if header[0] == name else header
        for header in answer.start["headers"]
    ]
    return Answer({**answer.start, "headers": headers}, answer.body)


class Shelf(Generic[K]):
    """Documents ready to be sent, up to `room` bytes; the one not asked for longest makes way."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._kept: OrderedDict[K, tuple[object, Ready]] = OrderedDict()
        self._size = 0
        self._making: dict[tuple[K, object], asyncio.Task[Ready | None]] = {}

    def find(self, key: K, state: object) -> Ready | None:
        """Find a document that was made in this very state."""
        found = self._kept.get(key)
        if found is None or found[0] != state:
            return None
        self._kept.move_to_end(key)
        return found[1]

    async def make(
        self, key: K, state: object, made_by: Callable[[], Ready | None]
    ) -> Ready | None:
        """Have a document made in a thread, once for all who ask for it meanwhile, and keep it."""
        making = self._making.get((key, state))
        if making is None:
            making = asyncio.create_task(self._make(key, state, made_by))
            self._making[key, state] = making
        return await asyncio.shield(making)

    async def _make(
        self, key: K, state: object, made_by: Callable[[], Ready | None]
    ) -> Ready | None:
        try:
            made = await asyncio.to_thread(made_by)
        finally:
            del self._making[key, state]
        self._drop(key)
        if made is not None:
            self._kept[key] = state, made
            self._size += made.size
        while self._size > self._room:
            self._drop(next(iter(self._kept)))
        return made

    def _drop(self, key: K) -> None:
        _, dropped = self._kept.pop(key, (None, None))
        if dropped is not None:
            self._size -= dropped.size
