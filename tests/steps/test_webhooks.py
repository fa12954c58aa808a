"""A partner's webhook is told of every removal, whatever fails, and its word is taken."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kit import far
from kit.far import Ask
from rules import identity
from rules.push import CLAIM
from schemas.delivery import Delivery
from schemas.errors import UnknownError
from schemas.push import Pushed
from steps import deliver, publish, push, removals, status, webhooks
from steps.webhooks import Standing, State
from store import runs
from store.database import Engine, reading
from tests.patience import PATIENCE_S
from tests.steps.pushing import CONFIG, KEY, SECRET, START, Desk, Ears, opened, with_webhook
from tests.tell import tell, telling

HOUR = timedelta(hours=1)
LIMIT_BYTES = 20_000
NEXT_SECRET = "whsec_" + base64.b64encode(b"n" * 24).decode()


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    ears = Ears()
    url = engine.url.render_as_string(hide_password=False)
    with far.play(ears) as source, opened(url, tmp_path, [source.place], START) as house:
        made = Desk(house, source, ears, tmp_path)
        made.configure(partners=with_webhook(CONFIG, source.place).partners)
        yield made


def urn(name: str) -> str:
    return identity.mint(("opinion.example", name))


def remove(desk: Desk, *names: str) -> None:
    desk.now += timedelta(seconds=1)
    tell(desk.engine, removed=[("opinion", name) for name in names])
    desk.publish()


def message(heard: Ask, secret: str = SECRET) -> dict[str, Any]:
    """Read a message as the specification tells a receiver to; it must be signed with `secret`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    name, at = heard.headers["webhook-id"], heard.headers["webhook-timestamp"]
    signed = f"{name}.{at}.".encode() + heard.body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert wanted in heard.headers["webhook-signature"].split(" ")
    assert len(heard.body) < LIMIT_BYTES
    read: dict[str, Any] = json.loads(heard.body)
    return read


def told(desk: Desk) -> list[list[str]]:
    """List the ids of each message that came."""
    return [[one["id"] for one in message(h)["data"]["removed"]] for h in desk.ears.heard]


def standing(desk: Desk) -> Standing:
    [found] = webhooks.listing(desk.engine, desk.house.config)
    return found


def test_a_removal_is_told_signed_once_and_is_noted(desk: Desk) -> None:
    assert desk.push() == Pushed()
    remove(desk, "0")
    assert push.subjects(desk.house) == [KEY]
    assert desk.push() == Pushed(told=1)
    [heard] = desk.ears.heard
    assert (heard.path, heard.query) == ("/hook", {"key": "k"})
    assert heard.headers["content-type"] == "application/json"
    assert int(heard.headers["webhook-timestamp"]) == int(desk.now.timestamp())
    at = message(heard)["timestamp"]
    assert message(heard) == {
        "type": "story.removed",
        "timestamp": at,
        "data": {
            "edition": KEY,
            "removed": [{"id": urn("0"), "reason": "removed_at_source", "at": at}],
            "acknowledge_url": f"https://retold.example/removals/{KEY}",
        },
    }
    assert datetime.fromisoformat(at) == desk.now
    assert push.subjects(desk.house) == []
    assert desk.push() == Pushed()
    [given] = desk.deliveries()
    assert (given.token, given.how, given.served, given.confirmed) == (
        "webhook 127.0.0.1",
        "webhook",
        1,
        1,
    )
    assert given.etag == heard.headers["webhook-id"]
    shown = standing(desk)
    assert (shown.webhook, shown.state, shown.waiting) == ("webhook 127.0.0.1", State.WELL, 0)
    assert shown.told_at == desk.now


def test_what_only_came_in_is_not_told_of(desk: Desk) -> None:
    desk.publish("1", "2")
    assert push.subjects(desk.house) == [KEY]
    assert desk.push() == Pushed()
    assert (desk.ears.heard, push.subjects(desk.house)) == ([], [])


def test_while_a_secret_is_replaced_both_sign(desk: Desk) -> None:
    desk.configure(partners=with_webhook(CONFIG, desk.far.place, NEXT_SECRET).partners)
    remove(desk, "0")
    desk.push()
    [heard] = desk.ears.heard
    assert message(heard, SECRET) == message(heard, NEXT_SECRET)
    assert len(heard.headers["webhook-signature"].split(" ")) == 2


