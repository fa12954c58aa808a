"""A partner: who consumes feeds, what it may receive, and the feeds it gets."""

import re
from datetime import date, datetime
from typing import Annotated

import sqlalchemy as sa
from pydantic import Field, field_validator

from schemas._metadata import Time, metadata
from schemas._record import Record
from schemas.story import Kind
from schemas.types import Slug, UtcTime

SANDBOX = "sandbox"
"""The id of the edition in which a partner is tried: no configured edition may bear it."""

Stars = Annotated[float, Field(ge=1, le=5, allow_inf_nan=False)]
"""A rating as `schemas.story.Rating.stars` says it."""


class Scope(Record):
    """Which stories; an empty list of a field leaves that field open."""

    organisations: tuple[str, ...] = ()
    """Each with all below it."""
    populations: tuple[str, ...] = ()
    """All who belong to one of these today."""
    with_predecessors: bool = False
    """Whether those that these organisations, or those of the populations, succeeded count too."""
    regions: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    """Posts are meant only where they are named: an empty list leaves the others open."""
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    age_bands: tuple[str, ...] = ()
    """Of who told the story, in the channel's own words, `35-44`."""
    rating_from: Stars | None = None
    """The least overall rating, in stars from 1 to 5, whatever scale it was given on."""
    rating_to: Stars | None = None
    """The greatest."""
    newest_days: int | None = Field(default=None, ge=1)
    """Days after publication until which a story is one of these; None is without end."""

    def takes(self, kind: Kind) -> bool:
        """Say whether a story of a kind may be one of these. Who names no kinds wants no posts."""
        return kind in self.kinds if self.kinds else kind != Kind.POST


class Agreement(Record):
    """What a partner may receive: nothing, unless an agreement in force says so."""

    id: Slug
    partner: Slug
    scope: Scope = Scope()
    formats: tuple[str, ...] = ("atom", "rss", "json")
    attribution: str | None = None
    """A line shown with every entry, beside the channel's own attribution."""
    valid_from: date | None = None
    valid_to: date | None = None
    """The last day on which it is in force."""
    embargo_days: int = Field(default=0, ge=0)
    """Days after publication before a story may be shown."""
    retention_days: int | None = Field(default=None, ge=1)
    """Days after publication until which it may be shown; None is without end."""
    refresh_hours: int | None = Field(default=None, ge=1)
    """Hours within which whoever holds an edition must fetch it again; None where nothing says."""
    public: bool = False
    """Whether it may be seen by everybody: written to where nobody is asked for a token."""


_LOCALE = re.compile(
    r"[a-z]{2,3}(-[A-Z][a-z]{3})?-([A-Z]{2}|[0-9]{3})(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
)
"""Language, script, region and variants, as https://www.rfc-editor.org/rfc/rfc5646 writes them."""


class Site(Record):
    """The region whose readers an edition's page is for."""

    locale: str
    """`en-AU`: a language and a region, in which a browser says what its reader prefers."""
    region: str = Field(min_length=1)
    """The region as it stands in a sentence: `Australia`, `the United Kingdom`."""

    @field_validator("locale")
    @classmethod
    def _names_a_region(cls, locale: str) -> str:
        if not _LOCALE.fullmatch(locale):
            raise ValueError("is no language with a region: write it like en-AU or en-GB-scotland")
        return locale


class Edition(Record):
    """One feed of one partner: its scope, within what the agreements allow."""

    id: Slug
    partner: Slug
    title: str
    scope: Scope = Scope()
    page_size: int = Field(default=50, ge=1, le=1000)
    """Entries in one document."""
    paged: bool = True
    """Whether a document names the one of older changes, which no static host can serve."""
    site: Site | None = None
    """Which region its page is for, where its partner has one for each of several regions."""

    @property
    def key(self) -> str:
        """Name it among all editions, `partner/edition`."""
        return f"{self.partner}/{self.id}"

    @property
    def is_sandbox(self) -> bool:
        """Say whether it shows made-up stories alone."""
        return self.id == SANDBOX


class Webhook(Record):
    """Where a partner is told of removals, signed as Standard Webhooks says."""

    url: str = Field(repr=False)
    """It may hold a key of the partner's: never printed."""
    secret: str = Field(default="", repr=False, exclude=True)
    """`whsec_` and the base 64 of 24 to 64 bytes; filled at the door from a reference."""
    next_secret: str | None = Field(default=None, repr=False, exclude=True)
    """What takes its place: until it has, both sign."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """List the secrets that sign."""
        return (self.secret, self.next_secret) if self.next_secret else (self.secret,)


class Partner(Record):
    """A consumer of feeds, and a source of view counts."""

    id: Slug
    name: str
    publisher: str = ""
    """Its name as a publisher, for the loop guard; its id where left out."""
    site_url: str | None = None
    suspended: bool = False
    live: bool = True
    """Whether real stories flow; until then it is tried in its sandbox."""
    page_url: str | None = None
    """Where it shows what it is given: looked at when it is tried."""
    beacon: bool = False
    """Whether entries carry our beacon: opt-in, for the law wants it so."""
    counters: tuple[str, ...] = ("report", "beacon")
    """Methods that count its reads, the counter of record first: alternatives, never a sum."""
    report_lag_days: int = Field(default=28, ge=0)
    """Days after a month's end by which its report is due."""
    acknowledge_days: int = Field(default=7, ge=0)
    """Days after a removal by which it says that the story is taken down."""
    webhook: Webhook | None = None
    """Where it is told of removals, beside its feeds."""
    zone: str = "Europe/London"
    """Whose days and months its counts are in."""

    @property
    def publisher_name(self) -> str:
        """Name it as a publisher."""
        return self.publisher or self.id


class Token(Record):
    """A key to a partner's feeds or to its reports; only its digest is kept."""

    id: str
    partner: str
    """The partner, or the channel whose own site reports."""
    use: str
    """`feed` or `report`."""
    digest: str
    """sha-256 of the whole token, hex."""
    created_at: UtcTime
    expires_at: UtcTime | None = None
    revoked_at: UtcTime | None = None

    def is_live(self, now: datetime) -> bool:
        """Say whether it opens anything at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("partner", sa.Text, nullable=False, index=True),
    sa.Column("use", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("created_at", Time, nullable=False),
    sa.Column("expires_at", Time),
    sa.Column("revoked_at", Time),
    sa.Column("last_used_at", Time),
)
