"""Files as a channel of tables reads them: what each is known by, and how it is opened."""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from connectors import _table_pages
from schemas.errors import RefusedError, UnreachableError

PATTERN = re.compile(r"[*?\[]")
"""What makes a path a pattern."""

_BLOCK = 1 << 20
_BEGINNING = 4_096


class File(NamedTuple):
    """One file, and what tells it from what it was before."""

    name: str
    url: str
    digest: str
    beginning: bytes
    lines: int
    open: Callable[[], IO[bytes]]
    stamp: str = ""
    """What the listing of its place says of it; while that is the same, so is the file."""


class Door(NamedTuple):
    """A file system that is open, far away."""

    files: Any
    """As fsspec gives it."""
    asking: Callable[[], AbstractContextManager[None]]
    """Within it one thing is asked for: it is bounded, and fails as one of our errors."""
    stream: Callable[[str, int], IO[bytes]]
    """Opens a file by its name and size."""


def measured(stream: IO[bytes], name: str, url: str, reopen: Callable[[], IO[bytes]]) -> File:
    """Read a file once from end to end, to know it by its sha-256."""
    digest, beginning, lines, block = hashlib.sha256(), b"", 1, b""
    while read := stream.read(_BLOCK):
        block = read
        digest.update(block)
        beginning = beginning or block[:_BEGINNING]
        lines += block.count(b"\n")
    return File(name, url, digest.hexdigest(), beginning, lines - block.endswith(b"\n"), reopen)


def paths(who: str, told: str) -> list[Path]:
    """List the files that a path names, in order of their names."""
    path = Path(told)
    with readable(who, str(path)):
        if path.is_dir():
            tables = (found for found in path.iterdir() if _table_pages.is_table(found.name))
            return sorted(found for found in tables if found.is_file())
        if PATTERN.search(str(path)):
            anchor = Path(path.anchor)
            found = anchor.glob(str(path.relative_to(anchor)))
            return sorted(one for one in found if one.is_file())
    if not path.is_file():
        raise RefusedError(who, f"there is no file {path}; put it there, or correct `path`")
    return [path]


def on_disk(who: str, path: Path) -> File:
    """Measure a file of this machine."""
    with readable(who, path.name), path.open("rb") as stream:
        # A name that is no Unicode must not break the cursor.
        name = str(path).encode("utf-8", "backslashreplace").decode()
        return measured(stream, name, path.resolve().as_uri(), lambda: path.open("rb"))


@contextmanager
def readable(who: str, name: str) -> Iterator[None]:
    """Tell what the machine says of a file in our own words."""
    try:
        yield
    except (FileNotFoundError, PermissionError) as error:
        reason = error.strerror or "it cannot be opened"
        raise RefusedError(who, f"{name}: {reason}; check its place and its permissions") from error
    except OSError as error:
        raise UnreachableError(who, f"{name}: {error.strerror or error}") from error
