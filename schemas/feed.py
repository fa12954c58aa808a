"""A feed: what a partner reads, before it takes on a format."""

from datetime import datetime
from typing import NamedTuple

from schemas._record import Record
from schemas.story import Comments, Rating, Response, Tag
from schemas.types import UtcTime

BEACON_MARK = "\x02"
"""Stands in a fragment where each partner's own beacon address is put in.

Neither XML nor JSON may hold a control character, so that whatever a story says is no mark.
"""

CREDIT_MARK = "\x01"
"""Stands in a fragment where the line that an agreement asks for is put in."""


KIND = "urn:retold:kind"
"""The scheme of a category that tells a post from a story."""

COMMENTS = "urn:retold:comments"
"""The scheme of a category that says whether a post's comments are open or closed."""


class Subject(NamedTuple):
    """An organisation as an entry shows it."""

    id: str
    name: str


class Origin(NamedTuple):
    """Where a story was first published, for all to see."""

    publisher: str
    url: str


class Entry(NamedTuple):
    """One story as it stands in a feed, the same for every partner.

    No record as others are, and neither are its parts: all of it was checked as the story that it
    is made of, and to check it again would double the cost of making it.
    """

    id: str
    revision: int
    kind: str
    title: str
    html: str
    text: str
    url: str | None
    """The link back to where it was first published, or where the channel shows it."""
    origin: Origin | None
    """None where it was first told out of sight: in a survey, in a message."""
    language: str | None
    author: str
    """A display name, or a role: never empty."""
    attribution: str | None
    attribution_url: str | None
    licence: str | None
    published_at: datetime
    updated_at: datetime
    subjects: tuple[Subject, ...]
    tags: tuple[Tag, ...]
    ratings: tuple[Rating, ...]
    responses: tuple[Response, ...]
    comments: Comments | None = None
    """Whether a post may be commented on; None of what is no post."""
    expires_at: datetime | None = None
    """From when on nobody may show it; None is without end."""


class Tombstone(Record):
    """A story that must no longer be shown."""

    id: str
    reason: str
    at: UtcTime


class Head(Record):
    """What a document says of itself."""

    id: str
    title: str
    partner: str
    home_url: str
    """The edition's page for people."""
    self_url: str
    """Canonical, without any token."""
    next_url: str | None = None
    """The document of older changes, where there is one."""
    prev_archive_url: str | None = None
    """The newest archive, or the one before this (RFC 5005)."""
    is_archive: bool = False
    is_complete: bool = False
    """Whether it shows all there is, so that what it lacks is gone (RFC 5005)."""
    first_url: str
    """The newest document, which is subscribed to."""
    manifest_url: str | None = None
    """What the edition comes to."""
    hub_url: str | None = None
    """Where changes of this document are subscribed to (WebSub); never with a token."""
    updated_at: UtcTime
    seq: int = 0
    """The number of the edition's log that it stands at."""
    beacon: bool
    credit: str | None
    """The line that the agreement asks for."""


class Slot(NamedTuple):
    """A cached fragment's place in a document.

    No record as others are: to check one for every entry would cost more than to join them all.
    """

    fragment: bytes
    beacon_url: str | None
    """The beacon of this partner and story; None where the partner has none."""
