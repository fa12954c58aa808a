"""The ways things go wrong.

* RetoldError
  x ConfigError              the configuration is not fit to run; lists every fault
  x OutsideError             what a door in raises about the world outside
    + UnreachableError         transient: it did not answer, or asked us to come back later
    + RefusedError             terminal: it answered, and said no (a wrong key, say)
      - ForbiddenAddressError    we said no: the address is private, or not one we may ask
    + GarbledError             terminal: it answered with something else than it promised
    + GoneError                terminal: it says that it is no more (410)
  x UnknownKindError         no connector, counter or format bears that name
  x StoreError               the store is not as this version needs it
    + StoreBusyError           transient: somebody else is writing
  x UnknownError             nothing bears that id
  x WithdrawnError           it was shown, and is shown no more
  x ConflictError            the request contradicts what is kept
  x UnfitError               a record or a report cannot be understood; it is kept, with this reason
"""

from collections.abc import Sequence
from typing import Any, NamedTuple


class RetoldError(Exception):
    """The base of every error raised on purpose; its text says what to do."""

    transient = False
    """Whether the same call may succeed later; flows retry only these."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes whole, whatever a kind of error is made of."""
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(
    kind: type[RetoldError], args: tuple[Any, ...], attributes: dict[str, Any]
) -> RetoldError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(attributes)
    return error


class Fault(NamedTuple):
    """One thing wrong with the configuration."""

    file: str
    line: int
    """0 where there is none: in the environment, or in a file that is missing."""
    where: str
    """The path of the key, as `channels[2].options.url`."""
    what: str
    remedy: str

    def __str__(self) -> str:
        """Say it in one line, as a compiler would."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.where}: {self.what} ({self.remedy})"


class ConfigError(RetoldError):
    """The configuration is not fit to run."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class OutsideError(RetoldError):
    """Something outside could not be read."""

    def __init__(self, who: str, reason: str) -> None:
        super().__init__(f"{who}: {reason}")
        self.who = who
        """The channel or partner that was asked."""
        self.reason = reason


class UnreachableError(OutsideError):
    """It did not answer, or asked us to come back later."""

    transient = True

    def __init__(self, who: str, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(who, reason)
        self.retry_after_s = retry_after_s
        """Seconds that it asked us to wait; None where it did not say."""


class RefusedError(OutsideError):
    """It answered, and said no."""


class ForbiddenAddressError(RefusedError):
    """The address leads where we may not go."""


class GarbledError(OutsideError):
    """It answered with something else than it promised."""


class GoneError(OutsideError):
    """It says that it is no more."""


class UnknownKindError(RetoldError):
    """No module of that name."""


class StoreError(RetoldError):
    """The store is not as this version needs it."""


class StoreBusyError(StoreError):
    """Somebody else is writing."""

    transient = True


class UnknownError(RetoldError):
    """Nothing bears that id."""


class WithdrawnError(RetoldError):
    """A story was shown, and is shown no more: whoever holds it takes it down."""


class ConflictError(RetoldError):
    """The request contradicts what is kept."""


class UnfitError(RetoldError):
    """A record or a report that cannot be understood; it is kept, with this reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        """A short stable word, as `no_id`, for counting and for filters."""
