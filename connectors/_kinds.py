"""How connectors are found: by the name of their file, so that a new one is one new file."""

import importlib
import pkgutil
from collections.abc import Sequence
from types import ModuleType

from schemas.errors import UnknownKindError


def kinds(path: Sequence[str]) -> tuple[str, ...]:
    """List the kinds that a folder of modules holds, in order; private modules are none."""
    found = (module.name for module in pkgutil.iter_modules(path))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def load(package: str, path: Sequence[str], kind: str) -> ModuleType:
    """Load the module of a kind; where there is none, the error names those there are."""
    known = kinds(path)
    if kind not in known:
        raise UnknownKindError(
            f"there is no {package.rpartition('.')[2]} module {kind!r}; "
            f"there are: {', '.join(known)}"
        )
    return importlib.import_module(f"{package}.{kind}")
