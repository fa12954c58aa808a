import pytest
import sqlalchemy as sa

from schemas.errors import OutsideError, UnreachableError
from schemas.run import Outcome
from steps import runs as steps
from store import runs
from store.database import Connection, Engine, reading
from tests.tell import MONDAY


def test_a_run_is_noted_with_its_counts_and_its_flow_run(engine: Engine) -> None:
    with steps.recorded(engine, "ingest", "opinion", lambda: MONDAY, "f-1") as run:
        run.counts = {"new": 3}
    (noted,) = steps.latest(engine)
    assert (noted.outcome, noted.counts, noted.flow_run_id) == (Outcome.DONE, {"new": 3}, "f-1")
    with reading(engine) as connection:
        assert runs.last_done(connection, "ingest") == {"opinion": MONDAY}


def test_a_run_that_fails_says_why_and_lets_the_error_through(engine: Engine) -> None:
    with (
        pytest.raises(OutsideError),
        steps.recorded(engine, "ingest", "opinion", lambda: MONDAY),
    ):
        raise UnreachableError("opinion", "no answer")
    (noted,) = steps.latest(engine)
    assert (noted.outcome, noted.error) == (Outcome.FAILED, "opinion: no answer")
    with reading(engine) as connection:
        assert runs.last_done(connection, "ingest") == {}


def test_a_run_that_meets_the_unforeseen_is_noted_too(engine: Engine) -> None:
    with (
        pytest.raises(ZeroDivisionError),
        steps.recorded(engine, "publish", "a/b", lambda: MONDAY),
    ):
        raise ZeroDivisionError
    assert steps.latest(engine)[0].error == "ended by something unforeseen"


def test_acts_are_chained_and_a_mended_one_is_found(connection: Connection) -> None:
    for why in ("one", "two", "three"):
        runs.note(connection, "ash", "hold", "s", {"why": why}, MONDAY)
    assert [act.detail["why"] for act in runs.acts(connection)] == ["three", "two", "one"]
    assert runs.broken_act(connection) is None
    connection.execute(sa.text("UPDATE audit SET who = 'bo' WHERE seq = 2"))
    assert runs.broken_act(connection) == 2
