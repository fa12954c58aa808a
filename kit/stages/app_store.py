"""Play Apple's feed of an app's reviews: synthetic, from what such feeds are known to hold.

Spec: https://rss.marketingtools.apple.com/
"""

import re
from collections.abc import Mapping
from typing import Any

from kit.far import Ask, Reply, as_json
from kit.world import Piece, World

SECRETS: Mapping[str, str] = {}
BYPASS: Mapping[str, str] = {}

APP = "1388411277"
_PATH = re.compile(rf"/gb/rss/customerreviews/page=(\d+)/id={APP}/sortby=mostrecent/json")
_SIZE, _PAGES = 50, 10
SHOWN_AT_MOST = _SIZE * _PAGES
"""Apple shows no more of an app's reviews than these."""
_ITSELF = {"im:name": {"label": "The app"}, "id": {"label": "https://apps.example/app"}}


def options(place: str) -> Mapping[str, Any]:
    return {"base_url": place, "app": APP, "per_second": 1000}


def name(piece: Piece) -> str:
    return piece.id


def answer(world: World, ask: Ask) -> Reply:
    found = _PATH.fullmatch(ask.path)
    if found is None or not 1 <= (number := int(found[1])) <= _PAGES:
        return Reply(b"CustomerReviews RSS page depth is limited", "text/plain", 400)
    shown = sorted(world.shown(), key=lambda piece: piece.changed_at, reverse=True)
    listed: list[Any] = [_entry(p) for p in shown[(number - 1) * _SIZE : number * _SIZE]]
    feed: dict[str, Any] = {"title": {"label": "iTunes Store: Customer Reviews"}}
    if number == 1 and listed:
        listed = [_ITSELF, *listed]
    if listed:
        feed["entry"] = listed if len(listed) > 1 else listed[0]
    return as_json({"feed": feed})


def _entry(piece: Piece) -> dict[str, Any]:
    return {
        "id": {"label": piece.id},
        "title": {"label": piece.title},
        "content": {"label": piece.text, "attributes": {"type": "text"}},
        "im:rating": {"label": "many" if piece.broken else str(piece.stars)},
        "im:version": {"label": "3.12"},
        "author": {"name": {"label": "Ash"}, "uri": {"label": "https://apps.example/ash"}},
        "updated": {"label": piece.changed_at.isoformat()},
    }
