"""A run: one step done for one subject; and the audit of what people did."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from schemas._metadata import Number, Time, metadata
from schemas._record import Record
from schemas.types import UtcTime


class Outcome(StrEnum):
    """How a run ended."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Run(Record):
    """One step done for one subject."""

    id: str
    step: str
    """`ingest`, `receive`, `publish`, `write`, `push`, `collect`, `reconcile`, `summarise`,
    `inform` or `subscribe`."""
    subject: str
    """A channel, an edition, a platform, or an organisation."""
    started_at: UtcTime
    ended_at: UtcTime | None = None
    outcome: Outcome = Outcome.RUNNING
    counts: dict[str, int] = {}
    error: str | None = None
    flow_run_id: str | None = None


class Act(Record):
    """One thing that a person did."""

    seq: int
    at: UtcTime
    who: str
    action: str
    subject: str
    detail: dict[str, Any]
    previous: str
    digest: str
    """sha-256 over the digest before and this act: a chain that cannot be mended unseen."""


runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("started_at", Time, nullable=False, index=True),
    sa.Column("ended_at", Time),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("counts", sa.Text, nullable=False, comment="JSON"),
    sa.Column("error", sa.Text),
    sa.Column("flow_run_id", sa.Text),
    sa.Index("ix_runs_step_subject", "step", "subject", "started_at"),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", Number, primary_key=True, autoincrement=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False, comment="JSON"),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
)

sequences = sa.Table(
    "sequences",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", Number, nullable=False, comment="the last number given"),
)
