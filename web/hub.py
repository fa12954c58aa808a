"""Take in who wants to be told of changes: a private WebSub hub for our own feeds.

What is asked here is kept and verified later, by `steps.push`.
Spec: https://www.w3.org/TR/websub/#subscribing-and-unsubscribing
"""

import asyncio
import re
from http import HTTPStatus

from starlette.types import Receive, Scope

import feeds
from rules import push as rules
from schemas.errors import UnfitError
from schemas.partner import Edition, Token
from steps import push
from steps.press import HUB
from web import answers, bodies, origin, requests
from web.admission import Admission
from web.answers import INERT, Answer
from web.feeds import ROOT, Holding, Holdings, Place
from web.house import House

LONGEST_BYTES = 16 * 1024
"""Of a request: addresses, a secret, a few words."""

_MOST_FIELDS = 100
_TOPIC = re.compile(r"(?P<stem>[^/.?#]+/[^/.?#]+)\.(?P<ending>[a-z]+)")

_POST_ONLY = answers.problem(
    HTTPStatus.METHOD_NOT_ALLOWED, "Subscriptions are sent here by POST.", [(b"allow", b"POST")]
)
_NO_FORM = answers.problem(
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "A subscription is sent as a form: application/x-www-form-urlencoded.",
)
_ACCEPTED = answers.whole(
    HTTPStatus.ACCEPTED,
    "text/plain; charset=utf-8",
    b"Your callback will be asked whether it meant this.\n",
    (b"cache-control", b"no-store"),
    INERT,
)


class Hub:
    """The address `/hub`."""

    def __init__(self, house: House, admission: Admission) -> None:
        self._house = house
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive) -> Answer:
        """Answer one request; without a valid token all alike, before anything is looked at."""
        headers = requests.headers(scope)
        admitted = await self._admission.admit(headers, requests.query(scope).token)
        if isinstance(admitted, Answer):
            return admitted
        token = admitted.token
        if scope["path"] != HUB:
            return answers.NOT_FOUND
        if scope["method"] != "POST":
            return _POST_ONLY
        if not origin.is_ours(headers, self._house.public_url):
            return origin.ELSEWHERE
        if not requests.is_form(headers):
            return _NO_FORM
        body = await bodies.whole(headers, receive, LONGEST_BYTES, "a subscription")
        return body if isinstance(body, Answer) else await self._take(body, token)

    async def _take(self, body: bytes, token: Token) -> Answer:
        try:
            wish = rules.read(_fields(body))
        except UnfitError as error:
            return answers.problem(HTTPStatus.BAD_REQUEST, str(error))
        found = self._find(wish.topic, token)
        if found is None:
            return answers.NOT_FOUND
        holding, ending = found
        if holding.suspended:
            return answers.SUSPENDED
        house = self._house
        await asyncio.to_thread(
            push.ask, house.engine, holding.edition, ending, wish, token, house.now()
        )
        return _ACCEPTED

    def _find(self, topic: str, token: Token) -> tuple[Holding, str] | None:
        """Find whose feed a topic is; None unless it is the canonical address of one's own."""
        root = self._house.public_url + ROOT
        named = _TOPIC.fullmatch(topic.removeprefix(root)) if topic.startswith(root) else None
        if named is None:
            return None
        place = Place(named["stem"], named["ending"])
        holding = Holdings(self._house.config()).find(token, place)
        if holding is None or place.ending not in self._endings(holding.edition):
            return None
        return holding, place.ending

    def _endings(self, edition: Edition) -> set[str]:
        return self._house.config().formats_of(edition.partner) & set(feeds.names())


def _fields(body: bytes) -> dict[str, str]:
    """Read a form; of a name that comes twice the first counts."""
    found = requests.form(body, _MOST_FIELDS)
    if found is None:
        raise UnfitError("form", "The form cannot be read: write it as UTF-8, encoded.")
    return {name: values[0] for name, values in found.items()}
