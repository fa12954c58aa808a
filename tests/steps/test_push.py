"""A subscriber is sent what it lacks, whatever fails, and nobody else is sent anything."""

import hmac
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kit import far
from rules.push import CLAIM, MOST_VERIFICATIONS
from schemas.errors import UnknownError
from schemas.push import Mode, Pushed
from steps import push, tokens
from store import publication
from store.database import Engine, reading, writing
from tests.patience import PATIENCE_S
from tests.steps.pushing import CONFIG, KEY, Desk, Ears, opened
from tests.web.followers import atom

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    ears = Ears()
    url = engine.url.render_as_string(hide_password=False)
    with far.play(ears) as source, opened(url, tmp_path, [source.place], START) as house:
        yield Desk(house, source, ears, tmp_path)


START = Desk.now


def test_a_subscriber_is_sent_what_changed_since_it_asked(desk: Desk) -> None:
    desk.ask()
    desk.publish("1", "2", "3")
    assert desk.push() == Pushed(verified=1, delivered=1)
    [heard] = desk.ears.heard
    read = atom(heard.body)
    assert len(read.shown) == 3  # page_size is 2: it is a delta
    assert read.links["hub"] == "https://retold.example/hub"
    assert heard.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert heard.headers["link"] == (
        '<https://retold.example/hub>; rel="hub",'
        ' <https://retold.example/feeds/nhs/all.atom>; rel="self"'
    )
    assert "x-hub-signature" not in heard.headers
    assert desk.push() == Pushed()
    assert len(desk.ears.heard) == 1


def test_a_secret_signs_exactly_what_is_sent(desk: Desk) -> None:
    desk.subscribe(secret="s3cret \N{SNOWMAN}")
    desk.publish("1")
    desk.push()
    [heard] = desk.ears.heard
    known = hmac.digest("s3cret \N{SNOWMAN}".encode(), heard.body, "sha256").hex()
    assert heard.headers["x-hub-signature"] == f"sha256={known}"


def test_a_push_is_a_delivery_to_the_token(desk: Desk) -> None:
    desk.subscribe()
    desk.publish("1")
    desk.ears.status = 500
    desk.push()
    [one] = desk.deliveries()
    assert (one.token, one.how, one.served, one.confirmed) == (desk.token.id, "push", 1, 0)
    desk.ears.status = 204
    desk.now += HOUR
    assert desk.push().delivered == 1
    [one] = desk.deliveries()
    assert (one.served, one.confirmed, one.as_of) == (2, 1, desk.subscribers()[0].mark)


def test_a_crash_between_push_and_mark_pushes_again_and_forgets_nothing(desk: Desk) -> None:
    desk.subscribe()
    desk.publish("1")
    before = desk.subscribers()[0].mark
    desk.ears.victim = desk.pushing()
    assert desk.ears.victim.wait(PATIENCE_S) != 0
    desk.ears.victim = None
    assert (len(desk.ears.heard), desk.subscribers()[0].mark) == (1, before)
    assert desk.deliveries()[0].served == 1
    assert desk.push() == Pushed()  # it is still the dead one's
    desk.now += CLAIM
    assert desk.push() == Pushed(delivered=1)
    assert [len(atom(h.body).shown) for h in desk.ears.heard] == [1, 1]
    assert desk.subscribers()[0].mark == before + 1


def test_two_runs_at_once_deliver_once(desk: Desk) -> None:
    for number in range(9):
        desk.ask(f"/cb/{number}")
    assert desk.push().verified == 9
    desk.publish("1")
    done = desk.push_twice_at_once()
    assert sorted(h.path for h in desk.ears.heard) == [f"/cb/{n}" for n in range(9)]
    assert sum(one.delivered for one in done) == 9


def test_gone_ends_a_subscription(desk: Desk) -> None:
    desk.subscribe()
    desk.publish("1")
    desk.ears.status = 410
    assert desk.push() == Pushed(dropped=1)
    assert desk.subscribers() == []


@pytest.mark.parametrize("status", [302, 307, 404, 500, 503])
def test_any_other_answer_is_a_failure_and_waits_ever_longer(desk: Desk, status: int) -> None:
    desk.subscribe()
    desk.publish("1")
    desk.ears.status, desk.ears.headers = status, {"Location": f"{desk.far.origin}/elsewhere"}
    waits = []
    for _ in range(12):
        assert desk.push() == Pushed(failed=1)
        assert desk.push() == Pushed()
        [waiting] = desk.subscribers()
        waits.append((waiting.next_at - desk.now).total_seconds())
        desk.now = waiting.next_at
    assert waits[:4] == [60, 120, 240, 480]
    assert waits[-1] == 6 * 3600
    assert (waiting.failures, waiting.error) == (12, f"HTTP {status}")
    assert {h.path for h in desk.ears.heard} == {"/cb"}
    desk.ears.status = 200
    assert desk.push() == Pushed(delivered=1)
    assert desk.subscribers()[0].failures == 0


