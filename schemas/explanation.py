"""An explanation: how a total of reads came to be, down to the bytes that were received."""

from datetime import date

from schemas._record import Record
from schemas.types import Count, Month, UtcTime
from schemas.views import CoverageState

MACHINE = "machine"
"""The verdict on what assistants and feed readers read: never in the human total."""


class ReportSource(Record):
    """The view report that an observation stands in."""

    id: int
    method: str
    report_id: str
    """The platform's own name for it."""
    revision: int
    received_at: UtcTime
    sha256: str
    """Of the bytes as received."""
    size_bytes: Count


class ExplainedObservation(Record):
    """One stated count, and what was decided about it."""

    t0: date
    t1: date
    """The day after the last one counted."""
    metric: str
    access: str
    count: Count
    verdict: str
    report: ReportSource


class ExplainedItem(Record):
    """One of a platform's references to the story, in one month."""

    ref: str
    how: str
    """By which rule, or by which person, it leads to the story."""
    reads: Count
    method: str
    observations: tuple[ExplainedObservation, ...]


class ExplainedStatement(Record):
    """What the latest statement of a platform and month says of a story."""

    platform: str
    month: Month
    number: int
    made_at: UtcTime
    coverage: CoverageState
    digest: str
    reads: Count
    items: tuple[ExplainedItem, ...] = ()


class ExplainedStory(Record):
    """A story's part in an organisation's total."""

    story_id: str
    title: str
    reads: Count


class Explanation(Record):
    """A total of reads, unfolded."""

    subject: str
    """A story's id, or an organisation's."""
    name: str
    """The story's title, or the organisation's name."""
    total: Count
    by_platform: dict[str, int]
    statements: tuple[ExplainedStatement, ...]
    stories: tuple[ExplainedStory, ...] = ()
    """Of an organisation: each of its stories, the most read first."""
    note: str | None = None
    """Of a total of zero: what was looked at, as no statement unfolds."""
