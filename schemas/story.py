"""A story: as a channel told it, as it was normalised, and as it is kept."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import isfinite
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import Field

from schemas._metadata import Number, Time, metadata
from schemas._record import Record
from schemas.types import Month, UtcTime

SCHEMA_VERSION = "1.0"
"""Of the published JSON Schema; the first number moves when a reader of the old one would fail."""

Text = Annotated[str, Field(min_length=1)]


class Kind(StrEnum):
    """What sort of feedback a story is."""

    STORY = "story"
    REVIEW = "review"
    SURVEY_COMMENT = "survey_comment"
    MESSAGE = "message"
    CONCERN = "concern"
    THANKS = "thanks"
    SUGGESTION = "suggestion"
    POST = "post"
    """An organisation's own announcement: its responses are comments, and no summary counts it."""


class Comments(StrEnum):
    """Whether a post may be commented on."""

    OPEN = "open"
    CLOSED = "closed"
    """No response may come any more; those that came stay."""


class Status(StrEnum):
    """Where a story stands; only `published` ones may reach a partner."""

    RECEIVED = "received"
    HELD = "held"
    PUBLISHED = "published"
    REMOVED = "removed"
    REJECTED = "rejected"


class BodyFormat(StrEnum):
    """In what markup a channel tells its text."""

    TEXT = "text"
    HTML = "html"
    MARKDOWN = "markdown"


class Reference(Record):
    """How one publisher names a story."""

    publisher: Text
    external_id: Text
    url: str | None = None


class Part(Record):
    """One question of a survey, and what was answered."""

    question: str
    question_type: str | None = None
    """`what_good`, `could_improve`, `nonspecific`, or a channel's own word."""
    text: str


class Rating(Record):
    """One rating on a scale."""

    scheme: str
    question: str | None = None
    value: float
    min: float
    max: float
    label: str | None = None

    @property
    def stars(self) -> float | None:
        """Say it in stars, 1 the worst and 5 the best, to the hundredth; None on a scale of one."""
        if self.min == self.max:
            return None
        return round(1 + 4 * (self.value - self.min) / (self.max - self.min), 2)


def overall(ratings: Sequence[Rating]) -> Rating | None:
    """Choose the rating that is of the whole: named so, or without a name, or the only one.

    None where there is no such one, or its value lies outside its scale.
    """
    named = [r for r in ratings if (r.question or "overall").strip().lower() == "overall"]
    chosen = named or ratings
    if not chosen or (not named and len(ratings) > 1):
        return None
    given = [chosen[0].min, chosen[0].value, chosen[0].max]
    return chosen[0] if all(map(isfinite, given)) and given == sorted(given) else None


class Tag(Record):
    """One tag."""

    name: str
    group: str | None = None
    """`good`, `improve`, `feel`, or a channel's own word."""
    polarity: int | None = Field(default=None, ge=-1, le=1)
    by: str | None = None
    """`author`, `moderator` or `machine`."""


class Service(Record):
    """A service that a story is about."""

    scheme: str
    """`ods`, `ons`, `cqc`, `local`, …"""
    code: str
    name: str | None = None
    role: str | None = None

    @property
    def organisation(self) -> str:
        """Name it as organisations are named, `ods:RXX`."""
        return f"{self.scheme}:{self.code}"


class Author(Record):
    """Who told the story, as far as anybody may know: never an e-mail, never an address."""

    display_name: str | None = None
    role: str | None = None
    """`patient`, `relative`, `carer`, `staff`, …"""
    age_band: str | None = None
    area: str | None = None


class Change(StrEnum):
    """What a response says will be different."""

    NONE = "none"
    PLANNED = "planned"
    MADE = "made"


class DraftResponse(Record):
    """A reply as a channel told it; times are the channel's own text."""

    external_id: str | None = None
    organisation: str | None = None
    """`ods:RXX` where the channel says who replied."""
    organisation_name: str | None = None
    responder_role: str | None = None
    body: str
    body_format: BodyFormat | None = None
    """The story's own where it is not said."""
    published_at: str | None = None
    updated_at: str | None = None
    change: Change | None = None


class Draft(Record):
    """A story as its channel told it: any markup, any zone, nothing made up."""

    external_id: Text
    """The channel's own id; unique within the channel."""
    url: str | None = None
    origin: Reference | None = None
    """Where it was first published, where that is not the channel itself."""
    references: tuple[Reference, ...] = ()
    """Every further name it is known by."""
    kind: Kind = Kind.STORY
    title: str | None = None
    body: str = ""
    body_format: BodyFormat = BodyFormat.TEXT
    base_url: str | None = None
    """What relative links in the body are relative to."""
    language: str | None = None
    parts: tuple[Part, ...] = ()
    ratings: tuple[Rating, ...] = ()
    fft: int | None = Field(default=None, ge=1, le=6)
    criticality: int | None = Field(default=None, ge=0, le=5)
    sentiment: float | None = None
    tags: tuple[Tag, ...] = ()
    services: tuple[Service, ...] = ()
    author: Author = Author()
    experienced_at: str | None = None
    """A month, or any date in it, as told."""
    submitted_at: str | None = None
    """Times are the channel's own text; `rules.normalise` reads them."""
    published_at: str | None = None
    updated_at: str | None = None
    expires_at: str | None = None
    responses: tuple[DraftResponse, ...] = ()
    ext: dict[str, Any] = {}


class Response(Record):
    """An organisation's reply to a story."""

    id: Text
    organisation: str | None = None
    organisation_name: str | None = None
    responder_role: str | None = None
    body: str
    """Clean HTML."""
    body_text: str
    published_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    status: Status = Status.PUBLISHED
    change: Change | None = None


