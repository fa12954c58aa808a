from datetime import timedelta

from schemas.channel import Fetched
from schemas.run import Outcome, Run
from schemas.subscription import Standing, Subscription
from store import landings, runs, subscriptions
from store.database import Connection
from tests.make import NOON

LATER = NOON + timedelta(hours=1)


def subscription(path: str, **fields: object) -> Subscription:
    given = {
        "path": path,
        "channel": "forum",
        "hub": "https://hub.example/",
        "topic": "https://forum.example/feed",
        "secret": "s" * 40,
    }
    return Subscription.model_validate(given | fields)


def test_subscriptions_are_read_back_as_they_were_kept_the_latest_first(
    connection: Connection,
) -> None:
    active = subscription(
        "b",
        state=Standing.ACTIVE,
        asked_at=LATER,
        active_since=NOON,
        renew_at=LATER,
        lease_ends_at=LATER,
        looked_at=NOON,
        reason="none",
        deliveries=1,
        ignored=2,
        misses=3,
    )
    ending = subscription("a", state=Standing.ENDING)
    for one in (ending, active, subscription("c", channel="other")):
        subscriptions.save(connection, one)
    assert subscriptions.of(connection, "forum") == [active, ending]
    assert subscriptions.of(connection, "forum")[0].secret == active.secret
    assert subscriptions.channels(connection) == ["forum", "other"]


def test_a_subscription_is_kept_as_it_stands_last_and_can_be_forgotten(
    connection: Connection,
) -> None:
    subscriptions.save(connection, subscription("a"))
    subscriptions.save(connection, subscription("a", state=Standing.DENIED, reason="no"))
    found = subscriptions.get(connection, "a")
    assert found is not None
    assert (found.state, found.reason) == (Standing.DENIED, "no")
    subscriptions.drop(connection, "a")
    assert subscriptions.get(connection, "a") is None


def test_what_was_delivered_is_told_from_what_was_asked_for(connection: Connection) -> None:
    def land(url: str, hours: int, delivery: str | None = None, channel: str = "forum") -> None:
        fetched = Fetched(payload=url.encode(), media_type="x/y", url=url)
        at = NOON + timedelta(hours=hours)
        landings.add(connection, channel, "feed/1", fetched, at, delivery)

    assert landings.newest(connection, "forum") is None
    assert landings.newest_url(connection, "forum") == ""
    land("first", 0)
    land("second", 1)
    land("pushed", 2, "d1")
    land("sooner", 0, "d2")
    land("other", 3, channel="other")
    newest = landings.newest(connection, "forum")
    assert newest is not None
    assert newest.fetched.payload == b"second"
    assert landings.newest_url(connection, "forum") == "second"
    assert landings.delivered_at(connection, "forum", LATER) == [NOON + timedelta(hours=2)]


def test_runs_since_a_time_are_those_that_were_done(connection: Connection) -> None:
    def add(name: str, hours: int, **fields: object) -> None:
        told = {"step": "ingest", "subject": "forum", "outcome": Outcome.DONE} | fields
        at = NOON + timedelta(hours=hours)
        runs.start(connection, Run.model_validate(told | {"id": name, "started_at": at}))

    add("late", 2)
    add("edge", 1)
    add("early", 0)
    add("failed", 3, outcome=Outcome.FAILED)
    add("receive", 3, step="push")
    add("other", 3, subject="other")
    found = runs.done_since(connection, "ingest", "forum", LATER)
    assert [run.id for run in found] == ["edge", "late"]


def test_what_a_push_brings_is_news_of_its_channel(connection: Connection) -> None:
    for name, step, hours, new in (("a", "ingest", 0, 0), ("b", "receive", 1, 2)):
        run = Run(
            id=name,
            step=step,
            subject="forum",
            started_at=NOON + timedelta(hours=hours),
            outcome=Outcome.DONE,
            counts={"new": new, "changed": 0},
        )
        runs.start(connection, run)
    assert runs.last_news(connection) == {"forum": LATER}
