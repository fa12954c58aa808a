"""A removal is followed to every client that held the story, until it is taken down there."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import orjson
import pytest

from rules import identity
from schemas.errors import UnknownError
from schemas.publication import Holder
from steps import removals
from store import runs
from store.database import Engine, reading
from tests.tell import tell, telling
from tests.web.published import Published
from tests.web.rig import CONFIG, Reply

FEED = "/feeds/nhs/all"
ROOT = "/removals/nhs/all"


def urn(name: str) -> str:
    return identity.mint(("opinion.example", name))


@pytest.fixture
def rig(engine: Engine) -> Iterator[Published]:
    made = Published(engine)
    tell(engine, telling("1"), telling("2"))
    made.publish()
    yield made
    made.runner.close()


def remove(rig: Published, name: str = "1") -> None:
    tell(rig.engine, removed=[("opinion", name)])
    rig.publish()


def holders(rig: Published, days: int = 0) -> list[Holder]:
    return removals.waiting(rig.engine, rig.config, rig.now + timedelta(days=days), ["nhs/all"])


def acknowledge(rig: Published, token: str, *names: str) -> Reply:
    body = orjson.dumps({"removed": [urn(name) for name in names]})
    return rig.ask(ROOT, token, method="POST", body=body)


def test_who_never_had_a_story_holds_nothing_of_it(rig: Published) -> None:
    rig.issue("nhs")
    remove(rig)

    assert holders(rig) == []


def test_each_client_that_had_it_is_known_and_whether_it_was_told(rig: Published) -> None:
    told, silent, late = rig.issue("nhs"), rig.issue("nhs"), rig.issue("nhs")
    rig.ask(f"{FEED}.atom", told)
    rig.ask(f"{FEED}.json", silent)
    remove(rig)
    rig.ask(f"{FEED}.atom", told)
    rig.ask(f"{FEED}.atom", late)
    found = {one.client: one for one in holders(rig)}

    assert set(found) == {name.split("_")[2] for name in (told, silent)}
    one, other = found[told.split("_")[2]], found[silent.split("_")[2]]
    assert one.story_id == other.story_id == urn("1")
    assert (one.edition, one.partner, one.reason) == ("nhs/all", "nhs", "removed_at_source")
    assert one.told_at is not None
    assert one.fetched_at is not None
    assert (other.told_at, other.fetched_at) == (None, None)
    assert one.given_at is not None
    assert one.given_at < one.removed_at <= one.told_at


def test_rss_tells_nobody_of_a_removal(rig: Published) -> None:
    token = rig.issue("nhs")
    rig.ask(f"{FEED}.rss", token)
    remove(rig)
    rig.ask(f"{FEED}.rss", token)
    (one,) = holders(rig)

    assert one.told_at is None
    assert one.fetched_at is not None


def test_archives_give_and_tell_too(rig: Published) -> None:
    token = rig.issue("nhs")
    rig.ask(f"{FEED}/archive-1.atom", token)
    tell(rig.engine, telling("3"))
    rig.publish()
    remove(rig, "3")
    remove(rig, "1")
    (one,) = holders(rig)
    rig.ask(f"{FEED}/archive-1.atom", token)
    (again,) = holders(rig)

    assert one.story_id == again.story_id == urn("1")
    assert one.told_at is None
    assert again.told_at is not None


def test_a_partner_acknowledges_and_twice_is_once(rig: Published) -> None:
    token = rig.issue("nhs")
    rig.ask(f"{FEED}.atom", token)
    remove(rig)
    first = acknowledge(rig, token, "1", "2")
    again = acknowledge(rig, token, "1")

    assert orjson.loads(first.body) == {"acknowledged": 1, "known": 0, "unknown": [urn("2")]}
    assert orjson.loads(again.body) == {"acknowledged": 0, "known": 1, "unknown": []}
    assert holders(rig, days=99) == []
    (listed,) = orjson.loads(rig.ask(ROOT, token).body)["removed"]
    assert (listed["id"], listed["reason"]) == (urn("1"), "removed_at_source")
    assert datetime.fromisoformat(listed["acknowledged_at"]) <= rig.now


def test_who_does_not_acknowledge_is_overdue_after_the_days_agreed(rig: Published) -> None:
    rig.ask(f"{FEED}.atom", rig.issue("nhs"))
    remove(rig)

    assert [one.overdue for one in holders(rig, days=6)] == [False]
    assert [one.overdue for one in holders(rig, days=8)] == [True]


def test_a_story_that_came_back_and_went_again_must_be_acknowledged_again(rig: Published) -> None:
    token = rig.issue("nhs")
    rig.ask(f"{FEED}.atom", token)
    remove(rig)
    acknowledge(rig, token, "1")
    tell(rig.engine, telling("1"))
    rig.publish()
    assert holders(rig) == []
    remove(rig)

    assert [one.acknowledged_at for one in holders(rig)] == [None]
    assert orjson.loads(acknowledge(rig, token, "1").body)["acknowledged"] == 1
    assert holders(rig) == []


def test_a_suspended_partner_has_all_to_take_down(rig: Published) -> None:
    token = rig.issue("nhs")
    rig.ask(f"{FEED}.atom", token)
    partner = CONFIG.partners[0].model_copy(update={"suspended": True})
    rig.config = rig.config.model_copy(update={"partners": (partner, *CONFIG.partners[1:])})
    rig.publish()

    assert {one.reason for one in holders(rig)} == {"suspended"}
    assert {one.story_id for one in holders(rig)} == {urn("1"), urn("2")}
    assert orjson.loads(acknowledge(rig, token, "1", "2").body)["acknowledged"] == 2


@pytest.fixture
def ended(rig: Published) -> tuple[Published, str]:
    """An edition that a client was given, and that was taken out; another of the partner stays."""
    token = rig.issue("nhs")
    rig.ask(f"{FEED}.atom", token)
    rig.config = rig.config.model_copy(update={"editions": CONFIG.editions[1:]})
    return rig, token


def test_an_edition_that_was_taken_out_is_listed_and_acknowledged_still(
    ended: tuple[Published, str],
) -> None:
    rig, token = ended
    other = rig.issue("bbc")
    rig.publish()
    remove(rig, "1")

    assert [one.overdue for one in removals.waiting(rig.engine, rig.config, rig.now)] == [False] * 2
    assert [one.overdue for one in holders(rig, days=30)] == [True, True]
    paper = removals.certificate(rig.engine, rig.config, urn("1"), rig.now)
    assert [(e["state"], e["reason"]) for e in paper["editions"]] == [("out", "agreement")]
    assert [h["client"] for h in paper["holders"]] == [token.split("_")[2]]
    listed = orjson.loads(rig.ask(ROOT, token).body)["removed"]
    assert {one["id"] for one in listed} == {urn("1"), urn("2")}
    assert rig.ask(ROOT, other).status == 404
    assert orjson.loads(acknowledge(rig, token, "1", "2").body)["acknowledged"] == 2
    assert holders(rig, days=99) == []


def test_the_feed_of_an_edition_that_was_taken_out_tells_that_all_is_gone(
    ended: tuple[Published, str],
) -> None:
    rig, token = ended
    other = rig.issue("bbc")

    assert rig.ask(f"{FEED}.atom", token).status == 404, "nothing before that is published"
    rig.publish()
    reply = rig.ask(f"{FEED}.atom", token)
    assert reply.status == 200
    assert reply.body.count(b"deleted-entry") > 0
    assert b"It was good." not in reply.body
    assert all(one.told_at for one in holders(rig))
    assert rig.ask(f"{FEED}.atom", other).status == 404
    assert rig.ask(FEED, token).status == 200
    rig.config = rig.config.model_copy(update={"agreements": CONFIG.agreements[1:]})
    assert rig.ask(f"{FEED}.atom", token).status == 404, "no format is agreed any more"
    assert rig.ask(ROOT, token).status == 200


def test_who_is_no_partner_any_more_opens_nothing(ended: tuple[Published, str]) -> None:
    rig, token = ended
    rig.config = rig.config.model_copy(update={"partners": CONFIG.partners[1:]})
    rig.publish()

    assert rig.ask(ROOT, token).status == 404
    assert rig.ask(f"{FEED}.atom", token).status == 404
    assert {one.story_id for one in holders(rig)} == {urn("1"), urn("2")}


def test_a_person_notes_what_came_by_letter_and_it_is_in_the_audit(rig: Published) -> None:
    rig.ask(f"{FEED}.atom", rig.issue("nhs"))
    remove(rig)
    done = removals.by_person(rig.engine, rig.config, "nhs/all", [urn("1")], "ann", rig.now)

    assert done.acknowledged == 1
    assert holders(rig) == []
    with reading(rig.engine) as connection:
        (act,) = runs.acts(connection)
    assert (act.who, act.action, act.subject) == ("ann", "acknowledge", "nhs/all")
    assert act.detail == {"stories": [urn("1")]}
    with pytest.raises(UnknownError, match="has not removed"):
        removals.by_person(rig.engine, rig.config, "nhs/all", [urn("2")], "ann", rig.now)


def test_a_certificate_names_every_edition_and_every_holder(rig: Published) -> None:
    first, second = rig.issue("nhs"), rig.issue("nhs")
    rig.ask(f"{FEED}.atom", first)
    rig.ask(f"{FEED}.json", second)
    remove(rig)
    rig.ask(f"{FEED}.atom", first)
    paper = removals.certificate(rig.engine, rig.config, urn("1"), rig.now)
    again = removals.certificate(rig.engine, rig.config, urn("1"), rig.now)

    assert paper == again
    assert (paper["story"], paper["status"]) == (urn("1"), "removed")
    assert [(e["edition"], e["state"]) for e in paper["editions"]] == [("nhs/all", "out")]
    assert {h["client"] for h in paper["holders"]} == {t.split("_")[2] for t in (first, second)}
    assert [h["told_at"] is None for h in paper["holders"]].count(True) == 1
    acknowledge(rig, first, "1")
    paper = removals.certificate(rig.engine, rig.config, urn("1"), rig.now)
    assert all(h["acknowledged_at"] for h in paper["holders"])


@pytest.mark.parametrize(
    ("path", "whose", "method", "body", "status"),
    [
        (ROOT, None, "GET", b"", 401),
        ("/removals/nhs/nope", None, "POST", b"{}", 401),
        (ROOT, "bbc", "GET", b"", 404),
        ("/removals/nhs/nope", "nhs", "GET", b"", 404),
        (ROOT, "bbc", "POST", b'{"removed": []}', 404),
        (ROOT, "nhs", "DELETE", b"", 405),
        (ROOT, "nhs", "POST", b"", 400),
        (ROOT, "nhs", "POST", b"not json", 422),
        (ROOT, "nhs", "POST", b'["urn:1"]', 422),
        (ROOT, "nhs", "POST", b'{"removed": "urn:1"}', 422),
        (ROOT, "nhs", "POST", b'{"removed": [1]}', 422),
        (ROOT, "nhs", "POST", b'{"removed": []}', 200),
        (ROOT, "nhs", "HEAD", b"", 200),
    ],
)
def test_only_the_partner_itself_is_listened_to(
    rig: Published, path: str, whose: str | None, method: str, body: bytes, status: int
) -> None:
    token = rig.issue(whose) if whose else None

    assert rig.ask(path, token, method=method, body=body).status == status


def test_a_report_token_opens_no_removals(rig: Published) -> None:
    assert rig.ask(ROOT, rig.issue("nhs", "report")).status == 401
