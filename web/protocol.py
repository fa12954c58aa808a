"""How we speak HTTP: what was asked before in the same bytes is answered at once, if it can be.

A reader that polls sends the same bytes every time. Read anew, and handed to an application as ASGI
wants it, they cost several times what the answer does: a task, a scope, a look at every header.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from httptools import HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from web.answers import Answer

AtOnce = Callable[[bytes, dict[bytes, bytes]], Answer | None]
"""Answers a GET by its target and headers, without a wait; None where it takes one."""

_UNUSUAL = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Whoever sends one of these wants more than a reader does."""

_MOST_KNOWN, _LONGEST_BYTES, _MOST_HEADERS = 4096, 4096, 32
"""Requests that are known by their bytes, and how long one may be. Anybody may fill this, without
a token, and a header of three bytes costs two hundred when it is kept: so their number counts too.
"""

_SMALL_BYTES = 64 * 1024
"""Up to here one write of a whole answer is cheaper than two."""


class Asked(NamedTuple):
    """A plain GET over a connection that stays open."""

    target: bytes
    headers: dict[bytes, bytes]


class Talk(HttpToolsProtocol):
    """One connection. The application hears only of what cannot be answered at once."""

    def __init__(self, *, at_once: AtOnce, known: dict[bytes, Asked], **given: Any) -> None:
        super().__init__(**given)
        self._at_once = at_once
        self._known = known
        self._begun = self._ended = 0
        self._said_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Answer what is known by its bytes; read what is not, and know it from then on."""
        is_between = self._begun == self._ended
        asked = self._known.get(data) if is_between and self._is_free() else None
        answer = self._at_once(*asked) if asked else None
        if answer is not None:
            self._say(answer)
            return
        begun = self._begun
        super().data_received(data)
        if is_between and self._begun == self._ended == begun + 1 and asked is None:
            self._learn(data)

    def on_message_begin(self) -> None:
        """Count the requests whose reading began."""
        self._begun += 1
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Count those that are whole."""
        self._ended += 1
        super().on_message_complete()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that is idle: an answer at once did not set the clock back."""
        left_s = self._said_at + self.timeout_keep_alive - self.loop.time()
        if left_s > 0:
            self._wait_for(left_s)
        else:
            super().timeout_keep_alive_handler()

    def _wait_for(self, seconds: float) -> None:
        handler = self.timeout_keep_alive_handler
        self.timeout_keep_alive_task = self.loop.call_later(seconds, handler)

    def _is_free(self) -> bool:
        """Say whether nothing stands before the next answer, and nobody too many is here."""
        cycle: RequestResponseCycle | None = self.cycle
        return (
            (cycle is None or cycle.response_complete)
            and not self.flow.write_paused
            and (self.limit_concurrency is None or len(self.connections) < self.limit_concurrency)
        )

    def _learn(self, data: bytes) -> None:
        """Know a request by its bytes, if it is one that may be answered at once."""
        parser: HttpRequestParser | None = self.parser  # none is left where the connection is lost
        headers = dict(self.headers)
        is_plain = (
            parser is not None
            and parser.get_method() == b"GET"
            and self.cycle.keep_alive  # the parser has forgotten by now
            and len(headers) == len(self.headers)
            and _UNUSUAL.isdisjoint(headers)
        )
        if is_plain and len(data) <= _LONGEST_BYTES and len(headers) <= _MOST_HEADERS:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[bytes(data)] = Asked(self.url, headers)

    def _say(self, answer: Answer) -> None:
        dates = [b"%b: %b\r\n" % header for header in self.server_state.default_headers]
        body = answer.body["body"]
        head = b"".join((answer.head, *dates, b"\r\n"))
        if len(body) < _SMALL_BYTES:
            self.transport.write(head + body)
        else:
            self.transport.write(head)
            self.transport.write(body)
        self.server_state.total_requests += 1
        self._said_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._wait_for(self.timeout_keep_alive)


def speaking(at_once: AtOnce) -> Any:
    """Make what uvicorn makes each connection of."""
    return partial(Talk, at_once=at_once, known={})
