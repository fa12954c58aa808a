import io
import zipfile
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from connectors import _workbook
from demo.world import _xlsx
from tests.connectors.sheets import cell, line, ods


def test_an_opendocument_sheet_is_read_with_the_padding_that_programs_write() -> None:
    padding = line(
        '<table:table-cell table:number-columns-repeated="16384"/>',
        more='table:number-rows-repeated="1048574"',
    )
    book = ods(line(cell("a"), cell("b")) + line(cell("x &amp; y"), cell("7")) + padding)

    assert list(_workbook.rows(book, None)) == [["a", "b"], ["x & y", "7"]]


@pytest.mark.parametrize(
    "rows",
    [
        line(cell("a"), more='table:number-rows-repeated="9000000"'),
        line(cell("a", 'table:number-columns-repeated="9000000"')),
        line(
            cell("a", 'table:number-columns-repeated="9000"'),
            more='table:number-rows-repeated="9000"',
        ),
    ],
    ids=["rows", "columns", "both"],
)
def test_an_opendocument_sheet_that_repeats_itself_for_ever_is_refused(rows: str) -> None:
    with pytest.raises(_workbook.WorkbookError, match="over and over"):
        list(_workbook.rows(ods(rows), None))


@pytest.mark.parametrize("rows", ["<", line(cell("a", 'table:number-columns-repeated="x"'))])
def test_a_broken_opendocument_sheet_says_so(rows: str) -> None:
    with pytest.raises(_workbook.WorkbookError, match="broken workbook"):
        list(_workbook.rows(ods(rows), None))


BOOK = _xlsx.workbook([("a", "b"), ("x", 1)])


def packed(**more: bytes) -> bytes:
    archive = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(BOOK)) as source,
        zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
        for name, part in more.items():
            target.writestr(name, part)
    return archive.getvalue()


def test_a_workbook_is_read_packed_or_not() -> None:
    assert list(_workbook.rows(BOOK, None)) == list(_workbook.rows(packed(), None))
    assert list(_workbook.rows(BOOK, None)) == [["a", "b"], ["x", 1]]


def test_what_unpacks_to_too_much_is_refused_whatever_it_claims(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_workbook, "UNPACKED_LIMIT", 1_000_000)
    bomb = packed(bomb=bytes(1_500_000))
    assert len(bomb) < 10_000
    liar = bomb.replace((1_500_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))

    for payload in (bomb, liar):
        with pytest.raises(_workbook.WorkbookError, match="unpacks to more"):
            list(_workbook.rows(payload, None))


def test_many_small_parts_are_too_much_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_workbook, "UNPACKED_LIMIT", 500_000)
    several = packed(**{f"part{n}": bytes(90_000) for n in range(9)})

    with pytest.raises(_workbook.WorkbookError, match="unpacks to more"):
        list(_workbook.rows(several, None))


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(_workbook.WorkbookError, match="more than 1000 parts"):
        list(_workbook.rows(packed(**{f"part{n}": b"" for n in range(1001)}), None))


def test_a_part_packed_in_another_way_is_refused() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_LZMA) as target:
        target.writestr("xl/workbook.xml", b"<workbook/>")

    with pytest.raises(_workbook.WorkbookError, match="broken workbook"):
        list(_workbook.rows(archive.getvalue(), None))


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("hello.txt", b"hello")

    with pytest.raises(_workbook.WorkbookError, match="broken workbook"):
        list(_workbook.rows(archive.getvalue(), None))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7.0, 7),
        (7.5, 7.5),
        (True, True),
        ("", None),
        ("x", "x"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC).replace(tzinfo=None), "2026-01-02T03:04:00"),
        (time(3, 4), "03:04:00"),
        (timedelta(hours=30), "1 day, 6:00:00"),
    ],
)
def test_a_cell_is_kept_as_json_can_say_it(value: Any, expected: Any) -> None:
    assert _workbook._cell(value) == expected
