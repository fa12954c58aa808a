"""A process for code that strangers' bytes may keep busy: bounded in time and memory, and killed.

One process serves all that is asked of it, one after another, and a new one takes the place of
one that was killed.
"""

import multiprocessing
import resource
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

CPU_S = 5
"""Seconds of work that one call may take."""
WALL_S = 20.0
"""Seconds after which a call is given up, busy or not."""
MEMORY_BYTES = 2 << 30
"""Addresses that the process may use."""


class KilledError(Exception):
    """What was asked took too long or too much, and its process is gone."""


class Jail:
    """Runs functions, by their names, in the process; many threads may share it."""

    def __init__(self, cpu_s: int = CPU_S, wall_s: float = WALL_S) -> None:
        self.cpu_s = cpu_s
        self.wall_s = wall_s
        self._one_at_a_time = threading.Lock()
        self._process: BaseProcess | None = None
        self._line: Connection[Any, Any] | None = None

    def run(self, function: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
        """Call a function of a module there, and give or raise what it does.

        Raise KilledError where it is not done in time, or its process dies.
        """
        with self._one_at_a_time:
            try:
                result, error = self._answer((self.cpu_s, function, given, named))
            except (EOFError, OSError):
                self._kill()
                raise KilledError from None
        if error is not None:
            raise error
        return cast("R", result)

    def _answer(self, asked: Any) -> tuple[Any, Exception | None]:
        line = self._open()
        line.send(asked)
        if not line.poll(self.wall_s):
            raise EOFError
        return cast("tuple[Any, Exception | None]", line.recv())

    def close(self) -> None:
        """End the process; the next call starts another."""
        with self._one_at_a_time:
            self._kill()

    def _open(self) -> "Connection[Any, Any]":
        if self._line is None or self._process is None or not self._process.is_alive():
            self._kill()
            # A fork would copy the locks of our other threads as they happen to stand.
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
            self._line = ours
        return self._line

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._line is not None:
            self._line.close()
        self._process = self._line = None


def _serve(line: "Connection[Any, Any]") -> None:
    """Do what comes down the line until nobody is at its other end."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        try:
            cpu_s, function, given, named = line.recv()
        except (EOFError, OSError):
            return
        spent = resource.getrusage(resource.RUSAGE_SELF)
        most = int(spent.ru_utime + spent.ru_stime) + 1 + cpu_s
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
        answer: tuple[Any, Exception | None]
        try:
            answer = function(*given, **named), None
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is told on the other side
            answer = None, error
        line.send(answer)


JAIL = Jail()
"""For the whole of our own process."""
