"""Play a source that sends us stories, signed as Standard Webhooks says; its fields are made up.

Spec: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from kit.world import Delivery, Piece

_KEY = b"webhook-canary-of-thirty-two-byte"
SECRETS: Mapping[str, str] = {"key": f"whsec_{base64.b64encode(_KEY).decode()}"}
BYPASS: Mapping[str, str] = {
    "mostly_bad_is_doubted": "its sender has done its part: what it sent waits in quarantine",
}


def options(_: str) -> Mapping[str, Any]:
    return {
        "records": "comments",
        "fields": {
            "id": "{ref}",
            "title": "heading",
            "body": "words",
            "published_at": "told",
            "updated_at": "changed",
        },
        "needs": ["words"],
        "responses": {"each": "reply", "body": "words", "published_at": "at"},
        "removed": {"path": "state", "values": ["hidden"]},
    }


def name(piece: Piece) -> str:
    return f"w-{piece.id}"


def deliver(pieces: Sequence[Piece], now: datetime) -> Sequence[Delivery]:
    return [_signed(pieces[at : at + 40], now) for at in range(0, len(pieces), 40)]


def _signed(pieces: Sequence[Piece], now: datetime) -> Delivery:
    body = orjson.dumps({"type": "comments.changed", "comments": list(map(_comment, pieces))})
    told, number = str(int(now.timestamp())), f"msg_{sha256(body).hexdigest()[:24]}"
    digest = hmac.digest(_KEY, f"{number}.{told}.".encode() + body, sha256)
    return Delivery(
        {
            "content-type": "application/json",
            "webhook-id": number,
            "webhook-timestamp": told,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        },
        body,
    )


def _comment(piece: Piece) -> dict[str, Any]:
    changed = piece.changed_at.isoformat()
    return {
        "ref": name(piece),
        "heading": piece.title,
        "words": None if piece.broken else piece.text,
        "told": piece.told_at.isoformat(),
        "changed": changed,
        "state": "hidden" if piece.gone else "shown",
        "reply": {"words": piece.reply, "at": changed} if piece.reply else None,
    }
