"""Tell partners' webhooks of removals, batch by batch, and take their word for what is taken down.

A batch that was not taken is told again as it was, under the id that it had, so that a receiver
may drop what it has had. Spec:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from connectors._http import Answer
from rules import push
from rules import webhooks as rules
from rules.push import Fate
from rules.webhooks import Batch, Gone
from schemas._record import Record
from schemas.config import Config
from schemas.delivery import WEBHOOK, Delivery
from schemas.errors import OutsideError, UnknownError
from schemas.partner import Webhook
from schemas.push import Listener
from schemas.types import UtcTime
from steps import removals, schedule
from steps.house import House
from store import deliveries, holders, runs, webhooks
from store.database import Connection, Engine, reading, writing
from store.webhooks import Claimed

_ANY_STATUS = range(200, 600)
_PART = "removals"
_A_DAY = timedelta(days=1)


class State(StrEnum):
    """How a webhook stands."""

    WELL = "well"
    FAILING = "failing"
    """The last batch was not taken; it is tried again."""
    STOPPED = "stopped"
    """It said that it is gone (410)."""


class Standing(Record):
    """A webhook, as an operator sees it."""

    edition: str
    webhook: str
    """By its host alone: the rest of its address may hold a key."""
    state: State
    waiting: int
    """Removals that it has not taken."""
    failures: int = 0
    told_upto: int = 0
    """The number of the edition's log up to which it took all removals; 0 where it took none."""
    told_at: UtcTime | None = None
    next_at: UtcTime | None = None
    """When it is next tried, where it fails."""
    stopped_at: UtcTime | None = None
    error: str | None = None


def waiting(connection: Connection, config: Config, now: datetime) -> set[str]:
    """Name the editions of which a webhook may have something to be told."""
    return webhooks.waiting(connection, _addresses(_webhooks(connection, config)), now)


def tell(house: House, key: str, chance: Callable[[], float]) -> Counter[str]:
    """Tell the webhook of an edition's partner what the edition removed; count what became of it.

    A partner that is suspended has the more to take down.
    """
    counted: Counter[str] = Counter()
    with reading(house.engine) as connection:
        webhook = _webhooks(connection, house.config).get(key)
    if webhook is not None:
        work = _Work(house, key, webhook, house.now, chance)
        while (outcome := work.tell_next()) is not None:
            counted += outcome
    return counted


def listing(engine: Engine, config: Config) -> list[Standing]:
    """List how every edition's webhook stands."""
    with reading(engine) as connection:
        return standings(connection, config)


def standings(
    connection: Connection, config: Config, partner_id: str | None = None
) -> list[Standing]:
    """List how every edition's webhook stands, or that of every edition of one partner."""
    configured = {
        key: webhook
        for key, webhook in _webhooks(connection, config).items()
        if partner_id in {None, key.partition("/")[0]}
    }
    found = webhooks.every(connection, _addresses(configured))
    return [
        _standing(key, rules.client(webhook.url), *found[key])
        for key, webhook in sorted(configured.items())
    ]


def resume(engine: Engine, config: Config, edition: str, who: str, now: datetime) -> None:
    """Tell a webhook again, at once, that stopped or failed; UnknownError where there is none."""
    key = schedule.edition(engine, config, edition).key
    with writing(engine) as connection:
        if key not in _webhooks(connection, config):
            raise UnknownError(f"the partner of {key} has no webhook: add one to retold.toml")
        if webhooks.resume(connection, key, now):
            runs.note(connection, who, "resume_webhook", key, {}, now)


def _webhooks(connection: Connection, config: Config) -> dict[str, Webhook]:
    """Find the webhook of every edition that has one, also of those that were taken out."""
    by_partner = {partner.id: partner.webhook for partner in config.partners}
    known = schedule.known(connection, config)
    found = {edition.key: by_partner.get(edition.partner) for edition in known}
    return {key: webhook for key, webhook in found.items() if webhook is not None}


def _addresses(configured: Mapping[str, Webhook]) -> dict[str, str]:
    return {key: rules.address(webhook.url) for key, webhook in configured.items()}


def _standing(key: str, name: str, listener: Listener | None, behind: int) -> Standing:
    if listener is None:
        return Standing(edition=key, webhook=name, state=State.WELL, waiting=behind)
    failing = listener.failures > 0
    state = State.FAILING if failing else State.WELL
    return Standing(
        edition=key,
        webhook=name,
        state=State.STOPPED if listener.stopped_at else state,
        waiting=behind,
        failures=listener.failures,
        told_upto=listener.mark,
        told_at=listener.told_at,
        next_at=listener.next_at if failing and listener.stopped_at is None else None,
        stopped_at=listener.stopped_at,
        error=listener.error,
    )


