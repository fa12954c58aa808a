"""Play Google Business Profile's reviews, and the exchange of tokens: synthetic throughout.

Spec: https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson

from kit.far import Ask, Reply, as_json
from kit.world import Piece, World

SECRETS: Mapping[str, str] = {
    "client_id": "google-canary-id-11",
    "client_secret": "google-canary-secret-22",
    "refresh_token": "google-canary-refresh-33",
}
BYPASS: Mapping[str, str] = {}

ACCESS = "google-canary-access-44"
_LIST = "/v4/accounts/77/locations/123/reviews"
_STARS = ("ONE", "TWO", "THREE", "FOUR", "FIVE")


def options(place: str) -> Mapping[str, Any]:
    return {
        "account": "77",
        "locations": {"123": "ods:RXX01"},
        "base_url": f"{place}/v4",
        "token_url": f"{place}/token",
        "per_second": 1000,
    }


def name(piece: Piece) -> str:
    return f"g{piece.id}"


def answer(world: World, ask: Ask) -> Reply:
    if ask.path == "/token":
        form = {key: values[0] for key, values in parse_qs(ask.body.decode()).items()}
        if form != {**SECRETS, "grant_type": "refresh_token"}:
            return as_json({"error": "invalid_grant"}, 400)
        return as_json({"access_token": ACCESS, "expires_in": 3599, "token_type": "Bearer"})
    if ask.headers.get("authorization") != f"Bearer {ACCESS}":
        return as_json({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, 401)
    name_asked = ask.path.removeprefix(f"{_LIST}/")
    if name_asked != ask.path:
        found = [_review(piece) for piece in world.shown() if name(piece) == name_asked]
        return as_json(found[0] if found else {"error": {"code": 404}}, 200 if found else 404)
    if ask.path != _LIST or ask.query.get("orderBy") != "updateTime desc":
        return as_json({"error": {"code": 404, "status": "NOT_FOUND"}}, 404)
    shown = sorted(world.shown(), key=lambda piece: piece.changed_at, reverse=True)
    start, size = int(ask.query.get("pageToken", 0)), int(ask.query["pageSize"])
    page: dict[str, Any] = {}
    if shown:
        page = {"reviews": [_review(p) for p in shown[start : start + size]], "averageRating": 4.2}
        page["totalReviewCount"] = len(shown)
    if start + size < len(shown):
        page["nextPageToken"] = str(start + size)
    return as_json(page)


def lead_on(reply: Reply, number: int) -> Reply:
    return as_json(orjson.loads(reply.body) | {"nextPageToken": str(number * 50)})


def _review(piece: Piece) -> dict[str, Any]:
    changed = piece.changed_at.isoformat()
    review = {
        "name": f"accounts/77/locations/123/reviews/{name(piece)}",
        "reviewId": name(piece),
        "reviewer": {"displayName": "Ash", "isAnonymous": False},
        "starRating": "SEVEN" if piece.broken else _STARS[piece.stars - 1],
        # Google has no titles: what a piece says in its title stands in the text.
        "comment": f"{piece.title}\n{piece.text}",
        "createTime": piece.told_at.isoformat(),
        "updateTime": changed,
    }
    return review | (
        {"reviewReply": {"comment": piece.reply, "updateTime": changed}} if piece.reply else {}
    )
