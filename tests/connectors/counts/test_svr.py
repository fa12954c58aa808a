from datetime import date
from typing import Any

import orjson
import pytest

from connectors.counts import svr
from schemas.errors import UnfitError
from schemas.views import CoverageState, ParsedReport, Temporality

OCTOBER = {"from": "2026-10-01", "to": "2026-11-01"}
HEAD: dict[str, Any] = {
    "svr": "1.0",
    "platform": "partner.example",
    "report_id": "partner.example/2026-10",
    "revision": 2,
    "created": "2026-11-03T09:00:00Z",
    "period": OCTOBER,
    "timezone": "Europe/London",
    "temporality": "interval",
    "coverage": "complete",
    "method": {"robots": "counter-robots@2024-04-22", "dedupe_seconds": 30},
    "total": 17,
}
ROW: dict[str, Any] = {
    "item": "https://opinion.example/1",
    "from": "2026-10-01",
    "to": "2026-10-02",
    "metric": "Total_Item_Requests",
    "access_method": "Regular",
    "count": 17,
}
CSV = b"""# svr: 1.0
# report_id: partner.example/2026-10
# revision: 2
# created: 2026-11-03T09:00:00Z
# period: 2026-10-01/2026-11-01
# timezone: Europe/London
# temporality: interval
# coverage: complete
# method: {"robots": "counter-robots@2024-04-22", "dedupe_seconds": 30}
# total: 17

item,from,to,metric,access_method,count
https://opinion.example/1,2026-10-01,2026-10-02,Total_Item_Requests,Regular,17
"""


def document(*rows: Any, **head: Any) -> bytes:
    return orjson.dumps({**HEAD, **head, "rows": rows})


def lines(*rows: Any, **head: Any) -> bytes:
    return b"\n".join(orjson.dumps(line) for line in ({**HEAD, **head}, *rows))


def read(payload: bytes) -> ParsedReport:
    return svr.parse(payload, "application/json")


def codes(report: ParsedReport) -> list[tuple[int, str]]:
    return [(row.row, row.code) for row in report.faulty]


def coverage(report: ParsedReport) -> list[tuple[str, str, str]]:
    return [(str(c.t0), str(c.t1), str(c.state)) for c in report.head.coverage]


@pytest.mark.parametrize(
    "payload",
    [
        document(ROW),
        b"\xef\xbb\xbf" + document(ROW),
        lines(ROW) + b"\n\n",
        CSV,
        CSV.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + CSV,
        CSV.replace(b",", b";").replace(b'22"; "', b'22", "'),
    ],
    ids=["json", "json-bom", "json-lines", "csv", "csv-crlf", "csv-bom", "csv-semicolons"],
)
def test_every_form_of_a_report_says_the_same(payload: bytes) -> None:
    report = read(payload)

    assert report == read(document(ROW))
    assert report.head.report_id == "partner.example/2026-10"
    assert report.head.revision == 2
    assert (report.head.t0, report.head.t1) == (date(2026, 10, 1), date(2026, 11, 1))
    assert report.head.zone == "Europe/London"
    assert report.head.declared_total == 17
    assert report.head.method == {"robots": "counter-robots@2024-04-22", "dedupe_seconds": "30"}
    assert coverage(report) == [("2026-10-01", "2026-11-01", "complete")]
    (row,) = report.rows
    assert row.item == "https://opinion.example/1"
    assert (row.t0, row.t1, row.count) == (date(2026, 10, 1), date(2026, 10, 2), 17)
    assert (row.metric, row.access) == ("Total_Item_Requests", "Regular")
    assert not report.faulty


def test_a_row_of_item_and_count_alone_is_of_the_whole_period() -> None:
    report = read(b"# period: 2026-10-01/2026-11-01\nitem,count\nA,3\nB,0\n")

    assert [(r.item, r.t0, r.t1, r.metric, r.access, r.count) for r in report.rows] == [
        ("A", date(2026, 10, 1), date(2026, 11, 1), "Total_Item_Requests", "Regular", 3),
        ("B", date(2026, 10, 1), date(2026, 11, 1), "Total_Item_Requests", "Regular", 0),
    ]
    assert report.head.temporality == Temporality.INTERVAL
    assert report.head.revision == 0
    assert coverage(report) == [("2026-10-01", "2026-11-01", "partial")]


