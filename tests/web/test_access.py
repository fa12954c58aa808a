"""Who may have what: every address, state of a token, way to send it, and method."""

import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from typing import Any

import pytest
from sqlalchemy import event

from steps import tokens
from store.database import Engine
from tests.tell import tell, telling
from tests.web.published import Published
from tests.web.rig import Reply

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
OPENING = ("valid", "rotated")

OWN: Mapping[str, int] = {
    "/feeds/nhs/all": 200,
    "/feeds/nhs/all.atom": 200,
    "/feeds/nhs/all.atom?below=11": 200,
    "/feeds/nhs/all/archive-1.atom": 200,
    "/feeds/nhs/all/archive-2.atom": 404,
    "/feeds/nhs/all/manifest.json": 200,
    "/feeds/nhs/all/manifest-2026-01.json": 200,
    "/feeds/nhs/all/manifest-1999-01.json": 404,
    "/feeds/nhs/new.atom": 503,
    "/feeds/nhs/none.atom": 404,
    "/feeds/bbc/all.atom": 200,
    "/feeds/bbc/all.rss": 404,
    "/feeds/bbc/all/manifest.json": 200,
    "/feeds/late/all": 403,
    "/feeds/late/all.atom": 403,
    "/feeds/late/all/archive-1.atom": 403,
    "/feeds/late/all/manifest.json": 403,
    "/partners/nhs": 200,
    "/partners/nhs.opml": 200,
    "/partners/nhs.atom": 404,
    "/partners/nhs/all": 404,
    "/partners/nhs/": 404,
    "/partners/bbc": 200,
    "/partners/bbc.opml": 200,
    "/partners/late": 403,
    "/partners/late.opml": 403,
}
"""What every address answers to a live token of the partner that it names."""


def opened(published: Published) -> Published:
    tell(published.engine, telling("1"), telling("2"))
    published.publish()
    return published


def by_bearer(path: str, token: str) -> tuple[str, dict[str, str]]:
    return path, {"authorization": f"Bearer {token}"}


def by_basic(path: str, token: str) -> tuple[str, dict[str, str]]:
    words = b64encode(f"reader:{token}".encode()).decode()
    return path, {"authorization": f"Basic {words}"}


def by_url(path: str, token: str) -> tuple[str, dict[str, str]]:
    return f"{path}{'&' if '?' in path else '?'}token={token}", {}


WAYS: Mapping[str, Callable[[str, str], tuple[str, dict[str, str]]]] = {
    "Bearer": by_bearer,
    "Basic": by_basic,
    "URL": by_url,
}


def is_partners(path: str) -> bool:
    return path.startswith("/partners/")


def tokens_for(rig: Published, partner: str) -> dict[str, str]:
    """Give a token in every state there is."""
    rotated, revoked = rig.issue(partner), rig.issue(partner)
    tokens.revoke(rig.engine, revoked[8:16], rig.now)
    return {
        "valid": rig.issue(partner),
        "rotated": rotated,
        "revoked": revoked,
        "expired": rig.issue(partner, days=-1),
        "another's": rig.issue("bbc" if partner == "nhs" else "nhs"),
        "of reports": rig.issue(partner, "report"),
        "none": "",
        "malformed": "rt_feed_%ff_",
    }


def expected(path: str, state: str, method: str) -> int:
    if method == "OPTIONS":
        return 204
    if state not in {*OPENING, "another's"}:
        return 401
    if method == "POST" and is_partners(path) and state in OPENING and OWN[path] == 200:
        return 405 if path.endswith(".opml") else 415  # it posted nothing
    if method not in ({"GET", "HEAD", "POST"} if is_partners(path) else {"GET", "HEAD"}):
        return 405
    return OWN[path] if state in OPENING else 404


Cell = tuple[str, str, str]
"""The state of a token, the way it is sent, and the method."""


