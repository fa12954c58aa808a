"""Tell a partner what it must have taken down, and take its word that it has.

GET lists what an edition has removed; POST says of which stories that is done.
"""

import asyncio
from http import HTTPStatus
from typing import Any

import orjson
from starlette.types import Receive, Scope

from steps import removals
from web import answers, bodies, origin, requests
from web.admission import Admission
from web.answers import INERT, Answer
from web.house import House

ROOT = "/removals/"

LONGEST_BYTES = 1 << 20
"""Of an acknowledgement: more than twenty thousand stories."""

_WRITTEN = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z

_METHODS = answers.problem(
    HTTPStatus.METHOD_NOT_ALLOWED,
    "Removals are listed by GET, and acknowledged by POST.",
    [(b"allow", b"GET, HEAD, POST")],
)
_MISREAD = answers.problem(
    HTTPStatus.UNPROCESSABLE_ENTITY,
    'Send the ids of the stories that were taken down, as {"removed": ["urn:uuid:..."]}.',
)


class Removals:
    """The addresses under `/removals/`: one for each edition."""

    def __init__(self, house: House, admission: Admission) -> None:
        self._house = house
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive) -> Answer:
        """Answer one request; what is acknowledged is safe before the answer goes out."""
        headers, query = requests.headers(scope), requests.query(scope)
        admitted = await self._admission.admit(headers, query.token)
        if isinstance(admitted, Answer):
            return admitted
        token = admitted.token
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            return _METHODS
        if scope["method"] == "POST" and not origin.is_ours(headers, self._house.public_url):
            return origin.ELSEWHERE
        edition = scope["path"].removeprefix(ROOT)
        if edition not in admitted.standing.editions(self._house.config(), token.partner):
            return answers.NOT_FOUND
        # A partner that is suspended has the more to take down.
        if scope["method"] != "POST":
            return _said(await asyncio.to_thread(self._listed, edition))
        body = await bodies.whole(headers, receive, LONGEST_BYTES, "an acknowledgement")
        return body if isinstance(body, Answer) else await self._taken(edition, body, token.id)

    async def _taken(self, edition: str, body: bytes, client: str) -> Answer:
        stories = _stories(body)
        if stories is None:
            return _MISREAD
        given = (self._house.engine, edition, stories, client, self._house.now())
        return _said((await asyncio.to_thread(removals.acknowledge, *given)).model_dump())

    def _listed(self, edition: str) -> dict[str, Any]:
        found = removals.removed(self._house.engine, edition)
        return {
            "edition": edition,
            "removed": [
                {
                    "id": one.story_id,
                    "reason": one.reason,
                    "at": one.removed_at,
                    "acknowledged_at": one.acknowledged_at,
                }
                for one in found
            ],
        }


def _stories(body: bytes) -> list[str] | None:
    try:
        told = orjson.loads(body)
        found = told["removed"]
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        return None
    return found


def _said(value: Any) -> Answer:
    body = orjson.dumps(value, option=_WRITTEN)
    no_store = (b"cache-control", b"no-store")
    return answers.whole(HTTPStatus.OK, "application/json", body, no_store, INERT)
