"""What a request asks, read from what ASGI says of it."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.types import Scope

_FORM = b"application/x-www-form-urlencoded"


class Query(NamedTuple):
    """What stands after the question mark; of a name that comes twice the first."""

    token: bytes = b""
    below: str = ""
    method: str = ""


_NO_QUERY = Query()


def query(scope: Scope) -> Query:
    """Read the parameters we know; pass over the others."""
    text = scope["query_string"]
    if not text:
        return _NO_QUERY
    found = parse_qs(text.decode("latin-1"))
    first = {name: found[name][0] for name in ("below", "method") if name in found}
    token = found.get("token", [""])[0].encode("utf-8", "replace")
    return Query(token, **first)


def is_form(headers: Mapping[bytes, bytes]) -> bool:
    """Say whether what is sent is a form."""
    return headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == _FORM


def form(body: bytes, most_fields: int) -> dict[str, list[str]] | None:
    """Read a form, blank values too; None where it cannot be read, or has too many fields."""
    try:
        return parse_qs(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=most_fields,
        )
    except ValueError:
        return None


def target(scope: Scope) -> bytes:
    """Give the address as it was sent, query and all."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    text: bytes = scope["query_string"]
    return path + b"?" + text if text else path


def headers(scope: Scope) -> dict[bytes, bytes]:
    """Read the headers by name; those that come several times are one list."""
    lines = scope["headers"]
    found = dict(lines)
    if len(found) < len(lines):
        found = {}
        for name, value in lines:
            found[name] = found[name] + b", " + value if name in found else value
    return found
