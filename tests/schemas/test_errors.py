import inspect
import pickle
import re

import pytest

from schemas import errors
from schemas.errors import (
    ConfigError,
    Fault,
    GoneError,
    OutsideError,
    RetoldError,
    StoreBusyError,
    UnfitError,
    UnreachableError,
)

DRAWN = re.compile(r"^( *)[*x+-] (\w+)", re.MULTILINE)

ALL = [
    each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, RetoldError)
]


def test_the_tree_drawn_in_the_docstring_is_the_tree_there_is() -> None:
    drawn: list[tuple[str, str]] = []
    branch: list[tuple[int, str]] = [(-1, "Exception")]
    for indent, name in DRAWN.findall(str(errors.__doc__)):
        while len(indent) <= branch[-1][0]:
            branch.pop()
        drawn.append((name, branch[-1][1]))
        branch.append((len(indent), name))
    assert sorted(drawn) == sorted(
        (each.__name__, inspect.getmro(each)[1].__name__) for each in ALL
    )


def test_only_what_may_succeed_later_is_transient() -> None:
    assert {each for each in ALL if each.transient} == {UnreachableError, StoreBusyError}


def test_a_configuration_error_tells_every_fault_on_a_line_of_its_own() -> None:
    faults = [
        Fault("retold.toml", 3, "name", "must be text", 'write name = "…"'),
        Fault("organisations.csv", 7, "code", "is empty", "fill in the code"),
    ]
    error = ConfigError(faults)
    assert error.faults == tuple(faults)
    assert str(error).splitlines() == [
        'retold.toml:3: name: must be text (write name = "…")',
        "organisations.csv:7: code: is empty (fill in the code)",
    ]


def test_what_the_outside_did_is_told_with_who_did_it() -> None:
    error = GoneError("careopinion", "410")
    assert (error.who, error.reason, str(error)) == ("careopinion", "410", "careopinion: 410")
    assert isinstance(error, OutsideError)


@pytest.mark.parametrize("wait", [None, 2.5])
def test_an_unreachable_outside_may_say_when_to_come_back(wait: float | None) -> None:
    assert UnreachableError("careopinion", "503", wait).retry_after_s == wait


def test_an_unfit_record_keeps_a_short_word_for_its_reason() -> None:
    error = UnfitError("bad_date", "`soon` is no date")
    assert (error.code, str(error)) == ("bad_date", "`soon` is no date")


def test_an_error_travels_between_processes_whole() -> None:
    sent = errors.UnreachableError("opinion", "no answer", retry_after_s=7)
    received = pickle.loads(pickle.dumps(sent))
    assert type(received) is errors.UnreachableError
    assert (str(received), received.who, received.retry_after_s) == (str(sent), "opinion", 7)
