"""Read the CSV files of ODS: 27 columns without a header, the same in every file.

Source of `etr` (trusts): the columns as
https://github.com/ebmdatalab/open-nhs-hospital-use-data `scripts/get_data.R` names them from
`etr.pdf`; of `epraccur` (practices):
https://github.com/traffordDataLab/open_data `general_practice/pre-processing.R`. That column 15
is the parent in every file, and which codes of `eauth` are regions, is assumed: see
docs/howto/configure.md.
"""

import re
from collections.abc import Sequence
from datetime import date

from rules._ods_register import OddError, Register, Term
from rules._organisation_files import as_day, records
from schemas.errors import Fault

WIDTH = 27

_CODE, _NAME, _REGION, _AREA, _OPEN, _CLOSE = 0, 1, 2, 3, 10, 11
_PARENT, _JOINED, _LEFT, _SETTING = 14, 15, 16, 25
_GP_PRACTICE = "4"
"""The prescribing setting that tells a practice from other cost centres."""

_TYPES = {"etr": "trust", "ets": "trust_site", "eccg": "sub_icb"}
_AUTHORITIES = {"Y": "region", "Q": "icb"}
_CODES = re.compile(r"[A-Z0-9]{2,12}")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")


def read(register: Register, file: str, payload: bytes) -> None:
    """Note every row of a file; each that cannot be understood is a fault, and stops no other."""
    stem = re.split(r"[/\\]", file)[-1].partition(".")[0].casefold()
    if not payload.strip():
        register.faults.append(Fault(file, 1, "file", "it is empty", "fetch the file again"))
    for line, cells in records(file, payload):
        try:
            _row(register, stem, cells)
        except OddError as error:
            what, remedy = error.args
            register.faults.append(Fault(file, line, "row", what, remedy))


def _row(register: Register, stem: str, cells: Sequence[str]) -> None:
    if len(cells) != WIDTH:
        remedy = "give a file as ODS publishes it, `etr.csv` or `epraccur.csv`"
        raise OddError(f"{len(cells)} columns stand here, and not {WIDTH}", remedy)
    code = cells[_CODE]
    if not _CODES.fullmatch(code):
        raise OddError(f"`{code}` is no code of ODS", "take a header out, or correct the code")
    term, joined = _term(cells, _OPEN, _CLOSE), _term(cells, _JOINED, _LEFT)
    register.organisation(code, cells[_NAME], term, _type(stem, cells))
    for column in (_REGION, _AREA):
        if cells[column]:
            register.edge(code, cells[column])
    if cells[_PARENT]:
        register.edge(code, cells[_PARENT], joined)


def _type(stem: str, cells: Sequence[str]) -> str | None:
    if stem == "epraccur":
        is_practice = cells[_SETTING] == _GP_PRACTICE
        return "gp_practice" if is_practice else "prescribing_cost_centre"
    if stem == "eauth":
        return _AUTHORITIES.get(cells[_CODE][0])
    return _TYPES.get(stem)


def _term(cells: Sequence[str], first: int, last: int) -> Term:
    return _day(cells[first]), _day(cells[last])


def _day(text: str) -> date | None:
    if not text:
        return None
    day = as_day(_COMPACT.sub(r"\1-\2-\3", text))
    if day is None:
        raise OddError(f"`{text}` is no day", "write it as 20211001 or 2021-10-01")
    return day
