"""A server on loopback that plays a source, and can be told to misbehave.

    with far.play(lambda ask: Reply(b"{}")) as source:
        source.trouble = status(503)

Every request is kept in `asked`. While `trouble` is set, it decides how each request is answered.
"""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Ask:
    """One request."""

    method: str
    path: str
    query: Mapping[str, str]
    """The last value of each name."""
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes = b""
    origin: str = ""
    """Of the server, for links to itself."""


@dataclass(frozen=True)
class Reply:
    """One answer."""

    body: bytes = b""
    media_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(value: Any, status: int = 200) -> Reply:
    """Answer with JSON."""
    return Reply(json.dumps(value, ensure_ascii=False).encode(), status=status)


Answer = Callable[[Ask], Reply]
Trouble = Callable[["Handler", Ask, Answer], None]
"""Answers a request badly, on the open connection."""


@dataclass
class Far:
    """The server while it runs."""

    origin: str
    trouble: Trouble | None = None
    asked: list[Ask] = field(default_factory=list)

    @property
    def place(self) -> str:
        """What an operator allows to reach it: `127.0.0.1:4711`."""
        return self.origin.removeprefix("http://")


class Handler(BaseHTTPRequestHandler):
    """One open connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    far: Far
    answer: Answer

    def do_GET(self) -> None:
        """Answer, or misbehave."""
        length = int(self.headers.get("Content-Length") or 0)
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, True).items()}  # noqa: FBT003
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(length)
        ask = Ask(self.command, parts.path, query, headers, body, self.far.origin)
        self.far.asked.append(ask)
        with suppress(ConnectionError, TimeoutError):
            if self.far.trouble is None:
                self.send(type(self).answer(ask))
            else:
                self.far.trouble(self, ask, type(self).answer)

    do_POST = do_HEAD = do_GET  # noqa: N815 -- so the standard library wants it

    def send(self, reply: Reply) -> None:
        """Write an answer whole."""
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.media_type:
            self.send_header("Content-Type", reply.media_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Say nothing: who asks may hang up when it likes."""


@contextmanager
def play(answer: Answer) -> Iterator[Far]:
    """Serve on a free port of loopback until the end of the block."""
    handler: Any = type("Handler", (Handler,), {"answer": staticmethod(answer)})
    server = _Server(("127.0.0.1", 0), handler)
    far = handler.far = Far(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield far
    finally:
        server.shutdown()
        server.server_close()


def status(code: int, times: int | None = None, **headers: str) -> Trouble:
    """Answer with an error status: always, or so many times before all is well again."""
    return instead(Reply(b"{}", status=code, headers=_named(headers)), times)


def instead(reply: Reply, times: int | None = None) -> Trouble:
    """Give another answer: always, or so many times before all is well again."""
    left = [times]
    lock = threading.Lock()

    def trouble(handler: Handler, ask: Ask, answer: Answer) -> None:
        with lock:
            well = left[0] == 0
            if left[0]:
                left[0] -= 1
        handler.send(answer(ask) if well else reply)

    return trouble


def after(count: int, then: Trouble) -> Trouble:
    """Answer so many requests well, and every later one as `then` does."""
    seen = [0]
    lock = threading.Lock()

    def trouble(handler: Handler, ask: Ask, answer: Answer) -> None:
        with lock:
            seen[0] += 1
            well = seen[0] <= count
        if well:
            handler.send(answer(ask))
        else:
            then(handler, ask, answer)

    return trouble


def cut(handler: Handler, ask: Ask, answer: Answer) -> None:
    """Promise the whole body and send half of it."""
    reply = answer(ask)
    handler.send_response(reply.status)
    handler.send_header("Content-Type", reply.media_type)
    handler.send_header("Content-Length", str(len(reply.body) + 10))
    handler.end_headers()
    handler.wfile.write(reply.body[: len(reply.body) // 2])
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def reset(handler: Handler, _ask: Ask, _answer: Answer) -> None:
    """Reset the connection."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()


def silence(handler: Handler, _ask: Ask, _answer: Answer) -> None:
    """Say nothing until who asked hangs up."""
    handler.close_connection = True
    handler.connection.settimeout(30)
    with suppress(OSError):
        handler.connection.recv(1)


def drip(handler: Handler, ask: Ask, answer: Answer) -> None:
    """Send the body a byte at a time, five a second."""
    reply = answer(ask)
    handler.send_response(reply.status)
    handler.send_header("Content-Type", reply.media_type)
    handler.send_header("Content-Length", str(len(reply.body)))
    handler.end_headers()
    handler.close_connection = True
    pause = threading.Event()
    for place in range(len(reply.body)):
        handler.wfile.write(reply.body[place : place + 1])
        handler.wfile.flush()
        if pause.wait(0.2):
            return


def flood(handler: Handler, ask: Ask, answer: Answer) -> None:
    """Announce ten gigabytes, and send as long as somebody reads."""
    handler.send_response(200)
    handler.send_header("Content-Type", answer(ask).media_type)
    handler.send_header("Content-Length", str(10 << 30))
    handler.end_headers()
    handler.close_connection = True
    piece = b" " * (1 << 20)
    for _ in range(10 << 10):
        handler.wfile.write(piece)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
