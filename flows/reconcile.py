"""Settle every month that new reports bear on; one task a platform."""

from prefect import flow

from flows import _running
from flows._running import Counts
from steps import reconcile, schedule


@_running.step("reconcile")
def reconcile_platform(subject: str) -> Counts:
    """Settle the months of one platform that new reports bear on."""
    done = reconcile.recorded(_running.house(), subject, _running.flow_run_id())
    return done.model_dump()


@flow(name="reconcile", task_runner=_running.runner())
def reconcile_platforms(platforms: list[str] | None = None) -> dict[str, int]:
    """Settle every month that new reports bear on.

    Args:
        platforms: the ids of partners, or of channels whose own site reports; all if left out.
    """
    with _running.open_house() as house:
        wanted = schedule.platforms(house.config, platforms)
        done = _running.gather(wanted, reconcile_platform.map(wanted))
    return _running.report(reconcile_platforms, done)


if __name__ == "__main__":
    reconcile_platforms()
