"""Subscribe channels at the hubs that their feeds name, and take in what those send.

A channel is still asked as often as before: a hub that dies is missed, and nothing is lost.
Spec: https://www.w3.org/TR/websub/
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Literal, NamedTuple

from connectors import _websub
from connectors._websub import Offer, Wish
from connectors.channels import Received, Subscribing, connector, subscribing
from schemas._record import Record
from schemas.channel import Channel
from schemas.config import Config
from schemas.errors import OutsideError, UnknownError
from schemas.run import Run
from schemas.subscription import Standing, Subscription
from steps import receive, runs, schedule
from steps.house import House
from store import landings, subscriptions
from store import runs as kept_runs
from store.database import Connection, Engine, one_writer, reading, writing

ROOM = "hooks/websub"
"""Where hubs find us, below the public address."""

LEASE = timedelta(days=10)
"""What is asked for, and taken where a hub does not say."""
LONGEST_LEASE = timedelta(days=90)
"""What a hub may say: one that died is asked again after two thirds of it at the latest."""
PATIENCE = timedelta(hours=1)
"""How long a hub may take to ask back; then it is asked again."""
DENIED_FOR = timedelta(days=1)
"""How long a hub that said no is let alone."""
GRACE = timedelta(minutes=10)
"""How much later than a poll a push may come, and is no miss."""

_SECRET_BYTES = 32
_REASON_LENGTH = 200


class Done(Record):
    """What was done for one channel."""

    asked: int = 0
    """Hubs that were asked to subscribe us, renewals among them."""
    active: int = 0
    """Subscriptions that stand."""
    ended: int = 0
    """Hubs that were asked to end one, and subscriptions that ended."""
    unanswered: int = 0
    """Hubs that took a request and never asked back: can they reach RETOLD_PUBLIC_URL?"""
    denied: int = 0
    """Hubs that said no, and are let alone for now."""
    missed: int = 0
    """Polls that brought what a push should have."""
    without_hub: int = 0
    """1 where the feed names no hub."""


class Asked(NamedTuple):
    """What a hub asks us, or tells."""

    mode: str
    topic: str
    lease_s: str = ""
    reason: str = ""


def subjects(engine: Engine, config: Config, wanted: Sequence[str] | None = None) -> list[str]:
    """List the channels to see to: those that want pushes, and those that no longer do.

    One that is named and neither is an UnknownError.
    """
    with reading(engine) as connection:
        known = subscriptions.channels(connection)
    chosen = [c.id for c in config.channels if subscribing(c)]
    every = chosen + [name for name in known if name not in chosen]
    for name in wanted or ():
        if name not in every:
            schedule.channel(config, name)
            raise UnknownError(f"{name} wants no pushes; a feed does whose option `websub` is true")
    return [name for name in every if not wanted or name in wanted]


def recorded(house: House, name: str, flow_run_id: str | None = None) -> Done:
    """See to one channel's subscriptions, and keep a run of it."""
    with runs.recorded(house.engine, "subscribe", name, house.clock, flow_run_id) as run:
        done = subscribe(house, name)
        run.counts = done.model_dump()
    return done


def subscribe(
    house: House, name: str, chance: Callable[[int], str] = secrets.token_urlsafe
) -> Done:
    """Bring a channel's subscriptions to what it wants; what is as it should be is let alone.

    A renewal has an address and a secret of its own; until the hub has agreed to it, the
    subscription before stands. A hub that says no, or nothing, is an OutsideError.
    """
    channel = house.config.channel(name)
    taker = subscribing(channel) if channel else None
    with writing(house.engine) as connection:
        one_writer(connection, "subscriptions")
        done = _tidy(connection, name, house.now, wanted=taker is not None)
        standing = subscriptions.of(connection, name)
    ended = sum(_end(house, one) for one in standing if _is_to_end(one, house.now))
    done = done.model_copy(update={"ended": done.ended + ended})
    if channel is None or taker is None:
        return done
    offer = _offer(house, channel, taker, standing)
    if offer is None:
        done = done.model_copy(update={"without_hub": 1})
    elif _is_due(standing, offer, house.now, done):
        _ask(house, name, offer, chance)
        done = done.model_copy(update={"asked": 1})
    with reading(house.engine) as connection:
        states = [one.state for one in subscriptions.of(connection, name)]
    counted = {state: states.count(state) for state in (Standing.ACTIVE, Standing.DENIED)}
    return done.model_copy(update={str(state): count for state, count in counted.items()})


