"""Take in view reports and the beacon's hits; one task a platform."""

from prefect import flow

from flows import _running
from flows._running import Counts
from steps import collect, schedule


@_running.step("collect")
def collect_platform(subject: str) -> Counts:
    """Take in what one platform says of its reads."""
    done = collect.recorded(_running.house(), subject, _running.flow_run_id())
    return done.model_dump()


@flow(name="collect", task_runner=_running.runner())
def collect_platforms(platforms: list[str] | None = None) -> dict[str, int]:
    """Take in view reports and the beacon's hits.

    Args:
        platforms: the ids of partners, or of channels whose own site reports; all if left out.
    """
    with _running.open_house() as house:
        wanted = schedule.platforms(house.config, platforms)
        done = _running.gather(wanted, collect_platform.map(wanted))
    return _running.report(collect_platforms, done)


if __name__ == "__main__":
    collect_platforms()
