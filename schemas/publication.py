"""Publication: what each edition shows, and how it came to."""

from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from schemas import months
from schemas._metadata import Number, Time, metadata
from schemas._record import Record
from schemas.types import UtcTime


class Shown(StrEnum):
    """Whether an edition shows a story."""

    IN = "in"
    OUT = "out"


class Held(NamedTuple):
    """A story as an edition shows it."""

    story_id: str
    revision: int
    month: str
    """Of its publication, as `2026-10`, in UTC."""


class Sum(NamedTuple):
    """How many stories, and a digest of their ids and revisions: see `rules.manifest`."""

    shown: int = 0
    digest: str = "0" * 64


class PartKind(StrEnum):
    """What sort of document of an edition."""

    NEWEST = "newest"
    """The newest changes: what is subscribed to."""
    PAGE = "below"
    """Changes below a number of the log."""
    ARCHIVE = "archive"
    """Entries by the order in which they first came in."""
    DELTA = "since"
    """Changes above a number of the log."""
    STORY = "story"
    """One story alone."""
    MANIFEST = "manifest"
    """What the edition comes to; of one month, which stories it shows."""


class Part(NamedTuple):
    """One document of an edition, in whatever format."""

    kind: PartKind = PartKind.NEWEST
    number: int = 0
    """A number of the log, of an archive (the first is 1), of a month (0 is all); or a UUID."""

    @property
    def name(self) -> str:
        """Name it among an edition's documents; blank for the newest."""
        if self.kind is PartKind.NEWEST:
            return ""
        if self.kind is PartKind.STORY:
            return f"{self.kind}-{UUID(int=self.number)}"
        return f"{self.kind}-{self.number}" if self.number else str(self.kind)

    @property
    def story_id(self) -> str:
        """Name the story that it is of."""
        return UUID(int=self.number).urn

    def suffix(self, ending: str) -> str:
        """Write what stands in its address behind `partner/edition`."""
        match self.kind:
            case PartKind.PAGE:
                return f".{ending}?below={self.number}"
            case PartKind.STORY:
                return f"/{self.kind}/{UUID(int=self.number)}"
            case PartKind.ARCHIVE:
                return f"/{self.name}.{ending}"
            case PartKind.MANIFEST:
                month = f"-{months.name(self.number)}" if self.number else ""
                return f"/{self.kind}{month}.{ending}"
        return f".{ending}"


NEWEST = Part()


class Desire(Record):
    """What an edition ought to do about one story."""

    story_id: str
    revision: int
    state: Shown
    reason: str
    """Why: `allowed`, or what keeps it out."""
    month: str = ""
    """Of its publication, as `2026-10`, in UTC."""


class LogLine(Record):
    """One change of an edition; lines are added, never altered."""

    seq: int
    story_id: str
    revision: int
    state: Shown
    reason: str
    at: UtcTime


class EditionState(Record):
    """Where an edition stands."""

    key: str
    """`partner/edition`."""
    epoch: str
    """New after a restore, so that no partner trusts an ETag of a lost future."""
    seq: int = 0
    mark: int = 0
    """Every story with `changed` up to this has been looked at."""
    digest: str = ""
    """Of the configuration under which it was last published."""
    moved_at: UtcTime | None = None
    """When `seq` last moved: the Last-Modified of its documents."""


class Published(Record):
    """What publishing an edition did."""

    edition: str
    came_in: int = 0
    revised: int = 0
    went_out: int = 0
    unchanged: int = 0


class Holder(Record):
    """One client that was given a story which has been removed since, and what it knows of that."""

    partner: str
    edition: str
    """`partner/edition`."""
    client: str
    """The token that it was given with, or `webhook` and its host: several clients of a partner
    are kept apart."""
    story_id: str
    seq: int
    """Under which the edition's log has the removal."""
    reason: str
    removed_at: UtcTime
    given_at: UtcTime | None
    """When it was first given the story; None for a webhook, which is told of removals alone."""
    told_at: UtcTime | None
    """When it was first given, or took, what tells of the removal."""
    fetched_at: UtcTime | None
    """When it was last given anything of the edition since."""
    acknowledged_at: UtcTime | None
    """When its partner said that the story is taken down."""
    overdue: bool
    """Whether that was due by now."""