def _tidy(connection: Connection, name: str, now: datetime, *, wanted: bool) -> Done:
    """Forget what is over, end what nobody wants, and count what was missed."""
    ended = unanswered = missed = 0
    for one in subscriptions.of(connection, name):
        asked_ago = now - (one.asked_at or now)
        waits = one.state in {Standing.ASKED, Standing.DENIED}
        patience = PATIENCE if one.state is Standing.ASKED else DENIED_FOR
        is_over = one.lease_ends_at is not None and one.lease_ends_at <= now
        if waits and (not wanted or asked_ago >= patience):
            subscriptions.drop(connection, one.path)
            unanswered += wanted and one.state is Standing.ASKED
        elif is_over and not waits:
            subscriptions.drop(connection, one.path)
            ended += 1
        elif one.state is Standing.ACTIVE and not wanted:
            subscriptions.save(connection, _ending(one))
        elif one.state is Standing.ACTIVE:
            looked_at, misses = _misses(connection, one, now)
            missed += misses
            seen = {"looked_at": looked_at, "misses": one.misses + misses}
            subscriptions.save(connection, one.model_copy(update=seen))
    return Done(ended=ended, unanswered=unanswered, missed=missed)


def _misses(
    connection: Connection, one: Subscription, now: datetime
) -> tuple[datetime | None, int]:
    """Count the polls that brought what no push brought, and say up to which poll was looked.

    What a poll brings was told since the poll before; so the first one since we are subscribed
    proves nothing. A push that comes a little later than the poll was not missed.
    """
    since = one.looked_at or one.active_since or now
    polls = [
        run
        for run in kept_runs.done_since(connection, "ingest", one.channel, since)
        if run.ended_at is not None and run.ended_at + GRACE <= now
    ]
    pushed = landings.delivered_at(connection, one.channel, since)
    missed = [poll for _, poll in pairwise(polls) if _brought(poll) and not _is_late(poll, pushed)]
    return (polls[-1].started_at if polls else one.looked_at), len(missed)


def _brought(poll: Run) -> bool:
    return poll.counts.get("new", 0) + poll.counts.get("changed", 0) > 0


def _is_late(poll: Run, pushed: Sequence[datetime]) -> bool:
    ended_at = poll.ended_at or poll.started_at
    return any(poll.started_at <= at <= ended_at + GRACE for at in pushed)


def _offer(
    house: House, channel: Channel, taker: Subscribing, standing: Sequence[Subscription]
) -> Offer | None:
    """Find what the feed offers: in its last answer, or, where a renewal is due, in a new one."""
    fetched = None
    if not any(_is_old(one, house.now) for one in standing):
        with reading(house.engine) as connection:
            newest = landings.newest(connection, channel.id)
        fetched = newest.fetched if newest else None
    return taker.offer(channel, fetched or taker.peek(channel, house.http))


def _is_old(one: Subscription, now: datetime) -> bool:
    return one.state is Standing.ACTIVE and one.renew_at is not None and one.renew_at <= now


def _is_due(standing: Sequence[Subscription], offer: Offer, now: datetime, done: Done) -> bool:
    """Say whether the hub is to be asked: for the first time, again, or since we missed a push."""
    same = [one for one in standing if (one.hub, one.topic) == offer]
    if any(one.state in {Standing.ASKED, Standing.DENIED} for one in same):
        return False
    stands = [one for one in same if one.state is Standing.ACTIVE]
    return not stands or done.missed > 0 or any(_is_old(one, now) for one in stands)


def _ask(house: House, name: str, offer: Offer, chance: Callable[[int], str]) -> None:
    """Ask a hub to subscribe us; it may ask back before it answers."""
    one = Subscription(
        path=chance(_SECRET_BYTES),
        channel=name,
        hub=offer.hub,
        topic=offer.topic,
        secret=chance(_SECRET_BYTES),
        asked_at=house.now,
    )
    with writing(house.engine) as connection:
        subscriptions.save(connection, one)
    try:
        _tell(house, one, "subscribe")
    except OutsideError:
        with writing(house.engine) as connection:
            one_writer(connection, "subscriptions")
            now_is = subscriptions.get(connection, one.path)
            if now_is is not None and now_is.state is Standing.ASKED:
                subscriptions.drop(connection, one.path)
        raise


def _is_to_end(one: Subscription, now: datetime) -> bool:
    is_asked = one.asked_at is not None and now - one.asked_at < PATIENCE
    return one.state is Standing.ENDING and not is_asked


