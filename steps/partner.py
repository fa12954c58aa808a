"""Look at how things stand with one partner: what it gets, holds, owes, and has reported."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import feeds
from schemas import months
from schemas._record import Record
from schemas.config import Config
from schemas.errors import UnknownError
from schemas.partner import Agreement, Edition, Partner, Token
from schemas.publication import EditionState, Holder, Shown
from schemas.push import Subscriber
from schemas.types import UtcTime
from schemas.views import CoverageState, Method, Statement
from steps import reconcile, removals, schedule, webhooks
from store import deliveries, ledger, publication, reports, subscribers, tokens
from store.database import Connection, Engine, reading
from store.deliveries import Latest

MONTHS_SHOWN = 12
"""Months of reads, up to the last that is over."""


class Taken(Record):
    """An edition, and where it stands."""

    edition: Edition
    shows: int
    removed: int
    seq: int
    """The number of its log; 0 where it was never published."""
    moved_at: UtcTime | None


class Key(Record):
    """A token without anything of its secret."""

    id: str
    use: str
    created_at: UtcTime
    expires_at: UtcTime | None
    revoked_at: UtcTime | None
    last_used_at: UtcTime | None
    live: bool


class Client(Record):
    """What one live token was last given of one edition in one format."""

    token: str
    edition: str
    format: str
    how: str
    """`fetch` or `push`."""
    part: str
    """The name of a `Part`: blank for the newest."""
    as_of: int
    last_at: UtcTime
    behind: int | None
    """Changes of the edition since those it got; None where it never asked for the newest."""


class Listener(Record):
    """A subscriber as its partner may see it: of its callback just the host."""

    token: str
    edition: str
    format: str
    host: str
    behind: int
    """Changes that it was not pushed yet."""
    lease_until: UtcTime
    failures: int
    next_at: UtcTime


class Owed(Record):
    """A removal that a client which held the story has not acknowledged."""

    edition: str
    story_id: str
    reason: str
    removed_at: UtcTime
    due_at: UtcTime
    overdue: bool
    clients: tuple[str, ...]
    untold: tuple[str, ...]
    """Those that were given nothing yet which tells of it."""


class Month(Record):
    """What is settled of a month's reads."""

    name: str
    """As `2026-10`."""
    reads: int | None
    """None where nothing is known: that is not zero."""
    complete: bool


class Reporting(Record):
    """What a partner has reported of reads, and what it owes."""

    method: str
    """The counter of record."""
    missing: tuple[str, ...]
    """Months whose report is past its time."""
    next_month: str | None
    """The month whose report is due next; None where it sends none."""
    next_due: date | None
    months: tuple[Month, ...]
    """The latest that are over; empty where nothing was ever settled."""


class Standing(Record):
    """All that a partner may know of itself."""

    partner: Partner
    as_of: UtcTime
    agreements: tuple[Agreement, ...]
    formats: tuple[str, ...]
    """Those agreed, by the endings of their addresses."""
    editions: tuple[Taken, ...]
    keys: tuple[Key, ...]
    """The live ones first, and of each the newest."""
    clients: tuple[Client, ...]
    listeners: tuple[Listener, ...]
    webhooks: tuple[webhooks.Standing, ...]
    """How the webhook stands with each edition, as the operator sees it; empty without one."""
    owed: tuple[Owed, ...]
    """The overdue first, and of those the oldest."""
    reporting: Reporting


def look(engine: Engine, config: Config, partner_id: str, now: datetime) -> Standing:
    """Read how things stand with a partner, at one moment, in a fixed number of statements."""
    partner = config.partner(partner_id)
    if partner is None:
        raise UnknownError(f"no partner is called {partner_id}")
    editions = [one for one in config.editions if one.partner == partner_id]
    names = [one.key for one in editions]
    with reading(engine) as connection:
        states = publication.states(connection)
        counts = publication.counts(connection, names)
        keys = [_key(*known, now) for known in tokens.of(connection, partner_id)]
        given = deliveries.latest(connection, names)
        listening = subscribers.of(connection, names)
        told = webhooks.standings(connection, config, partner_id)
        known = [e.key for e in schedule.known(connection, config) if e.partner == partner_id]
        held = removals.owing(connection, known)
        reporting = _reporting(connection, config, partner, now)
    live = {key.id for key in keys if key.live}
    return Standing(
        partner=partner,
        as_of=now,
        agreements=config.agreements_of(partner_id),
        formats=formats(config, partner_id),
        editions=tuple(_taken(e, states.get(e.key), counts.get(e.key, {})) for e in editions),
        keys=tuple(sorted(keys, key=lambda key: (key.live, key.created_at), reverse=True)),
        clients=tuple(_client(one, states) for one in given if one.token in live),
        listeners=tuple(_listener(one, states) for one in listening),
        webhooks=tuple(told),
        owed=tuple(_owed(removals.overdue_first(removals.holding(config, held, now)), partner)),
        reporting=reporting,
    )


