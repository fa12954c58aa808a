"""Decide about pushes: what a request to the hub says, how long it holds, when to try again.

Spec: https://www.w3.org/TR/websub/
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest, digest
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from schemas.errors import UnfitError
from schemas.partner import Partner, Token
from schemas.push import Mode


class Bounds(NamedTuple):
    """How long a subscription may hold, in seconds."""

    default_s: int = 10 * 86_400
    least_s: int = 3_600
    most_s: int = 30 * 86_400


LEASES = Bounds()

SECRET_LIMIT_BYTES = 200
"""A secret is shorter."""

CALLBACK_LIMIT = 2_000
"""Characters of a callback's address."""

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
"""Between two tries of a push. It is never given up before the lease ends."""

CLAIM = timedelta(minutes=15)
"""How long a subscriber or a webhook is ours: longer than any answer may take."""

MOST_VERIFICATIONS = 5
"""Tries to reach a callback that was never verified."""

_SEPARATOR = "\x1f"
_UNFIT = re.compile(r"[\x00-\x20\x7f\\#]")
_SECONDS = re.compile(r"[0-9]{1,12}")


class Wish(NamedTuple):
    """What a request to the hub says."""

    mode: Mode
    topic: str
    callback: str
    lease_s: int
    secret: str | None


def read(fields: Mapping[str, str], bounds: Bounds = LEASES) -> Wish:
    """Read a request to the hub; fields it has besides are passed over. UnfitError says why not."""
    mode = fields.get("hub.mode", "")
    if mode not in set(Mode):
        raise UnfitError("mode", f"hub.mode is {' or '.join(Mode)}.")
    topic = fields.get("hub.topic", "")
    if not topic:
        raise UnfitError("topic", "hub.topic is missing: name the feed by its rel=self address.")
    callback = fields.get("hub.callback", "")
    if not is_address(callback):
        raise UnfitError(
            "callback",
            f"hub.callback is an http or https address of at most {CALLBACK_LIMIT} characters,"
            " percent-encoded, without user name and fragment.",
        )
    seconds = fields.get("hub.lease_seconds", "")
    if seconds and not _SECONDS.fullmatch(seconds):
        raise UnfitError("lease", "hub.lease_seconds is a decimal number of seconds.")
    secret = fields.get("hub.secret") or None
    if secret and len(secret.encode()) >= SECRET_LIMIT_BYTES:
        raise UnfitError("secret", f"hub.secret has less than {SECRET_LIMIT_BYTES} bytes.")
    if secret and "\0" in secret:  # PostgreSQL keeps none
        raise UnfitError("secret", "hub.secret has no character of the number 0.")
    return Wish(
        Mode(mode), topic, callback, lease_s(int(seconds) if seconds else None, bounds), secret
    )


def is_address(url: str) -> bool:
    """Say whether an address can be posted to; whether it may be is the network's to say."""
    if len(url) > CALLBACK_LIMIT or _UNFIT.search(url) or not url.isascii():
        return False
    try:
        split = urlsplit(url)
    except ValueError:
        return False
    return split.scheme in {"http", "https"} and bool(split.hostname) and "@" not in split.netloc


def lease_s(asked_s: int | None, bounds: Bounds = LEASES) -> int:
    """Bound the seconds that a subscription holds; none holds for ever."""
    if asked_s is None:
        return bounds.default_s
    return min(max(asked_s, bounds.least_s), bounds.most_s)


def subscriber_id(edition: str, format_name: str, callback: str) -> str:
    """Name a subscriber by its topic and callback: whoever asks again is the same."""
    return sha256(_SEPARATOR.join((edition, format_name, callback)).encode()).hexdigest()[:32]


def echoes(status: int, body: bytes, challenge: str) -> bool:
    """Say whether a callback confirmed an intent: a 2xx whose whole body is the challenge."""
    return status // 100 == HTTPStatus.OK // 100 and compare_digest(body, challenge.encode())


class Fate(StrEnum):
    """What became of a push."""

    TAKEN = "taken"
    FAILED = "failed"
    GONE = "gone"


def fate(status: int) -> Fate:
    """Say what a callback's answer to a push means; a redirect is a failure like any other."""
    if status == HTTPStatus.GONE:
        return Fate.GONE
    return Fate.TAKEN if status // 100 == HTTPStatus.OK // 100 else Fate.FAILED


def wait(failures: int, chance: float, asked_s: float | None = None) -> timedelta:
    """Say how long to wait after so many failures in a row: doubling, capped, within jitter.

    `chance` lies from 0 to 1: of the bound at least half is waited. `asked_s` are seconds that
    the callback asked for (Retry-After), kept up to the cap.
    """
    doublings = min(max(failures - 1, 0), 30)
    bound = min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
    asked = timedelta(seconds=min(asked_s or 0, LONGEST_WAIT.total_seconds()))
    return max(bound * (0.5 + chance / 2), asked)


def signature(secret: str, body: bytes) -> str:
    """Sign exactly these bytes: the value of X-Hub-Signature."""
    return f"sha256={digest(secret.encode(), body, 'sha256').hex()}"


def denial(
    partner: Partner | None,
    formats: Collection[str],
    token: Token | None,
    format_name: str,
    now: datetime,
) -> str | None:
    """Say why nothing may be pushed; None where it may.

    `partner` is the edition's, None where there is no such edition; `formats` are those agreed.
    """
    if partner is None or format_name not in formats:
        return "there is no such feed any more"
    if token is None or token.partner != partner.id or not token.is_live(now):
        return "the token of this subscription has ended"
    return "the partner is suspended" if partner.suspended else None
