import hashlib
import os
import tracemalloc
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors import _table_files
from connectors.channels import table
from demo.world import _xlsx, survey
from schemas.channel import Fetched
from schemas.errors import GarbledError, RefusedError, UnreachableError
from tests.connectors import hostile, near
from tests.connectors.channels.tables import BY_ID, JSON_LINES, channel, drafts, fetched
from tests.connectors.sheets import cell, line, ods

ROWS = b"".join(b'%d,"Kind %d"\n' % (n, n) for n in range(1, 8))
LINES = b"".join(b'{"id":%d,"text":"Kind"}\n' % n for n in range(1, 8))
IDS = [str(n) for n in range(1, 8)]
BOOK = _xlsx.workbook([("id", "text"), *((n, "Kind") for n in range(1, 8))])
FILES = {"a.csv": b"id,text\n" + ROWS, "a.jsonl": LINES, "a.xlsx": BOOK}


def written(folder: Path, name: str, payload: bytes | None = None) -> Path:
    path = folder / name
    path.write_bytes(FILES[name] if payload is None else payload)
    return path


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_in_pages_each_of_which_is_read_alone(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name)

    pages = fetched(path, rows_per_page=3)

    assert [len(drafts([page])) for page in pages] == [3, 3, 1]
    assert drafts(pages) == IDS
    assert {page.url for page in pages} == {path.as_uri()}
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert {page.headers["x-source-sha256"] for page in pages} == {sha256}
    assert {page.headers["x-source-name"] for page in pages} == {str(path)}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_read_whole_is_not_read_again(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name)
    pages = fetched(path, rows_per_page=3)

    assert fetched(path, pages[-1].cursor, rows_per_page=3) == []


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("kept", [1, 2])
def test_reading_goes_on_behind_the_last_page_that_was_kept(
    name: str, kept: int, tmp_path: Path
) -> None:
    path = written(tmp_path, name)
    pages = fetched(path, rows_per_page=3)

    rest = fetched(path, pages[kept - 1].cursor, rows_per_page=3)

    assert rest == pages[kept:]


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_read_from_its_beginning(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name)
    first, *_ = fetched(path, rows_per_page=3)
    book = _xlsx.workbook([("id", "text"), *((n, "Quick") for n in range(1, 8))])
    path.write_bytes(book if name == "a.xlsx" else path.read_bytes().replace(b"Kind", b"Quick"))

    again = fetched(path, first.cursor, rows_per_page=3)

    assert drafts(again) == IDS
    assert all(b"Kind" not in page.payload for page in again)


