"""Take in the reports of views that partners send."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple

import orjson
from starlette.types import Receive, Scope

from connectors import counts
from schemas.config import Config
from schemas.errors import RetoldError, StoreError
from schemas.views import Method
from web import answers, bodies, origin, requests
from web.admission import Admission
from web.answers import INERT, Answer
from web.house import House

ROOT = "/reports/"

LONGEST_BYTES = 50 * 1024 * 1024

MEDIA_TYPES = sorted({t for kind in counts.kinds() for t in counts.counter(kind).MEDIA_TYPES})
"""All that any form of report may be sent as."""

_UNSUPPORTED = answers.problem(
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    f"A report is plain {', '.join(MEDIA_TYPES)}, as its Content-Type must say.",
    [(b"accept", ", ".join(MEDIA_TYPES).encode())],
)


class _Ask(NamedTuple):
    """A request that may go on: whose report it is, how it was counted, and in what form."""

    platform: str
    method: str
    media_type: str


class Reports:
    """The addresses under `/reports/`."""

    def __init__(self, house: House, admission: Admission) -> None:
        self._house = house
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive) -> Answer:
        """Answer one request; a report is safe before the answer goes out."""
        headers, query = requests.headers(scope), requests.query(scope)
        admitted = await self._admission.admit(headers, query.token, "report")
        if isinstance(admitted, Answer):
            return admitted
        if scope["method"] != "POST":
            return answers.POST_ONLY
        if not origin.is_ours(headers, self._house.public_url):
            return origin.ELSEWHERE
        platform = scope["path"].removeprefix(ROOT)
        methods = _methods(self._house.config(), platform)
        method = query.method or next(iter(methods), "")
        if platform != admitted.token.partner or method not in methods:
            return answers.NOT_FOUND
        media_type = _media_type(headers)
        if media_type is None:
            return _UNSUPPORTED
        payload = await bodies.whole(headers, receive, LONGEST_BYTES, "a report")
        ask = _Ask(platform, method, media_type)
        return payload if isinstance(payload, Answer) else await self._receive(ask, payload)

    async def _receive(self, ask: _Ask, payload: bytes) -> Answer:
        try:
            received = await asyncio.to_thread(
                self._house.receive,
                self._house.engine,
                ask.platform,
                ask.method,
                payload,
                ask.media_type,
                self._house.now(),
            )
        except StoreError:
            raise
        except RetoldError as error:
            return answers.problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        said = {
            "id": received.id,
            "sha256": received.sha256,
            "status": "duplicate" if received.duplicate else "received",
        }
        return answers.whole(
            HTTPStatus.ACCEPTED,
            "application/json",
            orjson.dumps(said) + b"\n",
            (b"cache-control", b"no-store"),
            INERT,
        )


def _methods(config: Config, platform: str) -> Sequence[str]:
    """List how a platform's reports may have been counted, the counter of record first."""
    counters = config.platforms().get(platform, ())
    return [method for method in counters if method != Method.BEACON]  # that one is ours


def _media_type(headers: dict[bytes, bytes]) -> str | None:
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        return None
    bare = counts.plain_type(headers.get(b"content-type", b"").decode("latin-1"))
    return bare if bare in MEDIA_TYPES else None
