"""Answers that never change: what a client asked for in vain, in the same bytes every time.

Spec: https://www.rfc-editor.org/rfc/rfc9457 (problem details), https://www.rfc-editor.org/rfc/rfc6750
and https://www.rfc-editor.org/rfc/rfc7617 (challenges)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from http import HTTPStatus

import orjson
from starlette.types import Message

Header = tuple[bytes, bytes]

SAFE: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex, nofollow"),
)
"""Stand in every answer."""

INERT: Header = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox")
"""For answers that are no page: nothing in them may run, load, or be framed."""

READABLE: Header = (b"access-control-allow-origin", b"*")
"""Lets readers that run in a browser read a feed; they must have the token like any other."""

SHARED: tuple[Header, ...] = (
    READABLE,
    (b"access-control-expose-headers", b"ETag, Last-Modified, Link, Retry-After"),
)
"""Let such readers read these headers too."""


@dataclass(frozen=True)
class Answer:
    """A whole answer, as ASGI wants it."""

    start: Message
    body: Message

    @cached_property
    def head(self) -> bytes:
        """Write its status and headers as they go over the wire, up to where more may follow."""
        status = HTTPStatus(self.start["status"])
        lines = [b"HTTP/1.1 %d %b" % (status, status.phrase.encode())]
        lines += [b"%b: %b" % header for header in self.start["headers"]]
        return b"\r\n".join(lines) + b"\r\n"


NOTHING: Message = {"type": "http.response.body", "body": b""}
"""The body of an answer that has none."""


def whole(status: int, media_type: str, body: bytes, *headers: Header) -> Answer:
    """Make an answer of a body; `headers` follow those that every answer has."""
    head: list[Header] = [
        (b"content-type", media_type.encode()),
        (b"content-length", b"%d" % len(body)),
        *SAFE,
        *headers,
    ]
    return Answer(
        {"type": "http.response.start", "status": status, "headers": head},
        {"type": "http.response.body", "body": body},
    )


def problem(status: HTTPStatus, detail: str, headers: Sequence[Header] = ()) -> Answer:
    """Say what is wrong, as problem details; no cache keeps it."""
    said = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    return whole(
        status,
        "application/problem+json",
        orjson.dumps(said) + b"\n",
        (b"cache-control", b"no-store"),
        INERT,
        *SHARED,
        *headers,
    )


UNAUTHORIZED = problem(
    HTTPStatus.UNAUTHORIZED,
    "This address opens to a valid token alone: send it as `Authorization: Bearer`,"
    " or by Basic as the password of any user.",
    [
        (b"www-authenticate", b'Bearer realm="retold"'),
        (b"www-authenticate", b'Basic realm="retold", charset="UTF-8"'),
    ],
)

SUSPENDED = problem(
    HTTPStatus.FORBIDDEN,
    "This partner is suspended: take down what you hold, and ask the operator why.",
)

NOT_FOUND = problem(
    HTTPStatus.NOT_FOUND, "Nothing of yours is at this address: compare it with the one you got."
)

READ_ONLY = problem(
    HTTPStatus.METHOD_NOT_ALLOWED, "This address is only read.", [(b"allow", b"GET, HEAD")]
)

GONE = problem(HTTPStatus.GONE, "This story is shown no more: take down what you hold of it.")

FEED_READ_ONLY = problem(
    HTTPStatus.METHOD_NOT_ALLOWED, "A feed is only read.", [(b"allow", b"GET, HEAD, OPTIONS")]
)

PREFLIGHT = Answer(
    {
        "type": "http.response.start",
        "status": 204,
        "headers": [
            (b"allow", b"GET, HEAD, OPTIONS"),
            READABLE,
            (b"access-control-allow-methods", b"GET, HEAD"),
            (
                b"access-control-allow-headers",
                b"Authorization, If-None-Match, If-Modified-Since, A-IM",
            ),
            (b"access-control-max-age", b"7200"),
            *SAFE,
        ],
    },
    NOTHING,
)
"""What a browser asks before it lets a reader send a token: it sends none, so all addresses say it.

Spec: https://fetch.spec.whatwg.org/#cors-preflight-fetch
"""

POST_ONLY = problem(
    HTTPStatus.METHOD_NOT_ALLOWED, "Reports are sent here by POST.", [(b"allow", b"POST")]
)


@lru_cache(maxsize=64)
def too_often(wait_s: int) -> Answer:
    """Ask a client to wait so many seconds.

    Spec: https://www.rfc-editor.org/rfc/rfc6585 (429)
    """
    return problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "This token asks too often: wait as long as Retry-After says, and send If-None-Match.",
        [(b"retry-after", b"%d" % wait_s)],
    )


UNAVAILABLE = problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The store cannot be used just now: come back later.",
    [(b"retry-after", b"10")],
)

UNPUBLISHED = problem(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "This edition has not been published yet: come back later.",
    [(b"retry-after", b"300")],
)
