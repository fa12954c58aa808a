"""How often a token may ask: a bucket for each, that fills by the second and empties by answers."""

import math
from datetime import datetime
from typing import NamedTuple


class Rate(NamedTuple):
    """What a token may ask, on the whole and at once."""

    per_second: float
    """0 is as often as it likes."""
    burst: int
    """Answers at once, after a rest."""


AT_WILL = Rate(per_second=0.0, burst=1)

UNCHANGED_COSTS = 0.1
"""What a 304 takes of an answer: it reads nothing and sends no bytes, and is what we ask for."""


class Pace:
    """The buckets of all tokens, in this process alone.

    Only tokens that are valid have one, so that there are never more than there are tokens.
    """

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_s(self, token_id: str, now: datetime) -> int:
        """Take an answer out of a token's bucket; where none is left, say how long to wait.

        Return whole seconds, 0 where the answer may be given. Who is told to wait has lost nothing.
        """
        per_second, burst = self._rate
        if not per_second:
            return 0
        at = now.timestamp()
        level, filled_at = self._buckets.get(token_id, (float(burst), at))
        # A clock that was set back fills nothing, and takes nothing away.
        level = min(burst, level + max(0.0, at - filled_at) * per_second)
        if level < 1:
            self._buckets[token_id] = level, at
            return math.ceil((1 - level) / per_second)
        self._buckets[token_id] = level - 1, at
        return 0

    def give_back(self, token_id: str) -> None:
        """Put back what a 304 did not take."""
        bucket = self._buckets.get(token_id)
        if bucket is not None:
            self._buckets[token_id] = bucket[0] + 1 - UNCHANGED_COSTS, bucket[1]
