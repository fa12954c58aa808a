"""CPU seconds, measured alike on every side.

Spec: https://man7.org/linux/man-pages/man5/proc.5.html (of processes that are not ours)
"""

import gc
import os
import statistics
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

Work = Callable[[], object]


def cpu_s(work: Work) -> float:
    """Run something once; give the CPU seconds that all threads of this process spent on it."""
    gc.collect()
    begun = time.process_time()
    work()
    return time.process_time() - begun


def medians(
    sides: Mapping[str, Work], repeats: int, once: Collection[str] = ()
) -> dict[str, float]:
    """Run every side in turn, so often; give the median CPU seconds of each.

    In turn, so that whatever else the machine does meanwhile bears on all sides alike. Those
    in `once` are so slow that one run tells enough.
    """
    spent: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(repeats):
        for name, work in sides.items():
            if turn == 0 or name not in once:
                spent[name].append(cpu_s(work))
    return {name: statistics.median(seconds) for name, seconds in spent.items()}


def least(work: Work, repeats: int) -> float:
    """Run something so often; give the CPU seconds of the run that was least disturbed.

    For goals that are no ratio: they mean a machine that does nothing else.
    """
    return min(cpu_s(work) for _ in range(repeats))


def cpu_s_of(pid: int) -> float:
    """Read the CPU seconds that a process has spent so far, its children apart."""
    # The second field, a name in parentheses, may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    user, system = int(fields[11]), int(fields[12])
    return (user + system) / os.sysconf("SC_CLK_TCK")


def peak_mb() -> float:
    """Read the most memory that this process ever held, in megabytes of a million bytes.

    Not `getrusage`: its peak begins with that of the process that started this one.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM:"))
    return int(peak.split()[1]) * 1024 / 1e6
