"""Write what a webhook is told of removals, sign it, and read what it answers.

Spec: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from hmac import digest
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

LIMIT_BYTES = 20_000
"""A body is shorter: what receivers take for granted."""

KEY_BYTES = range(24, 65)
"""How long the key of a secret may be."""

MOST = LIMIT_BYTES // 64
"""Removals that a batch cannot exceed: each is longer than 64 bytes."""

KIND = "story.removed"

_ADDRESS = re.compile(r"https?://\S+\s*")
_PREFIX = "whsec_"
_REASON_LIMIT = 200
_WRITTEN = orjson.OPT_UTC_Z


class Gone(NamedTuple):
    """A removal to be told of."""

    story_id: str
    seq: int
    reason: str
    at: datetime


class Batch(NamedTuple):
    """What is told in one POST."""

    id: str
    """The same for the same body, so that a receiver knows what it has had."""
    body: bytes
    told: Sequence[Gone]


def batch(edition: str, acknowledge_url: str, queue: Sequence[Gone]) -> Batch:
    """Write the first of these removals, as many as one body takes; the queue has one at least."""
    room = LIMIT_BYTES - len(_body(edition, acknowledge_url, queue[:1]))
    told = list(queue[:1])
    for gone in queue[1:]:
        room -= len(orjson.dumps(_removal(gone), option=_WRITTEN)) + len(",")
        if room <= 0:
            break
        told.append(gone)
    body = _body(edition, acknowledge_url, told)
    return Batch(f"msg_{sha256(body).hexdigest()[:32]}", body, told)


def _body(edition: str, acknowledge_url: str, told: Sequence[Gone]) -> bytes:
    value = {
        "type": KIND,
        "timestamp": max(gone.at for gone in told),
        "data": {
            "edition": edition,
            "removed": [_removal(gone) for gone in told],
            "acknowledge_url": acknowledge_url,
        },
    }
    return orjson.dumps(value, option=_WRITTEN)


def _removal(gone: Gone) -> dict[str, Any]:
    return {"id": gone.story_id, "reason": gone.reason[:_REASON_LIMIT], "at": gone.at}


def headers(secrets: Iterable[str], message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Sign a body as sent `now`, by each of the secrets."""
    sent_at = str(int(now.timestamp()))
    signed = b".".join([message_id.encode(), sent_at.encode(), body])
    made = (base64.b64encode(digest(key(secret), signed, "sha256")).decode() for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": sent_at,
        "webhook-signature": " ".join(f"v1,{one}" for one in made),
    }


def key(secret: str) -> bytes:
    """Give the key of a secret; ValueError where it is none."""
    try:
        found = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        found = b""
    if not secret.startswith(_PREFIX) or len(found) not in KEY_BYTES:
        least, most = KEY_BYTES[0], KEY_BYTES[-1]
        raise ValueError(f"is not {_PREFIX} and the base 64 of {least} to {most} bytes")
    return found


def acknowledged(answer: bytes) -> frozenset[str]:
    """Read which stories an answer says are taken down; none where it says nothing of the sort."""
    try:
        said = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return frozenset()
    found = said.get("acknowledged") if isinstance(said, dict) else None
    if not isinstance(found, list):
        return frozenset()
    return frozenset(one for one in found if isinstance(one, str))


def address(url: str) -> str:
    """Tell one address from another, without what it may hold of a key."""
    return sha256(url.encode()).hexdigest()


def client(url: str) -> str:
    """Name a webhook among the clients of a partner."""
    return f"webhook {urlsplit(url).hostname}"


def unaddressed(reason: str) -> str:
    """Say why a webhook was not reached, without any address: its path may hold a key."""
    return _ADDRESS.sub("", reason)
