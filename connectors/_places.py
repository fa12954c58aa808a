"""Places to which files are written for others to serve: a folder, or a store of S3.

Whoever reads a file meanwhile gets it whole, as it was or as it is. Names are relative to the
place, with slashes.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from connectors._place import File, Place
from schemas.errors import RefusedError

try:
    import fcntl
except ImportError:  # Windows has none: there, nothing keeps two runs apart
    fcntl = None  # type: ignore[assignment]


@contextmanager
def opened(where: str) -> Iterator[Place]:
    """Open a place, `s3://bucket/prefix` or the path of a folder, until the end of the block.

    An OutsideError says what stands against it.
    """
    if where.startswith("s3://"):
        # Half a second, and an extra that few installations have.
        from connectors import _places_s3  # noqa: PLC0415

        with _places_s3.opened(where) as store:
            yield store
        return
    with _spoken(where):
        Path(where).mkdir(parents=True, exist_ok=True)
        lock = (Path(where) / ".retold.lock").open("wb")
    with lock:
        if fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                what = "another run is writing there; wait until it has ended"
                raise RefusedError(where, what) from None
        yield Folder(Path(where))


class Folder:
    """A folder on this machine: a file is written beside, flushed, and renamed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def folders(self) -> list[str]:
        """List what lies two levels down, as `a/b`."""
        with _spoken(self._root):
            found = (path.relative_to(self._root) for path in self._root.glob("*/*/"))
            return sorted(path.as_posix() for path in found)

    def read(self, name: str) -> bytes | None:
        """Read a file; None where there is none."""
        with _spoken(self._root / name):
            try:
                return (self._root / name).read_bytes()
            except FileNotFoundError:
                return None

    def write(self, file: File) -> None:
        """Put a file in the place of the one that bears its name."""
        path = self._root / file.name
        with _spoken(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = _beside(path)
            with beside.open("wb") as out:
                out.write(file.payload)
                out.flush()
                # A machine that falls over must not leave an empty file under a good name.
                os.fsync(out.fileno())
            beside.replace(path)

    def remove(self, names: Sequence[str]) -> None:
        """Take files away, and the folders that this leaves empty."""
        for name in names:
            path = self._root / name
            with _spoken(path):
                path.unlink(missing_ok=True)
                _beside(path).unlink(missing_ok=True)
                for folder in path.relative_to(self._root).parents:
                    if folder.name and not _removed(self._root / folder):
                        break


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:  # something else is in it
        return False
    return True


@contextmanager
def _spoken(where: object) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"cannot be read or written: {error.strerror}; see who may do so there"
        raise RefusedError(str(where), what) from error
