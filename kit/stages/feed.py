"""Play an Atom feed: conditional requests, edits, tombstones (RFC 6721), replies (RFC 4685)."""

from collections.abc import Mapping
from hashlib import sha256
from html import escape
from typing import Any

from kit.far import Ask, Reply
from kit.world import Piece, World

SECRETS: Mapping[str, str] = {"token": "feed-canary-7f3a9c"}
BYPASS: Mapping[str, str] = {}

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"'
    ' xmlns:at="http://purl.org/atompub/tombstones/1.0"'
    ' xmlns:thr="http://purl.org/syndication/thread/1.0"><title>Ward</title><id>urn:ward</id>'
)


def options(place: str) -> Mapping[str, Any]:
    return {"url": f"{place}/feed"}


def name(piece: Piece) -> str:
    return f"urn:ward:{piece.id}"


def answer(world: World, ask: Ask) -> Reply:
    if ask.headers.get("authorization") != f"Bearer {SECRETS['token']}":
        return Reply(b"", status=401)
    if ask.path != "/feed":
        return Reply(b"", status=404)
    body = "".join([_HEAD, *map(_entry, world.pieces.values()), "</feed>"]).encode()
    etag = f'"{sha256(body).hexdigest()[:16]}"'
    if ask.headers.get("if-none-match") == etag:
        return Reply(status=304, headers={"ETag": etag})
    return Reply(body, "application/atom+xml; charset=utf-8", headers={"ETag": etag})


def _entry(piece: Piece) -> str:
    when = piece.changed_at.isoformat()
    if piece.gone:
        return f'<at:deleted-entry ref="{name(piece)}" when="{when}"/>'
    if piece.broken:
        return f"<entry><id>{name(piece)}</id><updated>{when}</updated></entry>"
    return (
        f"<entry><id>{name(piece)}</id><title>{escape(piece.title)}</title>"
        f"<published>{piece.told_at.isoformat()}</published><updated>{when}</updated>"
        f'<content type="text">{escape(piece.text)}</content></entry>{_reply(piece)}'
    )


def _reply(piece: Piece) -> str:
    if not piece.reply:
        return ""
    return (
        f'<entry><id>{name(piece)}:reply</id><thr:in-reply-to ref="{name(piece)}"/>'
        f"<updated>{piece.changed_at.isoformat()}</updated>"
        f'<content type="text">{escape(piece.reply)}</content></entry>'
    )
