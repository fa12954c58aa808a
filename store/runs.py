"""Keep what we did: every run of a step, and every act of a person."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
import sqlalchemy as sa

from schemas.run import Act, Outcome, Run
from schemas.tables import audit, micros, moment, runs
from store import sequences
from store.database import Connection, one_writer

_GENESIS = "0" * 64


def start(connection: Connection, run: Run) -> None:
    """Note that a run has begun."""
    connection.execute(sa.insert(runs), _row(run))


def finish(connection: Connection, run: Run) -> None:
    """Note how a run ended."""
    connection.execute(sa.update(runs).where(runs.c.id == run.id), _row(run))


def latest(connection: Connection) -> list[Run]:
    """Read the latest run of every step and subject."""
    query = sa.text(
        "SELECT r.* FROM runs r JOIN (SELECT step, subject, max(started_at) AS at FROM runs"
        " GROUP BY step, subject) l ON l.step = r.step AND l.subject = r.subject"
        " AND l.at = r.started_at ORDER BY r.step, r.subject"
    )
    return [_run(row) for row in connection.execute(query).mappings()]


def last_done(connection: Connection, step: str) -> dict[str, datetime]:
    """Say when each subject of a step was last done without failing."""
    query = (
        sa.select(runs.c.subject, sa.func.max(runs.c.started_at))
        .where(runs.c.step == step, runs.c.outcome == str(Outcome.DONE))
        .group_by(runs.c.subject)
    )
    return {subject: moment(at) for subject, at in connection.execute(query)}


_COUNTED, _NOTHING_NEW = '{"new":', '{"new":0,"changed":0,'
"""How the counts of an ingest begin, and of one that brought nothing: in the order of `Saved`."""


def last_news(connection: Connection) -> dict[str, datetime]:
    """Say when each channel last brought a story that was new or changed, else was first read."""
    counts = runs.c.counts
    brings = counts.startswith(_COUNTED) & ~counts.startswith(_NOTHING_NEW)
    brought = sa.func.max(sa.case((brings, runs.c.started_at)))
    query = (
        sa.select(runs.c.subject, sa.func.coalesce(brought, sa.func.min(runs.c.started_at)))
        .where(runs.c.step.in_(("ingest", "receive")))
        .group_by(runs.c.subject)
    )
    return {subject: moment(at) for subject, at in connection.execute(query)}


def done_since(connection: Connection, step: str, subject: str, since: datetime) -> list[Run]:
    """Read the runs of a step that began at a time or later and did not fail, in their order."""
    query = (
        sa.select(runs)
        .where(
            runs.c.step == step,
            runs.c.subject == subject,
            runs.c.outcome == str(Outcome.DONE),
            runs.c.started_at >= micros(since),
        )
        .order_by(runs.c.started_at, runs.c.id)
    )
    return [_run(row) for row in connection.execute(query).mappings()]


def note(
    connection: Connection,
    who: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> Act:
    """Add one act of a person to the chain."""
    one_writer(connection, "audit")
    query = sa.select(audit.c.digest).order_by(audit.c.seq.desc()).limit(1)
    previous = connection.execute(query).scalar() or _GENESIS
    seq = sequences.draw(connection, "audit", 1)
    text = orjson.dumps(dict(detail), option=orjson.OPT_SORT_KEYS).decode()
    digest = _chain(previous, seq, micros(now), who, action, subject, text)
    row = {
        "seq": seq,
        "at": micros(now),
        "who": who,
        "action": action,
        "subject": subject,
        "detail": text,
        "previous": previous,
        "digest": digest,
    }
    connection.execute(sa.insert(audit), row)
    return _act(row)


def acts(connection: Connection, limit: int = 100) -> list[Act]:
    """Read the latest acts, the newest first."""
    query = sa.select(audit).order_by(audit.c.seq.desc()).limit(limit)
    return [_act(row) for row in connection.execute(query).mappings()]


def acts_on(connection: Connection, action: str, subject: str) -> list[Act]:
    """Read every act of one sort on one subject, the oldest first."""
    query = (
        sa.select(audit)
        .where(audit.c.action == action, audit.c.subject == subject)
        .order_by(audit.c.seq)
    )
    return [_act(row) for row in connection.execute(query).mappings()]


def broken_act(connection: Connection) -> int | None:
    """Find the first act that does not follow from the one before; None where the chain holds."""
    previous = _GENESIS
    for row in connection.execute(sa.select(audit).order_by(audit.c.seq)).mappings():
        fields = (row[name] for name in ("seq", "at", "who", "action", "subject", "detail"))
        if row["previous"] != previous or row["digest"] != _chain(previous, *fields):
            return int(row["seq"])
        previous = row["digest"]
    return None


def _chain(*parts: object) -> str:
    return sha256(orjson.dumps([str(part) for part in parts])).hexdigest()


def _row(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "step": run.step,
        "subject": run.subject,
        "started_at": micros(run.started_at),
        "ended_at": None if run.ended_at is None else micros(run.ended_at),
        "outcome": str(run.outcome),
        "counts": orjson.dumps(run.counts).decode(),
        "error": run.error,
        "flow_run_id": run.flow_run_id,
    }


def _run(row: sa.RowMapping) -> Run:
    return Run(
        id=row["id"],
        step=row["step"],
        subject=row["subject"],
        started_at=moment(row["started_at"]),
        ended_at=None if row["ended_at"] is None else moment(row["ended_at"]),
        outcome=row["outcome"],
        counts=orjson.loads(row["counts"]),
        error=row["error"],
        flow_run_id=row["flow_run_id"],
    )


def _act(row: Mapping[Any, Any]) -> Act:
    fields: dict[str, Any] = dict(row)
    return Act.model_validate(
        fields | {"at": moment(fields["at"]), "detail": orjson.loads(fields["detail"])}
    )
