"""Play the NHS website's ratings and reviews API: synthetic, from the list of its fields.

Spec: https://developer.api.nhs.uk/nhs-api/documentation/comments
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from kit.far import Ask, Reply, as_json
from kit.world import Piece, World

SECRETS: Mapping[str, str] = {"key": "nhs-canary-51d0e7"}
BYPASS: Mapping[str, str] = {}

CODE = "RXX"


def options(place: str) -> Mapping[str, Any]:
    return {"base_url": f"{place}/comments", "ods_codes": [CODE], "page_size": 50}


def name(piece: Piece) -> str:
    return f"{int(piece.id):08}-0000-4000-8000-000000000000"


def answer(world: World, ask: Ask) -> Reply:
    if ask.headers.get("subscription-key") != SECRETS["key"]:
        return as_json({"statusCode": 401, "message": "Access denied"}, 401)
    if ask.path != "/comments/Comments" or ask.query.get("api-version") != "1.0":
        return as_json({"statusCode": 404, "message": "Resource not found"}, 404)
    is_gone = ask.query.get("status", "published") == "removed"
    since = ask.query.get("fromDate", "")
    found = [
        piece
        for piece in world.pieces.values()
        if piece.gone == is_gone and piece.changed_at.date().isoformat() >= since
    ]
    offset, limit = int(ask.query.get("offset", 0)), int(ask.query.get("limit", 10))
    listed = found[offset : offset + limit] if ask.query.get("odsCode") == CODE else []
    return as_json({"comments": [_review(piece) for piece in listed]})


@lru_cache(maxsize=20_000)
def _review(piece: Piece) -> dict[str, Any]:
    spine = {"odsCode": CODE, "dateSubmitted": piece.told_at.isoformat(), "screenName": "Ash"}
    comment = spine | {
        "commentId": name(piece).upper(),
        "commentRef": piece.id,
        "commentOriginalURL": f"https://www.nhs.example/reviews/{piece.id}",
        "title": piece.title,
        "commentText": None if piece.broken else piece.text,
        "lastUpdated": piece.changed_at.isoformat(),
        "department": "Maternity",
        "publisherID": 1,
        "publishersCommentRef": None,
        "status": "removed" if piece.gone else "published",
        "ratings": [{"question": "How likely are you to recommend it?", "rating": piece.stars}],
        "visit": {"month": 3, "year": 2026},
    }
    if piece.reply is None:
        return {"comment": comment, "response": None}
    response = spine | {
        "commentID": f"r{piece.id}",
        "commentText": piece.reply,
        "lastUpdated": piece.changed_at.isoformat(),
    }
    return {"comment": comment, "response": response}
