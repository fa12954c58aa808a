"""Tell a genuine delivery by its signature.

Spec: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
and https://www.typeform.com/developers/webhooks/secure-your-webhooks/
"""

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256

WINDOW_S = 300
"""How old, or how far ahead, the time of a signed delivery may be."""


def is_standard(
    headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: datetime
) -> bool:
    """Tell whether a delivery is signed as Standard Webhooks says, and was sent just now.

    A secret is `whsec_` and base 64; of several, as while one takes the place of another, any
    will do.
    """
    name, told = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not name or not told.isascii() or not told.isdigit():
        return False
    if abs(now.timestamp() - int(told[:12])) > WINDOW_S:
        return False
    given = [
        one.removeprefix("v1,").encode("utf-8", "replace")
        for one in headers.get("webhook-signature", "").split()
        if one.startswith("v1,")
    ]
    signed = b".".join([name.encode("utf-8", "replace"), told.encode(), body])
    wanted = [_signature(_key(secret), signed) for secret in secrets if secret]
    # No early end: how long it takes must not tell how much was right.
    return any([hmac.compare_digest(one, other) for one in given for other in wanted])  # noqa: C419


def is_typeform(headers: Mapping[str, str], body: bytes, secrets: Iterable[str]) -> bool:
    """Tell whether a delivery is signed as Typeform does: `sha256=`, and base 64 of the HMAC."""
    way, _, given = headers.get("typeform-signature", "").partition("=")
    wanted = [_signature(secret.encode(), body) for secret in secrets if secret]
    shown = given.encode("utf-8", "replace")
    found = any([hmac.compare_digest(shown, one) for one in wanted])  # noqa: C419 -- as above
    return way == "sha256" and found


def _key(secret: str) -> bytes:
    bare = secret.removeprefix("whsec_")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)  # some leave it off
    except binascii.Error:
        return bare.encode()


def _signature(key: bytes, signed: bytes) -> bytes:
    return base64.b64encode(hmac.digest(key, signed, sha256))