def test_a_callback_that_asks_for_time_is_given_it(desk: Desk) -> None:
    desk.subscribe()
    desk.publish("1")
    desk.ears.status, desk.ears.headers = 503, {"Retry-After": "1800"}
    desk.push()
    assert desk.subscribers()[0].next_at == desk.now + timedelta(minutes=30)


def test_a_callback_that_is_down_loses_nothing_and_stops_no_other(desk: Desk) -> None:
    desk.subscribe()
    desk.publish("1")
    desk.far.trouble = far.reset
    assert desk.push() == Pushed(failed=1)
    assert "connection" in (desk.subscribers()[0].error or "")
    desk.far.trouble = None
    desk.subscribe("/other")
    desk.publish("2")
    assert desk.push() == Pushed(delivered=1)
    desk.now += HOUR
    assert desk.push() == Pushed(delivered=1)
    read = [atom(h.body).shown for h in desk.ears.heard if h.path == "/cb"]
    assert len(read[-1]) == 2


def test_nothing_is_pushed_to_where_we_may_not_go(engine: Engine, tmp_path: Path) -> None:
    url = engine.url.render_as_string(hide_password=False)
    ears = Ears()
    with far.play(ears) as source, opened(url, tmp_path, [], START) as house:
        desk = Desk(house, source, ears, tmp_path)
        desk.ask()
        assert desk.push() == Pushed(failed=1)
        assert ears.asked == []


def test_a_suspended_partner_is_denied_and_sent_nothing(desk: Desk) -> None:
    desk.subscribe()
    desk.ask("/late")
    desk.publish("1")
    desk.configure(partners=(CONFIG.partners[0].model_copy(update={"suspended": True}),))
    assert push.subjects(desk.house) == [KEY]
    assert desk.push() == Pushed(denied=2)
    notices = [a.query for a in desk.ears.asked if a.query["hub.mode"] == "denied"]
    assert [(n["hub.topic"], n["hub.reason"]) for n in notices] == [
        ("https://retold.example/feeds/nhs/all.atom", "the partner is suspended")
    ] * 2
    assert (desk.ears.heard, desk.subscribers()) == ([], [])
    assert push.subjects(desk.house) == []


def test_a_revoked_token_is_denied_even_with_nothing_to_push(desk: Desk) -> None:
    desk.subscribe()
    tokens.revoke(desk.engine, desk.token.id, desk.now)
    assert push.subjects(desk.house) == [KEY]
    assert desk.push() == Pushed(denied=1)
    assert desk.ears.asked[-1].query["hub.mode"] == "denied"
    desk.publish("1")
    assert desk.push() == Pushed()
    assert desk.ears.heard == []


@pytest.mark.parametrize("gone", ["edition", "format"])
def test_what_is_no_longer_agreed_is_denied(desk: Desk, gone: str) -> None:
    desk.subscribe()
    agreement = CONFIG.agreements[0].model_copy(update={"formats": ("json",)})
    desk.configure(**{"editions": ()} if gone == "edition" else {"agreements": (agreement,)})
    assert push.subjects(desk.house) == [KEY]
    assert desk.push() == Pushed(denied=1)


def test_a_lease_ends(desk: Desk) -> None:
    desk.subscribe(lease_s=3600)
    desk.now += HOUR
    desk.publish("1")
    assert push.subjects(desk.house) == [KEY]
    assert desk.push() == Pushed(dropped=1)
    assert desk.ears.heard == []


def test_a_renewal_leaves_the_old_one_standing_until_it_is_verified(desk: Desk) -> None:
    desk.subscribe(secret="old", lease_s=7200)
    [old] = desk.subscribers()
    desk.publish("1")
    desk.ask(secret="new")
    desk.ears.echo = False
    assert desk.push() == Pushed(unverified=1, delivered=1)
    assert desk.subscribers()[0].secret == "old"
    assert desk.subscribers()[0].lease_until == old.lease_until
    desk.publish("2")
    desk.ears.echo = True
    desk.ask(secret="new")
    assert desk.push() == Pushed(verified=1, delivered=1)
    [new] = desk.subscribers()
    assert (new.secret, new.id) == ("new", old.id)
    assert new.lease_until > old.lease_until
    assert [len(atom(h.body).shown) for h in desk.ears.heard] == [1, 1]


def test_a_renewal_is_tried_at_once_after_failures(desk: Desk) -> None:
    desk.subscribe()
    desk.publish("1")
    desk.ears.status = 500
    desk.push()
    desk.ears.status = 200
    desk.ask()
    assert desk.push() == Pushed(verified=1, delivered=1)


