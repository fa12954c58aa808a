"""Push editions to subscribers: verify who asks, send each what it lacks, and mark what it took.

A subscriber's mark is its queue: whoever crashes between a push and its mark pushes again, and
nothing is forgotten. Partners' webhooks are told of removals on the way. Spec:
https://www.w3.org/TR/websub/
"""

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from connectors._http import Answer
from rules import push as rules
from rules.push import Fate, Wish
from schemas.delivery import PUSH, Delivery
from schemas.errors import OutsideError
from schemas.partner import Edition, Token
from schemas.publication import NEWEST, Document, Part, PartKind
from schemas.push import Intent, Mode, Pushed, Subscriber
from steps import documents, runs, schedule, webhooks
from steps.house import House
from store import deliveries, publication, subscribers, tokens
from store.database import Connection, Engine, reading, writing
from store.subscribers import Claimed

AT_ONCE = 4
"""Subscribers of an edition that are pushed to at the same time."""

_ANY_STATUS = range(200, 600)
_CHALLENGE_BYTES = 32

Challenge = Callable[[], str]
Chance = Callable[[], float]


def challenge() -> str:
    """Make a challenge that nobody guesses."""
    return secrets.token_urlsafe(_CHALLENGE_BYTES)


chance: Chance = secrets.SystemRandom().random
"""Spreads tries over time."""


def ask(
    engine: Engine, edition: Edition, format_name: str, wish: Wish, token: Token, now: datetime
) -> None:
    """Keep a request to the hub until its callback is verified; it takes an older one's place."""
    with writing(engine, durable=True) as connection:
        state = publication.state(connection, edition.key)
        subscribers.ask(
            connection,
            Intent(
                id=rules.subscriber_id(edition.key, format_name, wish.callback),
                mode=wish.mode,
                edition=edition.key,
                format=format_name,
                callback=wish.callback,
                secret=wish.secret,
                lease_s=wish.lease_s,
                token=token.id,
                mark=state.seq if state else 0,
                epoch=state.epoch if state else "",
                asked_at=now,
            ),
        )


def subjects(house: House, wanted: Sequence[str] | None = None) -> list[str]:
    """List the editions with something to push or to verify; those of `wanted` alone where given.

    One that is neither configured nor subscribed to is an UnknownError.
    """
    work = _Work(house, house.now)
    with reading(house.engine) as connection:
        found = subscribers.waiting(connection, work.now)
        denial = work.denials(connection)
        found |= {s.edition for s in subscribers.every(connection) if denial(s)}
        found |= webhooks.waiting(connection, house.config, work.now)
    if not wanted:
        return sorted(found)
    strange = [name for name in wanted if name not in found]
    schedule.editions(house.engine, house.config, strange)
    return [name for name in wanted if name in found]


def recorded(house: House, key: str, flow_run_id: str | None = None) -> Pushed:
    """Push one edition, and keep a run of it."""
    with runs.recorded(house.engine, "push", key, house.clock, flow_run_id) as run:
        done = push(house, key)
        run.counts = done.model_dump()
    return done


def push(
    house: House, key: str, challenge: Challenge = challenge, chance: Chance = chance
) -> Pushed:
    """Verify the requests for an edition, then send its subscribers what they lack.

    The partner's webhook is told what was removed.

    Several may do this at once: each subscriber is one's own while it is pushed to.
    """
    work = _Work(house, house.now, challenge, chance)
    with writing(house.engine) as connection:
        done = Counter(dropped=subscribers.expire(connection, key, work.now))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for each in (work.verify_next, work.deliver_next):
            for counted in pool.map(lambda _, each=each: _until_none(each, key), range(AT_ONCE)):
                done += counted
    return Pushed(**done + webhooks.tell(house, key, chance))


