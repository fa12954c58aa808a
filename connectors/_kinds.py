"""How connectors are found: by the name of their file, so that a new one is one new file.

One may also come with another installed distribution, by an entry point; none of those takes the
place of one of ours. Spec: https://packaging.python.org/en/latest/specifications/entry-points/
"""

import importlib
import pkgutil
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from schemas.errors import UnknownKindError


def kinds(path: Sequence[str], group: str = "") -> tuple[str, ...]:
    """List the kinds that a folder of modules holds, in order; private modules are none.

    `group` names the entry points by which other distributions bring some of their own.
    """
    return tuple(sorted({*_own(path), *_brought(group)}))


def load(package: str, path: Sequence[str], kind: str, group: str = "") -> Any:
    """Load the module of a kind; where there is none, the error names those there are."""
    if kind in _own(path):
        return importlib.import_module(f"{package}.{kind}")
    brought = _brought(group)
    if kind in brought:
        return brought[kind].load()
    raise UnknownKindError(
        f"there is no {package.rpartition('.')[2]} module {kind!r}; "
        f"there are: {', '.join(kinds(path, group))}"
    )


def _own(path: Sequence[str]) -> frozenset[str]:
    found = (module.name for module in pkgutil.iter_modules(path))
    return frozenset(name for name in found if not name.startswith("_"))


def _brought(group: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=group)} if group else {}
