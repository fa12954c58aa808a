import gzip
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta

import brotli
import pytest
import zstandard

from schemas.delivery import Delivery
from steps import tokens
from store import deliveries
from store.database import reading
from tests.web.rig import PUBLIC_URL, Rig

ATOM = "/feeds/nhs/all.atom"


def kept(rig: Rig, edition: str = "nhs/all") -> list[Delivery]:
    with reading(rig.engine) as connection:
        return deliveries.of(connection, edition)


def test_a_feed_is_sent_with_all_that_a_good_reader_asks_of_it(rig: Rig) -> None:
    reply = rig.ask(ATOM, rig.issue("nhs"))
    assert reply.status == 200
    assert dict(reply.headers) == {
        "content-type": "application/atom+xml; charset=utf-8",
        "content-length": str(len(reply.body)),
        "etag": '"e1.30.atom.0"',
        "last-modified": "Sun, 01 Mar 2026 09:00:00 GMT",
        "cache-control": "private, max-age=60, must-revalidate",
        "vary": "Accept-Encoding, Authorization",
        "link": f'<{PUBLIC_URL}/hub>; rel="hub", <{PUBLIC_URL}{ATOM}>; rel="self"',
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex, nofollow",
        "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "ETag, Last-Modified, Link, Retry-After",
    }
    assert len(reply.headers) == len(dict(reply.headers))
    assert reply.body.startswith(b"<?xml")


@pytest.mark.parametrize(
    ("ending", "media_type"),
    [
        ("atom", "application/atom+xml; charset=utf-8"),
        ("rss", "application/rss+xml; charset=utf-8"),
        ("json", "application/feed+json"),
    ],
)
def test_each_format_has_its_address_and_its_media_type(
    rig: Rig, ending: str, media_type: str
) -> None:
    reply = rig.ask(f"/feeds/nhs/all.{ending}", rig.issue("nhs"))
    assert (reply.status, reply["content-type"]) == (200, media_type)
    own = f'<{PUBLIC_URL}/feeds/nhs/all.{ending}>; rel="self"'
    assert reply["link"] == f'<{PUBLIC_URL}/hub>; rel="hub", {own}'


def test_a_page_of_older_changes_names_itself(rig: Rig) -> None:
    reply = rig.ask(f"{ATOM}?below=11&utm=x", rig.issue("nhs"))
    assert reply["etag"] == '"e1.30.atom.11"'
    assert reply["link"] == f'<{PUBLIC_URL}{ATOM}?below=11>; rel="self"'


def test_head_answers_as_get_does_without_the_body_and_is_no_delivery(rig: Rig) -> None:
    token = rig.issue("nhs")
    head = rig.ask(ATOM, token, method="HEAD")
    assert kept(rig) == []
    get = rig.ask(ATOM, token)
    assert (head.status, head.headers, head.body) == (200, get.headers, b"")


@pytest.mark.parametrize(
    ("name", "suffix", "unpack"),
    [
        ("gzip", "gz", gzip.decompress),
        ("br", "br", brotli.decompress),
        ("zstd", "zstd", zstandard.decompress),
    ],
)
def test_bytes_are_sent_packed_to_those_who_take_them_under_another_tag(
    rig: Rig, name: str, suffix: str, unpack: Callable[[bytes], bytes]
) -> None:
    token = rig.issue("nhs")
    plain = rig.ask(ATOM, token)
    packed = rig.ask(ATOM, token, headers={"accept-encoding": name})
    assert (packed["content-encoding"], packed["etag"]) == (name, f'"e1.30.atom.0-{suffix}"')
    assert unpack(packed.body) == plain.body
    assert packed["content-length"] == str(len(packed.body))
    assert len(packed.body) < len(plain.body) / 2
    assert packed["vary"] == plain["vary"]
    held = {"accept-encoding": name, "if-none-match": packed["etag"]}
    assert rig.ask(ATOM, token, headers=held).status == 304
    assert len(rig.made) == 1


def test_who_holds_it_already_gets_no_bytes(rig: Rig) -> None:
    token = rig.issue("nhs")
    first = rig.ask(ATOM, token)
    again = rig.ask(ATOM, token, headers={"if-none-match": first["etag"]})
    assert (again.status, again.body) == (304, b"")
    for name in ("etag", "last-modified", "cache-control", "vary", "access-control-allow-origin"):
        assert again[name] == first[name]
    assert again["content-type"] == ""
    since = rig.ask(ATOM, token, headers={"if-modified-since": first["last-modified"]})
    assert since.status == 304


