"""A small web server on a free loopback port, in a thread of its own."""

import socket
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl

import uvicorn

_START_S = 10.0
"""How long a server may take to answer for the first time."""

_PAUSE_S = 0.005


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, and from which address."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in small letters."""
    address: str
    """Of the connection itself, whatever the headers claim."""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    body: bytes = b""
    status: int = 200
    media_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


Handle = Callable[[Request], Answer]
"""Answers a request at once; it is called on the server's thread, one request at a time."""


class Server:
    """Serves until stopped; its address is known as soon as it is made."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            self._answer,
            log_config=None,
            access_log=False,
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._uvicorn.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()
        until = time.monotonic() + _START_S
        while not self._uvicorn.started and time.monotonic() < until:
            time.sleep(_PAUSE_S)

    def stop(self) -> None:
        """End and give the port back; a second call changes nothing."""
        self._uvicorn.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()

    async def _answer(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Mapping[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        body = await _body(receive) if scope["method"] == "POST" else b""
        answer = self._handle(_request(scope, body))
        headers = {"content-type": answer.media_type, "content-length": str(len(answer.body))}
        headers |= answer.headers
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers.items()],
            }
        )
        shown = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": shown})


async def _body(receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> bytes:
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _request(scope: Mapping[str, Any], body: bytes) -> Request:
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"))),
        headers={n.decode("latin-1"): v.decode("latin-1") for n, v in scope["headers"]},
        address=scope["client"][0],
        body=body,
    )
