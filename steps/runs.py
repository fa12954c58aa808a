"""Keep a run of ours beside every step, so that health is a query."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

from schemas.errors import RetoldError
from schemas.run import Outcome, Run
from store import runs
from store.database import Engine, reading, writing

Clock = Callable[[], datetime]


class Record:
    """What a run in progress may say of itself."""

    def __init__(self) -> None:
        self.counts: Mapping[str, int] = {}


@contextmanager
def recorded(
    engine: Engine, step: str, subject: str, clock: Clock, flow_run_id: str | None = None
) -> Iterator[Record]:
    """Note when a step began, what it counted, and how it ended; let every error through."""
    run = Run(
        id=str(uuid4()), step=step, subject=subject, started_at=clock(), flow_run_id=flow_run_id
    )
    with writing(engine) as connection:
        runs.start(connection, run)
    record = Record()
    outcome, error = Outcome.FAILED, "ended by something unforeseen"
    try:
        yield record
        outcome, error = Outcome.DONE, ""
    except RetoldError as failure:
        error = str(failure)
        raise
    finally:
        ended = run.model_copy(
            update={
                "ended_at": clock(),
                "outcome": outcome,
                "counts": dict(record.counts),
                "error": error or None,
            }
        )
        with writing(engine) as connection:
            runs.finish(connection, ended)


def latest(engine: Engine) -> list[Run]:
    """Read the latest run of every step and subject."""
    with reading(engine) as connection:
        return runs.latest(connection)
