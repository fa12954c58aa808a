"""The doors in for stories: one module per kind of channel, found by the name of its file.

A module is a connector when it has what `Connector` lists. Fetching and parsing are apart, so
that the bytes are kept as they came, a page that was saved is never asked for again, and what was
fetched can be parsed anew once a parser is mended.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar, cast

from connectors import _kinds
from connectors._http import Http
from connectors._websub import Offer
from schemas.channel import Channel, Fetched, Options, Parsed, Tells

Told = TypeVar("Told", bound=Options)

ENTRY_POINTS = "retold.channels"
"""The group by which another installed distribution brings a kind: a name, and its module."""


class Received(NamedTuple):
    """A delivery that is genuine."""

    id: str
    """By which the sender repeats it; the same id is taken in once."""
    page: Fetched


class StoryCount(NamedTuple):
    """The reads of one story at all partners together, in one month."""

    external_id: str
    month: str
    """As `2026-10`."""
    reads: int


class Connector(Protocol):
    """What a module of this package must have."""

    VERSION: str
    """Moves when the same payload may be parsed to something else."""
    OPTIONS: type[Options]
    """What a channel of this kind may be told; every field says what it is for."""
    SECRETS: tuple[str, ...]
    """The secrets it cannot do without; their values come in `channel.secrets`."""
    EVERY: str
    """How often such a channel is asked where the operator does not say: `15m`, `1h`, `1d`."""
    TELLS: frozenset[Tells]
    """What it tells beyond new stories; the conformance kit holds it to that."""

    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        """Give answers as they were received, each with the cursor to keep once it is saved.

        Begun again with any cursor it gave, it goes on behind that page and loses nothing. An
        unchanged channel gives nothing. It raises `OutsideError` and what is below it, no other.
        Where it walks over all that there is, `Fetched.snapshot` marks the first page and the
        last: what was kept and did not come by is removed.
        """

    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        """Read one payload; the same payload always gives the same records.

        Every record of it is in exactly one of drafts, removals, faulty and skipped, and the
        payload of a faulty one is by itself one that `parse` takes. A payload that is not what
        was promised, as an HTML page, is a GarbledError as a whole.
        """


class Peeking(Protocol):
    """A connector whose first page is dear, and that knows a cheaper look."""

    def peek(self, channel: Channel, http: Http) -> Fetched:
        """Ask for the first few stories, in one or two requests; nothing of it is kept."""


class Pushed(Protocol):
    """A connector that is sent its stories; its `fetch` gives nothing."""

    def receive(
        self, channel: Channel, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Received:
        """Verify a delivery: headers by lower-case name, bytes as they came.

        A wrong or missing signature, or one too old, is a RefusedError that does not say which.
        """


class Subscribing(Protocol):
    """A connector that is asked, and that a hub may send what is new between (WebSub)."""

    def wants_pushes(self, channel: Channel) -> bool:
        """Say whether this channel is to be subscribed."""

    def peek(self, channel: Channel, http: Http) -> Fetched:
        """Ask for the newest document alone."""

    def offer(self, channel: Channel, fetched: Fetched) -> Offer | None:
        """Find the hub and the topic that a document names; None where it names no hub."""


class CountsTaker(Protocol):
    """A connector whose source takes back how often its stories were read."""

    def takes_counts(self, channel: Channel) -> bool:
        """Say whether this channel's source takes them."""

    def send_counts(self, channel: Channel, http: Http, counts: Sequence[StoryCount]) -> None:
        """Send the reads of one month that is over, of every story that was read in it.

        Each is a total that takes the place of what was sent before for that story and month, and
        may be 0; the same counts again must do no harm.
        """


def pushed(module: Connector) -> Pushed | None:
    """Give the connector as one that is sent its stories, if it is one."""
    return cast("Pushed", module) if hasattr(module, "receive") else None


def subscribing(channel: Channel, module: Connector | None = None) -> Subscribing | None:
    """Give a channel's connector as one to subscribe at a hub, if this channel wants it."""
    found = cast("Subscribing", module or connector(channel.kind))
    return found if hasattr(found, "wants_pushes") and found.wants_pushes(channel) else None


def counts_taker(channel: Channel, module: Connector | None = None) -> CountsTaker | None:
    """Give a channel's connector as one that sends counts back, if this channel takes them."""
    found = cast("CountsTaker", module or connector(channel.kind))
    return found if hasattr(found, "send_counts") and found.takes_counts(channel) else None


def kinds() -> tuple[str, ...]:
    """List the kinds of channel there are."""
    return _kinds.kinds(__path__, ENTRY_POINTS)


def connector(kind: str) -> Connector:
    """Find the connector for a kind of channel; UnknownKindError names those there are."""
    return cast("Connector", _kinds.load(__name__, __path__, kind, ENTRY_POINTS))


def told(channel: Channel, options: type[Told]) -> Told:
    """Read a channel's options as its connector declares them."""
    if isinstance(channel.options, options):
        return channel.options
    return options.model_validate(channel.options.model_dump())
