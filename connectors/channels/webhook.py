"""Take in what a source sends us: signed JSON, as Standard Webhooks or Typeform say.

A delivery is known by its id, so that one that is repeated is taken in once. What stands in it is
told by paths, as for `rest`.
Spec: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
and https://www.typeform.com/developers/webhooks/example-payload/
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import orjson
from pydantic import ConfigDict

from connectors import _rest_record, _signatures, _web_page
from connectors._http import Http
from connectors._rest_options import Recorded
from connectors.channels import Received, told
from schemas.channel import Channel, Fetched, Options, Parsed, Tells
from schemas.errors import GarbledError, RefusedError

VERSION = "1"
SECRETS: tuple[str, ...] = ("key",)
EVERY = "1d"
TELLS = frozenset({Tells.EDITS, Tells.REMOVALS, Tells.REPLIES})

MEDIA_TYPE = "application/json"
"""Of a delivery, as it was received."""
RECORD_TYPE = "application/vnd.retold.webhook-record+json"
"""Of one record of it."""


class Opts(Recorded):
    """What a channel that is sent its stories may be told."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    signed: Literal["standard", "typeform"] = "standard"
    """How deliveries are signed: as Standard Webhooks says, or as Typeform does."""
    records: str = ""
    """The path of the record in a delivery, or of a list of them; empty where it is the whole.
    Of a form, `form_response`, whose answers stand by their field's `ref`: `answers.what_good`."""


OPTIONS: type[Options] = Opts


def fetch(channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
    """Give nothing: this channel is sent its stories."""
    del channel, http, cursor
    yield from ()


def receive(channel: Channel, headers: Mapping[str, str], body: bytes, now: datetime) -> Received:
    """Verify a delivery. A wrong or missing signature, or one too old, is a RefusedError.

    The secret `key` verifies it; so does `next_key`, while one takes the place of the other.
    """
    secrets = [channel.secrets.get(name, "") for name in ("key", "next_key")]
    if told(channel, Opts).signed == "standard":
        is_genuine = _signatures.is_standard(headers, body, secrets, now)
        name = headers.get("webhook-id", "")
    else:
        is_genuine = _signatures.is_typeform(headers, body, secrets)
        name = _event(body)
    if not is_genuine or not name:
        raise RefusedError(channel.id, "the delivery is not signed as agreed")
    return Received(name, Fetched(payload=body, media_type=MEDIA_TYPE))


def _event(body: bytes) -> str:
    """Give the id of a form's delivery: Typeform signs it with the rest, but no time."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    name = found.get("event_id") if isinstance(found, dict) else None
    return name if isinstance(name, str) else ""


def parse(channel: Channel, fetched: Fetched) -> Parsed:
    """Read the records of a delivery."""
    options = told(channel, Opts)
    records = _records(channel.id, fetched, options)
    return _rest_record.parse(records, channel, options, orjson.dumps, RECORD_TYPE)


def _records(who: str, fetched: Fetched, options: Opts) -> list[Any]:
    if _web_page.is_one(fetched.payload):
        raise GarbledError(who, "a web page was sent where a record was promised")
    try:
        document = orjson.loads(fetched.payload)
    except orjson.JSONDecodeError as error:
        raise GarbledError(who, f"what was sent is no JSON: {error}") from error
    if fetched.media_type == RECORD_TYPE:
        return [document]
    found = _rest_record.find(document, options.records)
    if not isinstance(found, dict | list):
        raise GarbledError(who, f"what was sent has no record at {options.records!r}")
    listed = found if isinstance(found, list) else [found]
    return [_with_answers(one) for one in listed] if options.signed == "typeform" else listed


def _with_answers(form: Any) -> Any:
    """Let the answers of a form stand by the reference of their field."""
    answers = form.get("answers") if isinstance(form, dict) else None
    if not isinstance(answers, list):
        return form
    found: dict[str, Any] = {}
    for one in filter(lambda a: isinstance(a, dict), answers):
        field = one.get("field")
        if isinstance(field, dict) and isinstance(field.get("ref"), str):
            found[field["ref"]] = _answer(one)
    return form | {"answers": found}


def _answer(told_by: Mapping[str, Any]) -> Any:
    value = told_by.get(str(told_by.get("type")))
    if isinstance(value, dict):
        return value.get("label") or value.get("labels")
    return value
