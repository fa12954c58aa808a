"""Write every organisation's stories in summary; one task an organisation."""

from prefect import flow

from flows import _running
from flows._running import Counts
from steps import summarise


@_running.step("summarise")
def summarise_organisation(subject: str) -> Counts:
    """Write the stories in summary of one organisation or population."""
    house = _running.house()
    done = summarise.recorded(house, subject, house.summaries_dir, _running.flow_run_id())
    return {name: count for name, count in done.items() if isinstance(count, int)}


@flow(name="summarise", task_runner=_running.runner())
def summarise_organisations(organisations: list[str] | None = None) -> dict[str, int]:
    """Write stories in summary.

    Args:
        organisations: as `ods:RXX`, or populations; every one where left out.
    """
    with _running.open_house() as house:
        wanted = summarise.subjects(house.config, organisations)
        done = _running.gather(wanted, summarise_organisation.map(wanted))
    return _running.report(summarise_organisations, done)


if __name__ == "__main__":
    summarise_organisations()
