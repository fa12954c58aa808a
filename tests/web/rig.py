"""An installation to ask things of: a real store, and documents made of made-up stories."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from starlette.types import Message

import feeds
from rules import entries, packing
from schemas.config import Config
from schemas.feed import Head, Slot, Tombstone
from schemas.partner import Agreement, Edition, Partner
from schemas.publication import NEWEST, Document, EditionState, Part, PartKind
from schemas.views import Hit
from steps import receive, tokens
from store import publication
from store.database import Engine, reading, writing
from tests import make
from web.app import make_app
from web.house import House
from web.pace import AT_WILL, Rate

PUBLIC_URL = "https://retold.example"
KEY = b"not a real key, but long enough."
START = datetime(2026, 3, 2, 9, 0, 0, 250_000, tzinfo=UTC)
MOVED = START - timedelta(days=1)

CONFIG = Config(
    name="Retold of Anytown",
    partners=(
        Partner(id="nhs", name="The Health Site", beacon=True),
        Partner(id="bbc", name="The Broadcaster"),
        Partner(id="late", name="Partner that paid late", suspended=True),
    ),
    agreements=(
        Agreement(id="a1", partner="nhs"),
        Agreement(id="a2", partner="bbc", formats=("atom",)),
        Agreement(id="a3", partner="late"),
    ),
    editions=(
        Edition(id="all", partner="nhs", title="Everything <told> & heard"),
        Edition(id="new", partner="nhs", title="Not published yet"),
        Edition(id="all", partner="bbc", title="All for the broadcaster"),
        Edition(id="all", partner="late", title="All for the late"),
    ),
)


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def __getitem__(self, name: str) -> str:
        """Read a header by its name, `""` where it is not there."""
        return ", ".join(value for key, value in self.headers if key == name)


@dataclass(frozen=True)
class Report:
    """What became of a report."""

    id: int
    sha256: str
    duplicate: bool


@dataclass
class Rig:
    """An installation, and levers to move it."""

    engine: Engine
    now: datetime = START
    config: Config = CONFIG
    hits: list[Hit] = field(default_factory=list)
    reports: list[tuple[str, str, bytes, str]] = field(default_factory=list)
    made: list[tuple[str, str, str]] = field(default_factory=list)
    feed_rate: Rate = AT_WILL
    public_url: str = PUBLIC_URL
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def __post_init__(self) -> None:
        self.move("nhs/all", 30)
        self.move("bbc/all", 30)
        self.move("late/all", 30)
        self.app = make_app(self.house(), flush_every_s=0.01)

    def house(self) -> House:
        return House(
            engine=self.engine,
            config=lambda: self.config,
            public_url=self.public_url,
            key=KEY,
            hits=self,
            now=lambda: self.now,
            receive=self.receive,
            deliver=receive.receive,
            document=self.document,
            feed_rate=self.feed_rate,
        )

    def add(self, rows: Sequence[Hit]) -> None:
        self.hits.extend(rows)

    def receive(
        self, _: Engine, platform: str, method: str, payload: bytes, media_type: str, __: datetime
    ) -> Report:
        duplicate = payload in (report[2] for report in self.reports)
        self.reports.append((platform, method, payload, media_type))
        return Report(len(self.reports), sha256(payload).hexdigest(), duplicate)

    def move(self, edition: str, seq: int, at: datetime = MOVED) -> None:
        """Let an edition stand at `seq`."""
        with writing(self.engine) as connection:
            state = EditionState(key=edition, epoch="e1", seq=seq, digest="d1", moved_at=at)
            publication.save_state(connection, state)

    def document(
        self, config: Config, edition: Edition, format_name: str, part: Part
    ) -> Document | None:
        """Make an edition's document of made-up stories; there is one page below 11."""
        self.made.append((edition.key, format_name, part.name))
        allowed = {f for a in config.agreements if a.partner == edition.partner for f in a.formats}
        with reading(self.engine) as connection:
            state = publication.state(connection, edition.key)
        if (
            format_name not in allowed
            or part not in {NEWEST, Part(PartKind.PAGE, 11)}
            or state is None
        ):
            return None
        return document(edition, format_name, part, state)

    def issue(self, partner: str, use: str = "feed", **fields: Any) -> str:
        return tokens.issue(self.engine, partner, use, self.now, **fields)

    def ask(
        self,
        path: str,
        token: str | None = None,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        body: bytes | Sequence[bytes] = b"",
        client: tuple[str, int] | None = ("192.0.2.1", 5000),
    ) -> Reply:
        """Ask for something, as a server would that hands a request to the application."""
        chunks = [body] if isinstance(body, bytes) else body
        asking = self.send(
            path, token, method=method, headers=headers, chunks=chunks, client=client
        )
        return self.runner.run(asking)

    async def send(
        self,
        path: str,
        token: str | None = None,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        chunks: Sequence[bytes] = (b"",),
        client: tuple[str, int] | None = ("192.0.2.1", 5000),
    ) -> Reply:
        """Ask for something beside what else is asked."""
        lines = list(headers.items() if isinstance(headers, Mapping) else headers)
        if token is not None:
            lines.append(("authorization", f"Bearer {token}"))
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in lines],
            "client": client,
        }
        return await self._ask(scope, chunks)

    async def _ask(self, scope: dict[str, Any], chunks: Sequence[bytes]) -> Reply:
        sent: list[Message] = []
        coming = _messages(chunks)

        async def receive() -> Message:
            return next(coming)

        async def send(message: Message) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start, body = sent
        headers = [(name.decode(), value.decode("latin-1")) for name, value in start["headers"]]
        return Reply(start["status"], headers, body["body"])

    @contextmanager
    def open(self) -> Iterator[None]:
        """Open the house and close it again, so that all that waits is kept."""
        entered, leave = asyncio.Event(), asyncio.Event()

        async def receive() -> Message:
            if not entered.is_set():
                return {"type": "lifespan.startup"}
            await leave.wait()
            return {"type": "lifespan.shutdown"}

        async def send(_: Message) -> None:
            entered.set()

        async def begin() -> "asyncio.Task[None]":
            task = asyncio.create_task(run())
            await entered.wait()
            return task

        async def run() -> None:
            await self.app({"type": "lifespan"}, receive, send)

        async def end(task: "asyncio.Task[None]") -> None:
            leave.set()
            await task

        task = self.runner.run(begin())
        yield
        self.runner.run(end(task))


