"""Answers that are too large, too slow or broken: each ends in time, as one of our errors."""

import gzip
import io
import socket
import time
import tracemalloc
import zlib

import pytest
from urllib3 import HTTPResponse

from connectors import _body, _http, _transport
from schemas.errors import GarbledError, UnreachableError
from tests.connectors import hostile
from tests.patience import PATIENCE_S

DEADLINE_S = 0.4
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
MANY = 100_000


def ask(
    behaviour: hostile.Behaviour, *, deadline_s: float = 10, read_timeout_s: float = 10
) -> _http.Answer:
    """Ask a server that behaves like this, once."""
    with hostile.serve({"/": behaviour}) as far:
        bounds = _http.Limits(
            allow=(far.place,),
            attempts=1,
            deadline_s=deadline_s,
            read_timeout_s=read_timeout_s,
            max_bytes=MANY,
        )
        with _http.open_http(bounds) as http:
            return http.get("forum", far.url("/"))


def bomb(size: int) -> bytes:
    """Pack zeros: about a thousandth of their size."""
    return gzip.compress(bytes(size))


def test_a_gzip_bomb_is_stopped_at_the_limit_of_what_it_unpacks_to() -> None:
    with pytest.raises(GarbledError, match="larger than 100000 bytes; ask for less at a time"):
        ask(hostile.answer(bomb(50_000_000), Content_Encoding="gzip"))


def test_a_gzip_bomb_takes_no_more_memory_than_is_allowed() -> None:
    raw = HTTPResponse(io.BytesIO(bomb(20_000_000)), preload_content=False)
    tracemalloc.start()
    try:
        with pytest.raises(_body.GarbageError, match="larger than"):
            _body.read(raw, "gzip", MANY)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_bomb_of_many_gzip_members_is_stopped_too() -> None:
    with pytest.raises(GarbledError, match="larger than"):
        ask(hostile.answer(bomb(MANY // 2) * 3, Content_Encoding="x-gzip"))


def test_members_that_unpack_to_nothing_count_by_what_was_received() -> None:
    with pytest.raises(GarbledError, match="larger than"):
        ask(hostile.say(HEAD, b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 6000))


def test_a_coding_we_did_not_ask_for_is_not_unpacked() -> None:
    with pytest.raises(GarbledError, match="we asked for gzip"):
        ask(hostile.answer(b"\x1b\x00\x00", Content_Encoding="br"))


def test_a_body_that_is_declared_too_large_is_not_read() -> None:
    with pytest.raises(GarbledError, match="larger than"):
        ask(hostile.drip(HEAD + b"Content-Length: 100001\r\n\r\n", b"", 60))


def test_endless_chunks_are_stopped_at_the_limit() -> None:
    chunk = b"4000\r\n" + bytes(0x4000) + b"\r\n"
    with pytest.raises(GarbledError, match="larger than"):
        ask(hostile.drip(CHUNKED, chunk, 0.0001))


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hostile.silence(), id="no answer at all"),
        pytest.param(hostile.drip(HEAD, b"X-A: b\r\n"), id="header by header"),
        pytest.param(hostile.drip(b"", b"H"), id="a status line without end"),
        pytest.param(hostile.drip(HEAD + b"Content-Length: 999\r\n\r\n", b"x"), id="byte by byte"),
        pytest.param(hostile.drip(HEAD + b"\r\n", b"x"), id="byte by byte without a length"),
        pytest.param(hostile.drip(CHUNKED, b"1\r\nx\r\n"), id="chunk by chunk"),
        pytest.param(hostile.drip(CHUNKED, b"0"), id="a chunk size without end"),
        pytest.param(
            hostile.drip(
                HEAD + b"Content-Encoding: gzip\r\n\r\n" + bomb(9)[:10], b"\0\0\0\xff\xff"
            ),
            id="gzip by drops",
        ),
    ],
)
def test_a_slow_answer_is_cut_at_the_deadline(behaviour: hostile.Behaviour) -> None:
    began = time.monotonic()
    with pytest.raises(UnreachableError, match=r"no whole answer within 0\.4 s"):
        ask(behaviour, deadline_s=DEADLINE_S)
    assert DEADLINE_S <= time.monotonic() - began < PATIENCE_S


def test_silence_is_told_apart_from_slowness() -> None:
    with pytest.raises(UnreachableError, match="it fell silent"):
        ask(hostile.silence(), read_timeout_s=0.1)


def test_silence_within_a_body_is_told_apart_from_slowness() -> None:
    with pytest.raises(UnreachableError, match="it fell silent"):
        ask(hostile.drip(HEAD + b"\r\n", b"", 60), read_timeout_s=0.1)


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(
            hostile.say(HEAD, b"Content-Length: 1000\r\n\r\n", bytes(500)), id="half its length"
        ),
        pytest.param(hostile.say(CHUNKED, b"5\r\nhel"), id="half a chunk"),
        pytest.param(hostile.say(CHUNKED, b"5\r\nhello\r\n"), id="no last chunk"),
        pytest.param(hostile.say(CHUNKED, b"no number\r\nhello\r\n"), id="a chunk without a size"),
        pytest.param(
            hostile.say(HEAD, b"Content-Encoding: gzip\r\n\r\n", bomb(1000)[:-5]), id="half a gzip"
        ),
    ],
)
def test_an_answer_that_breaks_off_may_pass(behaviour: hostile.Behaviour) -> None:
    with pytest.raises(UnreachableError, match="its answer broke off"):
        ask(behaviour)


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hostile.say(), id="closed without a word"),
        pytest.param(hostile.reset(), id="reset before the head"),
        pytest.param(hostile.reset(HEAD), id="reset within the head"),
        pytest.param(
            hostile.reset(HEAD + b"Content-Length: 9\r\n\r\nhal"), id="reset within the body"
        ),
    ],
)
def test_a_cut_connection_may_pass(behaviour: hostile.Behaviour) -> None:
    with pytest.raises(UnreachableError, match="it cut the connection"):
        ask(behaviour)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"220 mail.example ESMTP\r\n", id="mail"),
        pytest.param(HEAD + b"X-Long: " + b"x" * 70_000 + b"\r\n\r\n", id="a header without end"),
        pytest.param(HEAD + b"X-A: b\r\n" * 200 + b"\r\n", id="too many headers"),
        pytest.param(
            HEAD + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nhello", id="two lengths"
        ),
    ],
)
def test_what_is_not_http_is_garbled(said: bytes) -> None:
    with pytest.raises(GarbledError, match="does not speak HTTP"):
        ask(hostile.say(said))


