"""A process for code that strangers' bytes may keep busy: bounded in time and memory, and killed.

One process serves all that is asked of it, one after another, and a new one takes the place of
one that was killed.
"""

import atexit
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

CPU_S = 5
"""Seconds of work that one call may take."""
WALL_S = 20.0
"""Seconds after which a call is given up, busy or not."""
MEMORY_BYTES = 2 << 30
"""Addresses that the process may use."""


_START_S = 60.0
_READY = "ready"
_SERVE = "import sys; from connectors import _jail; _jail.serve(int(sys.argv[1]))"
"""Started so, and not as multiprocessing does, it needs nothing of what our own process began
with: that may be a script which does not bear being read twice."""


class KilledError(Exception):
    """What was asked took too long or too much, and its process is gone."""


class Jail:
    """Runs functions, by their names, in the process; many threads may share it."""

    def __init__(self, cpu_s: int = CPU_S, wall_s: float = WALL_S) -> None:
        self.cpu_s = cpu_s
        self.wall_s = wall_s
        self._one_at_a_time = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection[Any, Any] | None = None

    def run(self, function: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
        """Call a function of a module there, and give or raise what it does.

        Raise KilledError where it is not done in time, or its process dies.
        """
        with self._one_at_a_time:
            line = self._open()
            try:
                result, error = self._answer(line, (self.cpu_s, function, given, named))
            except (EOFError, OSError):
                self._kill()
                raise KilledError from None
        if error is not None:
            raise error
        return cast("R", result)

    def _answer(self, line: "Connection[Any, Any]", asked: Any) -> tuple[Any, Exception | None]:
        line.send(asked)
        if not line.poll(self.wall_s):
            raise EOFError
        return cast("tuple[Any, Exception | None]", line.recv())

    def close(self) -> None:
        """End the process; the next call starts another."""
        with self._one_at_a_time:
            self._kill()

    def _open(self) -> "Connection[Any, Any]":
        if self._line is None or self._process is None or self._process.poll() is not None:
            self._kill()
            self._line, theirs = Pipe()
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 -- every word of it is our own
                    [sys.executable, "-c", _SERVE, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C is for us; it ends when we do
                )
            # One that does not even start is our fault, not that of what it was to read.
            if not self._line.poll(_START_S) or self._line.recv() != _READY:
                self._kill()
                raise RuntimeError("the process for strangers' bytes does not start")
        return self._line

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._line is not None:
            self._line.close()
        self._process = self._line = None


def serve(fileno: int) -> None:
    """Do what comes down the line until nobody is at its other end."""
    line: Connection[Any, Any] = Connection(fileno)
    line.send(_READY)
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
atexit.register(JAIL.close)
