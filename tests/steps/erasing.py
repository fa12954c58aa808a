"""An installation with a story to be erased, and a search for its words wherever they may be."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import brotli
import orjson
import sqlalchemy as sa
import zstandard

import feeds
from connectors._table_options import Opts
from connectors.channels import Received, webhook
from rules import identity
from schemas.channel import Channel, Faulty, Fetched, Saved, Stage
from schemas.config import Config
from schemas.organisation import Organisation
from schemas.partner import Agreement, Edition, Partner
from schemas.story import Rights
from schemas.tables import metadata
from steps import erase as step
from steps import (
    ingest,
    receive,
    stories,
)
from steps.erase import Erased
from store import quarantine as records
from store.database import Engine, reading, writing
from store.quarantine import Refused
from tests.connectors import near
from tests.web.published import Published

CANARY = "Zyzzogeton"
SAID = (
    f"It was {CANARY} who came by night and sat with me until the morning, and I wish that"
    " everybody on the ward could know what that has meant to me and mine."
)
"""Long enough to be known by its words."""

ROWS = f"""\
id,title,text,who,how,reply
1,{CANARY} came,"{SAID}",{CANARY} Smith,very {CANARY.lower()},Thank you {CANARY}.
2,Long wait,We waited for four hours.,Ash,good,We are sorry.
"""
MORE = "3,Good food,The soup was hot.,Kim,good,\n"
STORY = identity.mint(("survey.example", "1"))
OTHER = identity.mint(("survey.example", "2"))
COLUMNS = {
    "id": "id",
    "title": "title",
    "body": "text",
    "author_name": "who",
    "rating": "how",
    "response": "reply",
}
SCALE = {"values": {f"very {CANARY.lower()}": 5, "good": 4}}
FIELDS = {"fields": {"id": "{id}", "title": "title", "body": "text", "author_name": "who"}}
ORIGIN = {"origin": {"publisher": "from", "names": {"s": "survey.example"}, "external_id": "first"}}
RETOLD = {
    "id": "x",
    "title": "Night",
    "text": f"As {CANARY} says: {SAID}",
    "from": "s",
    "first": "1",
}
EDITION = Edition(id="all", partner="voice", title="All", paged=False)
FORMATS = tuple(feeds.names())


def config(path: Path) -> Config:
    rights = Rights(may_syndicate=True)
    table = Opts.model_validate(
        {"path": str(path), "columns": COLUMNS, "scale": SCALE, "service": "ods:RXX"}
    )
    forms = webhook.OPTIONS.model_validate(FIELDS | ORIGIN)
    return Config(
        channels=(
            Channel(
                id="survey", kind="table", publisher="survey.example", options=table, rights=rights
            ),
            Channel(
                id="forms", kind="webhook", publisher="forms.example", options=forms, rights=rights
            ),
        ),
        partners=(Partner(id="voice", name="Voice"),),
        agreements=(Agreement(id="a", partner="voice", formats=FORMATS, public=True),),
        editions=(EDITION,),
        organisations=(Organisation(id="ods:RXX", name="Anytown"),),
    )


@dataclass
class Place:
    """An installation with two channels that tell one story, and a partner that shows it."""

    engine: Engine
    path: Path
    config: Config
    rig: Published
    sent: int = 0

    @property
    def now(self) -> datetime:
        return self.rig.now

    def ingest(self, rows: str, **asked: Any) -> Saved:
        self.path.write_text(rows)
        with near.opened() as http:
            channel = self.config.channels[0]
            return ingest.ingest(self.engine, http, channel, lambda: self.now, **asked)

    def send(self, *told: dict[str, str]) -> Saved:
        self.sent += 1
        page = Fetched(payload=orjson.dumps(told), media_type=webhook.MEDIA_TYPE)
        received = Received(f"msg{self.sent}", page)
        channel = self.config.channels[1]
        return receive.take_in(self.engine, channel, webhook, received, self.now).saved

    def erase(self, wanted: str = STORY, reason: str = "author_request") -> Erased:
        return step.erase(self.engine, self.config, wanted, "ash", reason, lambda: self.now)

    def publish(self) -> None:
        self.rig.publish(EDITION)

    def fetch(self, token: str, suffix: str, status: int = 200) -> bytes:
        self.rig.now += timedelta(seconds=3)
        reply = self.rig.ask(f"/feeds/voice/all{suffix}", token)
        assert reply.status == status, suffix
        return reply.body

    def quarantine(
        self,
        channel: str,
        payload: bytes,
        external_id: str | None = None,
        media_type: str = webhook.RECORD_TYPE,
    ) -> int:
        faulty = Faulty(
            payload=payload,
            media_type=media_type,
            code="odd",
            reason="made",
            external_id=external_id,
        )
        with writing(self.engine) as connection:
            before = set(records.numbers(connection))
            records.add(connection, channel, [Refused(Stage.PARSE, faulty)], None, self.now)
            return (set(records.numbers(connection)) - before).pop()

    def tell_twice(self) -> None:
        """Let both channels tell it, twice, and the partner's edition show it."""
        self.ingest(ROWS)
        self.send(RETOLD)
        self.publish()
        self.ingest(ROWS.replace("by night", "at night") + MORE)
        self.send(RETOLD)
        self.publish()


@contextmanager
def opened(engine: Engine, folder: Path) -> Iterator[Place]:
    """Open an installation that keeps its survey in a folder."""
    path = folder / "survey.csv"
    rig = Published(engine)
    rig.config = config(path)
    yield Place(engine, path, rig.config, rig)
    rig.runner.close()


def unpacked(value: object) -> Iterator[bytes]:
    """Give a value as bytes, and whatever it may be the packing of."""
    if not isinstance(value, bytes | bytearray | memoryview):
        yield str(value).encode()
        return
    raw = bytes(value)
    yield raw
    every: tuple[tuple[Callable[[bytes], bytes], type[Exception]], ...] = (
        (zlib.decompress, zlib.error),
        (gzip.decompress, OSError),
        (brotli.decompress, brotli.error),
        (zstandard.decompress, zstandard.ZstdError),
    )
    for unpack, error in every:
        try:
            yield unpack(raw)
        except error:
            continue


def where(engine: Engine, word: str = CANARY) -> set[str]:
    """Name every column that holds a word, and of SQLite every file."""
    found = set()
    sought = word.lower().encode()
    with reading(engine) as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                found |= {
                    f"{table.name}.{name}"
                    for name, value in row.items()
                    if any(sought in one.lower() for one in unpacked(value))
                }
    if engine.dialect.name == "sqlite":
        file = Path(engine.url.database or "")
        found |= {
            one.name
            for one in file.parent.glob(f"{file.name}*")
            if sought in one.read_bytes().lower()
        }
    return found


def shown(place: Place) -> dict[str, str]:
    return {one.id: str(one.status) for one in stories.every(place.engine)}


def silent(_table: str, _rows: int) -> None:
    pass
