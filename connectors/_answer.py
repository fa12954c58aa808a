"""What comes back when somebody is asked."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ConfigDict, Field

from connectors import _redact
from schemas._record import Record


class Headers(Mapping[str, str]):
    """Header fields, found by name in any case; several of one name are joined by commas."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: dict[str, str] = {}
        for name, value in fields:
            key = name.lower()
            self._fields[key] = f"{self._fields[key]}, {value}" if key in self._fields else value

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({sorted(self._fields)})"


class Answer(Record):
    """One whole answer."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    status: int
    """200, 304, or one of those the caller allowed."""
    url: str
    """The address that answered, after all redirects. It may hold a key: do not print it."""
    body: bytes
    """Unpacked; empty for a 304."""
    media_type: str
    """In lower case and without parameters; empty where it was not said."""
    charset: str | None
    headers: Headers
    etag: str | None
    """To be sent with the next request; for a 304 that names none, the one that was sent."""
    last_modified: str | None
    retry_after_s: float | None
    """Seconds to stay away, where it said so."""
    moved_to: str | None
    """The new address, where every redirect on the way was permanent (301, 308)."""
    hops: tuple[str, ...] = Field(min_length=1)
    """Every address that was asked on the way; the last is `url`."""

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Show what tells answers apart, and nothing that may hold a key."""
        yield "status", self.status
        yield "url", _redact.address(self.url)
        yield "media_type", self.media_type
        yield "bytes", len(self.body)


class Medium(NamedTuple):
    """What a Content-Type says."""

    media_type: str
    charset: str | None


def medium(content_type: str) -> Medium:
    """Read a Content-Type. Spec: https://www.rfc-editor.org/rfc/rfc9110#section-8.3 ."""
    media_type, *parameters = content_type.split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return Medium(media_type.strip().lower(), value.strip().strip("\"'") or None)
    return Medium(media_type.strip().lower(), None)
