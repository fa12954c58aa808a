"""Read the files of organisations: one row for each organisation, parent and successor.

Spec: https://www.rfc-editor.org/rfc/rfc4180
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from rules._toml_page import suggest
from schemas.errors import Fault
from schemas.organisation import Organisation, Parent, Successor

COLUMNS = (
    "scheme", "code", "name", "type", "region",
    "parent_scheme", "parent_code", "parent_from", "parent_to", "valid_from", "valid_to",
    "successor_scheme", "successor_code", "succeeded_on",
)  # fmt: skip
"""What a file may hold, in any order."""

NEEDED = ("scheme", "code", "name")
"""What every file must hold."""

_ID = re.compile(r"[a-z0-9_-]+:[^\s:]+")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DAYS = ("valid_from", "valid_to", "parent_from", "parent_to", "succeeded_on")
_SHARED = ("name", "type", "region", "valid_from", "valid_to")
"""Columns in which the rows of one organisation agree, or keep silent."""


class Known(NamedTuple):
    """What the files of organisations say."""

    organisations: tuple[Organisation, ...]
    ids: frozenset[str]
    """Also of rows that are not fit: they were meant, so nobody refers to nothing."""
    regions: frozenset[str]
    types: frozenset[str]
    whole: bool
    """Whether every file could be read to its end: else a name may be known yet."""
    faults: tuple[Fault, ...]


class _Row(NamedTuple):
    file: str
    line: int
    cells: Mapping[str, str]

    @property
    def id(self) -> str:
        return f"{self.cells['scheme']}:{self.cells['code']}"

    @property
    def parent(self) -> str | None:
        return self._reference("parent")

    @property
    def edge(self) -> Parent | None:
        if self.parent is None:
            return None
        return Parent(id=self.parent, since=self.day("parent_from"), until=self.day("parent_to"))

    @property
    def successor(self) -> str | None:
        return self._reference("successor")

    def day(self, column: str) -> date | None:
        return as_day(self.cells.get(column, ""))

    def _reference(self, name: str) -> str | None:
        scheme, code = self.cells.get(f"{name}_scheme", ""), self.cells.get(f"{name}_code", "")
        return f"{scheme}:{code}" if scheme or code else None

    def fault(self, column: str, what: str, remedy: str) -> Fault:
        return Fault(self.file, self.line, column, what, remedy)


def read(files: Sequence[tuple[str, bytes]]) -> Known:
    """Read files, each a name and its bytes, in order; several rows of an id add their parents."""
    faults: list[Fault] = []
    rows: list[_Row] = []
    whole = True
    for file, payload in files:
        try:
            rows.extend(_rows(file, payload, faults))
        except UnreadableError as error:
            faults.extend(error.args)
            whole = False
    ids = frozenset(row.id for row in rows)
    fit = [row for row in rows if not _note(faults, _row_faults(row))]
    gathered = _gather(fit, faults)
    if whole:
        _note(faults, _unknown(fit, ids))
    _note(faults, _cycles(gathered))
    _note(faults, _successions_in_circles(gathered))
    return Known(
        tuple(_organisation(of_one) for of_one in gathered.values()),
        ids,
        frozenset(filter(None, (row.cells.get("region") for row in rows))),
        frozenset(filter(None, (row.cells.get("type") for row in rows))),
        whole,
        tuple(faults),
    )


class UnreadableError(Exception):
    """A file breaks off with the fault that is the argument: what follows cannot be told."""


def _note(faults: list[Fault], found: Iterator[Fault]) -> bool:
    before = len(faults)
    faults.extend(found)
    return len(faults) > before


def _rows(file: str, payload: bytes, faults: list[Fault]) -> Iterator[_Row]:
    header: list[str] | None = None
    for line, cells in records(file, payload):
        if header is None:
            header = cells
            _check_header(file, line, header)
        elif len(cells) != len(header):
            what = f"{len(cells)} cells stand under {len(header)} columns"
            faults.append(Fault(file, line, "row", what, "quote a cell that holds a comma"))
        elif any(cells):
            yield _Row(file, line, dict(zip(header, cells, strict=True)))
    if header is None:
        remedy = f"begin with a row of column names: {','.join(COLUMNS)}"
        raise UnreadableError(Fault(file, 1, "header", "the file is empty", remedy))


def records(file: str, payload: bytes) -> Iterator[tuple[int, list[str]]]:
    """Give each line that holds anything, with its number; UnreadableError where it breaks off."""
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = payload.count(b"\n", 0, error.start) + 1
        fault = Fault(file, line, "text", "the file is not UTF-8", "save it as “CSV UTF-8”")
        raise UnreadableError(fault) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1  # a quoted cell may have run over several lines
    except csv.Error as error:
        fault = Fault(file, line, "row", f"this is not CSV: {error}", "mend the quotes of this row")
        raise UnreadableError(fault) from None


def _check_header(file: str, line: int, header: list[str]) -> None:
    for column in header:
        if column not in COLUMNS:
            what, remedy = f"`{column}` is no column of ours", suggest(column, COLUMNS)
            raise UnreadableError(Fault(file, line, "header", what, remedy))
        if header.count(column) > 1:
            what, remedy = f"`{column}` stands twice", "keep one of the two columns"
            raise UnreadableError(Fault(file, line, "header", what, remedy))
    for column in NEEDED:
        if column not in header:
            what, remedy = f"`{column}` is missing", f"add a column `{column}`"
            raise UnreadableError(Fault(file, line, "header", what, remedy))


def _row_faults(row: _Row) -> Iterator[Fault]:
    for column in ("scheme", "code"):
        if not row.cells[column]:
            yield row.fault(column, "is empty", f"fill in the {column}, or take the row out")
    if row.cells["scheme"] and row.cells["code"] and not _ID.fullmatch(row.id):
        yield row.fault("code", f"`{row.id}` is no id", "write scheme `ods` and code `RXX`, say")
    for column in _DAYS:
        if row.cells.get(column) and row.day(column) is None:
            remedy = "write a day as 2026-10-31"
            yield row.fault(column, f"`{row.cells[column]}` is no day", remedy)
    yield from _edge_faults(row)
    yield from _reference_faults(row, "successor", row.successor, ("succeeded_on",))


def _edge_faults(row: _Row) -> Iterator[Fault]:
    yield from _reference_faults(row, "parent", row.parent, ("parent_from", "parent_to"))
    start, end = row.day("parent_from"), row.day("parent_to")
    if start and end and end < start:
        what, remedy = f"it ends on {end} before it begins on {start}", "correct one of the two"
        yield row.fault("parent_to", what, remedy)


def _reference_faults(
    row: _Row, noun: str, other: str | None, days: Sequence[str]
) -> Iterator[Fault]:
    if other is None:
        for column in days:
            if row.cells.get(column):
                remedy = f"fill in {noun}_scheme and {noun}_code, or leave it empty"
                yield row.fault(column, f"no {noun} stands beside this day", remedy)
    elif other.startswith(":") or other.endswith(":"):
        remedy = f"fill in both {noun}_scheme and {noun}_code, or neither"
        yield row.fault(f"{noun}_code", f"half a {noun} stands here", remedy)
    elif other == row.id:
        remedy = f"leave its {noun} empty"
        yield row.fault(f"{noun}_code", f"{row.id} is its own {noun}", remedy)


def as_day(text: str) -> date | None:
    """Read a day as `2026-10-31`; None where it is none."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def _gather(rows: Sequence[_Row], faults: list[Fault]) -> dict[str, list[_Row]]:
    gathered: dict[str, list[_Row]] = {}
    for row in rows:
        others = gathered.setdefault(row.id, [])
        _note(faults, _disagreements(row, others))
        others.append(row)
    for of_one in gathered.values():
        if not _said(of_one, "name"):
            what = f"no row says how {of_one[0].id} is called"
            faults.append(of_one[0].fault("name", what, "fill in its name"))
        start, end = (as_day(_said(of_one, column)) for column in ("valid_from", "valid_to"))
        if start and end and end < start:
            what, remedy = f"it ends on {end} before it begins on {start}", "correct one of the two"
            faults.append(of_one[-1].fault("valid_to", what, remedy))
    return gathered


