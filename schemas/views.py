"""Counts: what was read, who says so, and what was decided about it.

Rules R1 to R9 that these records serve are drawn in docs/decisions/0008-the-ledger.md.
"""

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from pydantic import Field

from schemas._metadata import Number, Time, metadata
from schemas._record import Record
from schemas.types import Count, Month, UtcTime

REQUESTS = "Total_Item_Requests"
"""The headline metric: a full story was shown. Project COUNTER's word for it."""


class Method(StrEnum):
    """How a count was made."""

    OWN_SITE = "own_site"
    BEACON = "beacon"
    REPORT = "report"
    LOG = "log"
    ANALYTICS = "analytics"


class Temporality(StrEnum):
    """Whether a count is of its period, or a counter's reading at its end."""

    INTERVAL = "interval"
    CUMULATIVE = "cumulative"


class CoverageState(StrEnum):
    """How much of a period a report claims: under `complete` what is absent is zero."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NONE = "none"


class StatedCount(Record):
    """One row of a view report, as stated."""

    item: str
    """Our id, the story's address, or the platform's own reference."""
    t0: date
    """The first day counted."""
    t1: date
    """The day after the last one."""
    metric: str = REQUESTS
    access: str = "Regular"
    """`Regular`, or `Machine` for assistants and feed readers: never in the human total."""
    count: Count


class Coverage(Record):
    """What a report claims about a stretch of days."""

    t0: date
    t1: date
    state: CoverageState
    reason: str | None = None


class FaultyRow(Record):
    """A row of a report that could not be understood."""

    row: int
    """Its number in the report, from 1."""
    code: str
    """`suppressed` for a `*`: missing, not zero."""
    reason: str


class ReportHead(Record):
    """What a view report says of itself."""

    report_id: str | None = None
    revision: int = Field(default=0, ge=0)
    t0: date
    t1: date
    temporality: Temporality = Temporality.INTERVAL
    coverage: tuple[Coverage, ...] = ()
    zone: str | None = None
    declared_total: int | None = None
    method: dict[str, str] = {}


class ParsedReport(Record):
    """A view report, understood."""

    head: ReportHead
    rows: tuple[StatedCount, ...]
    faulty: tuple[FaultyRow, ...] = ()


class ViewReport(Record):
    """A batch of counts delivered together, kept byte for byte."""

    id: int
    platform: str
    """The partner, or the channel whose own site reports."""
    method: Method
    media_type: str
    sha256: str
    received_at: UtcTime
    status: str
    """`received`, `applied` or `refused`."""
    reason: str | None = None
    report_id: str = ""
    revision: int = 0


class Verdict(StrEnum):
    """What was decided about one observation."""

    COUNTED = "counted"
    SUPERSEDED = "superseded"
    """A later word of the same counter on the same days stands."""
    SHADOWED = "shadowed"
    """The counter of record covers this; kept, compared, never added."""
    CONTROL = "control"
    """Days inside a month that the same counter also states whole: the month counts."""
    BASELINE = "baseline"
    """A counter's first reading: what it grew from."""


class Observation(Record):
    """One stated view count as resolution looks at it."""

    id: int
    item: str
    metric: str
    method: str
    rank: int
    """0 is the counter of record."""
    temporality: Temporality
    order: tuple[int, int]
    """Of its report: the platform's own revision first, then when it was received."""
    t0: date
    t1: date
    count: Count


class Resolved(Record):
    """The resolved count of one item in one month."""

    item: str
    metric: str
    month: Month
    count: Count
    method: str
    """Whose word counts."""


class StatementLine(Record):
    """One item's count as settled in a statement."""

    item: str
    story_id: str | None
    """None while the item is in suspense."""
    count: Count
    method: str


class Statement(Record):
    """The reconciled result for one platform and month; never edited, only superseded."""

    id: int
    platform: str
    month: Month
    number: int
    """1 for the first of a month, one more for each that supersedes."""
    total: Count
    suspense: Count
    """The part of `total` whose story is not known."""
    shadow: dict[str, int]
    """What the other counters said in total, by method."""
    coverage: CoverageState
    made_at: UtcTime
    previous: str
    """The digest of the platform's statement before, in order of making."""
    digest: str


