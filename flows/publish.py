"""Bring every edition to what it ought to show; one task an edition."""

from prefect import flow

from flows import _running
from flows._running import Counts
from steps import publish, schedule
from steps.house import epoch


@_running.step("publish")
def publish_edition(subject: str) -> Counts:
    """Bring one edition to what it ought to show."""
    house = _running.house()
    done = publish.publish(
        house.engine,
        house.press,
        schedule.edition(house.config, subject),
        house.clock,
        epoch,
        flow_run_id=_running.flow_run_id(),
    )
    return done.model_dump(exclude={"edition"})


@flow(name="publish", task_runner=_running.runner())
def publish_editions(editions: list[str] | None = None) -> dict[str, int]:
    """Bring editions to what they ought to show.

    Args:
        editions: as `partner/edition`; every edition where left out.
    """
    with _running.open_house() as house:
        wanted = schedule.editions(house.config, editions)
        done = _running.gather(wanted, publish_edition.map(wanted))
    return _running.report(publish_editions, done)


if __name__ == "__main__":
    publish_editions()
