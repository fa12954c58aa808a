"""Connectors that are broken on purpose, each in one way, and the checks that must find them."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import TypeVar

from tests.kit.ward import Ward

Broken = TypeVar("Broken", bound=type[Ward])

_known: list[tuple[type[Ward], str]] = []


def breaks(*checks: str) -> Callable[[Broken], Broken]:
    """Name the checks that must find what is wrong with a connector."""

    def mark(broken: Broken) -> Broken:
        _known.extend((broken, name) for name in checks)
        return broken

    return mark


def all_broken() -> list[tuple[type[Ward], str]]:
    """List every broken connector with each check that must find it."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return list(_known)
