"""How each kind's source is played: one module per kind, found by the name of its file.

A stage shows a `World` as its source would: over HTTP (`answer`), as files in a folder (`lay`), by
sending it to us (`deliver`), or from a server of its own (`serve`). It has one of the four.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from connectors import _kinds
from kit.far import Ask, Reply
from kit.world import Delivery, Piece, World


class Stage(Protocol):
    """What every module of this package has."""

    SECRETS: Mapping[str, str]
    """What the channel is given; the checks look for these values where they must not be."""
    BYPASS: Mapping[str, str]
    """Checks that do not fit this kind, by name, each with the reason.

    A kind that lives outside of this project may also have `PROMISED`: what its options took when
    it was last released, as `kit/options.json` has it for the kinds within.
    """

    def options(self, place: str) -> Mapping[str, Any]:
        """Give the options of a channel that reads the source at `place`.

        That is the origin of the server (`http://127.0.0.1:4711`), the folder, or what `serve`
        told; for a kind that is sent its stories it is empty.
        """

    def name(self, piece: Piece) -> str:
        """Give the external id under which the connector must know a piece."""


class HttpStage(Stage, Protocol):
    """A source that is asked over HTTP."""

    def answer(self, world: World, ask: Ask) -> Reply:
        """Answer one request as the real service does: keys, pages, filters, 404, 304.

        Where its pages name the next one, `lead_on(reply, number)` may make a page name one that
        was not named before: so the kit plays a list without end.
        """


class FolderStage(Stage, Protocol):
    """A source that is files."""

    def lay(self, world: World, folder: Path) -> None:
        """Write what the world shows now; files that are there are as they were left."""


class PushStage(Stage, Protocol):
    """A source that sends its stories to us."""

    def deliver(self, pieces: Sequence[Piece], now: datetime) -> Sequence[Delivery]:
        """Write and sign what the source sends now about these pieces: new, edited or gone."""


class ServedStage(Stage, Protocol):
    """A source with a protocol of its own, such as IMAP."""

    def serve(self, world: World) -> AbstractContextManager[str]:
        """Run its server, which shows `world` as it stands at each request; give its place."""


def stage(kind: str) -> Stage:
    """Find the stage of a kind."""
    return cast("Stage", _kinds.load(__name__, __path__, kind))


def stages() -> tuple[str, ...]:
    """List the kinds that have a stage."""
    return _kinds.kinds(__path__)
