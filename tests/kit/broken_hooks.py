"""Connectors that are sent their stories, and are broken on purpose, each in one way."""

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from connectors.channels import Received, webhook
from connectors.channels.webhook import MEDIA_TYPE
from schemas.channel import Channel, Fetched, Parsed


class Good:
    """The connector as it is."""

    def __getattr__(self, name: str) -> object:
        return getattr(webhook, name)

    def receive(
        self, channel: Channel, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Received:
        return webhook.receive(channel, headers, body, now)

    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        return webhook.parse(channel, fetched)


class NamesByChance(Good):
    def receive(
        self, channel: Channel, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Received:
        return super().receive(channel, headers, body, now)._replace(id=uuid4().hex)


class OneNameForAll(Good):
    def receive(
        self, channel: Channel, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Received:
        return super().receive(channel, headers, body, now)._replace(id="delivery")


class TrustsAnybody(Good):
    def receive(
        self, channel: Channel, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Received:
        del channel, now
        page = Fetched(payload=body, media_type=MEDIA_TYPE)
        return Received(headers.get("webhook-id", "none"), page)


class KnowsNoTime(Good):
    def receive(
        self, channel: Channel, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> Received:
        now = now.fromtimestamp(int(headers["webhook-timestamp"]), now.tzinfo)
        return super().receive(channel, headers, body, now)


class ForgetsWhen(Good):
    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        parsed = super().parse(channel, fetched)
        undated = tuple(
            draft.model_copy(update={"updated_at": None, "published_at": None})
            for draft in parsed.drafts
        )
        return parsed.model_copy(update={"drafts": undated})


class DropsTheBad(Good):
    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        return super().parse(channel, fetched).model_copy(update={"faulty": ()})


BROKEN = (
    (NamesByChance, "a_repeated_delivery_is_taken_in_once"),
    (OneNameForAll, "the_id_tells_deliveries_apart"),
    (TrustsAnybody, "a_bent_delivery_is_refused"),
    (KnowsNoTime, "a_stale_delivery_is_refused"),
    (ForgetsWhen, "a_late_delivery_undoes_nothing"),
    (DropsTheBad, "a_delivery_of_junk_is_kept_whole"),
)
