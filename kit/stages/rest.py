"""Play a REST API that nobody wrote a connector for: JSON, a bearer token, pages by `next`.

Spec: https://www.rfc-editor.org/rfc/rfc6750 (the rest of it is made up)
"""

from collections.abc import Mapping
from typing import Any

import orjson

from kit.far import Ask, Reply, as_json
from kit.world import Piece, World

SECRETS: Mapping[str, str] = {"key": "rest-canary-3e9d71"}
BYPASS: Mapping[str, str] = {}

_SIZE = 50


def options(place: str) -> Mapping[str, Any]:
    return {
        "url": f"{place}/api/comments",
        "records": "found",
        "auth": {"way": "bearer"},
        "paging": {"style": "next", "path": "more"},
        "per_second": 1000,
        "fields": {
            "id": "{ref}",
            "title": "heading",
            "body": "words",
            "published_at": "told",
            "updated_at": "changed",
        },
        "needs": ["words"],
        "ratings": [{"value": "stars", "scheme": "stars"}],
        "responses": {"each": "reply", "body": "words", "published_at": "at"},
        "removed": {"path": "state", "values": ["hidden"]},
    }


def name(piece: Piece) -> str:
    return f"c-{piece.id}"


def answer(world: World, ask: Ask) -> Reply:
    if ask.headers.get("authorization") != f"Bearer {SECRETS['key']}":
        return as_json({"error": "unauthorized"}, 401)
    if ask.path != "/api/comments":
        return as_json({"error": "not found"}, 404)
    told = sorted(world.pieces.values(), key=lambda piece: piece.changed_at)
    start = int(ask.query.get("from", 0))
    page: dict[str, Any] = {"found": [_comment(p) for p in told[start : start + _SIZE]]}
    if start + _SIZE < len(told):
        page["more"] = f"/api/comments?from={start + _SIZE}"
    return as_json(page)


def lead_on(reply: Reply, number: int) -> Reply:
    return as_json(orjson.loads(reply.body) | {"more": f"/api/comments?from={number * _SIZE}"})


def _comment(piece: Piece) -> dict[str, Any]:
    changed = piece.changed_at.isoformat()
    return {
        "ref": name(piece),
        "heading": piece.title,
        "words": None if piece.broken else piece.text,
        "stars": piece.stars,
        "told": piece.told_at.isoformat(),
        "changed": changed,
        "state": "hidden" if piece.gone else "shown",
        "reply": {"words": piece.reply, "at": changed} if piece.reply else None,
    }