EARLY = b'{"item":"A","from":"2026-10-01","to":"2026-10-03","count":1}'
LATE = b'{"item":"A","from":"2026-10-05","to":"2026-10-06","count":1}'


@pytest.mark.parametrize(
    "payload",
    [
        b"[" + EARLY + b"," + LATE + b"]",
        EARLY + b"\n" + LATE,
        b"Item,From,To,Count\nA,2026-10-01,2026-10-03,1\nA,2026-10-05,2026-10-06,1",
    ],
    ids=["json", "json-lines", "csv"],
)
def test_a_report_without_a_head_is_of_the_days_that_its_rows_span(payload: bytes) -> None:
    report = read(payload)

    assert len(report.rows) == 2
    assert (report.head.t0, report.head.t1) == (date(2026, 10, 1), date(2026, 10, 6))


def test_one_row_alone_is_a_report() -> None:
    (row,) = read(orjson.dumps(ROW)).rows

    assert row.count == 17


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"from": "2026-10-01", "to": "2026-11-01"}, ("2026-10-01", "2026-11-01")),
        ({"period": "2026-10-01/2026-11-01"}, ("2026-10-01", "2026-11-01")),
        ({"period": OCTOBER}, ("2026-10-01", "2026-11-01")),
    ],
    ids=["from-and-to", "with-a-slash", "as-an-object"],
)
def test_a_period_may_be_written_in_three_ways(
    head: dict[str, Any], expected: tuple[str, str]
) -> None:
    report = read(orjson.dumps({"svr": "1.0", **head, "rows": []}))

    assert (str(report.head.t0), str(report.head.t1)) == expected


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"count": "*"}, "suppressed"),
        ({"count": -1}, "bad_count"),
        ({"count": 17.5}, "bad_count"),
        ({"count": 17.0}, "bad_count"),
        ({"count": "1,700"}, "bad_count"),
        ({"count": True}, "bad_count"),
        ({"count": None}, "bad_count"),
        ({"count": 2**63}, "bad_count"),
        ({"count": "9" * 5000}, "bad_count"),
        ({"item": ""}, "bad_item"),
        ({"item": 17}, "bad_item"),
        ({"item": "x" * 2001}, "bad_item"),
        ({"item": "A\u0000"}, "bad_item"),
        ({"from": "2026-10-02", "to": "2026-10-02"}, "reversed"),
        ({"from": "2026-10-02", "to": "2026-10-01"}, "reversed"),
        ({"from": "2026-09-30", "to": "2026-10-02"}, "crosses_month"),
        ({"from": "2026-09-01", "to": "2026-09-02"}, "outside_period"),
        ({"from": "2026-11-04", "to": "2026-11-05"}, "future"),
        ({"from": "2026-10-01", "to": None}, "bad_date"),
        ({"from": "01/10/2026", "to": "02/10/2026"}, "bad_date"),
        ({"from": "2026-10-32", "to": "2026-11-01"}, "bad_date"),
        ({"from": "9999-12-31", "to": "2026-11-01"}, "bad_date"),
        ({"metric": 5}, "bad_metric"),
        ({"metric": "a\u0000"}, "bad_metric"),
        ({"access_method": "Psychic"}, "bad_access"),
    ],
    ids=str,
)
def test_a_row_that_cannot_be_is_listed_and_spoils_no_other(row: dict[str, Any], code: str) -> None:
    report = read(document(ROW, {**ROW, **row}, {**ROW, "item": "last"}))

    assert codes(report) == [(2, code)]
    assert [r.item for r in report.rows] == ["https://opinion.example/1", "last"]


@pytest.mark.parametrize("payload", [document(ROW, 5, None), lines(ROW, 5, None)])
def test_what_is_no_row_is_listed(payload: bytes) -> None:
    assert codes(read(payload)) == [(2, "bad_row"), (3, "bad_row")]


def test_a_line_that_is_no_json_is_listed() -> None:
    report = read(lines(ROW) + b'\n{"item":"A"\n' + orjson.dumps({**ROW, "item": "B"}))

    assert codes(report) == [(2, "bad_row")]
    assert len(report.rows) == 2


