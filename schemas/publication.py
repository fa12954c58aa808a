"""Publication: what each edition shows, and how it came to."""

from enum import StrEnum

import sqlalchemy as sa

from schemas._metadata import Number, Time, metadata
from schemas._record import Record
from schemas.types import UtcTime


class Shown(StrEnum):
    """Whether an edition shows a story."""

    IN = "in"
    OUT = "out"


class Desire(Record):
    """What an edition ought to do about one story."""

    story_id: str
    revision: int
    state: Shown
    reason: str
    """Why: `allowed`, or what keeps it out."""


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
    due_at: UtcTime | None = None
    """When an embargo or an expiry next moves something."""
    moved_at: UtcTime | None = None
    """When `seq` last moved: the Last-Modified of its documents."""


class Published(Record):
    """What publishing an edition did."""

    edition: str
    came_in: int = 0
    revised: int = 0
    went_out: int = 0
    unchanged: int = 0


class Document(Record):
    """A feed document as it is served: rendered once, compressed once."""

    edition: str
    format: str
    below: int
    """0 for the subscription document; else the keyset it starts under."""
    media_type: str
    etag: str
    """Without quotes and without the suffix for a coding."""
    last_modified: UtcTime
    body: bytes
    gzip: bytes
    seq_from: int
    seq_to: int


editions = sa.Table(
    "editions",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("seq", Number, nullable=False),
    sa.Column("mark", Number, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("due_at", Time),
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
    sa.Index("ix_entries_edition_seq", "edition", "seq", unique=True),
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
    sa.Column("below", Number, primary_key=True, autoincrement=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("etag", sa.Text, nullable=False),
    sa.Column("last_modified", Time, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("gzip", sa.LargeBinary, nullable=False),
    sa.Column("seq_from", Number, nullable=False),
    sa.Column("seq_to", Number, nullable=False),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("edition", sa.Text, nullable=False, index=True),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("below", Number, nullable=False),
    sa.Column("etag", sa.Text, nullable=False),
    sa.Column("seq_from", Number, nullable=False),
    sa.Column("seq_to", Number, nullable=False),
    sa.Column("first_at", Time, nullable=False),
    sa.Column("last_at", Time, nullable=False),
    sa.Column("served", sa.Integer, nullable=False, comment="answers with the bytes"),
    sa.Column("confirmed", sa.Integer, nullable=False, comment="answers 304: still held"),
)
