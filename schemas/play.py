"""A play: made-up stories that come, change and go in a partner's sandbox, and what is ruled."""

from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from schemas._metadata import Time, metadata
from schemas._record import Record
from schemas.types import UtcTime


class Play(Record):
    """One trial of a partner; all that is in it follows from this and from the clock."""

    partner: str
    started_at: UtcTime
    length_s: int
    """Seconds from its beginning to its end."""
    stopped_at: UtcTime | None = None
    """When a person stopped it; None where it runs, or ran to its end."""

    @property
    def ends_at(self) -> datetime:
        """Say when it is over."""
        return self.started_at + timedelta(seconds=self.length_s)

    def is_on(self, now: datetime) -> bool:
        """Say whether it runs at `now`."""
        return self.stopped_at is None and now < self.ends_at


class Verdict(StrEnum):
    """What is ruled of one thing that was asked."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_YET = "not yet"


class Ruling(Record):
    """One thing that a play asks of its partner, and whether it did it."""

    rule: str
    asked: str
    seen: str
    verdict: Verdict


class Judged(Record):
    """How a partner stands in its latest play."""

    play: Play
    rulings: tuple[Ruling, ...]

    @property
    def obeys(self) -> bool:
        """Say whether it did all that was asked."""
        return all(one.verdict is Verdict.PASSED for one in self.rulings)

    @property
    def fails(self) -> bool:
        """Say whether it failed to do anything that was asked."""
        return any(one.verdict is Verdict.FAILED for one in self.rulings)


plays = sa.Table(
    "plays",
    metadata,
    sa.Column("partner", sa.Text, primary_key=True),
    sa.Column("started_at", Time, primary_key=True),
    sa.Column("length_s", sa.Integer, nullable=False),
    sa.Column("stopped_at", Time),
)
