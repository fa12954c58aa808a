"""Take in what sources send us.

Spec: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import asyncio
from http import HTTPStatus

import orjson
from starlette.types import Receive, Scope

from connectors.channels import connector, pushed
from schemas.errors import RefusedError
from web import answers, bodies, requests
from web.answers import INERT, Answer
from web.house import House
from web.websub import ROOT as WEBSUB
from web.websub import Callbacks

ROOT = "/hooks/"

LONGEST_BYTES = 1 << 20
"""Of a delivery: fifty times what the specification advises."""

_NO_STORE = (b"cache-control", b"no-store")

_REFUSED = answers.problem(HTTPStatus.UNAUTHORIZED, "The delivery is not signed as agreed.")


class Hooks:
    """The addresses under `/hooks/`: one for each channel that is sent its stories.

    Below `/hooks/websub/` they are for hubs.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._callbacks = Callbacks(house)

    async def __call__(self, scope: Scope, receive: Receive) -> Answer:
        """Answer one delivery; its bytes are safe before the answer goes out."""
        if scope["path"].startswith(WEBSUB):
            return await self._callbacks(scope, receive)
        if scope["method"] != "POST":
            return answers.POST_ONLY
        channel = self._house.config().channel(scope["path"].removeprefix(ROOT))
        headers = requests.headers(scope)
        body = await bodies.whole(headers, receive, LONGEST_BYTES, "a delivery")
        if isinstance(body, Answer):
            return body
        # Whoever knows no key does not learn which channels there are.
        if channel is None or pushed(connector(channel.kind)) is None:
            return _REFUSED
        named = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
        try:
            receipt = await asyncio.to_thread(
                self._house.deliver, self._house.engine, channel, named, body, self._house.now()
            )
        except RefusedError:
            return _REFUSED
        status = "duplicate" if receipt.duplicate else "received"
        said = orjson.dumps({"id": receipt.id, "status": status}) + b"\n"
        return answers.whole(HTTPStatus.ACCEPTED, "application/json", said, _NO_STORE, INERT)