def test_a_quote_that_is_never_closed_swallows_no_other_row() -> None:
    report = read(CSV + b'"open,2026-10-01,2026-10-02,,,4\nB,2026-10-01,2026-10-02,,,5\nC,1\n')

    assert codes(report) == [(2, "bad_row"), (4, "bad_row")]
    assert [row.item for row in report.rows] == ["https://opinion.example/1", "B"]


def test_an_item_in_a_foreign_encoding_is_listed() -> None:
    report = read(CSV + "Café,2026-10-01,2026-10-02,,,4\n".encode("latin-1"))

    assert codes(report) == [(2, "bad_item")]


def test_the_same_item_twice_for_the_same_days_counts_once() -> None:
    report = read(document(ROW, {**ROW, "count": 5}))

    assert [row.count for row in report.rows] == [17]
    assert codes(report) == [(2, "repeated")]


def test_a_count_split_by_country_is_one_count() -> None:
    report = read(
        document(
            {**ROW, "country": "GB", "count": 1},
            {**ROW, "country": "IE", "count": 2},
            {**ROW, "country": "IE", "count": 4},
            {**ROW, "item": "B", "country": "GB", "count": 8},
        )
    )

    assert [row.count for row in report.rows] == [3, 8]
    assert codes(report) == [(3, "repeated")]


def test_a_machine_reads_by_itself() -> None:
    report = read(document(ROW, {**ROW, "access_method": "TDM"}, {**ROW, "metric": "Other"}))

    assert [(row.access, row.metric) for row in report.rows] == [
        ("Regular", "Total_Item_Requests"),
        ("Machine", "Total_Item_Requests"),
        ("Regular", "Other"),
    ]


def test_a_counter_that_is_read_off_is_of_the_last_day_alone() -> None:
    report = read(
        document(
            {"item": "A", "at": "2026-10-31T23:59:59Z", "count": 4711},
            {"item": "B", "from": "2026-10-01", "to": "2026-11-01", "count": 12},
            {"item": "C", "count": 13},
            temporality="cumulative",
        )
    )

    assert report.head.temporality == Temporality.CUMULATIVE
    assert {(row.t0, row.t1) for row in report.rows} == {(date(2026, 10, 31), date(2026, 11, 1))}
    assert [row.count for row in report.rows] == [4711, 12, 13]


def test_a_report_that_does_not_say_when_it_was_made_has_no_future() -> None:
    report = read(document({**ROW, "from": "2026-10-30", "to": "2026-10-31"}, created="lately"))

    assert len(report.rows) == 1


@pytest.mark.parametrize(
    ("stated", "exceptions", "expected"),
    [
        ("complete", [], [("2026-10-01", "2026-11-01", "complete")]),
        ("none", [], [("2026-10-01", "2026-11-01", "none")]),
        ("partial", [{"code": 3030}], [("2026-10-01", "2026-11-01", "complete")]),
        ("complete", [{"code": 3031}], [("2026-10-01", "2026-11-01", "none")]),
        ("complete", [{"code": "3032"}], [("2026-10-01", "2026-11-01", "none")]),
        ("complete", [{"code": 3040}], [("2026-10-01", "2026-11-01", "partial")]),
        ("complete", [{"code": 3050}], [("2026-10-01", "2026-11-01", "complete")]),
        ("complete", [{"message": "careful"}], [("2026-10-01", "2026-11-01", "complete")]),
        (
            "complete",
            [{"code": 3040, "data": "2026-10-03 00:00-06:00"}],
            [
                ("2026-10-01", "2026-10-03", "complete"),
                ("2026-10-03", "2026-10-04", "partial"),
                ("2026-10-04", "2026-11-01", "complete"),
            ],
        ),
        (
            "complete",
            [{"code": 3031, "message": "not ready: 2026-10-30 to 2026-10-31"}],
            [("2026-10-01", "2026-10-30", "complete"), ("2026-10-30", "2026-11-01", "none")],
        ),
        (
            "complete",
            [{"code": 3040, "data": "2026-10"}],
            [("2026-10-01", "2026-11-01", "partial")],
        ),
        (
            "complete",
            [{"code": 3040, "data": "2025-01-01"}],
            [("2026-10-01", "2026-11-01", "partial")],
        ),
        (
            "complete",
            [{"code": 3040, "data": "2026-99-99"}],
            [("2026-10-01", "2026-11-01", "partial")],
        ),
        (
            [
                {"from": "2026-10-01", "to": "2026-10-15", "state": "complete"},
                {"from": "2026-10-20", "to": "2026-11-01", "state": "none", "reason": "moved"},
            ],
            None,
            [
                ("2026-10-01", "2026-10-15", "complete"),
                ("2026-10-15", "2026-10-20", "partial"),
                ("2026-10-20", "2026-11-01", "none"),
            ],
        ),
    ],
)
def test_zero_and_gap_are_told_apart(
    stated: Any, exceptions: Any, expected: list[tuple[str, str, str]]
) -> None:
    assert coverage(read(document(coverage=stated, exceptions=exceptions))) == expected


