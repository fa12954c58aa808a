"""Who must fetch how often is found in what was given, pushed and subscribed to."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kit import far
from rules.refresh import Client
from schemas.delivery import Delivery
from schemas.partner import Agreement, Edition, Partner
from steps import refresh, status, tokens
from store import deliveries, publication, subscribers
from store.database import Engine, writing
from tests.steps.pushing import CONFIG, KEY, START, Desk, Ears, opened

HOUR = timedelta(hours=1)
DAILY = Agreement(id="a", partner="nhs", refresh_hours=24)


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Iterator[Desk]:
    ears = Ears()
    url = engine.url.render_as_string(hide_password=False)
    with far.play(ears) as source, opened(url, tmp_path, [source.place], START) as house:
        made = Desk(house, source, ears, tmp_path)
        made.configure(agreements=(DAILY,))
        yield made


def fetch(desk: Desk, at: datetime, edition: str = KEY) -> None:
    """Keep that the desk's client fetched, and got the bytes or a 304."""
    given = Delivery(
        token=desk.token.id,
        edition=edition,
        format="atom",
        part="",
        etag=str(at),
        seq_from=1,
        seq_to=1,
        as_of=1,
        first_at=at,
        last_at=at,
        served=0,
        confirmed=1,
    )
    with writing(desk.engine) as connection:
        deliveries.add(connection, [given])


def standing(desk: Desk) -> list[Client]:
    found = refresh.standing(desk.engine, desk.house.config, desk.now)
    assert {one.edition for one in found} <= {KEY}
    return [one.client for one in found]


def test_who_never_fetched_is_behind_after_the_time_agreed(desk: Desk) -> None:
    assert standing(desk) == [Client(None, 24, None, subscribed=False, overdue=False)]
    desk.now += 25 * HOUR
    assert standing(desk) == [Client(None, 24, None, subscribed=False, overdue=True)]


def test_a_client_is_behind_until_it_fetches_again(desk: Desk) -> None:
    fetch(desk, START)
    for hours, overdue in ((24, False), (25, True)):
        desk.now = START + hours * HOUR
        expected = Client(desk.token.id, 24, START, subscribed=False, overdue=overdue)
        assert standing(desk) == [expected]
    fetch(desk, desk.now)
    [client] = standing(desk)
    assert (client.fetched_at, client.overdue) == (desk.now, False)


def test_a_subscription_that_takes_its_pushes_is_as_good_as_fetching(desk: Desk) -> None:
    desk.subscribe()
    desk.now += 99 * HOUR
    [quiet] = standing(desk)
    assert (quiet.token, quiet.subscribed, quiet.overdue) == (desk.token.id, True, False)

    desk.publish("1")
    desk.ears.status = 500
    desk.push()
    for hours, overdue in ((24, False), (25, True)):
        now = desk.now + hours * HOUR
        [one] = refresh.standing(desk.engine, desk.house.config, now)
        assert one.client.overdue is overdue
        assert one.client.fetched_at is None, "a push that failed is no fetch"

    desk.now += 25 * HOUR
    desk.ears.status = 200
    assert desk.push().delivered == 1
    [taken] = standing(desk)
    assert (taken.fetched_at, taken.overdue) == (desk.now, False)


def test_of_several_subscriptions_the_one_that_lacks_least_counts(desk: Desk) -> None:
    desk.subscribe("/a")
    desk.subscribe("/b")
    desk.publish("1")
    desk.now += 25 * HOUR
    desk.publish("2", "3")
    first, _ = desk.subscribers()
    assert [client.overdue for client in standing(desk)] == [True]
    with writing(desk.engine) as connection:
        subscribers.took(connection, first, first.mark + 1, first.epoch, desk.now)
    desk.now += 24 * HOUR
    assert [client.overdue for client in standing(desk)] == [False]
    desk.now += HOUR
    assert [client.overdue for client in standing(desk)] == [True]


def test_after_a_restore_a_subscription_counts_once_it_has_been_pushed_the_new_state(
    desk: Desk,
) -> None:
    desk.subscribe()
    desk.now += 99 * HOUR
    with writing(desk.engine) as connection:
        state = publication.state(connection, KEY)
        assert state is not None
        publication.save_state(connection, state.model_copy(update={"epoch": "e2"}))
    assert [(c.subscribed, c.overdue) for c in standing(desk)] == [(False, True)]
    assert desk.push().delivered == 1
    assert [(c.subscribed, c.overdue) for c in standing(desk)] == [(True, False)]


def test_a_subscription_that_ran_out_counts_no_more(desk: Desk) -> None:
    desk.subscribe(lease_s=7200)
    fetch(desk, START)
    desk.now = START + 25 * HOUR
    [client] = standing(desk)
    assert (client.subscribed, client.overdue) == (False, True)


def test_an_edition_that_never_showed_a_story_and_a_partner_that_may_not_owe_nothing(
    desk: Desk,
) -> None:
    desk.now += 99 * HOUR
    empty = Edition(id="empty", partner="nhs", title="Empty")
    desk.configure(editions=(*CONFIG.editions, empty))
    assert [client.overdue for client in standing(desk)] == [True]
    desk.configure(partners=(Partner(id="nhs", name="N", suspended=True),))
    assert standing(desk) == []
    desk.configure(partners=CONFIG.partners, agreements=CONFIG.agreements)
    assert standing(desk) == []


def test_another_partners_clients_and_report_tokens_are_none_of_its(desk: Desk) -> None:
    desk.configure(partners=(*CONFIG.partners, Partner(id="other", name="O")))
    for partner, use in (("other", "feed"), ("nhs", "report")):
        clear = tokens.issue(desk.engine, partner, use, START)
        stranger = replace(desk)
        stranger.token = desk.token.model_copy(update={"id": clear.split("_")[2]})
        fetch(stranger, START)
    assert [client.token for client in standing(desk)] == [None]


def test_the_status_says_who_is_behind_and_how_long_ago_it_fetched(desk: Desk) -> None:
    fetch(desk, START)
    found = status.status(desk.engine, desk.house.config, START + 26 * HOUR)
    assert found["refresh"] == [
        {
            "edition": KEY,
            "client": desk.token.id,
            "every_hours": 24,
            "last_fetch": "1 d ago",
            "subscribed": False,
            "overdue": True,
        }
    ]
    desk.configure(agreements=CONFIG.agreements)
    assert status.status(desk.engine, desk.house.config, START)["refresh"] == []
