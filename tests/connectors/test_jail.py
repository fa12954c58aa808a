import os
import signal
import time
from collections.abc import Iterator

import pytest

from connectors._jail import Jail, KilledError


def busy() -> None:
    while True:
        pass


def greedy() -> int:
    return len(bytearray(3 << 30))


def dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def jail() -> Iterator[Jail]:
    jail = Jail(cpu_s=0, wall_s=10)
    yield jail
    jail.close()


def test_a_call_is_answered_by_one_process_that_is_not_ours(jail: Jail) -> None:
    assert jail.run(int, "12") == 12
    first = jail.run(os.getpid)
    assert first == jail.run(os.getpid)
    assert first != os.getpid()


def test_what_it_raises_is_raised_here(jail: Jail) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        jail.run(int, "x")
    assert jail.run(int, "1") == 1


def test_what_keeps_busy_is_killed_and_the_next_call_is_answered(jail: Jail) -> None:
    with pytest.raises(KilledError):
        jail.run(busy)
    assert jail.run(int, "1") == 1


def test_what_merely_waits_is_given_up(jail: Jail) -> None:
    jail.run(int, "1")
    jail.wall_s = 0.2
    with pytest.raises(KilledError):
        jail.run(time.sleep, 60)


def test_what_wants_too_much_memory_gets_none(jail: Jail) -> None:
    with pytest.raises(MemoryError):
        jail.run(greedy)


def test_a_process_that_dies_is_replaced(jail: Jail) -> None:
    with pytest.raises(KilledError):
        jail.run(dies)
    assert jail.run(int, "1") == 1
    jail.close()
    assert jail.run(int, "2") == 2
