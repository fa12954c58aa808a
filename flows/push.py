"""Push editions to their subscribers and webhooks; one task an edition with something to push."""

from prefect import flow

from flows import _running
from flows._running import Counts
from steps import push


@_running.step("push")
def push_edition(subject: str) -> Counts:
    """Verify who asks for an edition, send its subscribers what they lack, tell of removals."""
    done = push.recorded(_running.house(), subject, _running.flow_run_id())
    return done.model_dump()


@flow(name="push", task_runner=_running.runner())
def push_editions(editions: list[str] | None = None) -> dict[str, int]:
    """Push what changed to who subscribed, verify who asks to, and tell webhooks of removals.

    Args:
        editions: as `partner/edition`; every one where left out.
    """
    with _running.open_house() as house:
        wanted = push.subjects(house, editions)
        done = _running.gather(wanted, push_edition.map(wanted))
    return _running.report(push_editions, done)


if __name__ == "__main__":
    push_editions()
