"""Inform channels that want it how often their stories were read; one task a channel."""

from prefect import flow

from flows import _running
from flows._running import Counts
from steps import inform


@_running.step("inform")
def inform_channel(subject: str) -> Counts:
    """Send one channel the reads that it does not know yet."""
    done = inform.recorded(_running.house(), subject, _running.flow_run_id())
    return done.model_dump()


@flow(name="inform", task_runner=_running.runner())
def inform_channels(channels: list[str] | None = None) -> dict[str, int]:
    """Inform channels how often their stories were read at partners.

    Args:
        channels: by id; every one that takes counts where left out.
    """
    with _running.open_house() as house:
        wanted = inform.takers(house.config, channels)
        done = _running.gather(wanted, inform_channel.map(wanted))
    return _running.report(inform_channels, done)


if __name__ == "__main__":
    inform_channels()
