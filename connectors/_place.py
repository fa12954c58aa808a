"""What a place for files is, and a file that is written to it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class File(NamedTuple):
    """A file to write."""

    name: str
    payload: bytes
    media_type: str
    coding: str = ""
    """As `Content-Encoding` has it; blank for none."""


class Place(Protocol):
    """Somewhere that files are written to."""

    def folders(self) -> list[str]:
        """List what lies two levels down, as `a/b`."""
        ...

    def read(self, name: str) -> bytes | None:
        """Read a file; None where there is none."""
        ...

    def write(self, file: File) -> None:
        """Put a file in the place of the one that bears its name."""
        ...

    def remove(self, names: Sequence[str]) -> None:
        """Take files away; one that is not there is passed over."""
        ...
