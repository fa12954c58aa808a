"""Make a file of organisations out of files of ODS: its CSV, or what its interfaces answer."""

import csv
import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from itertools import zip_longest
from typing import NamedTuple

from rules import _ods_csv, _ods_json, _organisation_files
from rules._ods_register import EDGES, Register
from rules._organisation_files import COLUMNS, UnreadableError
from schemas.errors import Fault
from schemas.organisation import Organisation, Parent, Successor

MADE = "organisations.csv"
"""What faults of the file that was made call it."""


class Converted(NamedTuple):
    """What files of ODS come to."""

    csv: bytes
    """All that could be understood, as `retold.toml` takes it."""
    organisations: int
    left_out: Mapping[str, int]
    """Codes of which no file says anything, each with how many edges and successions lead there."""
    faults: tuple[Fault, ...]
    """What could not be understood, and what is wrong with what was made of the rest."""


def convert(files: Iterable[tuple[str, bytes]], edges: Collection[str] = EDGES) -> Converted:
    """Make one file of several, each a name and its bytes; the same always make the same.

    `edges` are the kinds of relationships that make a parent. What an earlier file says of an
    organisation's name and days stands; edges and successions add up.
    """
    register = Register(edges)
    for file, payload in files:
        is_json = payload.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"["))
        read = _ods_json.read if is_json else _ods_csv.read
        try:
            read(register, file, payload)
        except UnreadableError as error:
            register.faults.extend(error.args)
    organisations = register.organisations()
    made = _written(organisations)
    again = _organisation_files.read([(MADE, made)])
    return Converted(
        made,
        len(organisations),
        dict(sorted(register.left_out.items())),
        (*register.faults, *again.faults),
    )


def _written(organisations: Sequence[Organisation]) -> bytes:
    text = io.StringIO(newline="")
    rows = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    rows.writeheader()
    for organisation in organisations:
        about = {
            "name": organisation.name,
            "type": organisation.type or "",
            "region": organisation.region or "",
            "valid_from": _said(organisation.valid_from),
            "valid_to": _said(organisation.valid_to),
        }
        pairs = list(zip_longest(organisation.parents, organisation.successors)) or [(None, None)]
        for parent, successor in pairs:
            rows.writerow(_named("", organisation.id) | about | _edge(parent) | _heir(successor))
            about = {}
    return text.getvalue().encode()


def _named(prefix: str, id_: str) -> dict[str, str]:
    scheme, _, code = id_.partition(":")
    return {f"{prefix}scheme": scheme, f"{prefix}code": code}


def _edge(parent: Parent | None) -> dict[str, str]:
    if parent is None:
        return {}
    days = {"parent_from": _said(parent.since), "parent_to": _said(parent.until)}
    return _named("parent_", parent.id) | days


def _heir(successor: Successor | None) -> dict[str, str]:
    if successor is None:
        return {}
    return _named("successor_", successor.id) | {"succeeded_on": _said(successor.on)}


def _said(day: date | None) -> str:
    return day.isoformat() if day else ""
