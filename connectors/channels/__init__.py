"""The doors in for stories: one module per kind of channel, found by the name of its file.

A module is a connector when it has what `Connector` lists. Fetching and parsing are apart, so
that the bytes are kept as they came, a page that was saved is never asked for again, and what was
fetched can be parsed anew once a parser is mended.
"""

from collections.abc import Iterator
from typing import Protocol, TypeVar, cast

from connectors import _kinds
from connectors._http import Http
from schemas.channel import Channel, Fetched, Options, Parsed

Told = TypeVar("Told", bound=Options)


class Connector(Protocol):
    """What a module of this package must have."""

    VERSION: str
    """Moves when the same payload may be parsed to something else."""
    OPTIONS: type[Options]
    """What a channel of this kind may be told; every field says what it is for."""
    SECRETS: tuple[str, ...]
    """The secrets it cannot do without; their values come in `channel.secrets`."""

    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        """Give answers as they were received, each with the cursor to keep once it is saved.

        Begun again with any cursor it gave, it goes on behind that page and loses nothing. An
        unchanged channel gives nothing. It raises `OutsideError` and what is below it, no other.
        """

    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        """Read one payload; the same payload always gives the same records.

        Every record of it is in exactly one of drafts, removals, faulty and skipped, and the
        payload of a faulty one is by itself one that `parse` takes. A payload that is not what
        was promised, as an HTML page, is a GarbledError as a whole.
        """


def kinds() -> tuple[str, ...]:
    """List the kinds of channel there are."""
    return _kinds.kinds(__path__)


def connector(kind: str) -> Connector:
    """Find the connector for a kind of channel; UnknownKindError names those there are."""
    return cast("Connector", _kinds.load(__name__, __path__, kind))


def told(channel: Channel, options: type[Told]) -> Told:
    """Read a channel's options as its connector declares them."""
    if isinstance(channel.options, options):
        return channel.options
    return options.model_validate(channel.options.model_dump())