def _disagreements(row: _Row, others: Sequence[_Row]) -> Iterator[Fault]:
    for other in others:
        if other.edge == row.edge and other.successor == row.successor:
            what = f"{row.id} with this parent stands already at {other.file}:{other.line}"
            yield row.fault("code", what, "take one of the two rows out")
            return
        here, there = row.day("succeeded_on"), other.day("succeeded_on")
        if row.successor == other.successor and here and there and here != there:
            what = f"{row.successor} succeeded on {there} at {other.file}:{other.line}"
            yield row.fault("succeeded_on", what, "write the same day in both rows")
            return
        if row.edge and other.edge and _overlap(row.edge, other.edge):
            what = f"the days of this parent overlap with those at {other.file}:{other.line}"
            yield row.fault("parent_from", what, "correct parent_from and parent_to")
            return
        for column in _SHARED:
            mine, said = row.cells.get(column), other.cells.get(column)
            if mine and said and mine != said:
                what = f"{row.id} is `{mine}` here, and `{said}` at {other.file}:{other.line}"
                yield row.fault(column, what, "write the same in both rows, or leave one empty")
                return


def _overlap(one: Parent, other: Parent) -> bool:
    if one.id != other.id or one == other:
        return False
    first, second = sorted([_span(one), _span(other)])
    return second[0] <= first[1]


