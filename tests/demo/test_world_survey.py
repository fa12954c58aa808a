import csv
import io
import json
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from demo.world import _xlsx, population, survey


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    return {path.suffix: path for path in survey.write(tmp_path / "survey", 2012)}


def _rows(path: Path, delimiter: str) -> list[list[str]]:
    text = path.read_text(encoding="utf-8-sig")
    return list(csv.reader(text.splitlines(), delimiter=delimiter))


def test_four_files_hold_400_comments_and_one_row_too_many(paths: dict[str, Path]) -> None:
    counts = {
        ".csv": len(_rows(paths[".csv"], ",")) - 1,
        ".tsv": len(_rows(paths[".tsv"], "\t")) - 1,
        ".xlsx": len(_sheet(paths[".xlsx"])) - 1,
        ".jsonl": len(paths[".jsonl"].read_text().splitlines()),
    }
    assert counts == {".csv": 101, ".tsv": 100, ".xlsx": 100, ".jsonl": 100}


def _sheet(path: Path) -> list[list[object]]:
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    return [list(row) for row in rows]


def test_every_file_calls_its_columns_alike(paths: dict[str, Path]) -> None:
    columns = list(survey.COLUMNS)
    assert _rows(paths[".csv"], ",")[0] == columns
    assert _rows(paths[".tsv"], "\t")[0] == columns
    assert _sheet(paths[".xlsx"])[0] == columns
    assert list(json.loads(paths[".jsonl"].read_text().splitlines()[0])) == columns


def test_each_file_tells_days_in_its_own_way(paths: dict[str, Path]) -> None:
    made = {comment.id: comment for comment in survey.comments(2012)}
    assert _rows(paths[".csv"], ",")[1][1] == f"{made['S-0001'].day:%d/%m/%Y}"
    assert _rows(paths[".tsv"], "\t")[1][1] == made["S-0101"].day.isoformat()
    assert _sheet(paths[".xlsx"])[1][1] == made["S-0201"].day
    stamps = [json.loads(line)["date"] for line in paths[".jsonl"].read_text().splitlines()]
    assert {stamp[-6:] for stamp in stamps} == {"+01:00", "+00:00"}
    assert all(
        stamp.endswith("+01:00") == ("2012-03-25" <= stamp < "2012-10-28") for stamp in stamps
    )


def test_the_first_file_holds_what_exports_are_feared_for(paths: dict[str, Path]) -> None:
    rows = {row[0]: row for row in _rows(paths[".csv"], ",")}
    dates = {row[1] for row in rows.values()}
    assert {"25/03/2012 01:30", "28/10/2012 01:30", "01/07/2012 00:30", "14 January 2012"} < dates
    assert sum(row[3] == "7" for row in rows.values()) == 1
    assert sum(row[3] == "*" for row in rows.values()) == 1
    assert any(row[4:] == ["", ""] for row in rows.values())
    assert any(row[4:] == ["Did not answer", "Did not answer"] for row in rows.values())
    assert [name for name, row in rows.items() if len(row) != 6] == ["S-0000"]


def test_nobody_is_asked_about_the_acute_trust(paths: dict[str, Path]) -> None:
    made = survey.comments(2012)
    assert {c.organisation for c in made} == set(survey.ABOUT) <= set(population.BY_CODE)
    assert not {c.organisation for c in made} & population.within("ZN1")
    assert len({c.id for c in made}) == 400
    assert {path.name for path in paths.values()} == {
        "comments-1.csv", "comments-2.tsv", "comments-3.xlsx", "comments-4.jsonl",
    }  # fmt: skip


def test_writing_again_writes_the_same_bytes(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in survey.write(tmp_path, 3, 0.2)]
    assert [path.read_bytes() for path in survey.write(tmp_path, 3, 0.2)] == first
    assert len(survey.comments(3, 0.01)) == 80


def test_a_cell_of_a_sheet_may_be_a_number_too() -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(_xlsx.workbook([["a<b", 7]])))
    assert book.get_sheet_by_index(0).to_python() == [["a<b", 7]]
