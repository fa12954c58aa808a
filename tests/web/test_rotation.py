"""A partner changes its token by itself; another site cannot make it do so, and nothing leaks."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import orjson
import pytest

from steps import removals, tokens
from store.database import Engine
from tests.web import own_page
from tests.web.own_page import OUTLINE, PAGE, post, read, remove, said, urn
from tests.web.published import Published


@pytest.fixture
def rig(sqlite_engine: Engine) -> Iterator[Published]:
    """Give an installation that shows three stories."""
    yield from own_page.opened(sqlite_engine)


@pytest.fixture
def both(engine: Engine) -> Iterator[Published]:
    """Give one on each engine."""
    yield from own_page.opened(engine)


def test_rotating_gives_a_new_token_once_and_the_old_one_a_week(both: Published) -> None:
    old = both.issue("nhs")
    reply = post(both, old, do="rotate")
    page = read(reply)
    [new] = page.xpath("//pre[@class='secret']/code/text()")
    assert re.fullmatch(r"rt_feed_[A-Za-z0-9]{8}_[A-Za-z0-9_-]{43}", new)
    assert (reply["cache-control"], reply["etag"]) == ("no-store", "")
    assert f"{old[8:16]} opens until 9 March 2026, 09:00 UTC" in said(page)
    both.now += timedelta(seconds=2)
    assert [both.ask(PAGE, one).status for one in (old, new)] == [200, 200]
    assert [both.ask("/feeds/nhs/all.atom", one).status for one in (old, new)] == [200, 200]
    both.now += timedelta(days=7) - timedelta(seconds=3)
    assert [both.ask(PAGE, one).status for one in (old, new)] == [200, 200]
    both.now += timedelta(seconds=1)
    assert [both.ask(PAGE, one).status for one in (old, new)] == [401, 200]


def test_a_program_is_answered_in_json(rig: Published) -> None:
    old = rig.issue("nhs", days=30)
    reply = post(rig, old, {"accept": "application/json"}, do="rotate")
    told = orjson.loads(reply.body)
    assert (reply["content-type"], reply["cache-control"]) == ("application/json", "no-store")
    assert told["old"] == old[8:16]
    assert datetime.fromisoformat(told["old_expires_at"]) == rig.now + timedelta(days=7)
    assert datetime.fromisoformat(told["expires_at"]) == rig.now + timedelta(days=30)
    assert told["token"].split("_")[2] == told["id"]


def test_the_page_of_a_rotation_says_when_the_new_token_ends(rig: Published) -> None:
    page = read(post(rig, rig.issue("nhs", days=30), do="rotate"))
    assert "until 1 April 2026, 09:00 UTC" in said(page)


def test_a_token_is_rotated_once(rig: Published) -> None:
    old = rig.issue("nhs")
    assert post(rig, old, do="rotate").status == 200
    again = post(rig, old, do="rotate")
    assert (again.status, again["cache-control"]) == (409, "no-store")
    assert len(tokens.listing(rig.engine)) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "https://other.retold.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
    ids=["cross-site", "same-site", "an origin", "a hidden origin"],
)
@pytest.mark.parametrize("do", ["rotate", "acknowledge"])
def test_what_another_site_makes_a_browser_post_is_refused_and_changes_nothing(
    rig: Published, headers: dict[str, str], do: str
) -> None:
    token = rig.issue("nhs")
    rig.ask("/feeds/nhs/all.atom", token)
    remove(rig, "1")
    reply = post(rig, token, headers, do=do, edition="nhs/all", removed=[urn("1")])
    assert reply.status == 403
    assert b"our own page" in reply.body
    [known] = tokens.listing(rig.engine)
    assert known.token.expires_at is None
    assert removals.waiting(rig.engine, rig.config, rig.now, ["nhs/all"]) != []
    own = {"sec-fetch-site": "same-origin", "origin": "null"}
    assert post(rig, token, own, do=do, edition="nhs/all", removed=[urn("1")]).status == 200


def test_no_secret_is_in_the_store_in_a_page_or_in_an_outline(rig: Published) -> None:
    old = rig.issue("nhs")
    new = orjson.loads(post(rig, old, {"accept": "application/json"}, do="rotate").body)["token"]
    rig.now += timedelta(seconds=2)
    shown = [rig.ask(f"{path}?token={new}").body for path in (PAGE, OUTLINE, "/feeds/nhs/all")]
    kept = _everything(rig.engine)
    digests = [one.token.digest for one in tokens.listing(rig.engine)]
    for secret in (old[17:], new[17:]):
        assert secret not in kept
        assert not any(secret.encode() in body for body in shown)
    for digest in digests:
        assert not any(digest.encode() in body for body in shown)
    assert not any(b"rt_feed_" in body or b"token=rt" in body for body in shown)


def _everything(engine: Engine) -> str:
    """Read every row of every table that speaks of tokens or of acts."""
    tables = ("tokens", "audit", "runs", "deliveries", "acknowledgements")
    with engine.connect() as connection:
        return repr([connection.exec_driver_sql(f"SELECT * FROM {t}").all() for t in tables])


def test_nothing_is_logged_of_a_rotation(
    rig: Published, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    old = rig.issue("nhs")
    new = orjson.loads(post(rig, old, {"accept": "application/json"}, do="rotate").body)["token"]
    heard = caplog.text + "".join(capfd.readouterr())
    assert not any(one[17:] in heard for one in (old, new))
