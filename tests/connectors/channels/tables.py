"""Tables as tests need them: written, fetched, and read."""

from pathlib import Path
from typing import Any

from connectors._table_options import Opts
from connectors.channels import table
from schemas.channel import Channel, Fetched, Parsed
from schemas.story import Draft
from tests.connectors import near

CSV = "text/csv"
JSON_LINES = "application/x-ndjson"
BY_ID: dict[str, Any] = {"columns": {"id": "id", "body": "text"}}


def channel(**options: Any) -> Channel:
    given: dict[str, Any] = {"path": "unused.csv"} | BY_ID | options
    if "url" in given:
        del given["path"]
    return Channel(id="survey", kind="table", options=Opts.model_validate(given))


def read(payload: str | bytes, media_type: str = CSV, **options: Any) -> Parsed:
    raw = payload.encode() if isinstance(payload, str) else payload
    return table.parse(channel(**options), Fetched(payload=raw, media_type=media_type))


def one(payload: str | bytes, media_type: str = CSV, **options: Any) -> Draft:
    parsed = read(payload, media_type, **options)
    (draft,) = parsed.drafts
    assert parsed == Parsed(drafts=(draft,), reading=parsed.reading)
    return draft


def row(cells: dict[str, str], columns: dict[str, str] | None = None, **options: Any) -> Draft:
    """Read one row of these cells, beside an id and a text."""
    names = ",".join(("id", "text", *cells))
    told = ",".join(("1", "Kind staff", *cells.values()))
    known = {"id": "id", "body": "text"} | (columns or {})
    return one(f"{names}\n{told}\n", columns=known, **options)


def fetched(path: Path | str, cursor: str | None = None, **options: Any) -> list[Fetched]:
    about = channel(path=str(path), **options)
    with near.opened() as http:
        return list(table.fetch(about, http, cursor))


def drafts(pages: list[Fetched], **options: Any) -> list[str]:
    about = channel(**options)
    return [draft.external_id for page in pages for draft in table.parse(about, page).drafts]
