"""Deliveries: which are genuine, and what is made of them."""

import base64
import hmac
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors import _signatures
from connectors.channels import webhook
from connectors.channels.webhook import OPTIONS
from kit.trial import open_trial
from schemas.channel import Channel, Fetched
from schemas.errors import GarbledError, RefusedError
from steps.look import Look

# The example of the Standard Webhooks libraries, which every one of them is tested with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
NOW = datetime.fromtimestamp(1_614_265_330, UTC)
SIGNED = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def channel(secrets: dict[str, str] | None = None, **told: Any) -> Channel:
    options = OPTIONS.model_validate({"fields": {"id": "{id}", "body": "text"}} | told)
    return Channel(id="one", kind="webhook", options=options, secrets=secrets or {"key": SECRET})


def test_the_specification_s_own_example_is_genuine() -> None:
    received = webhook.receive(channel(), SIGNED, BODY, NOW)

    assert received.id == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert received.page.payload == BODY


def test_any_of_several_signatures_and_either_key_will_do() -> None:
    several = SIGNED | {"webhook-signature": f"v1a,xyz v1,AAAA {SIGNED['webhook-signature']}"}
    assert webhook.receive(channel(), several, BODY, NOW).id
    renewed = channel({"key": "whsec_bm90IHRoaXM=", "next_key": SECRET})
    assert webhook.receive(renewed, SIGNED, BODY, NOW).id


@pytest.mark.parametrize("seconds", [-301, 301])
def test_the_replay_window_is_five_minutes(seconds: int) -> None:
    within = datetime.fromtimestamp(NOW.timestamp() + seconds * 299 // 301, UTC)
    assert webhook.receive(channel(), SIGNED, BODY, within).id
    beyond = datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)
    with pytest.raises(RefusedError, match="not signed as agreed"):
        webhook.receive(channel(), SIGNED, BODY, beyond)