def test_what_is_not_gzip_is_garbled() -> None:
    with pytest.raises(GarbledError, match="says gzip but cannot be unpacked"):
        ask(hostile.answer(b"<rss/>", Content_Encoding="gzip"))


@pytest.mark.parametrize(
    ("coding", "sent"),
    [
        pytest.param("", b"hello", id="nothing said"),
        pytest.param("identity", b"hello", id="identity"),
        pytest.param("GZIP", gzip.compress(b"hello"), id="gzip"),
        pytest.param("gzip", gzip.compress(b"hel") + gzip.compress(b"lo"), id="two members"),
        pytest.param("gzip", gzip.compress(b"hello") + bytes(20), id="padding behind"),
    ],
)
def test_a_body_comes_unpacked(coding: str, sent: bytes) -> None:
    assert ask(hostile.answer(sent, Content_Encoding=coding)).body == b"hello"


def test_a_body_that_arrives_in_drops_is_whole() -> None:
    def behave(talk: hostile.Talk) -> bool:
        sent = gzip.compress(b"a") + gzip.compress(b"b") + b"\x00"
        talk.send(HEAD + f"Content-Encoding: gzip\r\nContent-Length: {len(sent)}\r\n\r\n".encode())
        for byte in sent:
            talk.wait(0.001)
            talk.send(bytes([byte]))
        return False

    assert ask(behave).body == b"ab"


def test_what_unpacks_to_many_pieces_is_whole() -> None:
    text = b"".join(b"%d " % number for number in range(15_000))
    squeeze = zlib.compressobj(wbits=31)
    sent = squeeze.compress(text + bytes(13)) + squeeze.flush()
    assert ask(hostile.answer(sent, Content_Encoding="gzip")).body == text + bytes(13)
    assert ask(hostile.answer(bomb(1 << 16), Content_Encoding="gzip")).body == bytes(1 << 16)


def test_nothing_said_to_be_gzip_is_nothing() -> None:
    assert ask(hostile.answer(b"", Content_Encoding="gzip")).body == b""


def test_the_largest_answer_allowed_is_taken() -> None:
    assert len(ask(hostile.answer(bytes(MANY))).body) == MANY
    assert len(ask(hostile.answer(bomb(MANY), Content_Encoding="gzip")).body) == MANY
    chunks = b"c350\r\n" + bytes(50_000) + b"\r\n"
    assert len(ask(hostile.say(CHUNKED, chunks, chunks, b"0\r\n\r\n")).body) == MANY


def test_a_connection_that_is_kept_is_watched_again() -> None:
    slow = hostile.drip(HEAD + b"Content-Length: 999\r\n\r\n", b"x")
    with hostile.serve({"/": hostile.answer(b"first"), "/slow": slow}) as far:
        bounds = _http.Limits(allow=(far.place,), attempts=1, deadline_s=3)
        with _http.open_http(bounds) as http:
            assert http.get("forum", far.url("/")).body == b"first"
            with pytest.raises(UnreachableError, match="no whole answer"):
                http.get("forum", far.url("/slow"))
        assert far.connections == 1


def test_redirects_share_one_deadline() -> None:
    def slow_redirect(talk: hostile.Talk) -> bool:
        talk.wait(0.15)
        return hostile.redirect(talk.asked.target + "x")(talk)

    paths = {"/" + "x" * n: slow_redirect for n in range(1, 6)}
    with hostile.serve(paths) as far:
        bounds = _http.Limits(allow=(far.place,), attempts=1, deadline_s=DEADLINE_S)
        with (
            _http.open_http(bounds) as http,
            pytest.raises(UnreachableError, match="no whole answer"),
        ):
            http.get("forum", far.url("/x"))
        assert len(far.asked) <= 3


def test_the_body_of_a_redirect_is_not_read() -> None:
    endless = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nTransfer-Encoding: chunked\r\n\r\n"
    with hostile.serve({"/": hostile.drip(endless, b""), "/there": hostile.answer(b"hi")}) as far:
        bounds = _http.Limits(allow=(far.place,), attempts=1, deadline_s=PATIENCE_S)
        with _http.open_http(bounds) as http:
            assert http.get("forum", far.url("/")).body == b"hi"


def test_a_watch_that_has_run_out_shuts_what_it_is_given_later() -> None:
    near, far = socket.socketpair()
    with near, far, _transport.Watch(0) as watch:
        while not watch.expired:
            time.sleep(0.001)
        watch.hold(near)
        assert far.recv(1) == b""
        assert watch.left_s() > 0
