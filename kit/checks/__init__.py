"""What is asked of every connector; each module holds one group of checks.

A check is a function that takes a `Trial`, marked with `check`; it raises `Failed` where the
connector does not do what was promised. Its first line says what is promised.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import NamedTuple

from kit.trial import Trial
from schemas.channel import Tells


class Check(NamedTuple):
    """One promise, and how it is put to the test."""

    name: str
    group: str
    run: Callable[[Trial], None]
    needs: frozenset[str]
    """What a kind must have or tell for the check to make sense: a `Tells`, or `http`."""

    @property
    def promise(self) -> str:
        """Say what is promised, in a line."""
        return (self.run.__doc__ or "").strip().partition("\n")[0]


_known: dict[str, Check] = {}


def check(*needs: Tells | str) -> Callable[[Callable[[Trial], None]], Callable[[Trial], None]]:
    """Mark a function as a check, for kinds that have what it needs."""

    def mark(function: Callable[[Trial], None]) -> Callable[[Trial], None]:
        group = function.__module__.rpartition(".")[2]
        name = function.__name__
        _known[name] = Check(name, group, function, frozenset(map(str, needs)))
        return function

    return mark


def every_check() -> Iterator[Check]:
    """Go through all checks, group by group."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    yield from _known.values()