@pytest.mark.parametrize(
    "bent",
    [
        {"webhook-id": "msg_other"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "²"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
    ],
)
def test_whatever_is_bent_is_refused_in_the_same_words(bent: dict[str, str]) -> None:
    with pytest.raises(RefusedError) as caught:
        webhook.receive(channel(), SIGNED | bent, BODY, NOW)
    assert str(caught.value) == "one: the delivery is not signed as agreed"


def test_a_key_that_lost_its_padding_is_the_same_key() -> None:
    short = base64.b64encode(b"twenty-five bytes of key!").decode()
    signature = base64.b64encode(
        hmac.digest(b"twenty-five bytes of key!", b"m.1614265330.{}", sha256)
    ).decode()
    headers = {**SIGNED, "webhook-id": "m", "webhook-signature": f"v1,{signature}"}
    for key in (short, short.rstrip("="), f"whsec_{short.rstrip('=')}"):
        assert webhook.receive(channel({"key": key}), headers, b"{}", NOW).id == "m"


def test_without_a_key_nothing_is_genuine() -> None:
    signature = base64.b64encode(hmac.digest(b"", b"m.1614265330.{}", sha256)).decode()
    empty = {**SIGNED, "webhook-id": "m", "webhook-signature": f"v1,{signature}"}
    with pytest.raises(RefusedError):
        webhook.receive(channel({"key": ""}), empty, b"{}", NOW)


def test_a_secret_that_is_no_base_64_is_taken_as_it_is() -> None:
    signature = base64.b64encode(hmac.digest(b"pa-ss!", b"m.1614265330.{}", sha256)).decode()
    headers = {**SIGNED, "webhook-id": "m", "webhook-signature": f"v1,{signature}"}
    assert webhook.receive(channel({"key": "pa-ss!"}), headers, b"{}", NOW).id == "m"
    assert not _signatures.is_standard(headers, b"{ }", ["pa-ss!"], NOW)


def test_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    with open_trial("webhook", tmp_path) as trial:
        trial.world.add(1)
        assert trial.look() == Look(channel=trial.channel.id, pages=0)


FORM = {
    "event_id": "LtWXD3crgy",
    "event_type": "form_response",
    "form_response": {
        "token": "a3a12ec67a1365927098a606107fac15",
        "submitted_at": "2026-11-01T12:00:00Z",
        "answers": [
            {"type": "text", "text": "The nurse was kind.", "field": {"ref": "what_good"}},
            {"type": "number", "number": 4, "field": {"ref": "stars"}},
            {"type": "choice", "choice": {"label": "Patient"}, "field": {"ref": "who"}},
            {"type": "choices", "choices": {"labels": ["food", "noise"]}, "field": {"ref": "on"}},
            {"type": "boolean", "boolean": True, "field": {"ref": "again"}},
            {"type": "text", "text": "nobody asked"},
            7,
        ],
    },
}
FORM_TOLD = {
    "signed": "typeform",
    "records": "form_response",
    "fields": {
        "id": "{token}",
        "body": "answers.what_good",
        "author_role": "answers.who",
        "tags": "answers.on",
        "submitted_at": "submitted_at",
    },
    "ratings": [{"value": "answers.stars", "scheme": "stars"}],
    "ext": {"again": "answers.again"},
}


def _form(body: bytes, key: str = "shared") -> dict[str, str]:
    digest = base64.b64encode(hmac.new(key.encode(), body, sha256).digest()).decode()
    return {"typeform-signature": f"sha256={digest}"}


def test_a_form_of_typeform_is_read_by_the_references_of_its_fields() -> None:
    of = channel({"key": "shared"}, **FORM_TOLD)
    body = orjson.dumps(FORM)
    received = webhook.receive(of, _form(body), body, NOW)
    (draft,) = webhook.parse(of, received.page).drafts
    assert received.id == "LtWXD3crgy"
    assert (draft.body, draft.author.role) == ("The nurse was kind.", "Patient")
    assert [tag.name for tag in draft.tags] == ["food", "noise"]
    assert (draft.ratings[0].value, draft.ext) == (4, {"again": True})


@pytest.mark.parametrize("body", [b'{"event_id":7}', b"{}", b"7", b"{"])
def test_a_form_without_an_event_is_refused(body: bytes) -> None:
    of = channel({"key": "shared"}, **FORM_TOLD)
    with pytest.raises(RefusedError):
        webhook.receive(of, _form(body), body, NOW)


def test_a_form_that_is_signed_otherwise_is_refused() -> None:
    of = channel({"key": "shared"}, **FORM_TOLD)
    body = orjson.dumps(FORM)
    right = _form(body)["typeform-signature"]
    for bent in (_form(body, "other"), {"typeform-signature": right[7:]}, {}):
        with pytest.raises(RefusedError):
            webhook.receive(of, bent, body, NOW)


def test_a_form_without_answers_is_set_aside_or_kept_as_its_fields_say() -> None:
    of = channel({"key": "shared"}, **FORM_TOLD | {"needs": ["answers.what_good"]})
    body = orjson.dumps({"form_response": {"token": "t"}})
    parsed = webhook.parse(of, Fetched(payload=body, media_type=webhook.MEDIA_TYPE))
    assert [faulty.code for faulty in parsed.faulty] == ["bad_record"]


@pytest.mark.parametrize("payload", [b"", b"<html>", b"[", b'"text"', b"7"])
def test_what_is_no_record_is_garbled(payload: bytes) -> None:
    with pytest.raises(GarbledError):
        webhook.parse(channel(), Fetched(payload=payload, media_type=webhook.MEDIA_TYPE))


def test_a_delivery_may_say_until_when_its_story_may_be_shown() -> None:
    of = channel(fields={"id": "{id}", "body": "text", "expires_at": "until"})
    body = b'{"id":"1","text":"A","until":"2027-01-01T00:00:00Z"}'
    (draft,) = webhook.parse(of, Fetched(payload=body, media_type=webhook.MEDIA_TYPE)).drafts
    assert draft.expires_at == "2027-01-01T00:00:00Z"