def asked(rig: Published, path: str) -> dict[Cell, Reply]:
    issued = tokens_for(rig, path.split("/")[2].partition(".")[0])
    rig.now += timedelta(seconds=1)
    return {
        (state, way, method): rig.ask(address, method=method, headers=headers)
        for state, token in issued.items()
        for way, send in WAYS.items()
        for address, headers in [send(path, token)]
        for method in METHODS
    }


@pytest.mark.parametrize("path", OWN)
def test_every_address_opens_just_to_whom_it_should(published: Published, path: str) -> None:
    replies = asked(opened(published), path)
    assert len(replies) * len(OWN) == 8 * 3 * 6 * 26
    wrong = {
        cell: reply.status
        for cell, reply in replies.items()
        if reply.status != expected(path, cell[0], cell[2])
    }
    assert wrong == {}
    for (state, way, method), reply in replies.items():
        if method == "HEAD":
            assert (reply.headers, reply.body) == (replies[state, way, "GET"].headers, b"")


def test_all_that_is_refused_is_refused_in_the_same_words(published: Published) -> None:
    opened(published)
    said: dict[int, set[tuple[Any, bytes]]] = {}
    for path in OWN:
        for (_, _, method), reply in asked(published, path).items():
            if method != "HEAD":
                said.setdefault(reply.status, set()).add((tuple(reply.headers), reply.body))
    once = {status: len(words) for status, words in said.items() if status != 200}
    methods = once.pop(405)  # a feed is only read, a partner's page takes forms
    assert methods == 2
    assert once == dict.fromkeys((204, 401, 403, 404, 415, 503), 1)
    assert len(said[200]) > 5


def test_a_rotated_token_opens_until_it_is_revoked(published: Published) -> None:
    opened(published)
    old, new = published.issue("nhs"), published.issue("nhs")
    assert [published.ask("/feeds/nhs/all.atom", one).status for one in (old, new)] == [200, 200]
    tokens.revoke(published.engine, old[8:16], published.now)
    published.now += timedelta(seconds=1)
    assert [published.ask("/feeds/nhs/all.atom", one).status for one in (old, new)] == [401, 200]


@dataclass
class Work:
    """What an answer costs that an attacker could time."""

    queries: int = 0
    hashes: int = 0


@contextmanager
def counted(engine: Engine) -> Iterator[Work]:
    """Count statements and SHA-256, in all threads that begin from now on too."""
    work = Work()

    def on_query(*_: object) -> None:
        work.queries += 1

    def on_call(_: FrameType, kind: str, called: Any) -> None:
        if kind == "c_call" and called.__name__ in {"openssl_sha256", "sha256"}:
            work.hashes += 1

    event.listen(engine, "before_cursor_execute", on_query)
    threading.setprofile(on_call)
    sys.setprofile(on_call)
    try:
        yield work
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        event.remove(engine, "before_cursor_execute", on_query)


ENDINGS = (
    "",
    ".atom",
    ".rss",
    ".none",
    ".atom?below=11",
    "/archive-1.atom",
    "/manifest.json",
    "/manifest-2026-01.json",
    "/story/00000000-0000-5000-8000-000000000000",
)
UNKNOWN = "nhs/none"
FORBIDDEN = ("bbc/all", "bbc/none", "late/all", "nobody/all")


@pytest.mark.parametrize("ending", ENDINGS)
def test_unknown_and_forbidden_cost_the_same_and_look_the_same(
    published: Published, ending: str
) -> None:
    opened(published)
    token = published.issue("nhs")
    with counted(published.engine) as work:
        published.ask("/feeds/nhs/all.atom", token)
        assert work.queries > 0
        assert work.hashes > 0
        seen = []
        for stale in (False, True):
            for stem in (UNKNOWN, *FORBIDDEN):
                published.now += timedelta(seconds=2 if stale else 0)
                work.queries = work.hashes = 0
                reply = published.ask(f"/feeds/{stem}{ending}", token)
                seen.append((stale, reply.status, reply.headers, reply.body, repr(work)))
    distinct = {repr(one) for one in seen}
    assert len(distinct) == 2, "a fresh reading, and a stale one"
    assert {one[1] for one in seen} == {404}


