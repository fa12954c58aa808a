"""Read tables of feedback: CSV, Excel workbooks and JSON Lines, one row for each answer or person.

A file that was read whole is not read again until its bytes change; then it is read from its
beginning, since nothing says which of its rows changed. The cursor names the files that were
read by their sha-256, and how far the one under reading has come.
Spec: https://www.rfc-editor.org/rfc/rfc4180 and https://jsonlines.org/
"""

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from connectors import _csv_rows, _table_files, _table_pages, _table_places, _web_page
from connectors._http import Http
from connectors._table_files import File
from connectors._table_options import Opts
from connectors._table_pages import BOM, JSON_LINES, MEDIA_TYPES, Form, Page, TableError
from connectors._table_rows import RowReader
from connectors.channels import told
from schemas.channel import Channel, DateReading, Faulty, Fetched, Options, Parsed, Tells
from schemas.errors import GarbledError, UnfitError
from schemas.story import Draft

VERSION = "1"
OPTIONS: type[Options] = Opts
SECRETS: tuple[str, ...] = ()
EVERY = "1d"
TELLS = frozenset({Tells.EDITS, Tells.REPLIES})

_UNCHANGED = 304


class _State(NamedTuple):
    """What a cursor holds."""

    asked: str
    """What was asked, and how it was read: after a change, all is to be read again."""
    read: dict[str, str]
    """The digest of each file that was read whole, by name."""
    stamps: dict[str, str]
    """What the listing of a place said of each of them, by name."""
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
    faults: list[str] = []
    if options.place is not None:
        yield from _elsewhere(channel, http, options, state, faults)
    else:
        if options.url is None:
            named = _table_files.paths(channel.id, options.path or "")
            files = [_table_files.on_disk(channel.id, path) for path in named]
        else:
            files, state = _on_the_web(channel, options.url, http, state)
        yield from _at_hand(channel.id, files, options, state, faults)
    if faults:
        raise GarbledError(channel.id, "; ".join(faults))


def _at_hand(
    who: str, files: list[File], options: Opts, state: _State, faults: list[str]
) -> Iterator[Fetched]:
    read = {file.name: file.digest for file in files if state.read.get(file.name) == file.digest}
    state = state._replace(read=read)
    todo = list(_formed([file for file in files if file.name not in read], options, faults))
    countable = all(form == "jsonl" for _, form in todo)
    total = sum(file.lines for file, _ in todo) if countable else None
    for file, form in todo:
        try:
            for fetched, after in _unread(who, file, form, options, state):
                state = after
                yield fetched.model_copy(update={"records": total})
        except TableError as error:
            faults.append(f"{file.name}: {error}")


def _elsewhere(
    channel: Channel, http: Http, options: Opts, state: _State, faults: list[str]
) -> Iterator[Fetched]:
    """Copy one file after the other, and none that its listing tells to be as it was read."""
    with _table_places.opened(channel, http, options) as place:
        found = place.listed()
        state = _still_there(state, {stored.name: stored.stamp for stored in found})
        for stored in found:
            if stored.name in state.stamps:
                continue
            try:
                with place.copied(stored) as file:
                    if state.read.get(file.name) == file.digest:
                        state = _done(state, file)
                        continue
                    form = _table_pages.form_of(options, file.name, file.beginning)
                    state = state._replace(read=_without(state.read, file.name))
                    for fetched, after in _unread(channel.id, file, form, options, state):
                        state = after
                        yield fetched
            except TableError as error:
                faults.append(f"{stored.name}: {error}")


def _still_there(state: _State, stamps: Mapping[str, str]) -> _State:
    """Forget files that are gone, and the stamps of those that seem to have changed."""
    return state._replace(
        read={name: digest for name, digest in state.read.items() if name in stamps},
        stamps={name: stamp for name, stamp in state.stamps.items() if stamps.get(name) == stamp},
    )


def _without(read: Mapping[str, str], name: str) -> dict[str, str]:
    return {other: digest for other, digest in read.items() if other != name}


def _done(state: _State, file: File) -> _State:
    stamps = state.stamps | ({file.name: file.stamp} if file.stamp else {})
    return state._replace(read=state.read | {file.name: file.digest}, stamps=stamps, at=None)


def _formed(files: Iterable[File], options: Opts, faults: list[str]) -> Iterator[tuple[File, Form]]:
    for file in files:
        try:
            yield file, _table_pages.form_of(options, file.name, file.beginning)
        except TableError as error:
            faults.append(f"{file.name}: {error}")


def _unread(
    who: str, file: File, form: Form, options: Opts, state: _State
) -> Iterator[tuple[Fetched, _State]]:
    """Give what is unread of one file, each page with the state once it is kept."""
    at = state.at
    start = at[2] if at and at[:2] == (file.name, file.digest) else 0
    with _table_files.readable(who, file.name), file.open() as stream:
        for page, is_last in _with_last(_table_pages.pages(stream, form, options, start)):
            if is_last:
                state = _done(state, file)
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
    return _State(asked, {}, {})


def _on_the_web(channel: Channel, url: str, http: Http, state: _State) -> tuple[list[File], _State]:
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
    name = PurePosixPath(urlsplit(url).path).name or url
    body = answer.body
    file = _table_files.measured(io.BytesIO(body), name, answer.url, lambda: io.BytesIO(body))
    return [file], state._replace(etag=answer.etag, last_modified=answer.last_modified)


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