class Break(Record):
    """A difference or a doubt that a person should look at."""

    platform: str
    month: Month
    kind: str
    """`counters_differ`, `unknown_items`, `report_conflict`, `late_correction`, `counter_reset`,
    `missing_report`, …"""
    subject: str
    expected: int | None = None
    found: int | None = None
    state: str = "open"
    noted_at: UtcTime


class Hit(Record):
    """One request of the beacon's image: somebody, or something, shows a story."""

    partner: str
    story_id: str
    at: UtcTime
    visitor: str
    """A digest under a salt that is thrown away; no address."""
    agent: str
    """The user agent as sent."""


view_reports = sa.Table(
    "view_reports",
    metadata,
    sa.Column("id", Number, primary_key=True, autoincrement=False),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False, comment="zlib of the bytes received"),
    sa.Column("received_at", Time, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("settled_at", Time, comment="null until its months were settled with it"),
    sa.Column("report_id", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("temporality", sa.Text, nullable=False),
    sa.Column("declared_total", sa.BigInteger),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("faulty", sa.Text, nullable=False, comment="JSON: rows not understood, and why"),
    sa.UniqueConstraint("platform", "method", "sha256"),
)

coverage = sa.Table(
    "coverage",
    metadata,
    sa.Column("report_id", Number, primary_key=True, autoincrement=False),
    sa.Column("t0", sa.Integer, primary_key=True, comment="a day: date.toordinal()"),
    sa.Column("t1", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
)

item_refs = sa.Table(
    "item_refs",
    metadata,
    sa.Column("id", Number, primary_key=True, autoincrement=False),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("ref", sa.Text, nullable=False),
    sa.UniqueConstraint("platform", "ref"),
)

item_aliases = sa.Table(
    "item_aliases",
    metadata,
    sa.Column("item_ref_id", Number, primary_key=True, autoincrement=False),
    sa.Column("story_id", sa.Text, nullable=False, index=True),
    sa.Column("recorded_at", Time, nullable=False),
    sa.Column("how", sa.Text, nullable=False, comment="by which rule, or by which person"),
)

observations = sa.Table(
    "observations",
    metadata,
    sa.Column("report_id", Number, primary_key=True, autoincrement=False),
    sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("item_ref_id", Number, nullable=False),
    sa.Column("month", sa.Integer, nullable=False, comment="year * 12 + month - 1"),
    sa.Column("t0", sa.Integer, nullable=False, comment="a day: date.toordinal()"),
    sa.Column("t1", sa.Integer, nullable=False),
    sa.Column("metric", sa.Text, nullable=False),
    sa.Column("access", sa.Text, nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Index("ix_observations_item_ref_id", "item_ref_id"),
)

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("platform", sa.Text, primary_key=True),
    sa.Column("month", sa.Integer, primary_key=True),
    sa.Column("metric", sa.Text, primary_key=True),
    sa.Column("item_ref_id", Number, primary_key=True, autoincrement=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
)

statements = sa.Table(
    "statements",
    metadata,
    sa.Column("id", Number, primary_key=True, autoincrement=False),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("month", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("suspense", sa.BigInteger, nullable=False),
    sa.Column("shadow", sa.Text, nullable=False, comment="JSON: totals of the other counters"),
    sa.Column("coverage", sa.Text, nullable=False),
    sa.Column("lines_digest", sa.Text, nullable=False),
    sa.Column("made_at", Time, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.UniqueConstraint("platform", "month", "number"),
)

statement_lines = sa.Table(
    "statement_lines",
    metadata,
    sa.Column("statement_id", Number, primary_key=True, autoincrement=False),
    sa.Column("item_ref_id", Number, primary_key=True, autoincrement=False),
    sa.Column("story_id", sa.Text, index=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
)

sent_counts = sa.Table(
    "sent_counts",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("month", sa.Text, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False, comment="of what was sent, in canonical form"),
    sa.Column("sent_at", Time, nullable=False),
)

breaks = sa.Table(
    "breaks",
    metadata,
    sa.Column("platform", sa.Text, primary_key=True),
    sa.Column("month", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("expected", sa.BigInteger),
    sa.Column("found", sa.BigInteger),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("noted_at", Time, nullable=False),
)
