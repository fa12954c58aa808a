"""What every flow shares: which failures are tried again, and how a run says what it did."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar, cast

from prefect import Flow, Task, task
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

import settings
from schemas.errors import RetoldError
from steps.house import House

R = TypeVar("R")

AT_ONCE = 4
"""How many channels or partners one run works on at the same time."""

Counts = Mapping[str, int]


class Done(NamedTuple):
    """What became of one subject of a run."""

    subject: str
    counts: Counts
    error: str = ""


class PartlyFailedError(RetoldError):
    """A run came to its end, but not for every subject."""


def runner() -> TaskRunner[PrefectFuture[Any]]:
    """Give a flow its own pool of threads."""
    return cast("TaskRunner[PrefectFuture[Any]]", ThreadPoolTaskRunner(max_workers=AT_ONCE))


_open: list[House] = []


@contextmanager
def open_house() -> Iterator[House]:
    """Open the installation that the environment describes, for a flow and all its tasks.

    A task takes it from `house()`: opened once a run, not once a channel, so that a rate limit
    and a connection are shared.
    """
    with settings.open_house(os.environ) as house:
        _open.append(house)
        try:
            yield house
        finally:
            _open.pop()


def house() -> House:
    """Give the installation that the flow has opened."""
    return _open[-1]


def flow_run_id() -> str | None:
    """Name the flow run we are in."""
    return flow_run.get_id()


def may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Say whether a failure is worth another try: an error of ours says so itself."""
    try:
        state.result(raise_on_failure=True)
    except RetoldError as error:
        return error.transient
    except Exception:  # noqa: BLE001 -- what we did not foresee is not tried again
        return False
    return False


def step(name: str) -> Callable[[Callable[..., Counts]], Task[..., Counts]]:
    """Make a task of a step for one subject."""
    return task(
        name=name,
        task_run_name=f"{name} {{subject}}",
        retries=2,
        retry_delay_seconds=[5, 60],
        retry_jitter_factor=0.5,
        retry_condition_fn=may_pass,
        persist_result=False,
    )


def gather(subjects: Sequence[str], futures: Sequence[PrefectFuture[Counts]]) -> list[Done]:
    """Wait for every subject; one that failed says so and stops no other."""
    done: list[Done] = []
    for subject, future in zip(subjects, futures, strict=True):
        future.wait()
        try:
            done.append(Done(subject, future.result()))
        except RetoldError as error:
            done.append(Done(subject, {}, str(error)))
        except Exception as error:  # noqa: BLE001 -- the one place where a flow meets the unforeseen
            get_run_logger().error("%s: unforeseen", subject, exc_info=error)
            done.append(Done(subject, {}, f"{type(error).__name__}: {error}"))
    return done


def report(flow: Flow[..., Any], done: Sequence[Done]) -> dict[str, int]:
    """Write what a run did where an operator reads it; fail it where a subject failed."""
    rows = [{"subject": d.subject, **d.counts, "error": d.error} for d in done]
    total: dict[str, int] = {}
    for one in done:
        for name, count in one.counts.items():
            total[name] = total.get(name, 0) + count
    get_run_logger().info("%s: %s", flow.name, ", ".join(f"{k}={v}" for k, v in total.items()))
    if rows:
        create_table_artifact(
            key=f"retold-{flow.name}", table=rows, description=f"What the last {flow.name} did."
        )
    failed = [d for d in done if d.error]
    if failed:
        named = "; ".join(f"{d.subject}: {d.error}" for d in failed)
        raise PartlyFailedError(f"{len(failed)} of {len(done)} failed: {named}")
    return total
