"""One connector under trial: its played source, and a store of its own to keep stories in."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

from connectors._http import Http, Limits, open_http
from connectors.channels import Connector, connector, pushed
from kit import far
from kit.far import Far
from kit.stages import FolderStage, HttpStage, PushStage, ServedStage, Stage, stage
from kit.world import Delivery, Piece, World
from schemas.channel import Channel, Fetched, Parsed, Quarantined, Saved
from schemas.story import Rights, Story
from steps import ingest, look, receive, stories
from steps import quarantine as waiting
from steps.look import Look
from steps.receive import Receipt
from store import landings
from store.database import Engine, create_tables, open_engine, reading

CHANNEL = "under-trial"

LIMITS = Limits(
    connect_timeout_s=60, read_timeout_s=60, deadline_s=60, max_bytes=8 << 20, attempts=3
)
"""A source that answers has time to, on a busy machine too."""

HASTY = LIMITS.model_copy(update={"read_timeout_s": 0.4, "deadline_s": 1.0, "attempts": 2})
"""For a source that is silent or slow on purpose: what is so for longer is so for ever."""


class Failed(AssertionError):  # noqa: N818 -- it is a verdict of the kit, not an error of ours
    """A check found something wrong; the text says what."""


def expect(condition: object, otherwise: str) -> None:
    """Fail the check unless this holds."""
    if not condition:
        raise Failed(otherwise)


class Kept(NamedTuple):
    """One story as it is kept."""

    story: Story
    said: str
    """Title and text in one, with blanks made single."""

    @property
    def is_shown(self) -> bool:
        """Tell whether it may reach a partner."""
        return self.story.status == "published"


@dataclass
class Trial:
    """What a check is given: a world that may be changed, and a connector that reads it."""

    kind: str
    module: Connector
    stage: Stage
    folder: Path
    engine: Engine
    world: World = field(default_factory=World)
    source: Far | None = None
    """The played server; None for a kind that is not asked over HTTP."""
    place: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    """Options beside the stage's own."""
    secrets: dict[str, str] = field(default_factory=dict)
    """Secrets in place of the right ones."""
    _sent: dict[str, Piece] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)
    """Seconds that were waited for between tries; none was really waited."""

    @property
    def channel(self) -> Channel:
        """Configure the channel as an operator would."""
        told = dict(self.stage.options(self.place)) | self.more
        return Channel(
            id=CHANNEL,
            kind=self.kind,
            options=self.module.OPTIONS.model_validate(told),
            secrets=dict(self.stage.SECRETS) | self.secrets,
            rights=Rights(may_syndicate=True),
        )

    @property
    def now(self) -> datetime:
        """Read the clock: a day after whatever came last at the source."""
        return self.world.now + timedelta(days=1)

    @contextmanager
    def http(self, limits: Limits = LIMITS) -> Iterator[Http]:
        """Open the network with a clock that does not wait."""
        ours = self.source.place if self.source else "127.0.0.1"
        limits = limits.model_copy(update={"allow": (*limits.allow, ours)})
        with open_http(limits, sleep=self.slept.append) as opened:
            yield opened

    def ingest(self, limits: Limits = LIMITS, module: Connector | None = None) -> Saved:
        """Run the step once, as the flow does; `module` stands in for the connector."""
        if self.is_sent:
            return self._take_in(module)
        self.lay()
        with self.http(limits) as http:
            return ingest.ingest(
                self.engine, http, self.channel, lambda: self.now, module=module or self.module
            )

    @property
    def is_sent(self) -> bool:
        """Say whether the source sends its stories, rather than being asked for them."""
        return hasattr(self.stage, "deliver")

    def deliveries(self, ahead: timedelta = timedelta(0)) -> Sequence[Delivery]:
        """Write what the source sends of all that it has; `ahead` is how wrong its clock is."""
        pieces = list(self.world.pieces.values())
        return cast("PushStage", self.stage).deliver(pieces, self.now + ahead)

    def receive(self, delivery: Delivery, ahead: timedelta = timedelta(0)) -> Receipt:
        """Take in one delivery, as the web does."""
        return receive.receive(
            self.engine,
            self.channel,
            delivery.headers,
            delivery.body,
            self.now + ahead,
            self.module,
        )

    def _take_in(self, module: Connector | None) -> Saved:
        """Let the source send what it has not sent yet, or has changed since."""
        news = [p for p in self.world.pieces.values() if self._sent.get(p.id) != p]
        saved = Saved()
        for one in cast("PushStage", self.stage).deliver(news, self.now):
            given = (self.engine, self.channel, one.headers, one.body, self.now)
            saved += receive.receive(*given, module or self.module).saved
        self._sent |= {piece.id: piece for piece in news}
        return saved

    def look(self) -> Look:
        """Look at the channel, as `retold channel check` and `preview` do."""
        self.lay()
        with self.http() as http:
            return look.look(http, self.channel, self.module)

    def lay(self) -> None:
        """Write the source's files, if files are what it has."""
        if hasattr(self.stage, "lay"):
            cast("FolderStage", self.stage).lay(self.world, self.folder)

    @property
    def server(self) -> Far:
        """Give the played server, for checks that need `http` or `pages`."""
        if self.source is None:
            raise Failed("this kind is asked no server over HTTP")
        return self.source

    @property
    def asked(self) -> int:
        """Count the requests so far; 0 where nothing is asked over HTTP."""
        return len(self.source.asked) if self.source else 0

    def cursor(self) -> str | None:
        """Read how far the channel has been read."""
        with reading(self.engine) as connection:
            return landings.cursor(connection, CHANNEL)

    def fetch(self, cursor: str | None = None, limits: Limits = LIMITS) -> list[Fetched]:
        """Fetch pages alone, as `fetch` gives them, keeping nothing."""
        if self.is_sent:
            taker = pushed(self.module)
            assert taker is not None  # noqa: S101 -- its stage delivers
            sent = [(one.headers, one.body) for one in self.deliveries()]
            return [taker.receive(self.channel, *one, self.now).page for one in sent]
        self.lay()
        with self.http(limits) as http:
            return list(self.module.fetch(self.channel, http, cursor))

    def parse(self, pages: Sequence[Fetched]) -> list[Parsed]:
        """Parse pages."""
        return [self.module.parse(self.channel, page) for page in pages]

    def kept(self) -> dict[str, Kept]:
        """Read every story that is kept, by the external id of its source."""
        found = stories.every(self.engine)
        said = [" ".join(f"{story.title} {story.body_text}".split()) for story in found]
        return {
            story.source.external_id: Kept(story, words)
            for story, words in zip(found, said, strict=True)
        }

    def refused(self) -> list[Quarantined]:
        """List what waits in quarantine."""
        return waiting.listing(self.engine)

    def expect_kept(self, pieces: Sequence[Piece] | None = None) -> None:
        """Fail unless just what the source shows is shown, each with its own words."""
        wanted = {self.stage.name(p): p for p in pieces or self.world.shown() if not p.broken}
        shown = {name: kept for name, kept in self.kept().items() if kept.is_shown}
        lost, extra = wanted.keys() - shown.keys(), shown.keys() - wanted.keys()
        expect(not lost, f"{len(lost)} stories are not there, as {_some(lost)}")
        expect(not extra, f"{len(extra)} stories should not be there, as {_some(extra)}")
        for name, piece in wanted.items():
            said = shown[name].said
            expect(piece.text in said, f"{name} says {said!r}, not {piece.text!r}")


def _some(names: Any) -> str:
    return ", ".join(sorted(names)[:3])


@contextmanager
def open_trial(
    kind: str, folder: Path, *, module: Connector | None = None, played: Stage | None = None
) -> Iterator[Trial]:
    """Play the source of a kind, and open an empty store beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = open_engine(f"sqlite:///{folder / 'trial.db'}")
    create_tables(engine)
    trial = Trial(kind, module or connector(kind), played or stage(kind), folder / "source", engine)
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        if hasattr(trial.stage, "answer"):
            http_stage = cast("HttpStage", trial.stage)
            trial.source = stack.enter_context(
                far.play(lambda ask: http_stage.answer(trial.world, ask))
            )
            trial.place = trial.source.origin
        elif hasattr(trial.stage, "serve"):
            served = cast("ServedStage", trial.stage)
            trial.place = stack.enter_context(served.serve(trial.world))
        elif hasattr(trial.stage, "lay"):
            trial.folder.mkdir(parents=True, exist_ok=True)
            trial.place = str(trial.folder)
        yield trial
