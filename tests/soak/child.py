"""Ingest or collect in a process of its own, which a test kills."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from connectors._http import Limits, open_http
from connectors.channels import connector
from schemas.channel import Channel
from schemas.config import Config
from schemas.partner import Partner
from steps import collect, ingest
from store.database import open_engine
from store.hits import open_hits

CONFIG = Config(partners=(Partner(id="voice", name="Voice"),))


def now() -> datetime:
    return datetime.now(UTC)


def channel(path: str) -> Channel:
    """Configure a table of JSON lines, read in small pages."""
    options = connector("table").OPTIONS.model_validate(
        {
            "path": path,
            "columns": {"id": "id", "body": "body", "published_at": "at", "title": "title"},
        }
    )
    return Channel(id="table", kind="table", language="en-GB", options=options)


def main(what: str, url: str, folder: str) -> None:
    engine = open_engine(url)
    with open_http(Limits()) as http:
        if what == "ingest":
            ingest.ingest(engine, http, channel(f"{folder}/stories.jsonl"), now)
        else:
            hits = open_hits(Path(folder) / "beacon.db")
            collect.collect(engine, CONFIG, "voice", hits, now(), http)
    engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
