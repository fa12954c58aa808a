"""Play Trustpilot's list of a business unit's reviews: synthetic, from the list of its fields.

Spec: https://developers.trustpilot.com/business-units-api-(public)
"""

from collections.abc import Mapping
from typing import Any

from kit.far import Ask, Reply, as_json
from kit.world import Piece, World

SECRETS: Mapping[str, str] = {"key": "trust-canary-90b2f4"}
BYPASS: Mapping[str, str] = {}

UNIT = "46d6a890000064000500e0c3"


def options(place: str) -> Mapping[str, Any]:
    return {"base_url": f"{place}/v1", "business_unit": UNIT, "page_size": 50}


def name(piece: Piece) -> str:
    return f"{int(piece.id):024x}"


def answer(world: World, ask: Ask) -> Reply:
    if ask.headers.get("apikey") != SECRETS["key"]:
        return as_json({"message": "Unknown apikey"}, 401)
    if ask.path != f"/v1/business-units/{UNIT}/reviews":
        return as_json({"message": "Not found"}, 404)
    shown = sorted(world.shown(), key=lambda piece: piece.told_at, reverse=True)
    size = int(ask.query.get("perPage", 20))
    start = (int(ask.query.get("page", 1)) - 1) * size
    return as_json({"links": [], "reviews": [_review(p) for p in shown[start : start + size]]})


def _review(piece: Piece) -> dict[str, Any]:
    changed = piece.changed_at.isoformat()
    reply = {"text": piece.reply, "createdAt": changed, "updatedAt": None}
    return {
        "id": name(piece),
        "stars": 9 if piece.broken else piece.stars,
        "title": piece.title,
        "text": piece.text,
        "language": "en",
        "createdAt": piece.told_at.isoformat(),
        "updatedAt": changed,
        "consumer": {"id": "c1", "displayName": "Ash", "email": "ash@mail.example"},
        "businessUnit": {"id": UNIT},
        "companyReply": reply if piece.reply else None,
    }
