"""Connectors that make light of what goes wrong outside."""

from collections.abc import Iterator, Mapping
from typing import Any

import requests

from connectors._http import Http
from connectors.channels import told
from schemas.channel import Channel, Fetched, Parsed
from schemas.errors import GoneError, OutsideError, RefusedError, UnreachableError
from tests.kit.broken import breaks
from tests.kit.ward import Opts, Ward


@breaks(
    "status_404_is_told",
    "status_410_is_gone",
    "silence_is_not_waited_for",
    "a_reset_is_transient",
    "half_a_body_is_no_answer",
    "a_slow_drip_is_cut_off",
    "a_flood_is_cut_off",
    "a_private_address_is_not_asked",
)
class TakesFailureForNothing(Ward):
    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        try:
            yield from super().fetch(channel, http, cursor)
        except OutsideError:
            return


@breaks("status_404_is_told", "status_410_is_gone", "status_403_is_refused")
class HopesForever(Ward):
    def get(self, channel: Channel, http: Http, params: Mapping[str, Any]) -> bytes:
        try:
            return super().get(channel, http, params)
        except (RefusedError, GoneError) as error:
            raise UnreachableError(error.who, error.reason) from error


@breaks("a_refusal_is_not_repeated")
class Insists(Ward):
    def get(self, channel: Channel, http: Http, params: Mapping[str, Any]) -> bytes:
        for _ in range(4):
            try:
                return super().get(channel, http, params)
            except RefusedError as error:
                refused = error
        raise refused


@breaks(
    "retry_after_is_heeded",
    "a_long_wait_is_left_to_the_schedule",
    "a_short_outage_is_waited_out",
    "a_redirect_takes_no_secret_along",
)
class AsksByItself(Ward):
    def get(self, channel: Channel, http: Http, params: Mapping[str, Any]) -> bytes:
        answer = requests.get(
            f"{told(channel, Opts).base_url}/notes",
            params=params,
            headers={"X-Key": channel.secrets["key"]},
            timeout=http.limits.read_timeout_s,
        )
        if not answer.ok:
            raise UnreachableError(channel.id, f"HTTP {answer.status_code}")
        return answer.content


@breaks("a_failure_in_mid_walk_loses_nothing")
class CallsItADay(Ward):
    """What fails in mid-walk is taken for the end, and all before today as read."""

    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        raw = b'{"notes":[]}'
        try:
            for page in super().fetch(channel, http, cursor):
                raw = page.payload
                yield page
        except UnreachableError:
            yield self.page(raw, "2026-04-20")


@breaks(
    "a_web_page_is_no_answer",
    "a_web_page_in_disguise_is_no_answer",
    "a_login_is_refused",
    "junk_is_garbled",
)
class TakesPagesForNothing(Ward):
    def get(self, channel: Channel, http: Http, params: Mapping[str, Any]) -> bytes:
        return http.get(
            channel.id,
            f"{told(channel, Opts).base_url}/notes",
            params=params,
            secret_headers={"X-Key": channel.secrets.get("key", "")},
        ).body

    def notes(self, who: str, raw: bytes) -> list[Any]:
        return [] if raw.lstrip().startswith(b"<") else super().notes(who, raw)


@breaks("a_wrong_media_type_costs_nothing")
class GoesByTheLabel(Ward):
    label = ""

    def get(self, channel: Channel, http: Http, params: Mapping[str, Any]) -> bytes:
        answer = http.get(
            channel.id,
            f"{told(channel, Opts).base_url}/notes",
            params=params,
            secret_headers={"X-Key": channel.secrets.get("key", "")},
        )
        self.label = answer.media_type
        return answer.body

    def parse(self, channel: Channel, fetched: Fetched) -> Parsed:
        return super().parse(channel, fetched) if "json" in self.label else Parsed()


@breaks("a_wrong_encoding_costs_nothing")
class MakesLettersUp(Ward):
    def notes(self, who: str, raw: bytes) -> list[Any]:
        return super().notes(who, raw.decode(errors="replace").encode())


@breaks("pages_without_end_are_left")
class NeverHasEnough(Ward):
    def require_more(self, who: str, after: str, notes: list[Any]) -> None:
        """Trust the source to come to an end."""
