"""Who must fetch an edition again, and when they are behind with it."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import refresh
from rules.refresh import Client, Duty, Seen
from schemas.partner import Agreement, Token
from tests.make import NOON

HOUR = timedelta(hours=1)
LONG_AGO = NOON - timedelta(days=900)
DAILY = Duty(24, LONG_AGO)


def _agreement(**fields: Any) -> Agreement:
    return Agreement.model_validate({"id": "a", "partner": "paper"} | fields)


def _seen(
    name: str = "t",
    fetched: timedelta | None = None,
    fresh: timedelta | None = None,
    **fields: Any,
) -> Seen:
    """See a token; `fetched` and `fresh` are how long ago."""
    given = {
        "id": name,
        "partner": "paper",
        "use": "feed",
        "digest": "d",
        "created_at": LONG_AGO,
    }
    return Seen(
        Token.model_validate(given | fields),
        None if fetched is None else NOON - fetched,
        None if fresh is None else NOON - fresh,
    )


def _overdue(*seen: Seen, owed: Duty = DAILY, first: datetime = LONG_AGO) -> list[str | None]:
    return [c.token for c in refresh.clients([owed], seen, first, NOON) if c.overdue]


def test_nothing_is_owed_where_no_agreement_in_force_says_so() -> None:
    over = _agreement(refresh_hours=1, valid_to=date(2026, 1, 1))
    coming = _agreement(refresh_hours=1, valid_from=date(2026, 1, 3))
    assert refresh.duties([_agreement(), over, coming], "Europe/London", NOON) == []


def test_a_duty_begins_with_its_agreement_where_the_partner_is() -> None:
    agreements = [
        _agreement(refresh_hours=24),
        _agreement(refresh_hours=6, valid_from=date(2026, 1, 2)),
    ]
    [always, late] = refresh.duties(agreements, "Asia/Tokyo", NOON)
    assert always.hours == 24
    assert always.since < LONG_AGO
    assert late == Duty(6, datetime.fromisoformat("2026-01-01T15:00:00Z"))


@pytest.mark.parametrize(
    ("ago", "overdue"), [(timedelta(0), False), (24 * HOUR, False), (25 * HOUR, True)]
)
def test_a_client_is_behind_once_its_last_fetch_is_older_than_agreed(
    ago: timedelta,
    overdue: bool,  # noqa: FBT001
) -> None:
    [client] = refresh.clients([DAILY], [_seen(fetched=ago)], LONG_AGO, NOON)
    assert client == Client("t", 24, NOON - ago, subscribed=False, overdue=overdue)


@pytest.mark.parametrize(
    ("fetched", "lacks", "overdue"),
    [
        pytest.param(900 * HOUR, timedelta(0), False, id="it lacks nothing"),
        pytest.param(900 * HOUR, 23 * HOUR, False, id="it lacks what is young"),
        pytest.param(900 * HOUR, 25 * HOUR, True, id="it does not take what it is pushed"),
        pytest.param(1 * HOUR, 25 * HOUR, False, id="but fetches"),
        pytest.param(None, 25 * HOUR, True, id="it never took anything"),
    ],
)
def test_a_subscription_counts_until_it_lacks_a_change_for_too_long(
    fetched: timedelta | None,
    lacks: timedelta,
    overdue: bool,  # noqa: FBT001
) -> None:
    [client] = refresh.clients([DAILY], [_seen(fetched=fetched, fresh=lacks)], LONG_AGO, NOON)
    assert (client.subscribed, client.overdue) == (True, overdue)


def test_each_client_that_was_given_the_edition_owes_by_itself() -> None:
    seen = [_seen("a", HOUR), _seen("b", 99 * HOUR), _seen("c"), _seen("d", fresh=timedelta(0))]
    found = refresh.clients([DAILY], seen, LONG_AGO, NOON)
    assert [(c.token, c.overdue) for c in found] == [("a", False), ("b", True), ("d", False)]


def test_a_client_whose_token_has_ended_owes_nothing_beside_others() -> None:
    gone = _seen("gone", 99 * HOUR, revoked_at=NOON - HOUR)
    assert _overdue(gone, _seen("b", HOUR)) == []


@pytest.mark.parametrize(
    ("seen", "overdue"),
    [
        pytest.param([], False, id="nobody was ever let in"),
        pytest.param([_seen(created_at=NOON - HOUR)], False, id="let in just now"),
        pytest.param([_seen()], True, id="let in long ago, never came"),
        pytest.param([_seen(expires_at=NOON)], False, id="its time passed, and it never came"),
        pytest.param([_seen(fetched=99 * HOUR, expires_at=NOON)], True, id="has ended, and holds"),
        pytest.param([_seen(fetched=HOUR, expires_at=NOON)], False, id="has ended, and is fresh"),
        pytest.param(
            [_seen("a", 99 * HOUR, expires_at=NOON), _seen("b", created_at=NOON - HOUR)],
            False,
            id="another takes its place",
        ),
    ],
)
def test_where_no_client_holds_the_edition_one_line_says_whether_somebody_ought_to(
    seen: list[Seen],
    overdue: bool,  # noqa: FBT001
) -> None:
    [client] = refresh.clients([DAILY], seen, LONG_AGO, NOON)
    assert (client.token, client.subscribed, client.overdue) == (None, False, overdue)


def test_nobody_is_behind_with_what_is_younger_than_the_time_agreed() -> None:
    old = _seen(fetched=99 * HOUR)
    assert _overdue(old) == ["t"]
    assert _overdue(old, owed=Duty(24, NOON - 23 * HOUR)) == []
    assert _overdue(_seen(), first=NOON - 23 * HOUR) == []


def test_a_new_and_shorter_duty_hides_no_old_one() -> None:
    owed = [DAILY, Duty(1, NOON)]
    [client] = refresh.clients(owed, [_seen(fetched=99 * HOUR)], LONG_AGO, NOON)
    assert (client.hours, client.overdue) == (1, True)


@given(
    hours=st.integers(1, 100),
    fetched=st.integers(0, 200),
    began=st.integers(0, 200),
    first=st.integers(0, 200),
    later=st.integers(0, 200),
)
def test_who_is_behind_stays_so_until_it_fetches_and_never_sooner(
    hours: int, fetched: int, began: int, first: int, later: int
) -> None:
    seen, owed = [_seen(fetched=fetched * HOUR)], [Duty(hours, NOON - began * HOUR)]

    def overdue(now: datetime) -> bool:
        [client] = refresh.clients(owed, seen, NOON - first * HOUR, now)
        return client.overdue

    due = NOON + (hours - min(fetched, began, first)) * HOUR
    now = NOON + later * HOUR
    assert overdue(now) == (now > due)
