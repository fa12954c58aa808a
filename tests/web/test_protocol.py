"""What is said at once, over real connections: the same bytes as the application would send."""

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Self

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from tests.patience import PATIENCE_S
from web import answers, protocol
from web.answers import Answer

KNOWN = answers.whole(200, "text/plain", b"at once", (b"etag", b'"e1"'))
LARGE = answers.whole(200, "text/plain", b"x" * 100_000)


class Door:
    """An application that says so, and what is said before it is asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.at_once_asked: list[tuple[bytes, dict[bytes, bytes]]] = []

    def at_once(self, target: bytes, headers: dict[bytes, bytes]) -> Answer | None:
        self.at_once_asked.append((target, headers))
        return {b"/known": KNOWN, b"/large": LARGE}.get(target)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        if scope["raw_path"] == b"/slow":
            await asyncio.sleep(0.2)
        body = scope["method"].encode() + b" " + scope["raw_path"] + b" " + message["body"]
        self.asked.append(body)
        answer = answers.whole(200, "text/plain", body)
        await send(answer.start)
        await send(answer.body)


@pytest.fixture
def door() -> Door:
    return Door()


@contextmanager
def opened(door: Door, keep_alive_s: int = 5, most: int | None = None) -> Iterator[tuple[str, int]]:
    config = uvicorn.Config(
        door,
        port=0,
        loop="uvloop",
        http=protocol.speaking(door.at_once),
        lifespan="off",
        log_level="critical",
        timeout_keep_alive=keep_alive_s,
        limit_concurrency=most,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()
    finally:
        server.should_exit = True
        thread.join()


class Caller:
    """One connection, byte by byte."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, timeout=PATIENCE_S)
        self._heard = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def say(self, words: bytes) -> None:
        self._socket.sendall(words)

    def hear(self, *, bodiless: bool = False) -> tuple[bytes, bytes]:
        """Hear one answer: its head, and its body."""
        while b"\r\n\r\n" not in self._heard:
            self._heard += self._more()
        head, _, rest = self._heard.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        size = int(length[1]) if length and not bodiless else 0
        while len(rest) < size:
            rest += self._more()
        self._heard = rest[size:]
        return head, rest[:size]

    def ask(self, words: bytes) -> bytes:
        self.say(words)
        return self.hear()[1]

    def is_closed(self, within_s: float) -> bool:
        self._socket.settimeout(within_s)
        try:
            return self._socket.recv(1) == b""
        except TimeoutError:
            return False

    def _more(self) -> bytes:
        heard = self._socket.recv(65536)
        assert heard, "the connection was closed"
        return heard


def get(target: str, *lines: str, version: str = "1.1", method: str = "GET") -> bytes:
    head = [f"{method} {target} HTTP/{version}", "Host: retold.example", *lines]
    return "\r\n".join([*head, "", ""]).encode()


def test_the_same_bytes_again_are_answered_at_once(door: Door) -> None:
    with opened(door) as address, Caller(address) as caller:
        assert caller.ask(get("/known", "Accept-Encoding: GZIP")) == b"GET /known "
        for _ in range(3):
            assert caller.ask(get("/known", "Accept-Encoding: GZIP")) == b"at once"
    asked = {b"host": b"retold.example", b"accept-encoding": b"GZIP"}
    assert door.at_once_asked == [(b"/known", asked)] * 3


def test_what_is_known_is_known_to_every_connection(door: Door) -> None:
    with opened(door) as address:
        with Caller(address) as first:
            first.ask(get("/known"))
        with Caller(address) as second:
            assert second.ask(get("/known")) == b"at once"


def test_what_cannot_be_said_at_once_is_asked_of_the_application_each_time(door: Door) -> None:
    with opened(door) as address, Caller(address) as caller:
        for _ in range(3):
            assert caller.ask(get("/other?x=1")) == b"GET /other "
        assert caller.ask(get("/known")) == b"GET /known "
        assert caller.ask(get("/known")) == b"at once"
    assert len(door.asked) == 4


def test_an_answer_at_once_has_the_head_that_the_application_would_send(door: Door) -> None:
    with opened(door) as address, Caller(address) as caller:
        caller.ask(get("/known"))
        caller.say(get("/known"))
        head, _ = caller.hear()
    status, *lines = head.split(b"\r\n")
    assert status == b"HTTP/1.1 200 OK"
    sent = dict(line.split(b": ", 1) for line in lines)
    assert re.fullmatch(rb"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", sent.pop(b"date"))
    assert sent.pop(b"server") == b"uvicorn"
    assert sent == dict(KNOWN.start["headers"])


@pytest.mark.parametrize(
    "request_",
    [
        get("/known", method="HEAD"),
        get("/known", "Content-Length: 0"),
        get("/known", "Expect: 100-continue"),
        get("/known", "Upgrade: h2c", "Connection: Upgrade"),
        get("/known", "A-IM: feed", "A-IM: vcdiff"),
        get("/known", "Padding: " + "x" * 4096),
    ],
    ids=["head", "length", "expect", "upgrade", "repeated", "long"],
)
def test_what_is_no_plain_question_goes_to_the_application(door: Door, request_: bytes) -> None:
    with opened(door) as address:
        for _ in range(2):
            with Caller(address) as caller:
                caller.say(request_)
                caller.hear(bodiless=request_.startswith(b"HEAD"))
    assert (len(door.asked), door.at_once_asked) == (2, [])


