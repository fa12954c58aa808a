"""Who is asking: the token in a request, and what it opens.

Spec: https://www.rfc-editor.org/rfc/rfc6750 (Bearer) and
https://www.rfc-editor.org/rfc/rfc7617 (Basic)
"""

import binascii
from base64 import b64decode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest

from schemas.partner import Token

_NOBODY = Token(
    id="",
    partner="",
    use="",
    digest="0" * 64,
    created_at=datetime.min.replace(tzinfo=UTC),
    revoked_at=datetime.min.replace(tzinfo=UTC),
)
"""Stands for a token that is not there, so that looking for it is the same work."""

_PARTS = 4
"""`rt`, the use, the id, the secret; only the secret may hold further lines."""


def presented(headers: Mapping[bytes, bytes], in_url: bytes = b"") -> bytes:
    """Find the token in a request: the one in its headers, else the one in its address."""
    scheme, _, credentials = headers.get(b"authorization", b"").partition(b" ")
    match scheme.lower():
        case b"bearer":
            return credentials.strip()
        case b"basic":
            return _password(credentials.strip())
    return in_url


def _password(credentials: bytes) -> bytes:
    try:
        return b64decode(credentials).partition(b":")[2]
    except binascii.Error:
        return b""


class Keyring:
    """Every token there is, by its id."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._by_id = {token.id: token for token in tokens}

    def holder(self, clear: bytes, use: str, now: datetime) -> Token | None:
        """Find the token whose text is `clear`, if it is for `use` and live at `now`."""
        parts = clear.decode("latin-1").split("_", _PARTS - 1)
        token = self._by_id.get(parts[2], _NOBODY) if len(parts) == _PARTS else _NOBODY
        same = compare_digest(sha256(clear).hexdigest(), token.digest)
        return token if same and token.use == use and token.is_live(now) else None
