"""The partner's log of reads, and how it counts them.

Rules: https://cop5.countermetrics.org/en/5.1.1/07-processing/ (only 200 and 304; no robots;
clicks of one reader on one page within 30 seconds are one, the last)
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from counter_robots import is_robot

DOUBLE_CLICK = timedelta(seconds=30)

_SHOWN = frozenset({200, 304})


@dataclass(frozen=True, slots=True)
class Read:
    """One page that was asked for."""

    at: datetime
    address: str
    agent: str
    story: str
    """The atom:id of the story on the page."""
    status: int


def counted(reads: Sequence[Read]) -> dict[str, int]:
    """Count the reads of each story by people."""
    counts: Counter[str] = Counter()
    last: dict[tuple[str, str, str], datetime] = {}
    for line in sorted(reads, key=lambda line: line.at):
        if line.status not in _SHOWN or is_robot(line.agent):
            continue
        reader = (line.address, line.agent, line.story)
        before = last.get(reader)
        if before is None or line.at - before > DOUBLE_CLICK:
            counts[line.story] += 1
        last[reader] = line.at
    return dict(counts)