class Written(Record):
    """What writing an edition to a place did: its files, each coding of a document being one."""

    edition: str
    written: int = 0
    unchanged: int = 0
    removed: int = 0


class Document(Record):
    """A feed document as it is served: rendered once, compressed once."""

    edition: str
    format: str
    part: str
    """The name of a `Part`."""
    media_type: str
    etag: str
    """Without quotes and without the suffix for a coding; it ends in `-` and `seq`."""
    last_modified: UtcTime
    body: bytes
    gzip: bytes
    br: bytes
    zstd: bytes
    seq_from: int
    seq_to: int
    """The numbers of the log that its entries and tombstones stand under."""
    as_of: int
    """How far the log went when it was made."""


editions = sa.Table(
    "editions",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("seq", Number, nullable=False),
    sa.Column("mark", Number, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("moved_at", Time),
)

entry_log = sa.Table(
    "entry_log",
    metadata,
    sa.Column("edition", sa.Text, primary_key=True),
    sa.Column("seq", Number, primary_key=True),
    sa.Column("story_id", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Index("ix_entry_log_story_id", "story_id"),
)

acknowledgements = sa.Table(
    "acknowledgements",
    metadata,
    sa.Column("edition", sa.Text, primary_key=True),
    sa.Column("story_id", sa.Text, primary_key=True),
    sa.Column("seq", Number, nullable=False, comment="of the removal that it answers"),
    sa.Column("at", Time, nullable=False),
    sa.Column("by", sa.Text, nullable=False, comment="a token's id, or a person"),
)

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("edition", sa.Text, primary_key=True),
    sa.Column("story_id", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("seq", Number, nullable=False),
    sa.Column("ordinal", Number, nullable=False, comment="of its first coming in"),
    sa.Column("at", Time, nullable=False, comment="when `seq` was given"),
    sa.Column("month", sa.Text, nullable=False, comment="of its publication, as 2026-10"),
    sa.Index("ix_entries_edition_seq", "edition", "seq", unique=True),
    sa.Index("ix_entries_edition_ordinal", "edition", "ordinal"),
    sa.Index("ix_entries_edition_month", "edition", "month"),
)

dues = sa.Table(
    "dues",
    metadata,
    sa.Column("edition", sa.Text, primary_key=True),
    sa.Column("story_id", sa.Text, primary_key=True),
    sa.Column("at", Time, nullable=False, comment="when time alone may move it in or out"),
    sa.Index("ix_dues_edition_at", "edition", "at"),
)

entry_months = sa.Table(
    "entry_months",
    metadata,
    sa.Column("edition", sa.Text, primary_key=True),
    sa.Column("month", sa.Text, primary_key=True),
    sa.Column("shown", sa.BigInteger, nullable=False, comment="stories"),
    sa.Column("digest", sa.Text, nullable=False),
)

fragments = sa.Table(
    "fragments",
    metadata,
    sa.Column("story_id", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("format", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, primary_key=True, comment="of the renderer and the names shown"),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("edition", sa.Text, primary_key=True),
    sa.Column("format", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("etag", sa.Text, nullable=False),
    sa.Column("last_modified", Time, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("gzip", sa.LargeBinary, nullable=False),
    sa.Column("br", sa.LargeBinary, nullable=False),
    sa.Column("zstd", sa.LargeBinary, nullable=False),
    sa.Column("seq_from", Number, nullable=False),
    sa.Column("seq_to", Number, nullable=False),
    sa.Column("as_of", Number, nullable=False),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("edition", sa.Text, nullable=False, index=True),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("part", sa.Text, nullable=False),
    sa.Column("etag", sa.Text, nullable=False),
    sa.Column("seq_from", Number, nullable=False),
    sa.Column("seq_to", Number, nullable=False),
    sa.Column("as_of", Number, nullable=False),
    sa.Column("first_at", Time, nullable=False),
    sa.Column("last_at", Time, nullable=False),
    sa.Column("served", sa.Integer, nullable=False, comment="answers with the bytes"),
    sa.Column("confirmed", sa.Integer, nullable=False, comment="answers 304: still held"),
    sa.Column("how", sa.Text, nullable=False, comment="fetch, push or webhook"),
)
