"""Every address, every state of a token, every method."""

from datetime import timedelta

import pytest

from steps import tokens
from tests.web.rig import Rig

OWN = (
    "/feeds/nhs/all.atom",
    "/feeds/nhs/all.json",
    "/feeds/nhs/all",
    "/feeds/nhs/all.rss?below=11",
)
NOT_THERE = (
    "/feeds",
    "/feeds/",
    "/feeds/nhs",
    "/feeds/nhs/",
    "/feeds/nhs/none.atom",
    "/feeds/nhs/all.",
    "/feeds/nhs/all.pdf",
    "/feeds/nhs/all.atom.gz",
    "/feeds/nhs/all.ATOM",
    "/feeds/nhs/all/",
    "/feeds/nhs/../bbc/all.atom",
    "/feeds/nhs/all.atom?below=0",
    "/feeds/nhs/all.atom?below=12",
    "/feeds/nhs/all.atom?below=-1",
    "/feeds/nhs/all.atom?below=1%00",
    "/feeds/nhs/all.atom?below=99999999999999999999",
    "/feeds/nhs/all?below=11",
    "/feeds/nobody/all.atom",
)
OTHERS = (
    "/feeds/bbc/all.atom",
    "/feeds/bbc/all.rss",
    "/feeds/bbc/none.atom",
    "/feeds/bbc/all",
    "/feeds/late/all.atom",
    "/feeds/late/all",
)
EVERY = (*OWN, *NOT_THERE, *OTHERS)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "BREW")


def invalid_tokens(rig: Rig) -> dict[str, str | None]:
    revoked = rig.issue("nhs")
    tokens.revoke(rig.engine, revoked[8:16], rig.now)
    valid = rig.issue("nhs")
    expired = rig.issue("nhs", days=-1)
    return {
        "none": None,
        "empty": "",
        "nonsense": "nonsense",
        "unknown": valid.replace(valid[8:16], "abcdefgh"),
        "wrong": valid[:-1] + ("a" if valid[-1] != "a" else "b"),
        "for reports": rig.issue("nhs", "report"),
        "revoked": revoked,
        "expired": expired,
    }


def test_without_a_valid_token_every_address_answers_alike_to_every_method(rig: Rig) -> None:
    replies = {
        (reply.status, tuple(reply.headers), reply.body)
        for token in invalid_tokens(rig).values()
        for path in EVERY
        for method in METHODS
        for reply in [rig.ask(path, token, method=method)]
        if method != "HEAD"
    }
    [(status, headers, body)] = replies
    assert status == 401
    assert [value for name, value in headers if name == "www-authenticate"] == [
        'Bearer realm="retold"',
        'Basic realm="retold", charset="UTF-8"',
    ]
    head = rig.ask(OWN[0], method="HEAD")
    assert (head.status, tuple(head.headers), head.body) == (401, headers, b"")
    assert b"nhs" not in body
    assert rig.made == []


def test_with_a_valid_token_all_that_is_not_the_partners_own_answers_alike(rig: Rig) -> None:
    token = rig.issue("nhs")
    replies = {
        (reply.status, tuple(reply.headers), reply.body)
        for path in (*NOT_THERE, *OTHERS)
        for reply in [rig.ask(path, token)]
    }
    [(status, _, body)] = replies
    assert status == 404
    assert b"bbc" not in body


def test_a_partner_gets_its_own(rig: Rig) -> None:
    token = rig.issue("nhs")
    assert [rig.ask(path, token).status for path in OWN] == [200] * len(OWN)


def test_a_format_that_is_not_agreed_is_not_there(rig: Rig) -> None:
    token = rig.issue("bbc")
    assert rig.ask("/feeds/bbc/all.atom", token).status == 200
    refused, unknown = (rig.ask(f"/feeds/bbc/all.{end}", token) for end in ("rss", "none"))
    assert refused == unknown
    assert refused.status == 404


@pytest.mark.parametrize("path", EVERY)
def test_a_feed_is_only_read_but_that_is_told_only_to_those_with_a_token(
    rig: Rig, path: str
) -> None:
    token = rig.issue("nhs")
    for method in METHODS[2:]:
        reply = rig.ask(path, token, method=method)
        assert (reply.status, reply["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_a_suspended_partner_is_told_so_at_its_own_addresses_alone(rig: Rig) -> None:
    token = rig.issue("late")
    for path in ("/feeds/late/all.atom", "/feeds/late/all", "/feeds/late/all.none"):
        assert rig.ask(path, token).status == 403
    assert b"suspended" in rig.ask("/feeds/late/all.atom", token).body
    for path in ("/feeds/late/none.atom", "/feeds/nhs/all.atom", "/feeds/nhs/none.atom"):
        assert rig.ask(path, token).status == 404


def test_suspending_a_partner_reaches_the_very_next_request(rig: Rig) -> None:
    token = rig.issue("nhs")
    assert rig.ask(OWN[0], token).status == 200
    suspended = rig.config.partners[0].model_copy(update={"suspended": True})
    before, rig.config = rig.config, rig.config.model_copy(update={"partners": (suspended,)})
    assert rig.ask(OWN[0], token).status == 403
    rig.config = before
    assert rig.ask(OWN[0], token).status == 200


def test_a_partner_that_is_no_more_finds_nothing(rig: Rig) -> None:
    token = rig.issue("nhs")
    rig.config = rig.config.model_copy(update={"partners": (), "editions": ()})
    assert [rig.ask(path, token).status for path in EVERY] == [404] * len(EVERY)


def test_a_revoked_token_opens_nothing_a_second_later(rig: Rig) -> None:
    token, other = rig.issue("nhs"), rig.issue("nhs")
    assert rig.ask(OWN[0], token).status == 200
    tokens.revoke(rig.engine, token[8:16], rig.now)
    rig.now += timedelta(seconds=1)
    assert rig.ask(OWN[0], token).status == 401
    assert rig.ask(OWN[0], other).status == 200


def test_a_token_opens_from_a_second_after_it_was_issued_until_it_expires(rig: Rig) -> None:
    assert rig.ask(OWN[0]).status == 401
    token = rig.issue("nhs", days=1)
    rig.now += timedelta(seconds=1)
    assert rig.ask(OWN[0], token).status == 200
    rig.now += timedelta(days=1) - timedelta(seconds=1)
    assert rig.ask(OWN[0], token).status == 401


def test_where_the_store_is_not_there_nobody_is_let_in(rig: Rig) -> None:
    token = rig.issue("nhs")
    assert rig.ask(OWN[0], token).status == 200
    rig.now += timedelta(seconds=1)
    with rig.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE tokens RENAME TO elsewhere")
    replies = {rig.ask(path, token).status for path in EVERY}
    assert replies == {503}
    assert rig.ask(OWN[0], token)["retry-after"] == "10"


def test_an_edition_that_was_never_published_says_to_come_back(rig: Rig) -> None:
    reply = rig.ask("/feeds/nhs/new.atom", rig.issue("nhs"))
    assert (reply.status, reply["retry-after"]) == (503, "300")
    assert rig.ask("/feeds/nhs/new.atom", rig.issue("bbc")).status == 401
