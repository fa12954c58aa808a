"""Read tables of feedback: CSV, Excel workbooks and JSON Lines, one row for each answer or person.

A file that was read whole is not read again until its bytes change; then it is read from its
beginning, since nothing says which of its rows changed. The cursor names the files that were
read by their sha-256, and how far the one under reading has come.
Spec: https://www.rfc-editor.org/rfc/rfc4180 and https://jsonlines.org/
"""

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from connectors import _csv_rows, _table_pages, _web_page
from connectors._http import Http
from connectors._table_options import Opts
from connectors._table_pages import BOM, JSON_LINES, MEDIA_TYPES, Form, Page, TableError
from connectors._table_rows import RowReader
from connectors.channels import told
from schemas.channel import Channel, DateReading, Faulty, Fetched, Options, Parsed, Tells
from schemas.errors import GarbledError, RefusedError, UnfitError, UnreachableError
from schemas.story import Draft

VERSION = "1"
OPTIONS: type[Options] = Opts
SECRETS: tuple[str, ...] = ()
EVERY = "1d"
TELLS = frozenset({Tells.EDITS, Tells.REPLIES})

_UNCHANGED = 304
_PATTERN = re.compile(r"[*?\[]")
_BLOCK = 1 << 20
_BEGINNING = 4_096


class _File(NamedTuple):
    """One file, and what tells it from what it was before."""

    name: str
    url: str
    digest: str
    beginning: bytes
    lines: int
    open: Callable[[], IO[bytes]]


class _State(NamedTuple):
    """What a cursor holds."""

    asked: str
    """What was asked, and how it was read: after a change, all is to be read again."""
    read: dict[str, str]
    """The digest of each file that was read whole, by name."""
    at: tuple[str, str, int] | None = None
    """The file under reading: its name, its digest, and where its next page begins."""
    etag: str | None = None
    last_modified: str | None = None


