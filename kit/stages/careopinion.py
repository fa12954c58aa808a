"""Play Care Opinion's API, version 2: synthetic, from the lists of its fields.

Spec: https://www.careopinion.org.uk/info/api-v2-endpoints
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from kit.far import Ask, Reply, as_json
from kit.world import Piece, World

SECRETS: Mapping[str, str] = {"key": "opinion-canary-e4d909"}
BYPASS: Mapping[str, str] = {}

PLENTY = 350
"""Stories enough to see that memory is bounded: each takes three requests of its own."""

_API = "/api/v2/"
_MOST = 100


def options(place: str) -> Mapping[str, Any]:
    return {"base_url": place, "per_second": 5000}


def name(piece: Piece) -> str:
    return piece.id


def answer(world: World, ask: Ask) -> Reply:
    if ask.path == "/account/login":
        return Reply(b"<!doctype html><title>Log in</title>", "text/html")
    if ask.headers.get("authorization") != f"SUBSCRIPTION_KEY {SECRETS['key']}":
        return Reply(status=302, headers={"Location": f"{ask.origin}/account/login"})
    what, _, rest = ask.path.removeprefix(_API).partition("/")
    if what == "responses" and not rest:
        return _listed(ask, _responses(world, ask.query.get("submittedonafter", "")))
    if what == "opinions" and not rest:
        after = ask.query.get("publishedafter", "")
        return _listed(ask, (_opinion(p) for p in world.shown() if _utc(p.told_at) > after))
    story, _, part = rest.partition("/")
    piece = world.pieces.get(story)
    if what != "opinions" or piece is None or piece.gone:
        return as_json({"message": "Not found"}, 404)
    return as_json(_part(piece, part) if part else _opinion(piece))


def _listed(ask: Ask, found: Iterator[Any]) -> Reply:
    start, size = int(ask.query.get("skip", 0)), min(int(ask.query.get("take", 10)), _MOST)
    return as_json(list(found)[start : start + size])


def _utc(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


@lru_cache(maxsize=20_000)
def _opinion(piece: Piece) -> dict[str, Any]:
    address = f"https://www.careopinion.example/{piece.id}"
    return {
        "id": int(piece.id),
        "title": piece.title,
        "body": None if piece.broken else piece.text,
        "authorRole": "patient",
        "criticality": "not critical",
        "dateOfSubmission": _utc(piece.told_at),
        "dateOfPublication": _utc(piece.told_at),
        "progress": "responded" if piece.reply else "published",
        "submissionRoute": "Website",
        "links": [{"rel": "alternate", "id": piece.id, "href": address}],
    }


def _responses(world: World, after: str) -> Iterator[dict[str, Any]]:
    for piece in world.shown():
        yield from (one for one in _replied(piece) if one["dateOfSubmission"] > after)


def _replied(piece: Piece) -> list[dict[str, Any]]:
    if piece.reply is None:
        return []
    return [
        {
            "id": int(piece.id) + 500_000,
            "body": piece.reply,
            "dateOfSubmission": _utc(piece.changed_at),
            "dateOfPublication": _utc(piece.changed_at),
            "links": [{"rel": "opinion", "id": piece.id, "href": ""}],
        }
    ]


def _part(piece: Piece, part: str) -> list[dict[str, Any]]:
    if part == "responses":
        return _replied(piece)
    if part == "healthservices":
        return [{"nacs": "RXX01", "name": "Ward", "links": []}]
    return [{"name": "nurses", "group": "what was good"}]
