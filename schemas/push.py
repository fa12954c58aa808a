"""Push: who asked to be sent an edition's changes, and how far each has been sent them."""

from enum import StrEnum

import sqlalchemy as sa
from pydantic import Field

from schemas._metadata import Number, Time, metadata
from schemas._record import Record
from schemas.types import UtcTime


class Mode(StrEnum):
    """What a subscriber wants of the hub."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"


class Intent(Record):
    """A request to the hub whose callback has not yet said that it meant it."""

    id: str
    """Of the subscriber: its topic and callback."""
    mode: Mode
    edition: str
    """`partner/edition`."""
    format: str
    """The ending of the topic's address."""
    callback: str = Field(repr=False)
    """It may hold a key of the subscriber's: never printed."""
    secret: str | None = Field(default=None, repr=False)
    """Signs what is pushed, so it is kept as it came."""
    lease_s: int
    token: str
    """The id of the token that the request was made with."""
    mark: int
    epoch: str
    """Where the edition stood when the request came: what changes from then on is pushed."""
    asked_at: UtcTime
    failures: int = 0
    """Times that the callback could not be reached."""


class Subscriber(Record):
    """A callback that is sent an edition's changes; the mark is its queue."""

    id: str
    edition: str
    format: str
    callback: str = Field(repr=False)
    secret: str | None = Field(default=None, repr=False)
    token: str
    mark: int
    """The number of the edition's log up to which it took all changes."""
    epoch: str
    """Of the edition's state that `mark` belongs to."""
    verified_at: UtcTime
    lease_until: UtcTime
    failures: int = 0
    """Pushes that failed since the last that did not."""
    next_at: UtcTime
    """Nothing is pushed before: it waits after a failure, or somebody is at it."""
    error: str | None = None
    """Why the last push failed."""


class Listener(Record):
    """A partner's webhook, as it is told of one edition's removals; the mark is its queue."""

    edition: str
    address: str
    """sha-256 of the webhook's url, hex: another one begins without failures."""
    mark: int = 0
    """The number of the edition's log up to which it took all removals."""
    upto: int = 0
    """Where the batch under way ends: it is tried again as it was. 0 where there is none."""
    failures: int = 0
    """Batches that failed since the last that did not."""
    next_at: UtcTime
    """Nothing is told before: it waits after a failure, or somebody is at it."""
    error: str | None = None
    """Why the last batch failed."""
    told_at: UtcTime | None = None
    """When it last took a batch."""
    stopped_at: UtcTime | None = None
    """When it said that it is gone (410): it is told nothing until somebody says so."""


class Pushed(Record):
    """What pushing an edition did."""

    verified: int = 0
    unverified: int = 0
    """Requests that their callback did not confirm."""
    delivered: int = 0
    failed: int = 0
    """Pushes that are tried again."""
    denied: int = 0
    dropped: int = 0
    """Subscriptions that ended: unsubscribed, run out, or gone (410)."""
    told: int = 0
    """Removals that the partner's webhook took."""
    acknowledged: int = 0
    """Removals that it said are taken down, in its answer."""
    stopped: int = 0
    """Webhooks that said that they are gone (410): somebody should look."""


intents = sa.Table(
    "intents",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("mode", sa.Text, nullable=False),
    sa.Column("edition", sa.Text, nullable=False, index=True),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("callback", sa.Text, nullable=False),
    sa.Column("secret", sa.Text),
    sa.Column("lease_s", sa.BigInteger, nullable=False),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("mark", Number, nullable=False),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("asked_at", Time, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("next_at", Time, nullable=False),
)

subscribers = sa.Table(
    "subscribers",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("edition", sa.Text, nullable=False, index=True),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("callback", sa.Text, nullable=False),
    sa.Column("secret", sa.Text),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("mark", Number, nullable=False),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("verified_at", Time, nullable=False),
    sa.Column("lease_until", Time, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("next_at", Time, nullable=False),
    sa.Column("error", sa.Text),
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("edition", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, nullable=False, comment="sha-256 of its url"),
    sa.Column("mark", Number, nullable=False),
    sa.Column("upto", Number, nullable=False, comment="where the batch under way ends"),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("next_at", Time, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("told_at", Time),
    sa.Column("stopped_at", Time),
)
