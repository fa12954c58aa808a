"""Who must fetch an edition how often, by agreement, and who is behind with that.

What a client shows is as old as its last fetch, be it a 304, or as the last push that it took;
where a subscription of it holds, as old as the first change that it has not taken.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from rules import select
from schemas.partner import Agreement, Token


class Duty(NamedTuple):
    """To fetch at least so often, and since when."""

    hours: int
    since: datetime


class Seen(NamedTuple):
    """What we saw of one token, of one edition."""

    token: Token
    fetched_at: datetime | None
    """When it last fetched, or took a push."""
    fresh_at: datetime | None
    """When the first change came that a subscription of it lacks, or now; None without one."""


class Client(NamedTuple):
    """How one client of an edition stands to its duty."""

    token: str | None
    """None where nobody holds the edition."""
    hours: int
    """The shortest in force."""
    fetched_at: datetime | None
    subscribed: bool
    overdue: bool


def duties(agreements: Iterable[Agreement], zone: str, now: datetime) -> list[Duty]:
    """List what a partner's agreements in force ask of it; `zone` is the partner's."""
    forces = [(agreement, select.force(agreement, zone)) for agreement in agreements]
    return [
        Duty(agreement.refresh_hours, force[0])
        for agreement, force in forces
        if agreement.refresh_hours is not None and select.within(force, now)
    ]


def clients(
    owed: Sequence[Duty], seen: Sequence[Seen], first_at: datetime, now: datetime
) -> list[Client]:
    """Say of each client that was given an edition whether it is behind with any of the duties.

    `seen` are all tokens to the partner's feeds, and `first_at` is when the edition first showed
    a story. A token that has ended, or never had this edition, owes nothing; but where no other
    is left, nobody fetches what the partner agreed to fetch: one line of no client says so.
    """
    live = [one for one in seen if one.token.is_live(now)]
    holding = [one for one in live if one.fetched_at or one.fresh_at]
    if not holding:
        return [_nobody(owed, seen, live, first_at, now)]
    return [
        _client(owed, one.token.id, one.fetched_at, one.fresh_at, (first_at,), now)
        for one in holding
    ]


def _nobody(
    owed: Sequence[Duty],
    seen: Sequence[Seen],
    live: Sequence[Seen],
    first_at: datetime,
    now: datetime,
) -> Client:
    fetched_at = max((one.fetched_at for one in seen if one.fetched_at), default=None)
    let_in = min((one.token.created_at for one in live), default=None)
    if fetched_at is None and let_in is None:
        let_in = now  # who was never given a token cannot fetch
    since = (first_at,) if let_in is None else (first_at, let_in)
    return _client(owed, None, fetched_at, None, since, now)


def _client(
    owed: Sequence[Duty],
    token: str | None,
    fetched_at: datetime | None,
    fresh_at: datetime | None,
    since: Iterable[datetime],
    now: datetime,
) -> Client:
    known = max(moment for moment in (fetched_at, fresh_at, *since) if moment)
    return Client(
        token=token,
        hours=min(duty.hours for duty in owed),
        fetched_at=fetched_at,
        subscribed=fresh_at is not None,
        overdue=any(_is_over(duty, known, now) for duty in owed),
    )


def _is_over(duty: Duty, known: datetime, now: datetime) -> bool:
    return now - max(known, duty.since) > timedelta(hours=duty.hours)
