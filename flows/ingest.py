"""Bring in what is new on every channel that is due; one task a channel."""

from prefect import flow

from flows import _running
from flows._running import Counts
from steps import ingest, schedule


@_running.step("ingest")
def ingest_channel(subject: str) -> Counts:
    """Bring in what is new on one channel."""
    house = _running.house()
    channel = schedule.channel(house.config, subject)
    saved = ingest.ingest(
        house.engine, house.http, channel, house.clock, flow_run_id=_running.flow_run_id()
    )
    return {"fetched": saved.fetched, **saved.model_dump()}


@flow(name="ingest", task_runner=_running.runner())
def ingest_channels(channels: list[str] | None = None, *, due_only: bool = True) -> dict[str, int]:
    """Bring in what is new.

    Args:
        channels: the ids of channels; every channel where left out.
        due_only: leave out a channel that was read less than its `every` ago.
    """
    with _running.open_house() as house:
        wanted = schedule.due(house.engine, house.config, house.now, channels, all_=not due_only)
        done = _running.gather(wanted, ingest_channel.map(wanted))
    return _running.report(ingest_channels, done)


if __name__ == "__main__":
    ingest_channels(due_only=False)
