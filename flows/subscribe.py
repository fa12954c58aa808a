"""Subscribe channels that want it at the hubs of their feeds; one task a channel."""

from prefect import flow

from flows import _running
from flows._running import Counts
from steps import subscribe


@_running.step("subscribe")
def subscribe_channel(subject: str) -> Counts:
    """Bring one channel's subscriptions to what it wants."""
    done = subscribe.recorded(_running.house(), subject, _running.flow_run_id())
    return done.model_dump()


@flow(name="subscribe", task_runner=_running.runner())
def subscribe_channels(channels: list[str] | None = None) -> dict[str, int]:
    """Subscribe channels at the hubs that their feeds name, renew, and end what nobody wants.

    Args:
        channels: by id; every one that wants it, or no longer does, where left out.
    """
    with _running.open_house() as house:
        wanted = subscribe.subjects(house.engine, house.config, channels)
        done = _running.gather(wanted, subscribe_channel.map(wanted))
    return _running.report(subscribe_channels, done)


if __name__ == "__main__":
    subscribe_channels()
