"""Bring every edition to what it ought to show; one task an edition, and one for a place."""

from collections import Counter

from prefect import flow, unmapped

from connectors import _places
from flows import _running
from flows._running import Counts
from schemas.errors import ConflictError, RetoldError, UnknownError
from steps import publish, schedule, write
from steps.house import epoch


@_running.step("publish")
def publish_edition(subject: str) -> Counts:
    """Bring one edition to what it ought to show."""
    house = _running.house()
    done = publish.publish(
        house.engine,
        house.press,
        schedule.edition(house.engine, house.config, subject),
        house.clock,
        epoch,
        flow_run_id=_running.flow_run_id(),
    )
    return done.model_dump(exclude={"edition"})


@_running.step("write")
def write_files(subject: str, names: list[str]) -> Counts:
    """Write editions to a place as files, and take away what may not be there."""
    house = _running.house()
    faults: list[RetoldError] = []
    editions = schedule.named(house.engine, house.config, names)
    with _places.opened(subject) as place:
        strays = write.strays(house.press, place)
        done = [write.clear(house.engine, place, key, house.clock) for key in strays]
        for edition in editions:
            try:
                done.append(write.write(house.engine, house.press, edition, place, house.clock))
            except (ConflictError, UnknownError) as error:  # it stops no other
                faults.append(error)
    if faults:
        raise ConflictError("; ".join(map(str, faults)))
    counts: Counter[str] = Counter()
    for one in done:
        counts.update({f"files_{what}": n for what, n in one if what != "edition"})
    return dict(counts)


@flow(name="publish", task_runner=_running.runner())
def publish_editions(editions: list[str] | None = None, to: str | None = None) -> dict[str, int]:
    """Bring editions to what they ought to show.

    Args:
        editions: as `partner/edition`; every edition where left out.
        to: a folder, or s3://bucket/prefix, to which those of them that are public go as files.
    """
    with _running.open_house() as house:
        wanted = schedule.editions(house.engine, house.config, editions)
        done = _running.gather(wanted, publish_edition.map(wanted))
        if to is not None:
            chosen = schedule.named(house.engine, house.config, wanted)
            public = [each.key for each in chosen if write.is_open(house.press, each)]
            done += _running.gather([to], write_files.map([to], unmapped(public)))
    return _running.report(publish_editions, done)


if __name__ == "__main__":
    publish_editions()
