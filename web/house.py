"""What the web stands on: everything it needs is handed to it in one record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.channel import Channel
from schemas.config import Config
from schemas.partner import Edition
from schemas.publication import Document, Part
from schemas.views import Hit
from store.database import Engine
from web.pace import AT_WILL, Rate


class Received(Protocol):
    """What became of a report that a partner sent."""

    @property
    def id(self) -> int:
        """Name the kept report."""
        ...

    @property
    def sha256(self) -> str:
        """Digest the bytes as they came."""
        ...

    @property
    def duplicate(self) -> bool:
        """Say whether the same bytes were there already."""
        ...


class Receipt(Protocol):
    """What became of a delivery that a source sent."""

    @property
    def id(self) -> int:
        """Number the landing that holds its bytes."""
        ...

    @property
    def duplicate(self) -> bool:
        """Say whether it had been taken in before."""
        ...


class Hits(Protocol):
    """Where the beacon's hits are kept."""

    def add(self, rows: Sequence[Hit]) -> object:
        """Keep hits; they are safe when this returns."""
        ...


DocumentOf = Callable[[Config, Edition, str, Part], Document | None]
"""Gives a part of an edition by the ending of its address; None where there is none."""

Receive = Callable[[Engine, str, str, bytes, str, datetime], Received]
"""Keeps a report: the platform, the method, the bytes, their media type, and when they came."""


Deliver = Callable[[Engine, Channel, Mapping[str, str], bytes, datetime], Receipt]
"""Takes in a delivery: the channel, the headers by lower-case name, the bytes, and when they came.
One that is not genuine is a RefusedError."""


@dataclass(frozen=True)
class House:
    """An installation as the web needs it."""

    engine: Engine
    config: Callable[[], Config]
    """The present configuration. Asked at every request: it must be quick, and must not fail."""
    public_url: str
    """Where partners reach us, without a slash at its end."""
    key: bytes
    """For the beacon's addresses."""
    hits: Hits
    now: Callable[[], datetime]
    receive: Receive
    deliver: Deliver
    document: DocumentOf
    feed_rate: Rate = AT_WILL
    """How often each token may ask for feeds."""
