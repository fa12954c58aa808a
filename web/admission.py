"""Let in who brings a valid token, as often as it may come."""

from datetime import datetime
from typing import NamedTuple

from schemas.partner import Token
from web import answers, keys
from web.answers import Answer
from web.deliveries import Deliveries
from web.fresh import Fresh
from web.house import House
from web.pace import Pace
from web.standing import Standing


class Admitted(NamedTuple):
    """Who was let in, when, and by which reading of the store."""

    token: Token
    standing: Standing
    now: datetime


class Admission:
    """What every address asks first where a token is wanted."""

    def __init__(self, house: House, standing: Fresh[Standing], deliveries: Deliveries) -> None:
        self._house = house
        self.standing = standing
        self.deliveries = deliveries
        self.pace = Pace(house.feed_rate)

    async def admit(
        self, headers: dict[bytes, bytes], in_query: bytes, kind: str = "feed"
    ) -> Admitted | Answer:
        """Find whose token of a kind a request brings, in a header or its address, or say why not.

        Without a valid one all are answered alike, before anything else is looked at.
        """
        standing, now = await self.standing.get(), self._house.now()
        token = standing.keyring.holder(keys.presented(headers, in_query), kind, now)
        if token is None:
            return answers.UNAUTHORIZED
        wait_s = self.pace.wait_s(token.id, now)
        if wait_s:
            return answers.too_often(wait_s)
        self.deliveries.use(token.id, now)
        return Admitted(token, standing, now)
