"""Files that lie elsewhere: listed, and copied one by one to be read like those of this machine.

A copy is held in memory while it is small, and lies on the disk without a name where it is not;
it is gone once its rows are read.
"""

import fnmatch
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple
from urllib.parse import quote

from connectors import _table_files, _table_pages, _table_s3, _table_sftp, _table_where
from connectors._http import Http
from connectors._table_files import PATTERN, Door, File
from connectors._table_options import Opts
from connectors._table_pages import TableError
from connectors._table_where import Where
from schemas.channel import Channel

_BLOCK = 4 << 20
"""Bytes that are asked for at once."""

_IN_MEMORY = 8 << 20
"""A copy that is longer goes to the disk."""


class Stored(NamedTuple):
    """A file as its listing tells it."""

    name: str
    size: int
    """Its bytes, as the server says."""
    stamp: str
    """Its size, and when or as what it was last written; where that is equal, so is the file."""


class Place:
    """A place that is open; one thing after the other."""

    def __init__(self, where: Where, door: Door, max_bytes: int) -> None:
        self._where = where
        self._files = door.files
        self._door = door
        self._max_bytes = max_bytes

    def listed(self) -> list[Stored]:
        """List the files that the place names, in order of their names."""
        with self._door.asking():
            found = {info["name"]: info for info in self._found()}
        return [_stored(found[name]) for name in sorted(found)]

    @contextmanager
    def copied(self, stored: Stored) -> Iterator[File]:
        """Copy a file, for as long as the block lasts; TableError where it is too large."""
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
            if stored.size <= self._max_bytes:
                with self._door.asking():
                    self._copy(stored, copy)
            if max(stored.size, copy.tell()) > self._max_bytes:
                most = f"it has more than {self._max_bytes} bytes"
                raise TableError(f"{most}; part it, or raise `max_bytes` under [http]")
            url = self._url(stored.name)
            file = _table_files.measured(_rewound(copy), stored.name, url, lambda: _rewound(copy))
            yield file._replace(stamp=stored.stamp)

    def _copy(self, stored: Stored, copy: IO[bytes]) -> None:
        with self._door.stream(stored.name, stored.size) as far:
            while copy.tell() <= self._max_bytes and (read := far.read(_BLOCK)):
                copy.write(read)

    def _url(self, name: str) -> str:
        server = f"{self._where.host}:{self._where.port}" if self._where.host else ""
        return f"{self._where.scheme}://{server}{quote(name)}"

    def _found(self) -> Iterator[dict[str, Any]]:
        path = self._where.path.rstrip("/") or "/"
        head, parts = _parted(path)
        if parts:
            yield from self._matching(head, parts)
            return
        info = self._files.info(path)
        if info["type"] != "directory":
            yield info
            return
        tables = (one for one in self._entries(path) if _table_pages.is_table(one["name"]))
        yield from (one for one in tables if one["type"] == "file")

    def _matching(self, folder: str, parts: Sequence[str]) -> Iterator[dict[str, Any]]:
        part, rest = parts[0], parts[1:]
        if part == "**" and rest:
            yield from self._matching(folder, rest)
        for info in self._entries(folder):
            if part == "**" and rest and info["type"] == "directory":
                yield from self._matching(info["name"], parts)
            elif fnmatch.fnmatchcase(info["name"].rpartition("/")[2], part):
                if rest and info["type"] == "directory":
                    yield from self._matching(info["name"], rest)
                elif not rest and info["type"] == "file":
                    yield info

    def _entries(self, folder: str) -> Iterator[dict[str, Any]]:
        for told in self._files.ls(folder, detail=True):
            # A link is what it leads to, but for a folder: it could lead round in a circle.
            info = self._led_to(told) if told["type"] == "link" else told
            name = info["name"].rstrip("/")
            if name != folder.rstrip("/"):
                yield info | {"name": name}

    def _led_to(self, link: dict[str, Any]) -> dict[str, Any]:
        try:
            info: dict[str, Any] = self._files.info(link["name"])
        except FileNotFoundError:
            return link
        return info if info["type"] == "file" else link


def _stored(info: dict[str, Any]) -> Stored:
    size = int(info["size"] or 0)
    told = (size, info.get("mtime"), info.get("LastModified"), info.get("ETag"))
    return Stored(info["name"], size, " ".join(str(one) for one in told if one is not None))


def _parted(path: str) -> tuple[str, Sequence[str]]:
    """Part a pattern into the folder that it begins in, and what is to be matched below."""
    parts = path.split("/")
    plain = next((n for n, part in enumerate(parts) if PATTERN.search(part)), len(parts))
    return "/".join(parts[:plain]) or "/", parts[plain:]


def _rewound(copy: IO[bytes]) -> IO[bytes]:
    copy.seek(0)
    return copy


@contextmanager
def opened(channel: Channel, http: Http, options: Opts) -> Iterator[Place]:
    """Open the place that the options name, until the end of the block."""
    where = _table_where.where(options.place or "")
    with _door(channel, http, options, where) as door:
        yield Place(where, door, http.limits.max_bytes)


def _door(
    channel: Channel, http: Http, options: Opts, where: Where
) -> AbstractContextManager[Door]:
    if where.scheme == _table_where.S3:
        store = _table_s3.Store(where.shown, options.endpoint, options.region)
        return _table_s3.opened(channel.id, http, store, channel.secrets)
    key = _table_where.host_key(options.host_key or "")
    return _table_sftp.opened(channel.id, http, where, channel.secrets, key)
