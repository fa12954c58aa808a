"""What is promised of the web, through a real server on the loopback."""

import http.client
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
import requests

from rules import beacon
from schemas.config import Config
from schemas.partner import Edition
from schemas.publication import Document, Part
from steps import tokens
from store import deliveries
from store.database import Engine, create_tables, open_engine, reading
from tests.patience import PATIENCE_S
from tests.web.rig import KEY, Rig
from web import reports
from web.serve import Redacted, make_server, serve

ATOM = "/feeds/nhs/all.atom"


@contextmanager
def serving(rig: Rig, forwarded_allow_ips: str = "127.0.0.1") -> Iterator[str]:
    """Serve a rig on a free port, by the clock on the wall; give its address."""
    rig.now = datetime.now(UTC)
    house = replace(rig.house(), now=lambda: datetime.now(UTC))
    server = make_server(house, "127.0.0.1", 0, forwarded_allow_ips)
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def address(rig: Rig) -> Iterator[str]:
    with serving(rig) as address:
        yield address


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_reader_polls_over_one_connection(rig: Rig, address: str) -> None:
    token = rig.issue("nhs")
    with requests.Session() as session:
        # What requests takes of itself depends on what else is installed beside it.
        session.headers.update(bearer(token) | {"accept-encoding": "gzip"})
        assert session.post(address + ATOM, data=b"x" * 100_000).status_code == 405
        first = session.get(address + ATOM)
        assert (first.status_code, first.headers["content-encoding"]) == (200, "gzip")
        assert first.content.startswith(b"<?xml")
        head = session.head(address + ATOM)
        assert (head.status_code, head.headers["etag"]) == (200, first.headers["etag"])
        again = session.get(address + ATOM, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "server" not in first.headers
        session.auth = ("anybody", token)
        assert session.get(address + ATOM).status_code == 200


def test_a_revoked_token_opens_nothing_within_a_second(rig: Rig, address: str) -> None:
    token = rig.issue("nhs")
    assert (
        requests.get(address + ATOM, headers=bearer(token), timeout=PATIENCE_S).status_code == 200
    )
    tokens.revoke(rig.engine, token[8:16], datetime.now(UTC))
    time.sleep(1)
    assert (
        requests.get(address + ATOM, headers=bearer(token), timeout=PATIENCE_S).status_code == 401
    )


def test_what_was_counted_is_kept_when_the_server_is_told_to_stop(rig: Rig) -> None:
    token = rig.issue("nhs")
    with serving(rig) as address, requests.Session() as session:
        for _ in range(3):
            session.get(address + ATOM, headers=bearer(token))
        etag = session.get(address + ATOM, headers=bearer(token)).headers["etag"]
        for _ in range(2):
            session.get(address + ATOM, headers=bearer(token) | {"if-none-match": etag})
    with reading(rig.engine) as connection:
        [kept] = deliveries.of(connection, "nhs/all")
    assert (kept.served, kept.confirmed) == (4, 2)
    assert tokens.listing(rig.engine)[0].last_used_at is not None


def test_many_readers_at_once_are_all_served_and_counted(rig: Rig) -> None:
    held = [rig.issue("nhs") for _ in range(8)]
    paths = ["/feeds/nhs/all.atom", "/feeds/nhs/all.json", "/feeds/nhs/all.rss?below=11"]
    with serving(rig) as address:

        def poll(number: int) -> int:
            with requests.Session() as session:
                headers = bearer(held[number])
                return sum(
                    session.get(address + paths[turn % 3], headers=headers).status_code == 200
                    for turn in range(30)
                )

        with ThreadPoolExecutor(8) as readers:
            assert list(readers.map(poll, range(8))) == [30] * 8
    with reading(rig.engine) as connection:
        kept = deliveries.of(connection, "nhs/all")
    assert len(kept) == 24
    assert sum(one.served for one in kept) == 240
    assert len(rig.made) == 3


def test_a_hit_of_the_beacon_is_safe_before_the_image_arrives(rig: Rig, address: str) -> None:
    path = beacon.path("nhs", "urn:uuid:6f6b0c1e-3f0a-4c3e-9d7a-000000000001", KEY)
    for number in range(3):
        assert len(requests.get(address + path, timeout=PATIENCE_S).content) == 43
        assert len(rig.hits) == number + 1


@pytest.mark.parametrize(("trusted", "visitors"), [("127.0.0.1", 2), ("192.0.2.77", 1)])
def test_only_a_trusted_proxy_says_for_whom_it_asks(rig: Rig, trusted: str, visitors: int) -> None:
    path = beacon.path("nhs", "urn:uuid:6f6b0c1e-3f0a-4c3e-9d7a-000000000001", KEY)
    with serving(rig, trusted) as address:
        for forwarded in ("192.0.2.1", "192.0.2.2"):
            requests.get(address + path, headers={"x-forwarded-for": forwarded}, timeout=PATIENCE_S)
    assert len({hit.visitor for hit in rig.hits}) == visitors


def test_a_report_larger_than_allowed_is_cut_short(rig: Rig, address: str) -> None:
    token = rig.issue("nhs", "report")
    host = address.removeprefix("http://")
    with closing(http.client.HTTPConnection(host, timeout=PATIENCE_S)) as connection:
        connection.putrequest("POST", "/reports/nhs")
        connection.putheader("Authorization", f"Bearer {token}")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(reports.LONGEST_BYTES + 1))
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("connection")) == (413, "close")
    reply = requests.post(
        f"{address}/reports/nhs",
        data=iter([b"item,count\n", b"1,2\n"]),
        headers=bearer(token) | {"content-type": "text/csv"},
        timeout=PATIENCE_S,
    )
    assert reply.status_code == 202
    assert rig.reports[0][2] == b"item,count\n1,2\n"