def _end(house: House, one: Subscription) -> int:
    """Ask a hub to send us no more; one that cannot be asked goes when its lease ends."""
    _note(house.engine, one.path, asked_at=house.now)
    try:
        _tell(house, one, "unsubscribe")
    except OutsideError as error:
        _note(house.engine, one.path, reason=error.reason[:_REASON_LENGTH])
        return 0
    return 1


def _tell(house: House, one: Subscription, mode: Literal["subscribe", "unsubscribe"]) -> None:
    callback = f"{house.press.public_url}/{ROOM}/{one.channel}/{one.path}"
    wish = Wish(mode, one.topic, callback)
    if mode == "subscribe":
        wish = wish._replace(secret=one.secret, lease_s=int(LEASE.total_seconds()))
    _websub.ask(one.channel, house.http, one.hub, wish)


def verify(engine: Engine, channel: str, path: str, asked: Asked, now: datetime) -> bool:
    """Say whether what a hub asks at an address of ours is just what we asked of it.

    If so it is noted: the subscription stands, has ended, or was denied.
    """
    with writing(engine, durable=True) as connection:
        one_writer(connection, "subscriptions")
        one = subscriptions.get(connection, path)
        if one is None or (one.channel, one.topic) != (channel, asked.topic):
            return False
        is_ours = one.state in {Standing.ASKED, Standing.ACTIVE}
        if asked.mode == "subscribe" and is_ours:
            _activate(connection, one, _lease(asked.lease_s), now)
        elif asked.mode == "denied" and is_ours:
            reason = "".join(c for c in asked.reason if c.isprintable())[:_REASON_LENGTH]
            no = {"state": Standing.DENIED, "reason": reason, "asked_at": now}
            subscriptions.save(connection, one.model_copy(update=no))
        elif asked.mode == "unsubscribe" and one.state is Standing.ENDING:
            subscriptions.drop(connection, path)
        else:
            return False
    return True


def _activate(connection: Connection, one: Subscription, lease: timedelta, now: datetime) -> None:
    """Let a subscription stand, in the place of the one before, whose counts go on."""
    stands = {
        "state": Standing.ACTIVE,
        "active_since": one.active_since or now,
        "renew_at": now + lease * 2 / 3,
        "lease_ends_at": now + lease,
        "reason": "",
    }
    for other in subscriptions.of(connection, one.channel):
        if other.state is Standing.ACTIVE and other.path != one.path:
            going_on = ("active_since", "looked_at", "deliveries", "ignored", "misses")
            stands |= {name: getattr(other, name) for name in going_on}
            subscriptions.save(connection, _ending(other))
    subscriptions.save(connection, one.model_copy(update=stands))


def _ending(one: Subscription) -> Subscription:
    return one.model_copy(update={"state": Standing.ENDING, "asked_at": None})


def _lease(told: str) -> timedelta:
    """Read how long a hub agrees to; it need not be what was asked."""
    seconds = int(told[:10]) if told.isascii() and told.isdigit() else 0
    return min(timedelta(seconds=seconds), LONGEST_LEASE) if seconds else LEASE


def push(
    engine: Engine,
    config: Config,
    address: tuple[str, str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> bool:
    """Take in what a hub sends to an address of ours; headers by lower-case name.

    False where nobody listens there any more. What is not signed with the secret that the hub
    was given is counted and passed over; its sender is not told.
    """
    name, path = address
    channel = config.channel(name)
    if channel is None or subscribing(channel) is None:
        return False
    with reading(engine) as connection:
        one = subscriptions.get(connection, path)
        url = landings.newest_url(connection, name)
    if one is None or one.channel != name:
        return False
    if one.state not in {Standing.ACTIVE, Standing.ENDING}:
        return False
    if not _websub.is_genuine(headers, body, one.secret):
        _note(engine, path, ignored=1)
        return True
    received = Received(sha256(body).hexdigest(), _websub.content(headers, body, url))
    module = connector(channel.kind)
    receipt = receive.take_in(engine, channel, module, received, now, "receive")
    if not receipt.duplicate:
        _note(engine, path, deliveries=1)
    return True


def _note(
    engine: Engine, path: str, *, deliveries: int = 0, ignored: int = 0, **told: object
) -> None:
    """Add to what is known of a subscription, where it is still there."""
    with writing(engine) as connection:
        one_writer(connection, "subscriptions")
        one = subscriptions.get(connection, path)
        if one is not None:
            more = {"deliveries": one.deliveries + deliveries, "ignored": one.ignored + ignored}
            subscriptions.save(connection, one.model_copy(update=more | told))
