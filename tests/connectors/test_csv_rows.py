import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import _csv_rows


def cut(payload: bytes, width: int | None = 3) -> list[_csv_rows.Record]:
    return list(_csv_rows.cut(_csv_rows.lines(io.BytesIO(payload)), ",", width))


def told(payload: bytes) -> list[list[str] | str]:
    return [record.fault or record.cells for record in cut(payload)]


def test_a_quoted_cell_may_hold_line_ends_commas_and_quotes() -> None:
    assert told(b'1,"two\r\nlines, and ""more""",x\r\n2,b,c') == [
        ["1", 'two\r\nlines, and "more"', "x"],
        ["2", "b", "c"],
    ]


def test_a_quote_within_an_unquoted_cell_is_a_quote() -> None:
    assert told(b'1,5" tall,x\n2,b,c\n') == [["1", '5" tall', "x"], ["2", "b", "c"]]


@pytest.mark.parametrize(
    "bad",
    [b'2,"open,x\n', b'2,"in" the middle,x\n'],
    ids=["never-closed", "closed-too-early"],
)
def test_a_stray_quote_costs_its_own_line_alone(bad: bytes) -> None:
    assert told(b"1,a,x\n" + bad + b'3,"c",x\n4,d,x\n') == [
        ["1", "a", "x"],
        "bad_quotes",
        ["3", "c", "x"],
        ["4", "d", "x"],
    ]


def test_a_joined_row_of_the_wrong_width_is_taken_apart() -> None:
    assert told(b'1,"x\n2,b",d,e\n3,c,x\n') == ["bad_quotes", "bad_columns", ["3", "c", "x"]]


def test_an_open_quote_reads_no_further_than_the_limit() -> None:
    rows = b"".join(b"%d,b,c\n" % n for n in range(2 * _csv_rows.LINES_LIMIT))

    records = cut(b'0,"open,c\n' + rows)

    assert records[0].fault == "bad_quotes"
    assert len(records) == 1 + 2 * _csv_rows.LINES_LIMIT
    assert all(record.fault is None for record in records[1:])


def test_a_row_of_another_width_is_faulty() -> None:
    assert told(b"1,a\n2,b,c\n3,c,d,e\n") == ["bad_columns", ["2", "b", "c"], "bad_columns"]


def test_a_blank_line_is_a_record_without_cells() -> None:
    assert told(b"\n1,a,x\n\r\n") == [[], ["1", "a", "x"], []]


def test_a_line_without_end_is_read_in_pieces() -> None:
    records = cut(b"a" * (2 * _csv_rows.LINE_LIMIT + 1) + b"\n1,b,c\n")

    assert [record.fault for record in records] == ["bad_columns"] * 3 + [None]


@given(st.lists(st.sampled_from([b"a", b",", b'"', b"\n", b"\r\n", b"\r", b"\xff"])))
def test_no_byte_is_lost_between_records(pieces: list[bytes]) -> None:
    payload = b"".join(pieces)

    assert b"".join(record.raw for record in cut(payload)) == payload


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [(b"a,b;c,d", ","), (b"a;b", ";"), (b"a\tb", "\t"), (b"a|b", "|"), (b"a", ",")],
)
def test_the_delimiter_is_the_commonest_of_the_header(header: bytes, delimiter: str) -> None:
    assert _csv_rows.delimiter_of(header) == delimiter
