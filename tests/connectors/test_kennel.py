import threading
import time

from connectors._kennel import Kennel
from tests.patience import PATIENCE_S


def test_alarms_ring_in_the_order_of_their_times_whenever_they_were_set() -> None:
    kennel, done = Kennel(), threading.Event()
    rung: list[str] = []
    now = time.monotonic()
    kennel.set(now + 0.10, done.set)
    kennel.set(now + 0.05, lambda: rung.append("sooner"))
    kennel.set(now - 1, lambda: rung.append("at once"))
    assert done.wait(PATIENCE_S)
    assert rung == ["at once", "sooner"]


def test_an_alarm_that_is_called_off_does_nothing() -> None:
    kennel, done = Kennel(), threading.Event()
    rung: list[str] = []
    now = time.monotonic()
    off = kennel.set(now + 0.02, lambda: rung.append("off"))
    off.cancel()
    off.cancel()
    kennel.set(now + 0.05, done.set)
    assert done.wait(PATIENCE_S)
    assert rung == []


def test_an_empty_kennel_waits_for_the_next_alarm() -> None:
    kennel = Kennel()
    for _ in range(3):
        done = threading.Event()
        kennel.set(time.monotonic(), done.set)
        assert done.wait(PATIENCE_S)