def _span(edge: Parent) -> tuple[date, date]:
    return edge.since or date.min, edge.until or date.max


def _said(of_one: Sequence[_Row], column: str) -> str:
    return next(filter(None, (row.cells.get(column) for row in of_one)), "")


def _organisation(of_one: Sequence[_Row]) -> Organisation:
    said = {column: _said(of_one, column) for column in _SHARED}
    return Organisation(
        id=of_one[0].id,
        name=said["name"],
        type=said["type"] or None,
        region=said["region"] or None,
        parents=tuple(dict.fromkeys(row.edge for row in of_one if row.edge)),
        valid_from=as_day(said["valid_from"]),
        valid_to=as_day(said["valid_to"]),
        successors=tuple(Successor(id=id_, on=on) for id_, on in _succeeded(of_one).items()),
    )


def _succeeded(of_one: Sequence[_Row]) -> dict[str, date | None]:
    found: dict[str, date | None] = {}
    for row in of_one:
        if row.successor:
            found[row.successor] = found.get(row.successor) or row.day("succeeded_on")
    return found


def _unknown(rows: Sequence[_Row], ids: frozenset[str]) -> Iterator[Fault]:
    for row in rows:
        for noun, other in (("parent", row.parent), ("successor", row.successor)):
            if other and other not in ids:
                what = f"no row is about the {noun} `{other}`"
                yield row.fault(f"{noun}_code", what, "add a row for it, or correct its code")


def _cycles(gathered: Mapping[str, Sequence[_Row]]) -> Iterator[Fault]:
    """Find who is above itself on any one day; edges of different days make no circle."""
    edges = _core([row for rows in gathered.values() for row in rows if row.parent])
    told: set[frozenset[str]] = set()
    for day in sorted({_span(edge)[0] for row in edges if (edge := row.edge)}):
        held = [row for row in edges if (edge := row.edge) and _holds(edge, day)]
        for circle, row in _circles([(row.id, str(row.parent), row) for row in held]):
            if frozenset(circle) not in told:
                told.add(frozenset(circle))
                what = f"each of these is above the next: {' > '.join(circle)}"
                yield row.fault("parent_code", what, "take one of these parents away")


def _successions_in_circles(gathered: Mapping[str, Sequence[_Row]]) -> Iterator[Fault]:
    rows = [row for rows in gathered.values() for row in rows if row.successor]
    for circle, row in _circles([(row.id, str(row.successor), row) for row in rows]):
        what = f"each of these succeeded the next: {' > '.join(circle)}"
        yield row.fault("successor_code", what, "take one of these successors away")


def _core(rows: Sequence[_Row]) -> Sequence[_Row]:
    """Leave out who stands below nobody that could stand below it: few are left, or none."""
    while True:
        children = {row.id for row in rows}
        left = [row for row in rows if row.parent in children]
        if len(left) == len(rows):
            return left
        rows = left


def _holds(edge: Parent, day: date) -> bool:
    first, last = _span(edge)
    return first <= day <= last


def _circles(
    edges: Sequence[tuple[str, str, _Row]],
) -> Iterator[tuple[Sequence[str], _Row]]:
    """Give each circle among edges from one to another, with a row that closes it."""
    leads: dict[str, dict[str, _Row]] = {}
    for start, end, row in edges:
        leads.setdefault(start, {})[end] = row
    while True:
        try:
            TopologicalSorter(leads).prepare()
        except CycleError as error:
            # graphlib tells a circle from end to start, its first one again at the end
            end, start, *_ = circle = error.args[1]
            yield circle, leads[start].pop(end)
        else:
            return