class Rights(Record):
    """What may be done with a story; nothing unless it says so."""

    licence: str | None = None
    may_syndicate: bool = False
    attribution_text: str | None = None
    attribution_url: str | None = None
    retention_days: int | None = Field(default=None, ge=1)
    """Days after publication for which a story may be shown; None is without end."""


class Moderation(Record):
    """What screening found."""

    codes: tuple[str, ...] = ()
    """Why a person should look: `pii`, …"""
    pii: tuple[str, ...] = ()
    """The sorts of personal data found: `email`, `phone`, `nhs_number`, `postcode`."""


class Content(Record):
    """What a reader would see of a story: two equal contents are one revision."""

    kind: Kind = Kind.STORY
    title: str
    body: str
    """Clean HTML: a strict allow-list of elements, absolute links only."""
    body_text: str
    language: str | None = None
    """A BCP 47 tag."""
    url: str | None = None
    """Where the channel shows it."""
    origin: Reference
    """Where it was first published, as far as known."""
    parts: tuple[Part, ...] = ()
    ratings: tuple[Rating, ...] = ()
    fft: int | None = Field(default=None, ge=1, le=6)
    criticality: int | None = Field(default=None, ge=0, le=5)
    sentiment: float | None = None
    tags: tuple[Tag, ...] = ()
    services: tuple[Service, ...] = ()
    author: Author = Author()
    experienced_at: Month | None = None
    submitted_at: UtcTime | None = None
    published_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    expires_at: UtcTime | None = None
    """From when on no partner may show it; None is without end."""
    as_told: dict[str, str] = {}
    """Each time in the channel's own words, by field."""
    responses: tuple[Response, ...] = ()
    rights: Rights = Rights()
    moderation: Moderation = Moderation()
    ext: dict[str, Any] = {}
    """For what a channel alone knows; of a post, whether its `comments` are open or closed."""

    @property
    def comments(self) -> Comments | None:
        """Say whether a post may be commented on; None where nobody says, or it is no post."""
        told = str(self.ext.get("comments")).strip().lower()
        return Comments(told) if self.kind == Kind.POST and told in set(Comments) else None


_CAME_LATER = ("expires_at",)
"""Fields of a draft and of a content that came after the first were kept."""


def as_kept(told: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out fields that came later and say nothing: what was kept before stays equal."""
    silent = [field for field in _CAME_LATER if told[field] is None]
    return {field: value for field, value in told.items() if field not in silent}


class Telling(Record):
    """One channel's normalised telling of a story, not yet known to be of any story."""

    channel: str
    external_id: str
    references: tuple[Reference, ...]
    """Every name it is known by: the source's own first, then the origin's, then others."""
    is_origin: bool
    """Whether the channel is where it was first published."""
    told_at: UtcTime | None
    """The version: when the channel says that it last changed it."""
    content: Content
    canonical: str
    """The content as canonical JSON: what is kept, and what the fingerprint is of."""
    fingerprint: str
    """sha-256 of `canonical`, hex: equal means unchanged."""


class Source(Record):
    """Where the telling that is shown came from."""

    channel: str
    external_id: str
    url: str | None = None


class Story(Content):
    """A story as it is kept and republished."""

    schema_version: str = SCHEMA_VERSION
    id: str
    """`urn:uuid:…`, minted at the first telling and permanent."""
    revision: int = Field(ge=1)
    source: Source
    status: Status
    reason: str | None = None
    """A code that says why the status is what it is."""
    publishers: tuple[str, ...] = ()
    """Every publisher that is known to have shown it: the loop guard."""
    removed_at: UtcTime | None = None


stories = sa.Table(
    "stories",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("alias_of", sa.Text, comment="the story it was merged into"),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("decision", sa.Text, comment="a person's: hold, withdraw, or release FINGERPRINT"),
    sa.Column("channel", sa.Text, nullable=False, comment="whose telling is shown"),
    sa.Column("external_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("published_at", Time),
    sa.Column("born", Number, nullable=False, comment="its first `changed`: of two, the older"),
    sa.Column("changed", Number, nullable=False, index=True),
)

revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("story_id", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column(
        "content",
        sa.Text,
        comment="canonical JSON; null where an earlier revision has it; blank once erased",
    ),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text, nullable=False),
    sa.Column("landing_id", Number),
    sa.Column("recorded_at", Time, nullable=False),
    sa.Column("by", sa.Text, nullable=False, comment="the channel, or the person"),
)

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("publisher", sa.Text, primary_key=True),
    sa.Column("external_id", sa.Text, primary_key=True),
    sa.Column("story_id", sa.Text, nullable=False, index=True),
)

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("external_id", sa.Text, primary_key=True),
    sa.Column("story_id", sa.Text, nullable=False, index=True),
    sa.Column("is_origin", sa.Integer, nullable=False),
    sa.Column("told_at", Time),
    sa.Column("first_landing_id", Number, nullable=False),
    sa.Column("landing_id", Number, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("ended", sa.Text, comment="why, once the channel no longer shows it"),
    sa.Column("content", sa.Text, comment="its latest telling, where that was never shown"),
)

story_services = sa.Table(
    "story_services",
    metadata,
    sa.Column("story_id", sa.Text, primary_key=True),
    sa.Column("organisation", sa.Text, primary_key=True, index=True),
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("key", sa.Text, primary_key=True, comment="a digest: holds no personal data"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Time, nullable=False),
)
