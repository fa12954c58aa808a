"""A subscription: what a hub was asked to send us, at an address that nobody else knows."""

from enum import StrEnum

import sqlalchemy as sa
from pydantic import Field

from schemas._metadata import Time, metadata
from schemas._record import Record
from schemas.types import UtcTime


class Standing(StrEnum):
    """How a subscription stands."""

    ASKED = "asked"
    """The hub was asked, and has not asked back yet."""
    ACTIVE = "active"
    """The hub sends what is new until its lease ends."""
    ENDING = "ending"
    """Another took its place, or nobody wants it: what it still brings is taken."""
    DENIED = "denied"
    """The hub said no."""


class Subscription(Record):
    """One asking of one hub; a renewal is another, with an address and a secret of its own."""

    path: str = Field(repr=False)
    """The end of its address, that nobody guesses."""
    channel: str
    hub: str
    topic: str
    """What is subscribed to, as the feed calls itself."""
    secret: str = Field(repr=False, exclude=True)
    """By which the hub signs; in the store alone."""
    state: Standing = Standing.ASKED
    asked_at: UtcTime | None = None
    """When the hub was last asked for what the state wants; None where it is still to be."""
    active_since: UtcTime | None = None
    """Since when the channel is subscribed without a gap, renewals included."""
    renew_at: UtcTime | None = None
    lease_ends_at: UtcTime | None = None
    looked_at: UtcTime | None = None
    """Up to which poll misses were counted."""
    reason: str = ""
    """Why the hub said no, or what went wrong last."""
    deliveries: int = 0
    """Taken in, repeated ones left out; like the other counts, since `active_since`."""
    ignored: int = 0
    """Not signed with the secret, so that nothing was taken of them."""
    misses: int = 0
    """Polls that brought what a push should have brought."""


subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False, index=True),
    sa.Column("hub", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("asked_at", Time),
    sa.Column("active_since", Time),
    sa.Column("renew_at", Time),
    sa.Column("lease_ends_at", Time),
    sa.Column("looked_at", Time),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("deliveries", sa.BigInteger, nullable=False),
    sa.Column("ignored", sa.BigInteger, nullable=False),
    sa.Column("misses", sa.BigInteger, nullable=False),
)
