"""Read a Story Views Report: JSON, JSON Lines, or CSV with its head in comment lines.

A head says which platform, which days and how they were counted; each row gives an item, a first
day, the day after the last, a metric and a count. Whoever cannot do more may send `item,count`.
The form is ours, and its words are Project COUNTER's.
Spec: https://cop5.projectcounter.org/en/5.1/
"""

import io
import re
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain
from typing import Any, NamedTuple

import orjson

from connectors import _csv_rows, _svr_head, _web_page
from connectors._svr_head import DAY, Period
from schemas.errors import UnfitError
from schemas.views import REQUESTS, FaultyRow, ParsedReport, StatedCount, Temporality

MEDIA_TYPES: tuple[str, ...] = (
    "application/json",
    "application/x-ndjson",
    "application/jsonl",
    "application/jsonlines",
    "text/csv",
    "text/tab-separated-values",
)

_ACCESS = {"regular": "Regular", "machine": "Machine", "tdm": "Machine"}
"""COUNTER's `TDM` is a machine that reads, as ours are."""

_LONGEST_ITEM = 2_000
_BIGGEST = 2**63 - 1
_DIGITS = 20
_BEGINNING = 10_000
_MARKS = re.compile(rb'"svr"|"rows"\s*:|"item"\s*:|^\s*#\s*svr\b', re.IGNORECASE | re.MULTILINE)

Row = Mapping[str, Any]


class _Report(NamedTuple):
    """A report in any of its forms: the head as stated, and its rows; what is no dict is none."""

    head: Row
    rows: Iterable[Any]


def recognises(payload: bytes) -> bool:
    """Look for the report's own keys, or for a header with `item` and `count` below comments."""
    beginning = payload[:_BEGINNING].removeprefix(b"\xef\xbb\xbf")
    if _MARKS.search(beginning):
        return True
    lines = beginning.lstrip().lower().splitlines()
    header = next((line for line in lines if not line.startswith(b"#")), b"")
    return {b"item", b"count"} <= {name.strip(b' "\r') for name in re.split(rb"[,;\t|]", header)}


def parse(payload: bytes, media_type: str) -> ParsedReport:
    """Read a report in the form that its first character tells; a `*` is missing, never zero."""
    beginning = payload.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not beginning or _web_page.is_one(payload):
        raise UnfitError("not_a_report", f"this is no {media_type} report; send the report itself")
    if beginning.startswith((b"{", b"[")):
        return _read(_json(beginning))
    return _read(_csv(beginning))


def _read(report: _Report) -> ParsedReport:
    stated = _svr_head.period(report.head)
    cumulative = report.head.get("temporality") == Temporality.CUMULATIVE
    reader = _Rows(stated, _created(report.head), cumulative=cumulative)
    for number, row in enumerate(report.rows, 1):
        reader.add(number, row)
    whole = stated or _span(reader.counts)
    return ParsedReport(
        head=_svr_head.head(report.head, whole),
        rows=tuple(reader.counts),
        faulty=tuple(reader.faulty),
    )


def _created(head: Row) -> date | None:
    try:
        return _svr_head.day(str(head.get("created"))[: len("2026-10-01")])
    except UnfitError:
        return None


def _span(counts: list[StatedCount]) -> Period:
    if not counts:
        raise UnfitError("no_period", "it does not say of which days it is; add a period")
    return Period(min(row.t0 for row in counts), max(row.t1 for row in counts))


class _Rows:
    """The rows of one report under reading."""

    def __init__(self, whole: Period | None, created: date | None, *, cumulative: bool) -> None:
        self._whole = whole
        self._created = created
        self._cumulative = cumulative
        self._periods: dict[tuple[str, str, str], Period | UnfitError] = {}
        self._places: dict[tuple[str, Period, str, str], int] = {}
        self._split: set[tuple[int, str]] = set()
        self.counts: list[StatedCount] = []
        self.faulty: list[FaultyRow] = []

    def add(self, number: int, row: Any) -> None:
        """Take a row in, or list why it cannot be."""
        try:
            self._take(row)
        except UnfitError as error:
            self.faulty.append(FaultyRow(row=number, code=error.code, reason=str(error)))

    def _take(self, row: Any) -> None:
        if not isinstance(row, dict):
            raise UnfitError("bad_row", "this is no row; write an object with item and count")
        get = row.get
        key = (
            _item(get("item")),
            self._days(get("from"), get("to"), get("at")),
            _metric(get("metric")),
            _access(get("access_method")),
        )
        count, country = _count(get("count")), get("country")
        place = self._places.setdefault(key, len(self.counts))
        if place == len(self.counts):
            self.counts.append(_stated(key, count))
        elif country and (place, country) not in self._split:
            # The report splits by country what we read as one.
            self.counts[place] = _stated(key, self.counts[place].count + count)
        else:
            raise UnfitError("repeated", f"{key[0]}: stated above for the same days")
        if country:
            self._split.add((place, country))

    def _days(self, first: Any, after: Any, at: Any) -> Period:
        told = (str(first or ""), str(after or ""), str(at or ""))
        found = self._periods.get(told)
        if found is None:
            try:
                found = self._checked(self._period(*told))
            except UnfitError as error:
                found = error
            self._periods[told] = found
        if isinstance(found, UnfitError):
            raise UnfitError(found.code, str(found))
        return found

    def _period(self, first: str, after: str, at: str) -> Period:
        if at:
            read_on = _svr_head.day(at[: len("2026-10-01")])
            return Period(read_on, read_on + DAY)
        if first or after:
            stated = Period(_svr_head.day(first), _svr_head.day(after))
        elif self._whole:
            stated = self._whole
        else:
            raise UnfitError("no_period", "neither the row nor the head says of which days it is")
        # A counter's reading is of the end of its period, however long that is.
        return Period(stated.t1 - DAY, stated.t1) if self._cumulative else stated

    def _checked(self, days: Period) -> Period:
        last = days.t1 - DAY
        if last < days.t0:
            raise UnfitError("reversed", f"{days.t0} to {days.t1}: `to` is the day after the last")
        if self._created and last > self._created:
            raise UnfitError("future", f"{last} was not over when the report was made")
        if (days.t0.year, days.t0.month) != (last.year, last.month):
            raise UnfitError(
                "crosses_month", f"{days.t0} to {days.t1}: split it where a month ends"
            )
        if self._whole and not (self._whole.t0 <= days.t0 and days.t1 <= self._whole.t1):
            raise UnfitError("outside_period", f"{days.t0} to {days.t1} is not in the period")
        return days