class _Sent(NamedTuple):
    """A batch on its way, and whose it is."""

    listener: Listener
    batch: Batch


@dataclass(frozen=True)
class _Work:
    """One go over what a webhook is to be told of an edition."""

    house: House
    key: str
    webhook: Webhook
    due: datetime
    """What is due is due at this time, so that a go comes to an end."""
    chance: Callable[[], float]

    def tell_next(self) -> Counter[str] | None:
        """Tell one batch; count what became of it, None where there is nothing to tell now."""
        house = self.house
        with writing(house.engine) as connection:
            until = house.now + push.CLAIM
            address = rules.address(self.webhook.url)
            first = 0 if webhooks.is_met(connection, self.key) else self._first(connection)
            claimed = webhooks.claim(connection, self.key, address, self.due, until, first)
            if claimed is None:
                return None
            sent = self._begin(connection, claimed)
        return Counter() if sent is None else self._send(sent)

    def _first(self, connection: Connection) -> int:
        """Tell after which number of the log a webhook begins: what nobody holds it need not hear.

        Of the last day it hears all: what was given lately may not be noted yet.
        """
        every = holders.removed(connection, self.key)
        lately = [one.seq for one in every if one.removed_at >= self.due - _A_DAY]
        owed = [one.seq for one in removals.owing(connection, [self.key])]
        last = every[-1].seq if every else 0
        return min([*lately, *owed], default=last + 1) - 1

    def _begin(self, connection: Connection, claimed: Claimed) -> _Sent | None:
        """Note what goes out, before it does; None where nothing is left of what was removed."""
        listener = claimed.listener
        upto = listener.upto or claimed.seq
        found = holders.removed(connection, self.key, listener.mark, upto, rules.MOST)
        if not found:
            webhooks.took(connection, listener, upto, self.due, None)
            return None
        queue = [Gone(one.story_id, one.seq, one.reason, one.removed_at) for one in found]
        acknowledge_url = f"{self.house.press.public_url}/removals/{self.key}"
        batch = rules.batch(self.key, acknowledge_url, queue)
        webhooks.begin(connection, self.key, batch.told[-1].seq)
        self._note(connection, batch, served=1)
        return _Sent(listener, batch)

    def _send(self, sent: _Sent) -> Counter[str]:
        try:
            answer = self._post(sent.batch)
        except OutsideError as error:
            return self._failed(sent.listener, rules.unaddressed(error.reason), None)
        why = f"HTTP {answer.status}"
        match push.fate(answer.status):
            case Fate.FAILED:
                return self._failed(sent.listener, why, answer.retry_after_s)
            case Fate.GONE:
                with writing(self.house.engine) as connection:
                    webhooks.stop(connection, sent.listener, self.house.now, why)
                return Counter(stopped=1)
        return self._took(sent, answer)

    def _post(self, batch: Batch) -> Answer:
        signed = rules.headers(self.webhook.secrets, batch.id, batch.body, self.house.now)
        return self.house.http.post(
            self.key,
            self.webhook.url,
            batch.body,
            media_type="application/json",
            headers=signed,
            allow_status=_ANY_STATUS,
        )

    def _took(self, sent: _Sent, answer: Answer) -> Counter[str]:
        """Note in one that a batch was taken, and what of it the answer acknowledges."""
        said, now = rules.acknowledged(answer.body), self.house.now
        first, last = sent.batch.told[0].seq, sent.batch.told[-1].seq
        with writing(self.house.engine) as connection:
            self._note(connection, sent.batch, confirmed=1)
            webhooks.took(connection, sent.listener, last, self.due, now)
            # What came back meanwhile, and went again, stands beyond: of that nothing was told.
            told = holders.removed(connection, self.key, first - 1, last)
            found = [one for one in told if one.story_id in said]
            new = removals.note(connection, self.key, found, rules.client(self.webhook.url), now)
        return Counter(told=len(sent.batch.told), acknowledged=new)

    def _failed(self, listener: Listener, why: str, asked_s: float | None) -> Counter[str]:
        at = self.house.now + push.wait(listener.failures + 1, self.chance(), asked_s)
        with writing(self.house.engine) as connection:
            webhooks.put_off(connection, listener, at, why)
        return Counter(failed=1)

    def _note(
        self, connection: Connection, batch: Batch, *, served: int = 0, confirmed: int = 0
    ) -> None:
        now = self.house.now
        given = Delivery(
            token=rules.client(self.webhook.url),
            edition=self.key,
            format=WEBHOOK,
            part=_PART,
            etag=batch.id,
            seq_from=batch.told[0].seq,
            seq_to=batch.told[-1].seq,
            as_of=batch.told[-1].seq,
            first_at=now,
            last_at=now,
            served=served,
            confirmed=confirmed,
            how=WEBHOOK,
        )
        deliveries.add(connection, [given])