def formats(config: Config, partner_id: str) -> tuple[str, ...]:
    """Name the formats that a partner's agreements allow, in alphabetical order."""
    allowed = config.formats_of(partner_id)
    return tuple(name for name in feeds.names() if name in allowed)


def _taken(edition: Edition, state: EditionState | None, counts: Mapping[Shown, int]) -> Taken:
    return Taken(
        edition=edition,
        shows=counts.get(Shown.IN, 0),
        removed=counts.get(Shown.OUT, 0),
        seq=state.seq if state else 0,
        moved_at=state.moved_at if state else None,
    )


def _key(token: Token, last_used_at: datetime | None, now: datetime) -> Key:
    return Key(
        **token.model_dump(exclude={"partner", "digest"}),
        last_used_at=last_used_at,
        live=token.is_live(now),
    )


def _client(one: Latest, states: Mapping[str, EditionState]) -> Client:
    fields = one._asdict()
    holds = fields.pop("holds")
    # After a restore a client may hold more than there is.
    behind = None if holds is None else max(0, _seq(states, one.edition) - holds)
    return Client(**fields, behind=behind)


def _listener(one: Subscriber, states: Mapping[str, EditionState]) -> Listener:
    state = states.get(one.edition)
    same = state is not None and state.epoch == one.epoch
    return Listener(
        token=one.token,
        edition=one.edition,
        format=one.format,
        host=urlsplit(one.callback).hostname or "",
        behind=max(0, _seq(states, one.edition) - (one.mark if same else 0)),
        lease_until=one.lease_until,
        failures=one.failures,
        next_at=one.next_at,
    )


def _seq(states: Mapping[str, EditionState], edition: str) -> int:
    return states[edition].seq if edition in states else 0


class _Removal(NamedTuple):
    edition: str
    story_id: str
    reason: str
    removed_at: datetime
    overdue: bool


def _owed(found: Iterable[Holder], partner: Partner) -> Iterable[Owed]:
    for removal, each in groupby(found, _removal_of):
        clients = list(each)
        yield Owed(
            **removal._asdict(),
            due_at=removal.removed_at + timedelta(days=partner.acknowledge_days),
            clients=tuple(one.client for one in clients),
            untold=tuple(one.client for one in clients if one.told_at is None),
        )


def _removal_of(held: Holder) -> _Removal:
    return _Removal(held.edition, held.story_id, held.reason, held.removed_at, held.overdue)


def _reporting(
    connection: Connection, config: Config, partner: Partner, now: datetime
) -> Reporting:
    method = config.platforms()[partner.id][0]
    missing = reconcile.missing(connection, config, partner.id, now)
    month = _next(connection, config, partner, now) if method != Method.BEACON else None
    settled = ledger.platform_months(connection).get(partner.id, {})
    return Reporting(
        method=method,
        missing=tuple(map(months.name, missing)),
        next_month=None if month is None else months.name(month),
        next_due=None if month is None else _due(month, partner),
        months=tuple(_months(settled, _today(partner, now))),
    )


def _next(connection: Connection, config: Config, partner: Partner, now: datetime) -> int | None:
    """Number the next month whose report has not come, and is not late yet."""
    covered = reports.covered(connection, partner.id, config.platforms()[partner.id][0])
    month = months.number(now.date() - timedelta(days=partner.report_lag_days))
    while month in covered:
        month += 1
    pull = next((r for r in config.reports if r.platform == partner.id), None)
    ended = pull is not None and pull.until is not None and month > months.number(pull.until)
    return None if ended else month


def _due(month: int, partner: Partner) -> date:
    return months.first_day(month + 1) + timedelta(days=partner.report_lag_days)


def _today(partner: Partner, now: datetime) -> date:
    return now.astimezone(ZoneInfo(partner.zone)).date()


def _months(settled: Mapping[str, Statement], today: date) -> Sequence[Month]:
    if not settled:
        return []
    after = months.number(today)
    first = max(months.numbered(min(settled)), after - MONTHS_SHOWN)
    return [_month(months.name(number), settled) for number in range(first, after)]


def _month(name: str, settled: Mapping[str, Statement]) -> Month:
    found = settled.get(name)
    if found is None or found.coverage is CoverageState.NONE:
        return Month(name=name, reads=None, complete=False)
    complete = found.coverage is CoverageState.COMPLETE
    return Month(name=name, reads=found.total, complete=complete)