def _stated(key: tuple[str, Period, str, str], count: int) -> StatedCount:
    item, (t0, t1), metric, access = key
    return StatedCount(item=item, t0=t0, t1=t1, metric=metric, access=access, count=count)


def _item(told: Any) -> str:
    item = told.strip() if isinstance(told, str) else ""
    if not item or len(item) > _LONGEST_ITEM or not item.isprintable():
        raise UnfitError("bad_item", "no item, or none that can be; name the story by its id")
    return item


def _metric(told: Any) -> str:
    if not told:
        return REQUESTS
    if not isinstance(told, str) or not told.isprintable():
        raise UnfitError("bad_metric", f"{told!r} is no metric; write {REQUESTS}")
    return told.strip()


def _access(told: Any) -> str:
    if not told:
        return "Regular"
    access = _ACCESS.get(str(told).strip().lower())
    if access is None:
        raise UnfitError("bad_access", f"{told!r} is no access method; write Regular or Machine")
    return access


def _count(told: Any) -> int:
    if isinstance(told, str):
        told = told.strip()
        if told == "*":
            raise UnfitError("suppressed", "suppressed: missing, not zero")
        told = int(told) if told.isascii() and told.isdigit() and len(told) < _DIGITS else told
    if isinstance(told, bool) or not isinstance(told, int) or not 0 <= told <= _BIGGEST:
        raise UnfitError("bad_count", f"{told!r} is no count; write a whole number from 0 up")
    return told


def _json(payload: bytes) -> _Report:
    try:
        told = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        return _json_lines(payload, str(error))
    if isinstance(told, list):
        return _Report({}, told)
    rows = told.get("rows", [told] if "item" in told else [])
    if not isinstance(rows, list) or not ({"svr", "rows", "item"} & told.keys()):
        raise UnfitError("not_a_report", "it has no list of rows; see the form of SVR 1.0")
    return _Report(told, rows)


def _json_lines(payload: bytes, fault: str) -> _Report:
    lines = (line for line in io.BytesIO(payload) if not line.isspace())
    first = _line(next(lines))
    if not isinstance(first, dict):
        raise UnfitError("not_json", f"it is not whole, or no JSON: {fault}; send it again")
    rest = (_line(line) for line in lines)
    if "item" in first:
        return _Report({}, chain((first,), rest))
    return _Report(first, rest)


def _line(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _csv(payload: bytes) -> _Report:
    lines = _csv_rows.lines(io.BytesIO(payload))
    head: dict[str, Any] = {}
    header = b""
    for line in lines:
        if line.startswith(b"#"):
            _note(head, line[1:].decode("utf-8", "replace"))
        elif not line.isspace():
            header = line
            break
    delimiter = _csv_rows.delimiter_of(header)
    cells = header.decode("utf-8", "replace").split(delimiter)
    names = [name.strip(' "\r\n').lower() for name in cells]
    if not {"item", "count"} <= set(names):
        raise UnfitError("no_columns", "it has no columns `item` and `count`; name them in line 1")
    records = _csv_rows.cut(lines, delimiter, len(names))
    return _Report(head, (_cells(names, record) for record in records if record.raw.strip()))


def _cells(names: list[str], record: _csv_rows.Record) -> Row | None:
    return None if record.fault else dict(zip(names, record.cells, strict=True))


def _note(head: dict[str, Any], line: str) -> None:
    """Take in one `key: value` of the head; what looks like JSON is."""
    key, _, value = (part.strip() for part in line.partition(":"))
    if key == "exception":
        code, _, message = value.partition(" ")
        head["exceptions"] = [*head.get("exceptions", ()), {"code": code, "message": message}]
    elif key:
        head[key.lower()] = _line(value.encode()) if value.startswith(("{", "[")) else value
