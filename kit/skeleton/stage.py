"""Play the API of a service named skeleton: synthetic, from the list of its fields.

Spec: https://skeleton.example/docs
"""

from collections.abc import Mapping
from typing import Any

from kit.far import Ask, Reply, as_json
from kit.world import Piece, World

SECRETS: Mapping[str, str] = {"key": "skeleton-canary-8a1f"}
BYPASS: Mapping[str, str] = {}

PLENTY = 3_000
"""Stories enough to see that memory is bounded."""


# OWED: answer as the real service does: its paths, its paging, its errors, its limits.


def options(place: str) -> Mapping[str, Any]:
    return {"base_url": place, "per_second": 1000}


def name(piece: Piece) -> str:
    return f"{int(piece.id):08}"


def answer(world: World, ask: Ask) -> Reply:
    if ask.headers.get("x-api-key") != SECRETS["key"]:
        return as_json({"error": "unknown key"}, 401)
    if ask.path != "/comments":
        return as_json({"error": "not found"}, 404)
    since, after = ask.query.get("since", ""), ask.query.get("after", "")
    found = [
        piece
        for piece in world.pieces.values()
        if piece.changed_at.isoformat() >= since and name(piece) > after
    ]
    listed = [_comment(piece) for piece in found[: int(ask.query.get("limit", 50))]]
    return as_json({"comments": listed})


def _comment(piece: Piece) -> dict[str, Any]:
    return {
        "id": name(piece),
        "heading": piece.title,
        "text": None if piece.broken else piece.text,
        "published": piece.told_at.isoformat(),
        "changed": piece.changed_at.isoformat(),
        "hidden": piece.gone,
        "reply": {"text": piece.reply} if piece.reply else None,
    }
