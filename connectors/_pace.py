"""How politely we ask: how far apart, and how long after a failure.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 (Retry-After)
"""

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[0-9]{1,9}")


class Pace:
    """One bucket of a single token for each host; shared by all threads that ask it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at: dict[str, float] = {}

    def reserve(self, host: str, per_second: float | None) -> float:
        """Take the next turn at a host; give the seconds to wait for it."""
        if per_second is None:
            return 0.0
        with self._lock:
            now = self._clock()
            turn = max(now, self._free_at.get(host, now))
            # Counted from the turn, not from now: oversleeping does not slow the pace.
            self._free_at[host] = turn + 1 / per_second
        return turn - now


def backoff_s(failures: int, first_s: float, cap_s: float, chance: Callable[[], float]) -> float:
    """Choose how long to wait after so many failures: anything up to a doubling, capped bound."""
    return chance() * min(cap_s, first_s * 2.0 ** (failures - 1))


def retry_after_s(stated: str | None, dated: str | None, wall: Callable[[], float]) -> float | None:
    """Read a Retry-After of either form, in seconds; what cannot be read counts as not said."""
    if stated is None:
        return None
    if _SECONDS.fullmatch(stated.strip()):
        return float(stated)
    then = _timestamp(stated)
    if then is None:
        return None
    # Its own clock against its own clock, where it tells the time: ours may differ.
    now = _timestamp(dated or "")
    return max(0.0, then - (wall() if now is None else now))


def _timestamp(text: str) -> float | None:
    try:
        moment: datetime = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
