"""Connectors that say too little, or too much."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import ConfigDict

from connectors._http import Http
from connectors.channels import told
from schemas.channel import Channel, Fetched, Options, Tells
from schemas.errors import RefusedError
from tests.kit.broken import breaks
from tests.kit.ward import Opts, Ward


@breaks("says_what_it_is")
class Nameless(Ward):
    """It does not say by which specification it reads."""


@breaks("options_are_described")
class Undescribed(Ward):
    class OPTIONS(Options):
        base_url: str


@breaks("options_once_promised_still_hold")
class LosesAnOption(Ward):
    class OPTIONS(Options):
        base_url: str


@breaks("options_once_promised_still_hold")
class NeedsWhatItDidNot(Ward):
    class OPTIONS(Opts):
        order: str | None


@breaks("options_once_promised_still_hold")
class NeedsSomethingNew(Ward):
    class OPTIONS(Opts):
        region: str


@breaks("options_once_promised_still_hold")
class TakesLess(Ward):
    class OPTIONS(Opts):
        order: Literal["asc", "desc"] | None = None


@breaks("an_unknown_option_is_refused")
class TakesAnyOption(Ward):
    class OPTIONS(Opts):
        model_config = ConfigDict(extra="allow")


@breaks("no_secret_is_an_option")
class SecretInTheOpen(Ward):
    class OPTIONS(Opts):
        token: str = ""


@breaks("a_wrong_secret_is_refused", "status_401_is_refused", "status_403_is_refused")
class TakesNoForNothing(Ward):
    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        try:
            yield from super().fetch(channel, http, cursor)
        except RefusedError:
            return


@breaks("no_secret_is_told")
class LogsItsKey(Ward):
    def get(self, channel: Channel, http: Http, params: Mapping[str, Any]) -> bytes:
        logging.getLogger("ward").debug("asking with %s", channel.secrets)
        return super().get(channel, http, params)


@breaks("no_secret_is_told")
class KeepsItsKey(Ward):
    def fetch(self, channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
        for page in super().fetch(channel, http, cursor):
            url = f"{told(channel, Opts).base_url}/notes?key={channel.secrets['key']}"
            yield page.model_copy(update={"url": url})


@breaks("an_edit_is_not_hoped_for")
class SilentAboutEdits(Ward):
    TELLS = frozenset({Tells.REMOVALS, Tells.REPLIES})