def _until_none(each: Callable[[str], str | None], key: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    while (outcome := each(key)) is not None:
        counted[outcome] += 1
    return counted


@dataclass(frozen=True)
class _Work:
    """One go over an edition's requests and subscribers."""

    house: House
    now: datetime
    """What is due is due at this time, so that a go comes to an end."""
    challenge: Challenge = challenge
    chance: Chance = chance

    def verify_next(self, key: str) -> str | None:
        """Verify one request; say what became of it, None where none waits."""
        with writing(self.house.engine) as connection:
            until = self.house.now + rules.CLAIM
            intent = subscribers.claim_intent(connection, key, self.now, until)
            denial = self.denials(connection)
        if intent is None:
            return None
        reason = denial(intent) if intent.mode is Mode.SUBSCRIBE else None
        if reason is not None:
            self._deny(intent, reason)
            with writing(self.house.engine) as connection:
                subscribers.end_asking(connection, intent)
            return "denied"
        return self._verify(intent)

    def _verify(self, intent: Intent) -> str:
        """Ask a callback whether it meant it; until it says so, what stood before stands."""
        said = self.challenge()
        params: dict[str, str | int] = {"hub.mode": str(intent.mode), "hub.challenge": said}
        if intent.mode is Mode.SUBSCRIBE:
            params["hub.lease_seconds"] = intent.lease_s
        answer = self._get(intent, params)
        now = self.house.now
        lost = answer is None or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if lost and intent.failures + 1 < rules.MOST_VERIFICATIONS:
            at = now + rules.wait(intent.failures + 1, self.chance())
            with writing(self.house.engine) as connection:
                subscribers.ask_again(connection, intent, at)
            return "failed"
        confirmed = answer is not None and rules.echoes(answer.status, answer.body, said)
        with writing(self.house.engine) as connection:
            subscribers.end_asking(connection, intent)
            if not confirmed:
                return "unverified"
            if intent.mode is Mode.UNSUBSCRIBE:
                subscribers.forget(connection, intent.id)
                return "dropped"
            lease_until = now + timedelta(seconds=intent.lease_s)
            subscribers.verify(connection, intent, now, lease_until)
        return "verified"

    def deliver_next(self, key: str) -> str | None:
        """Push to one subscriber; say what became of it, None where all have all."""
        with writing(self.house.engine) as connection:
            denial = self.denials(connection)
            denied = [s.id for s in subscribers.every(connection, key) if denial(s)]
            until = self.house.now + rules.CLAIM
            claimed = subscribers.claim(connection, key, self.now, until, denied)
        if claimed is None:
            return None
        reason = denial(claimed.subscriber)
        if reason is not None:
            self._deny(claimed.subscriber, reason)
            self._drop(claimed.subscriber)
            return "denied"
        return self._deliver(claimed)

    def _deliver(self, claimed: Claimed) -> str:
        subscriber = claimed.subscriber
        edition = self._edition(subscriber.edition)
        document = self._document(edition, claimed) if edition else None
        if edition is None or document is None:
            return self._failed(subscriber, "there is no such document", None)
        self._note(subscriber, document, served=1)
        try:
            answer = self._post(edition, subscriber, document)
        except OutsideError as error:
            return self._failed(subscriber, error.reason, None)
        match rules.fate(answer.status):
            case Fate.GONE:
                self._drop(subscriber)
                return "dropped"
            case Fate.FAILED:
                return self._failed(subscriber, f"HTTP {answer.status}", answer.retry_after_s)
        self._note(subscriber, document, confirmed=1, epoch=claimed.epoch)
        return "delivered"

    def _document(self, edition: Edition, claimed: Claimed) -> Document | None:
        """Give what changed since the mark; the newest where that is too much, or begins anew."""
        house, subscriber = self.house, claimed.subscriber
        parts = [NEWEST]
        if subscriber.epoch == claimed.epoch:
            parts.insert(0, Part(PartKind.DELTA, subscriber.mark))
        made = (
            documents.document(house.engine, house.press, edition, subscriber.format, part)
            for part in parts
        )
        return next((one for one in made if one is not None), None)

    def _post(self, edition: Edition, subscriber: Subscriber, document: Document) -> Answer:
        press = self.house.press
        topic = press.address(edition, subscriber.format)
        headers = {"Link": f'<{press.hub_url}>; rel="hub", <{topic}>; rel="self"'}
        if subscriber.secret:
            headers["X-Hub-Signature"] = rules.signature(subscriber.secret, document.body)
        return self.house.http.post(
            subscriber.edition,
            subscriber.callback,
            document.body,
            media_type=document.media_type,
            headers=headers,
            allow_status=_ANY_STATUS,
        )

    def _failed(self, subscriber: Subscriber, why: str, asked_s: float | None) -> str:
        at = self.house.now + rules.wait(subscriber.failures + 1, self.chance(), asked_s)
        with writing(self.house.engine) as connection:
            subscribers.put_off(connection, subscriber, at, why)
        return "failed"

    def _note(
        self,
        subscriber: Subscriber,
        document: Document,
        *,
        served: int = 0,
        confirmed: int = 0,
        epoch: str = "",
    ) -> None:
        """Note that a push goes out, before it does; once it is taken, with the mark."""
        now = self.house.now
        given = Delivery(
            token=subscriber.token,
            edition=subscriber.edition,
            format=document.format,
            part=document.part,
            etag=document.etag,
            seq_from=document.seq_from,
            seq_to=document.seq_to,
            as_of=document.as_of,
            first_at=now,
            last_at=now,
            served=served,
            confirmed=confirmed,
            how=PUSH,
        )
        with writing(self.house.engine) as connection:
            deliveries.add(connection, [given])
            if confirmed:
                subscribers.took(connection, subscriber, document.as_of, epoch, now)

    def _drop(self, subscriber: Subscriber) -> None:
        with writing(self.house.engine) as connection:
            subscribers.drop(connection, subscriber)

    def _deny(self, one: Intent | Subscriber, reason: str) -> None:
        """Tell a callback that it gets nothing; whether it listens changes nothing."""
        self._get(one, {"hub.mode": "denied", "hub.reason": reason})

    def _get(self, one: Intent | Subscriber, params: dict[str, str | int]) -> Answer | None:
        """Speak to a callback about its topic; None where it cannot be reached, or may not be."""
        topic = f"{self.house.press.public_url}/feeds/{one.edition}.{one.format}"
        try:
            return self.house.http.get(
                one.edition,
                one.callback,
                params={"hub.topic": topic, **params},
                allow_status=_ANY_STATUS,
            )
        except OutsideError:
            return None

    def denials(self, connection: Connection) -> Callable[[Intent | Subscriber], str | None]:
        """Prepare to say why a callback may be pushed nothing; None where it may."""
        known = {k.token.id: k.token for k in tokens.every(connection)}
        press = self.house.press

        def denial(one: Intent | Subscriber) -> str | None:
            edition = self._edition(one.edition)
            partner = press.partner(edition) if edition else None
            formats = press.formats(edition) if edition else ()
            return rules.denial(partner, formats, known.get(one.token), one.format, self.now)

        return denial

    def _edition(self, key: str) -> Edition | None:
        return self.house.config.edition(*key.split("/"))