def test_other_options_read_a_file_anew(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv")
    (page,) = fetched(path)

    assert drafts(fetched(path, page.cursor, suppressed="?")) == IDS


def test_a_page_of_a_text_file_holds_its_bytes_as_they_came(tmp_path: Path) -> None:
    header = b'\xef\xbb\xbf"id","text"\r\n'
    rows = [b'1,"two\r\nlines"\r\n', b'2,"Kind"\r\n', b"\r\n", b'3,"open\r\n', b"4,caf\xe9"]
    path = written(tmp_path, "a.csv", header + b"".join(rows))

    pages = fetched(path, rows_per_page=2)

    plain = header.removeprefix(b"\xef\xbb\xbf")
    assert [page.payload for page in pages] == [
        plain + b"".join(rows[:2]),
        plain + b"".join(rows[2:]),
    ]
    parsed = [table.parse(channel(), page) for page in pages]
    assert [draft.external_id for p in parsed for draft in p.drafts] == ["1", "2"]
    assert [faulty.code for p in parsed for faulty in p.faulty] == ["bad_quotes", "bad_encoding"]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_blank_lines_at_the_end_are_no_rows(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name, FILES[name] + b"\n\n")

    pages = fetched(path, rows_per_page=7)

    assert drafts(pages[:1]) == IDS
    assert fetched(path, pages[-1].cursor, rows_per_page=7) == []


def test_a_header_alone_is_a_page_without_rows_and_read_once(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", b"id,text\n")

    (page,) = fetched(path)

    assert drafts([page]) == []
    assert fetched(path, page.cursor) == []


def test_a_workbook_without_rows_is_read_once(tmp_path: Path) -> None:
    path = written(tmp_path, "a.xlsx", _xlsx.workbook([("id", "text")]))

    (page,) = fetched(path)

    assert page.payload == b""
    assert fetched(path, page.cursor) == []


def test_a_page_is_never_long_in_bytes_either(tmp_path: Path) -> None:
    long = b'{"id":1,"text":"' + b"x" * 1_000_000 + b'"}\n'
    path = written(tmp_path, "a.jsonl", long * 9)

    assert [page.payload.count(b"\n") for page in fetched(path)] == [4, 4, 1]


def test_how_many_rows_there_will_be_is_told_where_it_is_known(tmp_path: Path) -> None:
    written(tmp_path, "a.jsonl")
    written(tmp_path, "b.jsonl", LINES[:-1])
    both = fetched(tmp_path, rows_per_page=5)
    assert {page.records for page in both} == {14}

    written(tmp_path, "c.csv", FILES["a.csv"])
    assert {page.records for page in fetched(tmp_path)} == {None}


def test_a_folder_is_read_file_by_file_and_again_only_what_is_new(tmp_path: Path) -> None:
    written(tmp_path, "b.csv", b"id,text\nb,Kind\n")
    written(tmp_path, "a.tsv", b"id\ttext\na\tKind\n")
    written(tmp_path, "notes.pdf", b"%PDF")
    (tmp_path / "old.csv").mkdir()

    first = fetched(tmp_path)
    assert drafts(first) == ["a", "b"]
    written(tmp_path, "c.csv", b"id,text\nc,Kind\n")
    (tmp_path / "a.tsv").unlink()
    second = fetched(tmp_path, first[-1].cursor)
    assert drafts(second) == ["c"]
    written(tmp_path, "a.tsv", b"id\ttext\na\tKind\n")
    assert drafts(fetched(tmp_path, second[-1].cursor)) == ["a"]


def test_a_pattern_names_files(tmp_path: Path) -> None:
    written(tmp_path, "a.txt", b"id,text\na,Kind\n")
    written(tmp_path, "b.txt", b'{"id":"b","text":"Kind"}\n')
    written(tmp_path, "c.csv", b"id,text\nc,Kind\n")
    (tmp_path / "d.txt").mkdir()

    assert drafts(fetched(tmp_path / "*.txt")) == ["a", "b"]
    assert fetched(tmp_path / "*.jsonl") == []


def test_an_empty_folder_brings_nothing(tmp_path: Path) -> None:
    assert fetched(tmp_path) == []


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"no file .*a\.csv; put it there, or correct `path`"):
        fetched(tmp_path / "a.csv")


def test_a_file_that_vanishes_meanwhile_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv")
    with near.opened() as http:
        pages = table.fetch(channel(path=str(path)), http, None)
        (tmp_path / "b.csv").symlink_to(tmp_path / "gone")
        assert drafts([next(pages)]) == IDS
    with pytest.raises(RefusedError, match="No such file"):
        _table_files.on_disk("survey", tmp_path / "b.csv")


def test_a_disk_that_fails_is_asked_again_later() -> None:
    with pytest.raises(UnreachableError, match="survey: x"), _table_files.readable("survey", "x"):
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize(
    ("name", "payload", "reason"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"\n\n", "empty"),
        ("a.csv", b"<html><body>Log in</body></html>", "web page"),
        ("a.csv", "id,text".encode("utf-16"), "UTF-16"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", "old kind"),
        ("a.xlsx", b"PK\x03\x04 no more", "broken workbook"),
        ("a.xlsx", BOOK[:-30], "broken workbook"),
        ("a.xlsx", _xlsx.workbook([("id", "id")]), "names a column twice: id"),
        ("a.csv", b'"id,text\n', "header cannot be read"),
    ],
)
def test_a_file_that_is_no_table_does_not_stop_the_others(
    name: str, payload: bytes, reason: str, tmp_path: Path
) -> None:
    written(tmp_path, name, payload)
    written(tmp_path, "b.csv", b"id,text\nb,Kind\n")
    about = channel(path=str(tmp_path / "*"))
    with near.opened() as http:
        pages = table.fetch(about, http, None)
        assert drafts([next(pages)]) == ["b"]
        with pytest.raises(GarbledError, match=rf"{name}: .*{reason}"):
            next(pages)


def test_lines_above_the_header_are_passed_over(tmp_path: Path) -> None:
    text = written(tmp_path, "a.csv", b'"FFT, all wards"\n\nid,text\n1,Kind\n2,Kind\n3,Kind\n')
    pages = fetched(text, skip_rows=2, rows_per_page=2)
    assert [drafts([page]) for page in pages] == [["1", "2"], ["3"]]
    assert fetched(text, pages[0].cursor, skip_rows=2, rows_per_page=2) == pages[1:]

    book = written(tmp_path, "a.xlsx", _xlsx.workbook([("FFT",), ("id", "text"), (1, "Kind")]))
    assert drafts(fetched(book, skip_rows=1)) == ["1"]


def test_a_workbook_keeps_days_and_numbers_and_leaves_blank_rows_out(tmp_path: Path) -> None:
    rows: list[tuple[Any, ...]] = [
        ("id", "text", "day", ""),
        (1, "Kind", date(2026, 1, 2), "x"),
        ("", "", ""),
        (2, "Quick", "", "y"),
    ]
    path = written(tmp_path, "a.xlsx", _xlsx.workbook(rows))
    columns: dict[str, Any] = {"columns": {"id": "id", "body": "text", "submitted_at": "day"}}

    (page,) = fetched(path, **columns)

    assert page.media_type == JSON_LINES
    parsed = table.parse(channel(**columns), page)
    assert [(d.external_id, d.submitted_at) for d in parsed.drafts] == [
        ("1", "2026-01-02"),
        ("2", None),
    ]
    assert page.payload.count(b"\n") == 2


def test_a_blank_cell_of_a_workbook_is_no_missing_column(tmp_path: Path) -> None:
    path = written(tmp_path, "a.xlsx", _xlsx.workbook([("id", "text"), (1, "")]))

    parsed = table.parse(channel(), fetched(path)[0])

    assert [skipped.code for skipped in parsed.skipped] == ["no_answer"]


def test_another_sheet_may_be_named(tmp_path: Path) -> None:
    path = written(tmp_path, "a.xlsx")

    assert drafts(fetched(path, sheet="Comments")) == IDS
    with pytest.raises(GarbledError, match="no sheet 'July'; it has: Comments"):
        fetched(path, sheet="July")


@pytest.mark.parametrize(
    ("name", "told", "payload"),
    [
        ("a.txt", "tsv", b"id\ttext\n1\tKind, quick; and | more\n"),
        ("a.txt", "auto", b"id,text\n1,Kind\n"),
        ("a.txt", "auto", b' \n{"id":1,"text":"Kind"}\n'),
        ("a.csv", "jsonl", b'{"id":1,"text":"Kind"}\n'),
        ("a.csv", "auto", _xlsx.workbook([("id", "text"), (1, "Kind")])),
        ("a.tab", "auto", b"id\ttext\n1\tKind\n"),
        ("a.csv", "auto", b"id;text\n1;Kind, quick\n"),
    ],
)
def test_the_form_of_a_file_is_told_or_found(
    name: str, told: str, payload: bytes, tmp_path: Path
) -> None:
    assert drafts(fetched(written(tmp_path, name, payload), format=told)) == ["1"]


def test_the_delimiter_may_be_told(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", b"id~text, so far\n1~Kind, quick\n")
    options: dict[str, Any] = {"delimiter": "~", "columns": {"id": "id", "body": "text, so far"}}

    assert drafts(fetched(path, **options), **options) == ["1"]


def test_a_name_that_is_no_unicode_breaks_no_cursor(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.csv"))
    path.write_bytes(FILES["a.csv"])

    (page,) = fetched(tmp_path)

    assert page.headers["x-source-name"].endswith("caf\\udce9.csv")
    assert fetched(tmp_path, page.cursor) == []


def test_a_long_file_is_never_held_whole(tmp_path: Path) -> None:
    row = b'{"id":%d,"text":"' + b"Kind staff, long wait. " * 20 + b'"}\n'
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.writelines(row % n for n in range(40_000))
    assert path.stat().st_size > 18_000_000

    count = 0
    tracemalloc.start()
    with near.opened() as http:
        for page in table.fetch(channel(path=str(path)), http, None):
            count += len(table.parse(channel(), page).drafts)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 40_000
    assert peak < 12_000_000


def test_the_surveys_of_the_demo_are_read_row_by_row(tmp_path: Path) -> None:
    survey.write(tmp_path, 2012, 0.2)
    options: dict[str, Any] = {
        "columns": {"submitted_at": "date", "organisation": "organisation", "fft": "fft"},
        "id": "comment_id",
        "parts": [{"column": c, "question": c} for c in ("what_good", "could_improve")],
        "fft_values": {answer: n for n, answer in enumerate(survey.ANSWERS, 1)},
    }

    parsed = [table.parse(channel(**options), page) for page in fetched(tmp_path, **options)]

    rows = survey.comments(2012, 0.2)
    assert sum(len(p.drafts) + len(p.faulty) + len(p.skipped) for p in parsed) == len(rows) + 1
    assert [f.code for p in parsed for f in p.faulty] == ["bad_fft", "bad_columns"]
    assert len([s for p in parsed for s in p.skipped]) == 2
    told = {d.external_id: d for p in parsed for d in p.drafts}
    for comment in rows:
        if comment.id in told and comment.fft != "*":
            assert told[comment.id].services[0].code == comment.organisation
            assert told[comment.id].fft == survey.ANSWERS.index(comment.fft) + 1


def _asked(far: hostile.Server, cursor: str | None, **options: Any) -> list[Fetched]:
    about = channel(url=far.url("/export.csv?key=1"), **options)
    with near.opened(far) as http:
        return list(table.fetch(about, http, cursor))


def test_a_file_on_the_web_is_fetched_again_only_when_it_changed() -> None:
    body = FILES["a.csv"]
    answers = [
        hostile.answer(body, ETag='"1"'),
        hostile.answer(status=304),
        hostile.answer(body, ETag='"2"'),
        hostile.answer(body + b"8,Kind\n"),
    ]
    with hostile.serve({"/export.csv": answers}) as far:
        (page,) = _asked(far, None)
        assert page.headers["x-source-name"] == "export.csv"
        assert drafts([page]) == IDS
        assert [_asked(far, page.cursor) for _ in range(2)] == [[], []]
        assert drafts(_asked(far, page.cursor)) == [*IDS, "8"]

    assert [request.headers.get("if-none-match") for request in far.asked] == [None, *['"1"'] * 3]


def test_the_rest_of_a_file_on_the_web_is_asked_for_unconditionally() -> None:
    with hostile.serve({"/export.csv": hostile.answer(FILES["a.csv"], ETag='"1"')}) as far:
        pages = _asked(far, None, rows_per_page=3)
        assert _asked(far, pages[0].cursor, rows_per_page=3) == pages[1:]

    assert "if-none-match" not in far.asked[1].headers


def test_a_token_is_sent_as_a_bearer_token() -> None:
    with hostile.serve({"/": hostile.answer(FILES["a.csv"])}) as far, near.opened(far) as http:
        about = channel(url=far.url("/")).model_copy(update={"secrets": {"token": "s3cret"}})
        (page,) = table.fetch(about, http, None)

    assert far.asked[0].headers["authorization"] == "Bearer s3cret"
    assert page.headers["x-source-name"] == far.url("/")
    assert BY_ID


def test_an_opendocument_sheet_in_a_folder_is_read_like_any_table(tmp_path: Path) -> None:
    rows = [line(cell("id"), cell("text")), line(cell("1"), cell("Kind, and quick"))]
    written(tmp_path, "a.ods", ods("".join(rows)))

    assert drafts(fetched(tmp_path)) == ["1"]