def test_a_batch_that_fails_is_told_again_under_its_id_and_with_nothing_new_in_it(
    desk: Desk,
) -> None:
    desk.publish("1", "2")
    remove(desk, "0")
    desk.ears.status = 500
    assert desk.push() == Pushed(failed=1)
    assert desk.push() == Pushed()
    shown = standing(desk)
    assert (shown.state, shown.failures, shown.waiting) == (State.FAILING, 1, 1)
    assert (shown.error, shown.next_at) == ("HTTP 500", desk.now + timedelta(minutes=1))
    remove(desk, "1")
    desk.ears.status = 200
    desk.now += HOUR
    assert desk.push() == Pushed(told=2)
    assert told(desk) == [[urn("0")], [urn("0")], [urn("1")]]
    first, again, other = (h.headers for h in desk.ears.heard)
    assert first["webhook-id"] == again["webhook-id"] != other["webhook-id"]
    assert int(again["webhook-timestamp"]) > int(first["webhook-timestamp"])
    assert desk.ears.heard[0].body == desk.ears.heard[1].body
    shown = standing(desk)
    assert (shown.state, shown.failures, shown.error, shown.next_at) == (State.WELL, 0, None, None)


@pytest.mark.parametrize("code", [301, 302, 307, 308, 404, 429, 500, 503])
def test_any_other_answer_is_a_failure_that_waits_ever_longer_and_is_never_given_up(
    desk: Desk, code: int
) -> None:
    remove(desk, "0")
    desk.ears.status, desk.ears.headers = code, {"Location": f"{desk.far.origin}/elsewhere"}
    waits = []
    for _ in range(12):
        assert desk.push() == Pushed(failed=1)
        next_at = standing(desk).next_at
        assert next_at is not None
        waits.append((next_at - desk.now).total_seconds())
        desk.now = next_at
    assert (waits[:4], waits[-1]) == ([60, 120, 240, 480], 6 * 3600)
    assert {h.path for h in desk.ears.heard} == {"/hook"}
    assert len({h.headers["webhook-id"] for h in desk.ears.heard}) == 1
    desk.ears.status = 204
    assert desk.push() == Pushed(told=1)


def test_a_webhook_that_asks_for_time_is_given_it(desk: Desk) -> None:
    remove(desk, "0")
    desk.ears.status, desk.ears.headers = 429, {"Retry-After": "1800"}
    desk.push()
    assert standing(desk).next_at == desk.now + timedelta(minutes=30)


def test_one_that_is_down_or_where_we_may_not_go_loses_nothing(desk: Desk) -> None:
    remove(desk, "0")
    desk.far.trouble = far.reset
    assert desk.push() == Pushed(failed=1)
    assert "connection" in (standing(desk).error or "")
    assert "/hook" not in (standing(desk).error or "")
    desk.far.trouble = None
    desk.configure(partners=with_webhook(CONFIG, "127.0.0.1:9").partners)
    assert desk.push() == Pushed(failed=1)
    assert "127.0.0.1" in (standing(desk).error or "")
    assert "/hook" not in (standing(desk).error or "")
    desk.configure(partners=with_webhook(CONFIG, desk.far.place).partners)
    assert desk.push() == Pushed(told=1)


def test_one_that_is_gone_is_told_nothing_until_somebody_says_so(desk: Desk) -> None:
    remove(desk, "0")
    desk.ears.status = 410
    assert desk.push() == Pushed(stopped=1)
    desk.ears.status = 200
    desk.now += 99 * HOUR
    assert (push.subjects(desk.house), desk.push()) == ([], Pushed())
    shown = standing(desk)
    assert (shown.state, shown.waiting, shown.error) == (State.STOPPED, 1, "HTTP 410")
    assert status.status(desk.engine, desk.house.config, desk.now)["webhooks"] == [
        shown.model_dump(mode="json", exclude={"told_upto", "next_at", "stopped_at"})
    ]
    webhooks.resume(desk.engine, desk.house.config, KEY, "ann", desk.now)
    assert standing(desk).state is State.WELL
    assert desk.push() == Pushed(told=1)
    assert len({h.headers["webhook-id"] for h in desk.ears.heard}) == 1
    with reading(desk.engine) as connection:
        acts = runs.acts(connection)
    assert ("ann", "resume_webhook", KEY) in [(a.who, a.action, a.subject) for a in acts]


def test_another_address_begins_without_failures_where_the_old_one_was(desk: Desk) -> None:
    remove(desk, "0")
    assert desk.push().told == 1
    desk.publish("1")
    remove(desk, "1")
    desk.ears.status = 410
    desk.push()
    desk.ears.status = 200
    partner = with_webhook(CONFIG, desk.far.place).partners[0]
    assert partner.webhook is not None
    moved = partner.webhook.model_copy(update={"url": f"{desk.far.origin}/new"})
    desk.configure(partners=(partner.model_copy(update={"webhook": moved}),))
    shown = standing(desk)
    assert (shown.state, shown.waiting) == (State.WELL, 1)
    assert push.subjects(desk.house) == [KEY]
    assert desk.push() == Pushed(told=1)
    assert (desk.ears.heard[-1].path, told(desk)[-1]) == ("/new", [urn("1")])


