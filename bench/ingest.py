"""Ingesting survey comments: JSON Lines in, stories in SQLite, each normalised and told apart."""

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

import orjson

from bench import clock, processes, texts
from bench.figure import Figure, at_least, compared
from connectors._http import Limits, open_http
from connectors.channels import connector
from schemas._record import Record
from schemas.channel import Channel, Saved
from steps import ingest
from store.database import create_tables, open_engine


class Size(NamedTuple):
    """How many rows are brought in, how many where dlt takes part, and how often."""

    rows: int
    dlt_rows: int
    repeats: int


FULL, TINY = Size(100_000, 10_000, 3), Size(300, 100, 1)

_LEAST = 8_000
_TIMES_DLT = 5
_BATCH = 5_000
_UNIT = "stories/CPU s"


class Loaded(Record):
    """CPU seconds of loading a file, and of loading the same rows a second time."""

    first_s: float
    again_s: float


def figures(size: Size, folder: Path) -> Iterator[Figure]:
    """Bring the same file in by ourselves and by a bare INSERT; then a shorter one, and by dlt."""
    many, few = folder / "many.jsonl", folder / "few.jsonl"
    texts.write_jsonl(many, size.rows)
    texts.write_jsonl(few, size.dlt_rows)
    fresh = (folder / str(number) for number in count())
    spent = clock.medians(
        {
            "ours": lambda: bring_in(next(fresh), many, size.rows),
            "floor": lambda: _bare(next(fresh), many),
        },
        size.repeats,
    )
    rate = {side: size.rows / seconds for side, seconds in spent.items()}
    yield at_least("ingest", _UNIT, rate["ours"], _LEAST)
    yield compared("ingest/sqlite3.executemany", _UNIT, rate["ours"], rate["floor"])
    ours = [_twice(next(fresh), few, size.dlt_rows) for _ in range(size.repeats)]
    dlt = [_by_dlt(next(fresh), few)]  # so slow that one run tells enough
    for name, which in (("ingest/dlt", "first_s"), ("ingest.again/dlt", "again_s")):
        mine, peer = (
            size.dlt_rows / median(getattr(x, which) for x in side) for side in (ours, dlt)
        )
        yield compared(name, _UNIT, mine, peer, at_least=_TIMES_DLT)


def bring_in(folder: Path, file: Path, rows: int) -> None:
    """Ingest a file into a store of its own, as the flow does."""
    folder.mkdir()
    saved = _ingest(folder, file)
    if saved != Saved(new=rows):
        raise AssertionError(f"not every row became a story: {saved}")


def _ingest(folder: Path, source: Path) -> Saved:
    engine = open_engine(f"sqlite:///{folder}/retold.db")
    create_tables(engine)
    options = connector("table").OPTIONS.model_validate(_OPTIONS | {"path": str(source)})
    channel = Channel(id="survey", kind="table", options=options)
    with open_http(Limits()) as http:
        saved = ingest.ingest(engine, http, channel, lambda: datetime.now(UTC))
    engine.dispose()
    return saved


_OPTIONS = {
    "id": "comment_id",
    "columns": {
        "body": "comment",
        "submitted_at": "date",
        "organisation": "organisation",
        "fft": "fft",
    },
    "fft_values": {answer: code for code, answer in enumerate(texts.ANSWERS, 1)},
}


def _twice(folder: Path, file: Path, rows: int) -> Loaded:
    """Ingest a folder of one file; then the same rows again, in a second file beside it."""
    source = folder / "exports"
    source.mkdir(parents=True)
    shutil.copy(file, source / "1.jsonl")
    first_s = clock.cpu_s(lambda: _ingest(folder, source))
    shutil.copy(file, source / "2.jsonl")
    told: list[Saved] = []
    again_s = clock.cpu_s(lambda: told.append(_ingest(folder, source)))
    if told != [Saved(unchanged=rows)]:
        raise AssertionError(f"rows that were told again are not unchanged: {told}")
    return Loaded(first_s=first_s, again_s=again_s)


def _by_dlt(folder: Path, file: Path) -> Loaded:
    folder.mkdir()
    return Loaded.model_validate_json(processes.said("bench._dlt", file, folder))


def _bare(folder: Path, file: Path) -> None:
    """Insert the rows as they come, with nothing asked of them: the floor under any ingest."""
    folder.mkdir()
    database = sqlite3.connect(folder / "bare.db", isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
        "CREATE TABLE comments (comment_id TEXT PRIMARY KEY, date TEXT, organisation TEXT,"
        " fft TEXT, comment TEXT)"
    )
    with file.open("rb") as lines:
        rows = map(orjson.loads, lines)
        while batch := [tuple(row.values()) for row in islice(rows, _BATCH)]:
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO comments VALUES (?, ?, ?, ?, ?)", batch)
            database.execute("COMMIT")
    database.close()