@pytest.mark.parametrize(
    "request_",
    [get("/known", version="1.0"), get("/known", "Connection: close")],
    ids=["http-1.0", "close"],
)
def test_who_wants_the_connection_closed_has_it_closed(door: Door, request_: bytes) -> None:
    with opened(door) as address:
        for _ in range(2):
            with Caller(address) as caller:
                assert caller.ask(request_) == b"GET /known "
                assert caller.is_closed(within_s=2)


def test_a_question_in_pieces_is_read_as_one(door: Door) -> None:
    with opened(door) as address, Caller(address) as caller:
        words = get("/known")
        caller.ask(words)
        for cut in (1, 7, len(words) - 2):
            caller.say(words[:cut])
            time.sleep(0.02)
            assert caller.ask(words[cut:]) == b"GET /known "
        assert caller.ask(words) == b"at once"


def test_a_known_question_as_the_body_of_another_is_that_ones_body(door: Door) -> None:
    words = get("/known")
    with opened(door) as address, Caller(address) as caller:
        caller.ask(words)
        caller.say(get("/report", f"Content-Length: {len(words)}", method="POST"))
        time.sleep(0.02)
        assert caller.ask(words) == b"POST /report " + words


def test_a_known_question_within_the_head_of_another_is_part_of_that_head(door: Door) -> None:
    words = get("/known")
    with opened(door) as address, Caller(address) as caller:
        caller.ask(words)
        caller.say(b"GET /other HTTP/1.1\r\nNote: ")
        time.sleep(0.02)
        assert caller.ask(words) == b"GET /other "


def test_what_is_known_does_not_overtake_what_takes_its_time(door: Door) -> None:
    with opened(door) as address, Caller(address) as caller:
        caller.ask(get("/known"))
        caller.say(get("/slow"))
        time.sleep(0.05)
        caller.say(get("/known"))
        assert [caller.hear()[1] for _ in range(2)] == [b"GET /slow ", b"GET /known "]


def test_questions_sent_ahead_are_answered_in_their_order(door: Door) -> None:
    with opened(door) as address, Caller(address) as caller:
        caller.ask(get("/known"))
        caller.say(get("/one") + get("/known") + get("/two"))
        bodies = [caller.hear()[1] for _ in range(3)]
        assert bodies == [b"GET /one ", b"GET /known ", b"GET /two "]
        for target in ("/one", "/known", "/two", "/known"):
            caller.say(get(target))
        bodies = [caller.hear()[1] for _ in range(4)]
        assert [b.replace(b"at once", b"GET /known ") for b in bodies] == [
            b"GET /one ",
            b"GET /known ",
            b"GET /two ",
            b"GET /known ",
        ]


def test_a_large_answer_arrives_whole(door: Door) -> None:
    with opened(door) as address, Caller(address) as caller:
        caller.ask(get("/large"))
        for _ in range(20):
            caller.say(get("/large"))
        assert {caller.hear()[1] for _ in range(20)} <= {b"x" * 100_000, b"GET /large "}
        assert caller.ask(get("/large")) == b"x" * 100_000


def test_a_connection_that_is_idle_is_closed_and_one_that_asks_is_not(door: Door) -> None:
    with opened(door, keep_alive_s=1) as address:
        with Caller(address) as caller:
            caller.ask(get("/known"))
        with Caller(address) as busy, Caller(address) as idle:
            assert (busy.ask(get("/known")), idle.ask(get("/known"))) == (b"at once", b"at once")
            for _ in range(8):
                time.sleep(0.3)
                assert busy.ask(get("/known")) == b"at once"
            assert idle.is_closed(within_s=0.01)
            assert busy.is_closed(within_s=3)


def test_beyond_the_most_connections_even_what_is_known_waits(door: Door) -> None:
    with opened(door, most=3) as address:
        with Caller(address) as first:
            first.ask(get("/known"))
        with Caller(address) as one, Caller(address) as two:
            assert one.ask(get("/known")) == b"at once"
            with Caller(address) as third:
                third.say(b"GET ")
                time.sleep(0.1)
                assert two.ask(get("/known")) == b"Service Unavailable"


def test_nonsense_is_refused(door: Door) -> None:
    with opened(door) as address, Caller(address) as caller:
        caller.say(b"nonsense\r\n\r\n")
        head, _ = caller.hear()
        assert head.startswith(b"HTTP/1.1 400 ")


def test_no_more_is_known_than_there_is_room_for(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "_MOST_KNOWN", 2)
    with opened(door) as address, Caller(address) as caller:
        caller.ask(get("/known"))
        caller.ask(get("/one"))
        assert caller.ask(get("/known")) == b"at once"
        caller.ask(get("/two"))
        assert caller.ask(get("/known")) == b"GET /known "


@pytest.mark.parametrize(
    ("headers", "said"), [(31, b"at once"), (32, b"GET /known ")], ids=["as many", "too many"]
)
def test_a_question_of_very_many_headers_is_not_kept(door: Door, headers: int, said: bytes) -> None:
    asked = get("/known", *(f"A{number}:" for number in range(headers)))
    with opened(door) as address, Caller(address) as caller:
        caller.ask(asked)
        assert caller.ask(asked) == said
