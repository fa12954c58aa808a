"""One thread that wakes every watchdog whose time is up.

A thread for each request would cost as much as the request: it must be started, and its start
waited for. Here a request adds an alarm to a heap and takes it back.
"""

import heapq
import itertools
import threading
import time
from collections.abc import Callable


class Alarm:
    """Something to do at a time, unless it is called off before."""

    def __init__(self, at: float, act: Callable[[], None]) -> None:
        self.at = at
        self._act: Callable[[], None] | None = act

    def cancel(self) -> None:
        """Call it off; twice is once."""
        self._act = None

    def ring(self) -> None:
        """Do it, unless it was called off."""
        act = self._act
        if act is not None:
            act()


class Kennel:
    """Rings alarms at their times, by `time.monotonic`."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._order = itertools.count()
        self._running = False

    def set(self, at: float, act: Callable[[], None]) -> Alarm:
        """Set an alarm; what it does must be quick, and must not raise."""
        alarm = Alarm(at, act)
        with self._wake:
            first = not self._alarms or at < self._alarms[0][0]
            heapq.heappush(self._alarms, (at, next(self._order), alarm))
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="watchdogs", daemon=True).start()
            elif first:
                self._wake.notify()
        return alarm

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._alarms:
                    self._wake.wait()
                wait = self._alarms[0][0] - time.monotonic()
                if wait > 0:
                    self._wake.wait(wait)
                    continue
                _, _, alarm = heapq.heappop(self._alarms)
            alarm.ring()


KENNEL = Kennel()
"""For the whole process: many networks may share it."""