def test_an_edition_that_was_taken_out_is_told_of_until_it_is_taken(desk: Desk) -> None:
    edition = CONFIG.editions[0]
    desk.configure(editions=())
    publish.publish(desk.engine, desk.house.press, edition, lambda: desk.now, lambda: "e1")

    assert push.subjects(desk.house) == push.subjects(desk.house, [KEY]) == [KEY]
    assert desk.push() == Pushed(told=1)
    assert message(desk.ears.heard[0])["data"]["removed"][0]["reason"] == "agreement"
    assert (standing(desk).edition, standing(desk).waiting) == (KEY, 0)
    webhooks.resume(desk.engine, desk.house.config, KEY, "ann", desk.now)
    assert push.subjects(desk.house) == []


def test_only_a_webhook_can_be_told_again(desk: Desk) -> None:
    webhooks.resume(desk.engine, desk.house.config, KEY, "ann", desk.now)  # never told: no harm
    desk.configure(partners=CONFIG.partners)
    with pytest.raises(UnknownError, match="has no webhook"):
        webhooks.resume(desk.engine, desk.house.config, KEY, "ann", desk.now)
    with pytest.raises(UnknownError, match="nhs/none"):
        webhooks.resume(desk.engine, desk.house.config, "nhs/none", "ann", desk.now)
    assert webhooks.listing(desk.engine, desk.house.config) == []


def test_a_webhook_that_is_new_is_told_what_somebody_may_still_hold(desk: Desk) -> None:
    """Of all that was ever removed the partner may have had little, and taken much of it down."""
    desk.publish("1", "2", "3")
    remove(desk, "0")
    fetch = Delivery(
        *("t", KEY, "atom", "", "e"), *(2, 5, 5), *(desk.now, desk.now), served=1, confirmed=0
    )
    deliver.flush(desk.engine, [fetch], {})
    remove(desk, "1")
    remove(desk, "2")
    removals.acknowledge(desk.engine, KEY, [urn("1")], "letter", desk.now)
    desk.now += timedelta(days=2)
    remove(desk, "3")
    desk.push()
    assert told(desk) == [[urn("2"), urn("3")]]


def test_a_webhook_that_is_new_where_nobody_holds_anything_is_told_what_comes(desk: Desk) -> None:
    remove(desk, "0")
    desk.now += timedelta(days=2)
    assert desk.push() == Pushed()
    desk.publish("1")
    remove(desk, "1")
    desk.push()
    assert told(desk) == [[urn("1")]]


def test_a_thousand_removals_come_in_few_batches_each_id_once(desk: Desk) -> None:
    names = [str(number) for number in range(1, 1_001)]
    desk.publish(*names)
    desk.push()
    remove(desk, *names)
    assert desk.push() == Pushed(told=1_000)
    ids = [one for batch in told(desk) for one in batch]
    assert len(ids) == 1_000
    assert set(ids) == {urn(name) for name in names}
    assert len(desk.ears.heard) <= 10
    assert len({h.headers["webhook-id"] for h in desk.ears.heard}) == len(desk.ears.heard)
    assert len(desk.deliveries()) == len(desk.ears.heard)


def test_a_crash_after_the_post_tells_the_same_again_under_the_same_id(desk: Desk) -> None:
    remove(desk, "0")
    desk.ears.victim = desk.pushing()
    assert desk.ears.victim.wait(PATIENCE_S) != 0
    desk.ears.victim = None
    assert len(desk.ears.heard) == 1
    assert standing(desk).waiting == 1
    desk.publish("1")
    remove(desk, "1")
    assert desk.push() == Pushed()  # it is still the dead one's
    desk.now += CLAIM
    assert desk.push() == Pushed(told=2)
    assert told(desk) == [[urn("0")], [urn("0")], [urn("1")]]
    assert desk.ears.heard[0].headers["webhook-id"] == desk.ears.heard[1].headers["webhook-id"]


def test_two_runs_at_once_tell_once(desk: Desk) -> None:
    names = [str(number) for number in range(1, 401)]
    desk.publish(*names)
    remove(desk, *names)
    done = desk.push_twice_at_once()
    assert sum(one.told for one in done) == 400
    assert sum(map(len, told(desk))) == 400


def test_what_came_back_before_it_could_be_told_is_not_told(desk: Desk) -> None:
    desk.publish("1")
    remove(desk, "0", "1")
    desk.ears.status = 500
    desk.push()
    tell(desk.engine, telling("1", "Again."))
    desk.publish()
    desk.ears.status = 200
    desk.now += HOUR
    assert desk.push() == Pushed(told=1)
    first, again = desk.ears.heard
    assert told(desk)[1] == [urn("0")]
    assert first.headers["webhook-id"] != again.headers["webhook-id"]  # another body
    remove(desk, "1")
    assert desk.push() == Pushed(told=1)
    assert told(desk)[2] == [urn("1")]


