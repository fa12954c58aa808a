"""Where something was posted from: from a browser, what changes anything comes from our own pages.

A browser sends along who a person is (Basic) with whatever another site makes it post. Programs
that are no browsers say nothing of origins, and know the token themselves.
Spec: https://www.w3.org/TR/fetch-metadata/ and https://fetch.spec.whatwg.org/#origin-header
"""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from web import answers

_OPAQUE = b"null"
"""What a browser sends for an origin it will not tell; under our `no-referrer`, for our own too."""

ELSEWHERE = answers.problem(
    HTTPStatus.FORBIDDEN,
    "A browser posts this from our own pages alone: do it there, or by a program.",
)


def is_ours(headers: Mapping[bytes, bytes], public_url: str) -> bool:
    """Say whether a request comes from a page of ours, or from no page at all."""
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is not None and site != b"same-origin":
        return False
    if origin is None or (origin == _OPAQUE and site is not None):
        return True
    ours = urlsplit(public_url)
    return origin.lower() == f"{ours.scheme}://{ours.netloc}".encode().lower()