def _messages(chunks: Sequence[bytes]) -> Iterator[Message]:
    for chunk in chunks[:-1]:
        yield {"type": "http.request", "body": chunk, "more_body": True}
    for chunk in chunks[-1:]:
        yield {"type": "http.request", "body": chunk}
    yield {"type": "http.disconnect"}


def document(edition: Edition, format_name: str, part: Part, state: EditionState) -> Document:
    """Write a document as the publish step would."""
    assert state.moved_at is not None
    format_ = feeds.format_named(format_name)
    url = f"{PUBLIC_URL}/feeds/{edition.key}"
    head = Head(
        id=f"urn:retold:edition:{edition.partner}:{edition.id}",
        title=edition.title,
        partner=edition.partner,
        home_url=url,
        self_url=f"{url}.{format_name}",
        next_url=None,
        is_complete=True,
        first_url=f"{url}.{format_name}",
        updated_at=state.moved_at,
        beacon=False,
        credit=None,
    )
    body = format_.document(
        head,
        [Slot(fragment=_fragment(n, format_name), beacon_url=None) for n in range(state.seq)],
        [Tombstone(id="urn:uuid:gone", reason="removed", at=state.moved_at)],
    )
    return Document(
        edition=edition.key,
        format=format_name,
        part=part.name,
        media_type=format_.MEDIA_TYPE,
        etag=f"{state.epoch}.{state.seq}.{format_name}.{part.number}",
        last_modified=state.moved_at,
        body=body,
        **packing.pack(body)._asdict(),
        seq_from=1,
        seq_to=state.seq,
        as_of=state.seq,
    )


def _fragment(number: int, format_name: str) -> bytes:
    words = "The nurses were kind & the wait was long. " * 12
    story = make.story(
        id=f"urn:uuid:6f6b0c1e-3f0a-4c3e-9d7a-{number:012}",
        title=f"Story <{number}>",
        body=f"<p>{words.replace('&', '&amp;')}</p>",
        responses=(make.response(),) * (number % 3),
    )
    told = entries.entry(story, {"ods:RXX": "Anytown"})
    return feeds.format_named(format_name).fragments([told])[0]