@pytest.mark.parametrize("ending", ["", ".opml", "/all", ".none"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_partner_that_is_not_costs_the_same_as_anothers_and_looks_the_same(
    published: Published, ending: str, method: str
) -> None:
    token = opened(published).issue("nhs")
    with counted(published.engine) as work:
        published.ask("/partners/nhs", token)
        seen = []
        for stale in (False, True):
            for name in ("nobody", "bbc", "late"):
                published.now += timedelta(seconds=2 if stale else 0)
                work.queries = work.hashes = 0
                reply = published.ask(f"/partners/{name}{ending}", token, method=method)
                seen.append((stale, reply.status, reply.headers, reply.body, repr(work)))
    assert len({repr(one) for one in seen}) == 2, "a fresh reading, and a stale one"
    assert {one[1] for one in seen} == {404}


def test_a_token_that_never_was_costs_as_much_as_one_that_is_no_more(published: Published) -> None:
    opened(published)
    known = tokens_for(published, "nhs")
    wrong = known["valid"][:-4] + "zzzz"
    stranger = known["valid"].replace(known["valid"][8:16], "abcdefgh")
    with counted(published.engine) as work:
        published.ask("/feeds/nhs/all.atom", known["valid"])
        costs = set()
        for token in (wrong, stranger, known["revoked"], known["expired"], "malformed"):
            work.queries = work.hashes = 0
            reply = published.ask("/feeds/nhs/all.atom", token)
            costs.add((reply.status, work.queries, work.hashes))
    assert costs == {(401, 0, 1)}


def test_a_format_not_agreed_costs_as_much_as_one_that_nobody_has(published: Published) -> None:
    opened(published)
    token = published.issue("bbc")
    with counted(published.engine) as work:
        published.ask("/feeds/bbc/all.atom", token)
        costs = []
        for ending in ("rss", "none"):
            work.queries = work.hashes = 0
            reply = published.ask(f"/feeds/bbc/all.{ending}", token)
            costs.append((reply, repr(work)))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("path", OWN)
def test_a_browser_may_ask_beforehand_whether_a_reader_may_send_its_token(
    published: Published, path: str
) -> None:
    """It asks without the token, and so is told the same at every address."""
    asking = {
        "origin": "https://reader.example",
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization,a-im,if-none-match",
    }
    with counted(published.engine) as work:
        reply = published.ask(path, method="OPTIONS", headers=asking)
    assert (reply.status, reply.body, work) == (204, b"", Work())
    assert reply["access-control-allow-origin"] == "*"
    assert reply["access-control-allow-methods"] == "GET, HEAD"
    allowed = {name.strip() for name in reply["access-control-allow-headers"].lower().split(",")}
    assert allowed >= set(asking["access-control-request-headers"].split(","))


def test_a_reader_in_a_browser_may_read_what_it_needs_of_every_answer(
    published: Published,
) -> None:
    opened(published)
    token = published.issue("nhs")
    tag = published.ask("/feeds/nhs/all.atom", token)["etag"]
    for state, headers in {
        200: {},
        304: {"if-none-match": tag},
        226: {"if-none-match": '"' + tag.strip('"').rpartition("-")[0] + '-31"', "a-im": "feed"},
    }.items():
        reply = published.ask("/feeds/nhs/all.atom", token, headers=headers)
        assert (reply.status, reply["access-control-allow-origin"]) == (state, "*")
    assert published.ask("/feeds/nhs/all.atom")["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("held", ["*", 'W/{tag}, "x"', '"x", {tag}', "{tag}"])
def test_whoever_names_any_or_this_state_holds_it(published: Published, held: str) -> None:
    opened(published)
    token = published.issue("nhs")
    tag = published.ask("/feeds/nhs/all.atom", token)["etag"]
    reply = published.ask(
        "/feeds/nhs/all.atom",
        token,
        headers={"if-none-match": held.format(tag=tag), "a-im": "feed"},
    )
    assert (reply.status, reply.body) == (304, b"")
