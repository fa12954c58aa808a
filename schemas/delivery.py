"""Deliveries: which document was given to whom, and who therefore holds what was removed."""

from datetime import datetime
from typing import NamedTuple

FETCH, PUSH, WEBHOOK = "fetch", "push", "webhook"
"""How a document was given; what a webhook was told is of the format `webhook` too."""


class Delivery(NamedTuple):
    """One document as one token got it, and how often."""

    token: str
    """The id of the token; of a webhook, that word and its host."""
    edition: str
    format: str
    part: str
    etag: str
    seq_from: int
    seq_to: int
    as_of: int
    first_at: datetime
    last_at: datetime
    served: int
    """Answers with the bytes; of a push or a webhook, how often they were sent."""
    confirmed: int
    """Answers 304: still held; of a push or a webhook, how often it was taken."""
    how: str = FETCH

    @property
    def came(self) -> bool:
        """Say whether it came to its client: what is pushed may not have been taken."""
        return self.how == FETCH or self.confirmed > 0

    @property
    def came_at(self) -> datetime:
        """Say when it came to its client, where it did: a push is sent until it is taken."""
        return self.first_at if self.how == FETCH else self.last_at


class Removal(NamedTuple):
    """A story that an edition showed and no longer does."""

    edition: str
    story_id: str
    seq: int
    """The number of the log at which it went out."""
    reason: str
    at: datetime
    ordinal: int
    """Its place among all that ever came in, by which it has its archive."""
    shown: tuple[int, ...]
    """The numbers of the log at which it was shown, in their order."""
    acknowledged_at: datetime | None


class Held(NamedTuple):
    """A removal, as one client knows of it."""

    edition: str
    story_id: str
    seq: int
    reason: str
    removed_at: datetime
    client: str
    given_at: datetime | None
    told_at: datetime | None
    fetched_at: datetime | None
    acknowledged_at: datetime | None
