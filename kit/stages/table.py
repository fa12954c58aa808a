"""Play a web server that offers an export of feedback as one CSV file.

Spec: https://www.rfc-editor.org/rfc/rfc4180
"""

import csv
import io
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from kit.far import Ask, Reply
from kit.world import Piece, World

SECRETS: Mapping[str, str] = {"token": "table-canary-c0ffee"}
BYPASS: Mapping[str, str] = {}

_COLUMNS = ("Ref", "Heading", "Comment", "Told", "Changed", "Stars", "Reply", "Replied")


def options(place: str) -> Mapping[str, Any]:
    return {
        "url": f"{place}/export.csv",
        "columns": {
            "id": "Ref",
            "title": "Heading",
            "body": "Comment",
            "published_at": "Told",
            "updated_at": "Changed",
            "rating": "Stars",
            "response": "Reply",
            "response_at": "Replied",
        },
        "rows_per_page": 50,
    }


def name(piece: Piece) -> str:
    return f"row-{piece.id}"


def answer(world: World, ask: Ask) -> Reply:
    if ask.headers.get("authorization") != f"Bearer {SECRETS['token']}":
        return Reply(b"", status=401)
    if ask.path != "/export.csv":
        return Reply(b"", status=404)
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(_COLUMNS)
    rows.writerows(map(_row, world.shown()))
    body = written.getvalue().encode()
    etag = f'"{sha256(body).hexdigest()[:16]}"'
    if ask.headers.get("if-none-match") == etag:
        return Reply(status=304, headers={"ETag": etag})
    return Reply(body, "text/csv; charset=utf-8", headers={"ETag": etag})


def _row(piece: Piece) -> tuple[object, ...]:
    stars = "plenty" if piece.broken else piece.stars
    changed = piece.changed_at.isoformat()
    replied = changed if piece.reply else ""
    told = piece.told_at.isoformat()
    return (name(piece), piece.title, piece.text, told, changed, stars, piece.reply or "", replied)