def test_unsubscribing_needs_the_callbacks_word(desk: Desk) -> None:
    desk.subscribe()
    desk.ears.echo = False
    desk.ask(mode=Mode.UNSUBSCRIBE)
    assert desk.push() == Pushed(unverified=1)
    assert len(desk.subscribers()) == 1
    desk.ears.echo = True
    desk.ask(mode=Mode.UNSUBSCRIBE)
    assert desk.push() == Pushed(dropped=1)
    assert "hub.lease_seconds" not in desk.ears.asked[-1].query
    assert desk.subscribers() == []


def test_the_intent_is_verified_with_the_callbacks_own_query(desk: Desk) -> None:
    desk.subscribe("/cb?key=a%20b&hub.mode=mine", lease_s=7200)
    [asked] = desk.ears.asked
    assert asked.query["key"] == "a b"
    assert asked.query["hub.mode"] == "subscribe"
    assert asked.query["hub.topic"] == "https://retold.example/feeds/nhs/all.atom"
    assert asked.query["hub.lease_seconds"] == "7200"
    assert len(asked.query["hub.challenge"]) >= 43
    desk.subscribe("/other")
    assert desk.ears.asked[1].query["hub.challenge"] != asked.query["hub.challenge"]


@pytest.mark.parametrize("status", [302, 404])
def test_a_callback_that_says_no_is_not_subscribed(desk: Desk, status: int) -> None:
    desk.ears.get_status = status
    desk.ears.headers = {"Location": f"{desk.far.origin}/elsewhere"}
    desk.ask()
    assert desk.push() == Pushed(unverified=1)
    assert (desk.subscribers(), len(desk.ears.asked)) == ([], 1)


def test_a_callback_that_is_down_is_asked_again_and_then_no_more(desk: Desk) -> None:
    desk.ears.get_status = 503
    desk.ask()
    for _ in range(MOST_VERIFICATIONS - 1):
        assert desk.push() == Pushed(failed=1)
        assert desk.push() == Pushed()
        desk.now += HOUR
    assert desk.push() == Pushed(unverified=1)
    desk.now += 24 * HOUR
    assert push.subjects(desk.house) == []
    assert len(desk.ears.asked) == MOST_VERIFICATIONS


def test_a_removal_is_pushed(desk: Desk) -> None:
    desk.publish("1")
    desk.subscribe()
    desk.configure(channels=())
    desk.publish()
    desk.push()
    [heard] = desk.ears.heard
    assert len(atom(heard.body).removed) == 2


def test_who_missed_too_much_is_sent_the_newest(desk: Desk) -> None:
    desk.subscribe()
    desk.publish(*(str(number) for number in range(1, 1002)))
    assert desk.push() == Pushed(delivered=1)
    [heard] = desk.ears.heard
    read = atom(heard.body)
    assert len(read.shown) == 2
    assert "prev-archive" in read.links
    assert desk.push() == Pushed()


def test_after_a_restore_a_subscriber_is_sent_the_newest(desk: Desk) -> None:
    desk.subscribe()
    with reading(desk.engine) as connection:
        state = publication.state(connection, KEY)
    assert state is not None
    with writing(desk.engine) as connection:
        publication.save_state(connection, state.model_copy(update={"epoch": "e2"}))
        publication.drop_documents(connection, KEY)
    assert desk.push() == Pushed(delivered=1)
    assert desk.subscribers()[0].epoch == "e2"
    assert desk.push() == Pushed()


def test_every_format_is_pushed_as_itself(desk: Desk) -> None:
    for ending in ("atom", "rss", "json"):
        desk.subscribe(f"/{ending}", ending=ending)
    desk.publish("1")
    assert desk.push() == Pushed(delivered=3)
    kinds = {h.path: h.headers["content-type"] for h in desk.ears.heard}
    assert kinds["/rss"] == "application/rss+xml; charset=utf-8"
    assert kinds["/json"] == "application/feed+json"


def test_only_editions_with_something_to_do_are_worked_on(desk: Desk) -> None:
    assert push.subjects(desk.house) == []
    assert push.subjects(desk.house, [KEY]) == []
    with pytest.raises(UnknownError, match="nhs/none"):
        push.subjects(desk.house, ["nhs/none"])
    desk.ask()
    assert push.subjects(desk.house) == push.subjects(desk.house, [KEY]) == [KEY]
    assert push.recorded(desk.house, KEY).verified == 1
    assert push.subjects(desk.house) == []


def test_a_newer_request_takes_the_place_of_one_that_waits(desk: Desk) -> None:
    desk.ask(secret="older")
    desk.ask(secret="newer")
    assert desk.push() == Pushed(verified=1)
    assert desk.subscribers()[0].secret == "newer"