def test_an_exception_says_why_days_are_missing() -> None:
    report = read(document(exceptions=[{"code": 3040, "message": "Partial", "data": "2026-10-03"}]))

    (hole,) = (c for c in report.head.coverage if c.state == CoverageState.PARTIAL)
    assert hole.reason == "3040 Partial 2026-10-03"


def test_a_csv_may_carry_several_exceptions() -> None:
    report = read(
        b"# period: 2026-10-01/2026-11-01\n# coverage: complete\n# a note without a value\n"
        b"# exception: 3040 Partial 2026-10-03\n# exception: 3031 Not ready 2026-10-31\n"
        b"# : \n# revision: 1\nitem,count\n"
    )

    assert [c[2] for c in coverage(report)] == ["complete", "partial", "complete", "none"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "not_a_report"),
        (b"  \n ", "not_a_report"),
        (b"<!DOCTYPE html><html><body>Please log in</body></html>", "not_a_report"),
        (b'{"message": "hello"}', "not_a_report"),
        (document(ROW)[:-20], "not_json"),
        (b'{"svr":"1.0",\n"rows":[', "not_json"),
        (b"# only: a head\n", "no_columns"),
        (b"story,views\nA,3\n", "no_columns"),
        (b"PK\x03\x04", "no_columns"),
        (b"item,count\nA,3\n", "no_period"),
        (b'{"rows": []}', "no_period"),
        (orjson.dumps({**HEAD, "rows": {}}), "not_a_report"),
        (document(svr="2.0"), "unknown_version"),
        (document(period="2026-10-01"), "bad_date"),
        (document(period=7), "bad_period"),
        (document(period={"from": "2026-11-01", "to": "2026-10-01"}), "bad_period"),
        (document(period={"from": "1999-11-01", "to": "2026-10-01"}), "bad_period"),
        (document(revision="two"), "bad_head"),
        (document(revision=-1), "bad_head"),
        (document(total=2**64 - 1), "bad_head"),
        (document(temporality="sometimes"), "bad_head"),
        (document(coverage="mostly"), "bad_head"),
        (document(coverage=["complete"]), "bad_head"),
        (
            document(coverage=[{"from": "2026-09-01", "to": "2026-10-03", "state": "complete"}]),
            "bad_period",
        ),
        (document(exceptions="3040"), "bad_head"),
        (document(exceptions=["3040"]), "bad_head"),
        (document(exceptions=[{"code": 1020, "message": "Too many requests"}]), "exception"),
    ],
)
def test_what_is_no_report_is_refused_with_a_reason(payload: bytes, code: str) -> None:
    with pytest.raises(UnfitError) as caught:
        read(payload)

    assert caught.value.code == code
    assert str(caught.value)


@pytest.mark.parametrize("method", ["by hand", ["by", "hand"]])
def test_a_method_in_plain_words_is_kept(method: Any) -> None:
    assert read(document(method=method)).head.method == {"told": str(method)}


def test_a_header_is_found_below_comments_of_any_kind() -> None:
    report = b"# period: 2026-10-01/2026-11-01\nitem,count\nb,5\n"
    assert svr.recognises(report)
    assert [row.count for row in svr.parse(report, "text/csv").rows] == [5]
    assert not svr.recognises(b"# item,count\n")