def test_the_tag_decides_where_a_date_says_otherwise(rig: Rig) -> None:
    conditions = {
        "if-none-match": '"e0"',
        "if-modified-since": "Mon, 02 Mar 2026 12:00:00 GMT",
    }
    assert rig.ask(ATOM, rig.issue("nhs"), headers=conditions).status == 200


def test_a_tag_is_found_though_its_list_comes_in_several_lines(rig: Rig) -> None:
    lines = [("if-none-match", '"e1.30.atom.0"'), ("if-none-match", '"e0"')]
    assert rig.ask(ATOM, rig.issue("nhs"), headers=lines).status == 304


def test_a_change_is_seen_a_second_later_and_nothing_is_made_twice(rig: Rig) -> None:
    token = rig.issue("nhs")
    etag = rig.ask(ATOM, token)["etag"]
    for _ in range(3):
        rig.now += timedelta(seconds=1)
        assert rig.ask(ATOM, token, headers={"if-none-match": etag}).status == 304
    assert len(rig.made) == 1
    rig.move("nhs/all", 31, rig.now)
    rig.now += timedelta(seconds=1)
    changed = rig.ask(ATOM, token, headers={"if-none-match": etag})
    assert (changed.status, changed["etag"]) == (200, '"e1.31.atom.0"')
    assert len(rig.made) == 2


def test_a_new_configuration_has_documents_made_anew(rig: Rig) -> None:
    token = rig.issue("nhs")
    rig.ask(ATOM, token)
    rig.config = rig.config.model_copy(update={"agreements": ()})
    assert rig.ask(ATOM, token).status == 404


def test_basic_and_the_address_open_as_a_header_does(rig: Rig) -> None:
    token = rig.issue("nhs")
    basic = b64encode(f"feed reader:{token}".encode()).decode()
    assert rig.ask(ATOM, headers={"authorization": f"Basic {basic}"}).status == 200
    assert rig.ask(f"{ATOM}?token={token}").status == 200
    assert rig.ask(f"{ATOM}?token=x&token={token}").status == 401
    assert rig.ask(f"{ATOM}?token=%ff%20").status == 401


def test_no_answer_ever_bears_a_token(rig: Rig) -> None:
    token = rig.issue("nhs")
    for path in (ATOM, "/feeds/nhs/all", "/feeds/nhs/none.atom", "/feeds/bbc/all.atom", "/feeds/"):
        for query in (f"?token={token}", f"?below=11&token={token}", f"?token=rt_feed_{token}"):
            for method in ("GET", "POST", "HEAD"):
                reply = rig.ask(path + query, method=method)
                said = repr(reply.headers) + reply.body.decode()
                assert token[17:] not in said
                assert token[8:16] not in said


def test_the_first_answer_is_kept_as_a_delivery_and_repeats_when_the_house_closes(
    rig: Rig,
) -> None:
    token = rig.issue("nhs")
    with rig.open():
        etag = rig.ask(ATOM, token)["etag"]
        [first] = kept(rig)
        assert (first.token, first.edition, first.format) == (token[8:16], "nhs/all", "atom")
        assert (first.served, first.confirmed, first.seq_to) == (1, 0, 30)
        rig.now += timedelta(seconds=3)
        rig.ask(ATOM, token)
        rig.ask(ATOM, token, headers={"if-none-match": etag})
        rig.ask(ATOM, token, headers={"if-none-match": etag}, method="HEAD")
    [closed] = kept(rig)
    assert (closed.served, closed.confirmed) == (2, 1)
    assert closed.last_at == rig.now
    assert tokens.listing(rig.engine)[0].last_used_at == rig.now


def test_a_document_that_cannot_be_noted_as_delivered_does_not_go_out(rig: Rig) -> None:
    token = rig.issue("nhs")
    rename(rig, "deliveries", "elsewhere")
    assert rig.ask(ATOM, token).status == 503
    rename(rig, "elsewhere", "deliveries")
    assert rig.ask(ATOM, token).status == 200
    assert kept(rig)[0].served == 2  # better thought held than not


def rename(rig: Rig, table: str, name: str) -> None:
    with rig.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")


def test_a_document_dated_this_very_second_is_dated_back(rig: Rig) -> None:
    rig.move("nhs/all", 31, rig.now)
    reply = rig.ask(ATOM, rig.issue("nhs"))
    assert reply["last-modified"] == "Mon, 02 Mar 2026 08:59:59 GMT"
