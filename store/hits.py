"""Keep the beacon's hits in a file of their own, safe before the answer goes out.

Hits come by the thousand a second and are drained by `collect`; in the store they would make
every other writer wait. Whoever adds while a commit is under way joins the next one, which takes
all that have gathered: one commit for many hits.
"""

import sqlite3
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from schemas.errors import StoreError
from schemas.tables import micros, moment
from schemas.views import Hit

_AGENT_CHARACTERS = 512
"""Nothing that tells agents apart comes later; a file must not be filled with long lies."""

_TABLE = (
    "CREATE TABLE IF NOT EXISTS hits (id INTEGER PRIMARY KEY AUTOINCREMENT, partner TEXT NOT NULL,"
    " story_id TEXT NOT NULL, at INTEGER NOT NULL, visitor TEXT NOT NULL, agent TEXT NOT NULL)"
)
_INDEX = "CREATE INDEX IF NOT EXISTS hits_partner_at ON hits (partner, at)"
_PRAGMAS = (
    "PRAGMA busy_timeout = 30000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # an answer that went out says that the hit is safe
    "PRAGMA secure_delete = ON",
)
_INSERT = "INSERT INTO hits (partner, story_id, at, visitor, agent) VALUES (?, ?, ?, ?, ?)"


_Row = tuple[str, str, int, str, str]


class _Group:
    """Hits that are kept by one commit, or by none."""

    def __init__(self) -> None:
        self.rows: list[_Row] = []
        self.is_done = False
        self.error: sqlite3.Error | None = None


class Hits:
    """An open file of hits; many threads may share one, and many processes may open it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._writer = _open(path)
        self._writer.execute(_TABLE)
        self._writer.execute(_INDEX)
        self._reader = _open(path)
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._door = threading.Lock()
        """Held by whoever joins the open group, or closes it."""
        self._open = _Group()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, once all that was given is kept."""
        with self._writing, self._reading:
            self._writer.close()
            self._reader.close()

    def add(self, rows: Sequence[Hit]) -> None:
        """Keep hits; they are safe when this returns. StoreError where they are not."""
        mine = [_row(hit) for hit in rows]  # a fault in them is ours alone
        with self._door:
            group = self._open
            group.rows.extend(mine)
        with self._writing:
            if not group.is_done:  # else another took ours along with its own
                with self._door:
                    self._open = _Group()
                self._keep(group)
        if group.error is not None:
            raise StoreError(
                f"the beacon's hits cannot be kept in {self._path} ({group.error}):"
                " see that the disk has room and that the file is ours"
            ) from group.error

    def of(self, partner: str, after: int = 0) -> list[tuple[int, Hit]]:
        """Read a partner's hits with their numbers, oldest first; only those numbered `after`."""
        query = (
            "SELECT id, partner, story_id, at, visitor, agent FROM hits"
            " WHERE partner = ? AND id > ? ORDER BY id"
        )
        with self._reading:
            rows = self._reader.execute(query, (partner, after)).fetchall()
        return [(number, _hit(*fields)) for number, *fields in rows]

    def forget(self, partner: str, before: datetime, upto: int) -> int:
        """Delete a partner's hits from before a time, once they are counted; say how many.

        `upto` is the number of the last that was counted: what came meanwhile stays.
        """
        query = "DELETE FROM hits WHERE partner = ? AND at < ? AND id <= ?"
        with self._writing:
            return self._writer.execute(query, (partner, micros(before), upto)).rowcount

    def _keep(self, group: _Group) -> None:
        group.is_done = True
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                self._writer.executemany(_INSERT, group.rows)
            except sqlite3.Error:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")
        except sqlite3.Error as error:
            group.error = error


def open_hits(path: Path) -> Hits:
    """Open the file of hits; make it where there is none."""
    return Hits(path)


def _open(path: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    for statement in _PRAGMAS:
        raw.execute(statement)
    return raw


def _row(hit: Hit) -> _Row:
    # A header may hold what is no text; SQLite keeps only what is.
    agent = hit.agent[:_AGENT_CHARACTERS].encode("utf-8", "replace").decode()
    return hit.partner, hit.story_id, micros(hit.at), hit.visitor, agent


def _hit(partner: str, story_id: str, at: int, visitor: str, agent: str) -> Hit:
    return Hit(partner=partner, story_id=story_id, at=moment(at), visitor=visitor, agent=agent)