class Faulty(Rig):
    """An installation with a bug, whose words say too much."""

    told = ""

    def document(
        self, config: Config, edition: Edition, format_name: str, part: Part
    ) -> Document | None:
        if self.told:
            raise RuntimeError(
                f"{edition.key}.{format_name} of {config.name}: {self.told} {part.number}"
            )
        return super().document(config, edition, format_name, part)


def test_no_line_of_the_log_and_no_answer_ever_bears_a_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = _store(tmp_path)
    rig = Faulty(engine)
    token = rig.issue("nhs")
    rig.told = token
    answers = []
    with serving(rig) as address:
        for path in (ATOM, "/feeds/nhs/all", "/", "/health", "/b/x.gif", "/reports/nhs"):
            for query in (f"?token={token}", f"?below=11&token={token}", f"/{token}"):
                for method in ("GET", "HEAD", "POST"):
                    url = address + path + query
                    reply = requests.request(
                        method,
                        url,
                        headers={"referer": url},
                        timeout=PATIENCE_S,
                        allow_redirects=False,
                    )
                    answers.append(f"{reply.status_code} {reply.headers} {reply.text}")
    rig.runner.close()
    engine.dispose()
    log = capsys.readouterr().err
    assert "500 " in "".join(answers)
    assert "RuntimeError: nhs/all.atom of Retold of Anytown: rt_feed_... 11" in log
    assert '"GET /' not in log
    assert token[8:16] not in log + "".join(answers)
    assert token[17:] not in log + "".join(answers)


def _store(folder: Path) -> Engine:
    engine = open_engine(f"sqlite:///{folder}/retold.db")
    create_tables(engine)
    return engine


def test_a_token_is_redacted_wherever_a_line_holds_it() -> None:
    line = "GET /x?token=rt_feed_abcdefgh_a-b_c&x=1 rt_report_abcdefgh_x, not_rt_feed_x art_feed_"
    record = logging.LogRecord("web", logging.INFO, "", 0, "%s", (line,), None)
    expected = "GET /x?token=rt_feed_...&x=1 rt_report_..., not_rt_feed_x art_feed_"
    assert Redacted("%(message)s").format(record) == expected


def test_serving_where_another_serves_already_ends(rig: Rig, address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    with pytest.raises(SystemExit):
        serve(rig.house(), host, int(port))
