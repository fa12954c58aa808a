"""Read a sheet of an Excel workbook or an OpenDocument one, once it is known not to blow up.

What a workbook claims of its own sizes is not believed: every part of it is unpacked and counted
first. Spec: https://ecma-international.org/publications-and-standards/standards/ecma-376/
and https://docs.oasis-open.org/office/OpenDocument/v1.3/
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from lxml import etree
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

MARK = b"PK\x03\x04"
UNPACKED_LIMIT = 200_000_000
PARTS_LIMIT = 1_000

_LOCAL = struct.Struct("<26xHH")
"""What stands before a part: among others the lengths of its name and of its extra field."""
_PIECE = 1 << 16

Cell = str | int | float | bool | None


class WorkbookError(Exception):
    """It is no workbook that can be read; the text says why, and what to do."""


def rows(payload: bytes, sheet: str | None) -> Iterator[list[Cell]]:
    """Give the rows of a sheet, the first where none is named; dates as ISO 8601 writes them."""
    _check_size(payload)
    for row in _sheet(payload, sheet).iter_rows():
        yield [_cell(value) for value in row]


def _sheet(payload: bytes, name: str | None) -> CalamineSheet:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(payload))
        names = workbook.sheet_names
        if name is not None and name not in names:
            raise WorkbookError(f"it has no sheet {name!r}; it has: {', '.join(names)}")
        return workbook.get_sheet_by_name(names[0] if name is None else name)
    except (CalamineError, IndexError) as error:
        raise WorkbookError("it is a broken workbook; save it anew") from error


def _cell(value: Any) -> Cell:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if value != "" else None


def _check_size(payload: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            parts = archive.infolist()
            if len(parts) > PARTS_LIMIT:
                raise WorkbookError(f"it holds more than {PARTS_LIMIT} parts; save it anew")
            left = UNPACKED_LIMIT
            for part in parts:
                left -= _unpacked(payload, part, left)
            if _ODS in archive.namelist():
                _check_repeats(archive.read(_ODS))
    except (zipfile.BadZipFile, struct.error, zlib.error, NotImplementedError) as error:
        raise WorkbookError("it is a broken workbook; save it anew") from error


_ODS = "content.xml"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
CELLS_LIMIT = 5_000_000


def _check_repeats(content: bytes) -> None:
    """Count the cells that say something, each as often as its sheet says that it is repeated.

    Empty ones are no matter: a sheet is padded with a million of them.
    """
    left, rows, row = CELLS_LIMIT, 1, 0
    try:
        for _, element in etree.iterparse(io.BytesIO(content), events=("end",), no_network=True):
            if element.tag == f"{_TABLE}table-cell" and len(element):
                row += int(element.get(f"{_TABLE}number-columns-repeated", "1"))
            elif element.tag == f"{_TABLE}table-row":
                rows = int(element.get(f"{_TABLE}number-rows-repeated", "1"))
                left, row = left - rows * row, 0
                element.clear()
            if left < row:
                raise WorkbookError("it says the same over and over; save it without repeats")
    except (etree.XMLSyntaxError, ValueError) as error:
        raise WorkbookError("it is a broken workbook; save it anew") from error


def _unpacked(payload: bytes, part: zipfile.ZipInfo, limit: int) -> int:
    """Count the bytes that a part unpacks to, and stop where that is too much."""
    name, extra = _LOCAL.unpack_from(payload, part.header_offset)
    start = part.header_offset + _LOCAL.size + name + extra
    packed = payload[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        return len(packed)
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise NotImplementedError
    stream, count = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while packed and not stream.eof:
        count += len(stream.decompress(packed, _PIECE))
        packed = stream.unconsumed_tail
        if count > limit:
            raise WorkbookError("it unpacks to more than a workbook needs; save it without images")
    return count
