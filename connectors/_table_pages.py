"""Cut files of rows into pages that each can be read alone.

A page of a text file holds the bytes of its rows as they came, under the header of the file. A
workbook cannot be cut: its rows become JSON Lines, and the page says which file they are from.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import PurePath
from typing import IO, Literal, NamedTuple

import orjson

from connectors import _csv_rows, _web_page, _workbook
from connectors._table_options import Opts

Form = Literal["csv", "tsv", "xlsx", "jsonl"]

BOM = b"\xef\xbb\xbf"
JSON_LINES = "application/x-ndjson"
MEDIA_TYPES: dict[Form, str] = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "xlsx": JSON_LINES,
    "jsonl": JSON_LINES,
}

_SUFFIXES: dict[str, Form] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".ods": "xlsx",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_REFUSED = {
    b"\xff\xfe": "it is in UTF-16; save it as CSV UTF-8",
    b"\xfe\xff": "it is in UTF-16; save it as CSV UTF-8",
    b"\xd0\xcf\x11\xe0": "it is a workbook of the old kind; save it as .xlsx",
}
_PAGE_BYTES = 4_000_000
"""A page is closed when it holds that many, however few its rows."""


class TableError(Exception):
    """It cannot be cut into rows; the text says why, and what to do."""


class Page(NamedTuple):
    """Some rows, and where the next ones begin."""

    payload: bytes
    after: int
    """A byte of the file; of a workbook, a row."""


def is_table(name: str) -> bool:
    """Say whether a file's name is that of a table."""
    return PurePath(name).suffix.lower() in _SUFFIXES


def form_of(options: Opts, name: str, beginning: bytes) -> Form:
    """Tell what form a file has: as it is told, else by its name, else by how it begins."""
    for mark, reason in _REFUSED.items():
        if beginning.startswith(mark):
            raise TableError(reason)
    if not beginning.strip():
        raise TableError("it is empty; put it there anew")
    if _web_page.is_one(beginning):
        raise TableError("it is a web page; check where it comes from")
    if beginning.startswith(_workbook.MARK):
        return "xlsx"
    if options.format != "auto":
        return options.format
    is_json = beginning.removeprefix(BOM).lstrip().startswith(b"{")
    return _SUFFIXES.get(PurePath(name).suffix.lower(), "jsonl" if is_json else "csv")


def pages(stream: IO[bytes], form: Form, options: Opts, start: int) -> Iterator[Page]:
    """Cut a file into pages from `start` on, 0 or where a page said that the next begins."""
    if form == "xlsx":
        return _workbook_pages(stream.read(), options, start)
    if form == "jsonl":
        return _line_pages(stream, options, start)
    return _csv_pages(stream, form, options, start)


def delimiter_of(form: Form, options: Opts, header: bytes) -> str:
    """Say what stands between cells; every page of a file gives the same answer."""
    if options.delimiter:
        return options.delimiter
    return "\t" if form == "tsv" else _csv_rows.delimiter_of(header)


class _Chunk(NamedTuple):
    """Bytes that stay together, where they end, and whether they are a row."""

    raw: bytes
    after: int
    is_row: bool


def _gathered(chunks: Iterable[_Chunk], header: bytes, options: Opts, start: int) -> Iterator[Page]:
    """Gather rows to pages; where there is no row at all, a page says so."""
    batch, size, rows, after = [], 0, 0, start
    for chunk in chunks:
        batch.append(chunk.raw)
        after = chunk.after
        size += len(chunk.raw)
        rows += chunk.is_row
        if rows >= options.rows_per_page or size >= _PAGE_BYTES:
            yield Page(header + b"".join(batch), after)
            batch, size, rows = [], 0, 0
    if batch or after == start:
        yield Page(header + b"".join(batch), after)


def _line_pages(stream: IO[bytes], options: Opts, start: int) -> Iterator[Page]:
    stream.seek(start)
    return _gathered(_measured(_csv_rows.lines(stream), start), b"", options, start)


def _measured(lines: Iterable[bytes], at: int) -> Iterator[_Chunk]:
    for line in lines:
        at += len(line)
        yield _Chunk(line, at, not line.isspace())


def _csv_pages(stream: IO[bytes], form: Form, options: Opts, start: int) -> Iterator[Page]:
    lines = _csv_rows.lines(stream)
    skipped = sum(map(len, islice(lines, options.skip_rows)))
    first = next(lines, b"")
    delimiter = delimiter_of(form, options, first)
    # Only where cells end is of interest here, and that any encoding of bytes tells.
    header = next(_csv_rows.cut(chain([first.removeprefix(BOM)], lines), delimiter), None)
    if header is None or header.fault:
        raise TableError("its header cannot be read; check that its first line names the columns")
    at = start or skipped + len(header.raw) + (BOM in first[: len(BOM)]) * len(BOM)
    stream.seek(at)
    records = _csv_rows.cut(lines, delimiter, len(header.cells))
    return _gathered(_cut(records, at), header.raw, options, at)


def _cut(records: Iterable[_csv_rows.Record], at: int) -> Iterator[_Chunk]:
    for record in records:
        at += len(record.raw)
        yield _Chunk(record.raw, at, bool(record.cells or record.fault))


def _workbook_pages(payload: bytes, options: Opts, start: int) -> Iterator[Page]:
    try:
        rows = enumerate(_workbook.rows(payload, options.sheet), 1)
        below = islice(rows, options.skip_rows, None)
        at, header = next(below, (0, []))
        chunks = _written([str(cell or "").strip() for cell in header], below, start)
        yield from _gathered(chunks, b"", options, start or at)
    except _workbook.WorkbookError as error:
        raise TableError(str(error)) from error


def _written(
    names: list[str], rows: Iterable[tuple[int, list[_workbook.Cell]]], start: int
) -> Iterator[_Chunk]:
    twice = {name for name in names if name and names.count(name) > 1}
    if twice:
        raise TableError(f"it names a column twice: {', '.join(sorted(twice))}; rename one")
    for number, cells in rows:
        told = [(n, c) for n, c in zip(names, cells, strict=False) if n and c is not None]
        if number > start and told:
            # Every row names every column, so that a blank cell is not taken for a missing one.
            row = dict.fromkeys(filter(None, names)) | dict(told)
            yield _Chunk(orjson.dumps(row) + b"\n", number, is_row=True)