def test_a_batch_of_which_all_came_back_is_passed_over(desk: Desk) -> None:
    remove(desk, "0")
    desk.ears.status = 500
    desk.push()
    tell(desk.engine, telling("0", "Again."))
    desk.publish()
    desk.now += HOUR
    assert desk.push() == Pushed()
    assert standing(desk).waiting == 0
    assert push.subjects(desk.house) == []


def test_an_answer_acknowledges_what_was_told_in_it_and_nothing_else(desk: Desk) -> None:
    desk.publish("1", "2")
    remove(desk, "0")
    desk.push()
    remove(desk, "1", "2")
    said = [urn("1"), urn("1"), urn("0"), urn("9"), 7]
    desk.ears.body = json.dumps({"acknowledged": said}).encode()
    assert desk.push() == Pushed(told=2, acknowledged=1)
    found = {one.story_id: one.acknowledged_at for one in removals.removed(desk.engine, KEY)}
    assert found == {urn("0"): None, urn("1"): desk.now, urn("2"): None}
    with reading(desk.engine) as connection:
        [act] = runs.acts(connection)
    assert (act.who, act.action) == ("webhook 127.0.0.1", "acknowledge")
    assert act.detail == {"stories": [urn("1")]}


def test_an_answer_acknowledges_no_removal_that_came_while_it_was_written(desk: Desk) -> None:
    desk.ears.body = json.dumps({"acknowledged": [urn("0")]}).encode()
    asked: list[bool] = []

    def slow(handler: far.Handler, ask: Ask, answer: far.Answer) -> None:
        if not asked:
            tell(desk.engine, telling("0", "Again."))
            desk.publish()
            remove(desk, "0")
        asked.append(removals.removed(desk.engine, KEY)[0].acknowledged_at is not None)
        handler.send(answer(ask))

    desk.far.trouble = slow
    remove(desk, "0")
    assert desk.push() == Pushed(told=2, acknowledged=1)
    assert asked == [False, False]
    assert told(desk) == [[urn("0")], [urn("0")]]


def test_a_webhook_is_not_taken_to_hold_what_came_in_between_removals(desk: Desk) -> None:
    desk.publish("1")
    remove(desk, "0")
    desk.publish("2")
    remove(desk, "1")
    assert desk.push() == Pushed(told=2)
    remove(desk, "2")
    paper = removals.certificate(desk.engine, desk.house.config, urn("2"), desk.now)
    assert paper["holders"] == []


@pytest.mark.parametrize("body", [b"", b"ok", b"[]", b'{"acknowledged": "urn:1"}', b"[" * 9_999])
def test_an_answer_that_says_nothing_of_it_acknowledges_nothing(desk: Desk, body: bytes) -> None:
    remove(desk, "0")
    desk.ears.body = body
    assert desk.push() == Pushed(told=1)


def test_an_answer_that_is_no_2xx_acknowledges_nothing(desk: Desk) -> None:
    remove(desk, "0")
    desk.ears.body = json.dumps({"acknowledged": [urn("0")]}).encode()
    desk.ears.status = 500
    assert desk.push() == Pushed(failed=1)
    [one] = removals.removed(desk.engine, KEY)
    assert one.acknowledged_at is None


def test_a_suspended_partner_is_still_told_of_its_removals(desk: Desk) -> None:
    partner = with_webhook(CONFIG, desk.far.place).partners[0]
    desk.configure(partners=(partner.model_copy(update={"suspended": True}),))
    desk.publish()
    assert desk.push() == Pushed(told=1)
    [removed] = message(desk.ears.heard[0])["data"]["removed"]
    assert (removed["id"], removed["reason"]) == (urn("0"), "suspended")


def test_a_partner_without_a_webhook_is_told_by_none(desk: Desk) -> None:
    desk.configure(partners=CONFIG.partners)
    remove(desk, "0")
    assert (push.subjects(desk.house), desk.push()) == ([], Pushed())


def test_a_certificate_names_the_webhook_from_the_first_try_and_when_it_took(desk: Desk) -> None:
    remove(desk, "0")
    desk.ears.status = 500
    desk.push()

    def held() -> dict[str, Any]:
        paper = removals.certificate(desk.engine, desk.house.config, urn("0"), desk.now)
        [holder] = paper["holders"]
        return dict(holder)

    first = held()
    assert (first["client"], first["given_at"]) == ("webhook 127.0.0.1", None)
    assert (first["told_at"], first["fetched_at"]) == (None, None)
    desk.ears.status = 200
    desk.now += HOUR
    desk.push()
    assert held()["told_at"] == desk.now
    desk.now += 7 * 24 * HOUR
    assert held()["overdue"]
    waiting = removals.waiting(desk.engine, desk.house.config, desk.now)
    assert [(one.client, one.overdue) for one in waiting] == [("webhook 127.0.0.1", True)]
