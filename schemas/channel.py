"""A channel: one configured source of stories; and what a connector brings from it."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pydantic import Field, SerializeAsAny

from schemas._metadata import Number, Time, metadata
from schemas._record import Record
from schemas.story import Draft, Rights
from schemas.types import Slug, UtcTime


class Options(Record):
    """What a kind of channel may be told; each kind declares its own below this."""


class Tells(StrEnum):
    """What a kind of channel tells beyond new stories; nothing else must be hoped for."""

    EDITS = "edits"
    REMOVALS = "removals"
    REPLIES = "replies"


class Channel(Record):
    """One configured source of stories."""

    id: Slug
    kind: str
    """The name of the module in `connectors.channels` that reads it."""
    publisher: str = ""
    """Who publishes there, as a name shared by all who refer to it (`careopinion.org.uk`);
    the channel's id where left out."""
    options: SerializeAsAny[Options] = Options()
    rights: Rights = Rights()
    language: str | None = None
    """What its stories are told in where they do not say."""
    every: str = "1h"
    """How often it is due: `15m`, `1h`, `1d`; what its kind says where left out."""
    expect_every: str | None = None
    """How long it may bring nothing new before its silence counts as a failure."""
    faulty_share: float = Field(default=0.5, ge=0, le=1)
    """Share of a page's records that may be faulty; beyond it the page is not taken in, since
    then the source has changed rather than a record gone wrong."""
    secrets: dict[str, str] = Field(default={}, repr=False, exclude=True)
    """Filled at the door from references; in no log, no file, no representation."""

    @property
    def publisher_name(self) -> str:
        """Name who publishes there."""
        return self.publisher or self.id


class DateReading(Record):
    """How a channel writes its times."""

    formats: tuple[str, ...] = ("iso",)
    """Tried in order: `iso`, `rfc822`, or a strptime pattern."""
    zone: str | None = None
    """The zone of a time that names none; without it such a time is refused, not guessed."""


class Snapshot(StrEnum):
    """Where a page stands in a walk over all that a channel shows; what such a walk lacks is gone.

    A walk that one run did not see from its first page to its last proves nothing.
    """

    FIRST = "first"
    LAST = "last"
    WHOLE = "whole"
    """First and last in one."""


class Fetched(Record):
    """One answer as it was received, and where to go on from once it is kept."""

    payload: bytes = Field(repr=False)
    media_type: str
    url: str = ""
    charset: str | None = None
    headers: dict[str, str] = {}
    cursor: str | None = None
    """Opaque to all but the connector that wrote it; kept only together with this page."""
    records: int | None = None
    """How many records the whole fetch will bring, where it is known: for progress."""
    snapshot: Snapshot | None = None
    """Where the page begins or ends a walk over all that there is; None in the midst of one, and
    where there is no such walk."""


class Removal(Record):
    """A channel says that it no longer shows a story."""

    external_id: str
    reason: str = "removed_at_source"
    at: str | None = None
    """When, as told."""


class Faulty(Record):
    """A record that could not be understood: its bytes, and why."""

    payload: bytes = Field(repr=False)
    """By itself a payload that the same connector's `parse` takes: so it can be replayed."""
    media_type: str
    code: str
    """A short stable word: `no_id`, `bad_date`, `bad_fft`, …"""
    reason: str
    external_id: str | None = None


class Skipped(Record):
    """A record that is no story, and by which rule."""

    code: str
    """`not_a_story`, `no_answer`, …"""
    external_id: str | None = None


class Parsed(Record):
    """What one payload holds; every record of it is in exactly one of the four."""

    drafts: tuple[Draft, ...] = ()
    removals: tuple[Removal, ...] = ()
    faulty: tuple[Faulty, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    reading: DateReading = DateReading()


class Saved(Record):
    """What became of a set of records; `fetched` is the sum of the rest."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    quarantined: int = 0
    skipped: int = 0

    @property
    def fetched(self) -> int:
        """Count every record that was looked at."""
        return sum(self.model_dump().values())

    def __add__(self, other: "Saved") -> "Saved":
        """Add two counts up."""
        mine, theirs = self.model_dump(), other.model_dump()
        return Saved(**{name: mine[name] + theirs[name] for name in mine})


class Stage(StrEnum):
    """Where on its way a record was refused."""

    PARSE = "parse"
    NORMALISE = "normalise"


class Quarantined(Record):
    """A record that waits for a fix, with its bytes."""

    id: int
    channel: str
    external_id: str | None
    stage: Stage
    code: str
    reason: str
    media_type: str
    first_seen: UtcTime
    last_seen: UtcTime
    status: str
    """`open`, `replayed` or `discarded`."""


landings = sa.Table(
    "landings",
    metadata,
    sa.Column("id", Number, primary_key=True, autoincrement=False),
    sa.Column("channel", sa.Text, nullable=False, index=True),
    sa.Column("connector", sa.Text, nullable=False, comment="kind and version"),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("charset", sa.Text),
    sa.Column("headers", sa.Text, nullable=False, comment="JSON"),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("received_at", Time, nullable=False, index=True),
    sa.Column("payload", sa.LargeBinary, comment="zlib; empty once its retention is over"),
    sa.Column("delivery", sa.Text, comment="by which the sender repeats what it sends us"),
    sa.Column("erased_at", Time, comment="when its bytes were dropped for a story of theirs"),
    sa.Index("ix_landings_delivery", "channel", "delivery", unique=True),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("cursor", sa.Text),
    sa.Column("moved_at", Time, nullable=False),
)

quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("id", Number, primary_key=True, autoincrement=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False, comment="of the record's bytes"),
    sa.Column("external_id", sa.Text),
    sa.Column("landing_id", Number),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("first_seen", Time, nullable=False),
    sa.Column("last_seen", Time, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.UniqueConstraint("channel", "sha256"),
)


def options_schema(options: type[Options]) -> dict[str, Any]:
    """Describe a kind's options as JSON Schema."""
    return options.model_json_schema()