def fetch(channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
    """Give the rows of every file that is new or changed, page by page.

    A file that cannot be cut into rows does not stop the others; it is told of at the end.
    """
    options = told(channel, Opts)
    state = _state(cursor, options)
    if options.url is None:
        files = [_on_disk(channel.id, path) for path in _paths(channel.id, options)]
    else:
        files, state = _on_the_web(channel, options.url, http, state)
    read = {file.name: file.digest for file in files if state.read.get(file.name) == file.digest}
    state = state._replace(read=read)
    faults: list[str] = []
    todo = list(_formed([file for file in files if file.name not in read], options, faults))
    countable = all(form == "jsonl" for _, form in todo)
    total = sum(file.lines for file, _ in todo) if countable else None
    for file, form in todo:
        try:
            for fetched, after in _unread(channel.id, file, form, options, state):
                state = after
                yield fetched.model_copy(update={"records": total})
        except TableError as error:
            faults.append(f"{file.name}: {error}")
    if faults:
        raise GarbledError(channel.id, "; ".join(faults))


def _formed(
    files: Iterable[_File], options: Opts, faults: list[str]
) -> Iterator[tuple[_File, Form]]:
    for file in files:
        try:
            yield file, _table_pages.form_of(options, file.name, file.beginning)
        except TableError as error:
            faults.append(f"{file.name}: {error}")


def _unread(
    who: str, file: _File, form: Form, options: Opts, state: _State
) -> Iterator[tuple[Fetched, _State]]:
    """Give what is unread of one file, each page with the state once it is kept."""
    at = state.at
    start = at[2] if at and at[:2] == (file.name, file.digest) else 0
    with _readable(who, file.name), file.open() as stream:
        for page, is_last in _with_last(_table_pages.pages(stream, form, options, start)):
            if is_last:
                state = state._replace(read=state.read | {file.name: file.digest}, at=None)
            else:
                state = state._replace(at=(file.name, file.digest, page.after))
            fetched = Fetched(
                payload=page.payload,
                media_type=MEDIA_TYPES[form],
                url=file.url,
                headers={"x-source-name": file.name, "x-source-sha256": file.digest},
                cursor=orjson.dumps(state._asdict()).decode(),
            )
            yield fetched, state


def _with_last(pages: Iterable[Page]) -> Iterator[tuple[Page, bool]]:
    """Say of each page whether it is the last."""
    ahead = iter(pages)
    page = next(ahead, None)
    while page is not None:
        following = next(ahead, None)
        yield page, following is None
        page = following


def _state(cursor: str | None, options: Opts) -> _State:
    asked = hashlib.sha256(f"{VERSION} {options.model_dump_json()}".encode()).hexdigest()[:16]
    if cursor:
        kept = orjson.loads(cursor)
        if kept["asked"] == asked:
            return _State(**kept | {"at": kept["at"] and tuple(kept["at"])})
    return _State(asked, {})


def _paths(who: str, options: Opts) -> list[Path]:
    """List the files that a path names, in order of their names."""
    path = Path(options.path or "")
    with _readable(who, str(path)):
        if path.is_dir():
            tables = (found for found in path.iterdir() if _table_pages.is_table(found.name))
            return sorted(found for found in tables if found.is_file())
        if _PATTERN.search(str(path)):
            anchor = Path(path.anchor)
            found = anchor.glob(str(path.relative_to(anchor)))
            return sorted(one for one in found if one.is_file())
    if not path.is_file():
        raise RefusedError(who, f"there is no file {path}; put it there, or correct `path`")
    return [path]


@contextmanager
def _readable(who: str, name: str) -> Iterator[None]:
    """Tell what the machine says of a file in our own words."""
    try:
        yield
    except (FileNotFoundError, PermissionError) as error:
        reason = error.strerror or "it cannot be opened"
        raise RefusedError(who, f"{name}: {reason}; check its place and its permissions") from error
    except OSError as error:
        raise UnreachableError(who, f"{name}: {error.strerror or error}") from error


def _on_disk(who: str, path: Path) -> _File:
    digest, beginning, lines, block = hashlib.sha256(), b"", 1, b""
    with _readable(who, path.name), path.open("rb") as stream:
        while read := stream.read(_BLOCK):
            block = read
            digest.update(block)
            beginning = beginning or block[:_BEGINNING]
            lines += block.count(b"\n")
        return _File(
            # A name that is no Unicode must not break the cursor.
            name=str(path).encode("utf-8", "backslashreplace").decode(),
            url=path.resolve().as_uri(),
            digest=digest.hexdigest(),
            beginning=beginning,
            lines=lines - block.endswith(b"\n"),
            open=lambda: path.open("rb"),
        )


def _on_the_web(
    channel: Channel, url: str, http: Http, state: _State
) -> tuple[list[_File], _State]:
    # The rest of a file that was not read to its end is wanted even if nothing changed.
    known = state if state.at is None else state._replace(etag=None, last_modified=None)
    token = channel.secrets.get("token")
    answer = http.get(
        channel.id,
        url,
        secret_headers={"Authorization": f"Bearer {token}"} if token else None,
        etag=known.etag,
        last_modified=known.last_modified,
    )
    if answer.status == _UNCHANGED:
        return [], state
    body = answer.body
    file = _File(
        name=PurePosixPath(urlsplit(url).path).name or url,
        url=answer.url,
        digest=hashlib.sha256(body).hexdigest(),
        beginning=body[:_BEGINNING],
        lines=_lines(body),
        open=lambda: io.BytesIO(body),
    )
    return [file], state._replace(etag=answer.etag, last_modified=answer.last_modified)


def _lines(body: bytes) -> int:
    return body.count(b"\n") + (not body.endswith(b"\n"))


def parse(channel: Channel, fetched: Fetched) -> Parsed:
    """Read a page of rows; each row is read by itself, and one that is bad stops no other."""
    options = told(channel, Opts)
    payload = fetched.payload.removeprefix(BOM)
    if not payload.strip() or _web_page.is_one(payload):
        raise GarbledError(channel.id, "no table came; check where it comes from")
    is_json = fetched.media_type == JSON_LINES
    rows = _json_rows(payload) if is_json else _csv_rows_of(channel.id, options, fetched, payload)
    reader = RowReader(options)
    drafts, faulty, skipped = [], [], []
    for row in rows:
        external_id = None
        try:
            if row.fault:
                raise row.fault
            external_id = reader.external_id(row.cells)
            record = reader.read(row.cells, external_id)
        except UnfitError as error:
            faulty.append(_faulty(row, fetched.media_type, error, external_id))
            continue
        if isinstance(record, Draft):
            drafts.append(record)
        else:
            skipped.append(record)
    formats = options.dates.formats
    return Parsed(
        drafts=tuple(drafts),
        faulty=tuple(faulty),
        skipped=tuple(skipped),
        reading=DateReading(
            # A workbook keeps days as days, and they come as ISO 8601 whatever else is written.
            formats=formats if "iso" in formats else (*formats, "iso"),
            zone=options.dates.zone,
        ),
    )


class _Row(NamedTuple):
    """One row: as a payload of its own, and its cells or what is wrong with it."""

    payload: bytes
    cells: Mapping[str, Any]
    fault: UnfitError | None = None


def _faulty(row: _Row, media_type: str, error: UnfitError, external_id: str | None) -> Faulty:
    return Faulty(
        payload=row.payload,
        media_type=media_type,
        code=error.code,
        reason=str(error),
        external_id=external_id or None,
    )


def _json_rows(payload: bytes) -> Iterator[_Row]:
    for line in _csv_rows.lines(io.BytesIO(payload)):
        if line.isspace():
            continue
        try:
            cells = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            cells = error
        if isinstance(cells, dict):
            yield _Row(line, cells)
        else:
            yield _Row(line, {}, UnfitError("bad_json", f"it is no JSON object: {line[:40]!r}"))


def _csv_rows_of(who: str, options: Opts, fetched: Fetched, payload: bytes) -> Iterator[_Row]:
    form: Form = "tsv" if fetched.media_type == MEDIA_TYPES["tsv"] else "csv"
    first = payload.partition(b"\n")[0]
    delimiter = _table_pages.delimiter_of(form, options, first)
    lines = _csv_rows.lines(io.BytesIO(payload))
    header = next(_csv_rows.cut(lines, delimiter, encoding=options.encoding))
    names = [name.strip() for name in header.cells]
    _check_names(who, options, names)
    clean = _is_in(options.encoding, payload)
    for record in _csv_rows.cut(lines, delimiter, len(names), options.encoding):
        alone = header.raw + record.raw
        if record.fault:
            yield _Row(alone, {}, UnfitError(record.fault, _REASONS[record.fault]))
        elif not clean and not _is_in(options.encoding, record.raw):
            reason = f"it is not in {options.encoding}; name its encoding in the options"
            yield _Row(alone, {}, UnfitError("bad_encoding", reason))
        elif record.cells:
            yield _Row(alone, dict(zip(names, record.cells, strict=True)))


_REASONS = {
    "bad_quotes": "a quote in it is not closed, or not doubled within quotes",
    "bad_columns": "it has more or fewer cells than the header",
}


def _check_names(who: str, options: Opts, names: list[str]) -> None:
    used = options.used()
    missing = [name for name in used if name not in names]
    if missing:
        raise GarbledError(
            who, f"it has no column {', '.join(missing)}; its columns are: {', '.join(names)}"
        )
    twice = [name for name in used if names.count(name) > 1]
    if twice:
        raise GarbledError(who, f"it names a column twice: {', '.join(twice)}; rename one")


def _is_in(encoding: str, raw: bytes) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
