"""What holds for every kind of channel; a new file is under test before its author writes one."""

import importlib
import inspect
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import _mailbox_page, channels
from connectors._http import Http
from connectors._mailbox_page import Letter
from connectors.channels import (
    Connector,
    app_store,
    careopinion,
    feed,
    google_reviews,
    mailbox,
    nhs_reviews,
    rest,
    table,
    trustpilot,
    webhook,
)
from schemas.channel import Channel, Fetched, Options, Parsed, options_schema
from schemas.errors import GarbledError, OutsideError, UnknownKindError
from tests.connectors import hostile, near

KINDS = channels.kinds()
PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head><body>Log in</body></html>"

LEAST: dict[str, dict[str, Any]] = {
    "feed": {"url": "https://forum.example/feed"},
    "table": {"path": "a.csv", "columns": {"id": "id", "body": "text"}},
    "nhs_reviews": {"ods_codes": ["RXX"]},
    "trustpilot": {"business_unit": "1"},
    "app_store": {"app": "1"},
    "google_reviews": {"account": "1", "locations": {"2": "ods:RXX"}},
    "mailbox": {"host": "imap.example", "user": "feedback"},
    "webhook": {"fields": {"id": "{id}", "body": "text"}},
    "rest": {"url": "https://api.example/x", "fields": {"id": "{id}", "body": "text"}},
}
"""The options that a kind cannot do without."""

_B64 = b64encode(b'[{"id":1,"text":"B"},{"id":2,"text":[2]},7]')

TOLD: dict[str, list[tuple[str, bytes]]] = {
    "feed": [
        (
            "application/atom+xml",
            b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id></entry><entry/></feed>',
        ),
        (
            "application/feed+json",
            b'{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","title":"T"},{}]}',
        ),
    ],
    "table": [
        ("text/csv", b'id,text\n1,Kind\n,Kind\n3,NA\n4,"open\n'),
        ("application/x-ndjson", b'{"id":1,"text":"Kind"}\n{"text":"Kind"}\n{"id":3,"text":""}\n'),
    ],
    "careopinion": [
        (
            careopinion.MEDIA_TYPE,
            b'{"opinions":[{"id":1,"title":"T","body":"B"},{"id":2},7],"wanted":[1,2]}',
        )
    ],
    "webhook": [(webhook.MEDIA_TYPE, b'[{"id":1,"text":"B"},{"id":2,"text":[2]},7]')],
    "rest": [(rest.MEDIA_TYPE, b'{"list":0,"page":"%s"}' % _B64)],
    "mailbox": [
        (
            _mailbox_page.MEDIA_TYPE,
            _mailbox_page.write([Letter(1, b"Subject: T\r\n\r\nB"), Letter(2, b"\r\n")]),
        )
    ],
    "google_reviews": [
        (
            google_reviews.MEDIA_TYPE,
            (
                b'{"location":"2","page":{"reviews":[{"reviewId":"a","comment":"B"},'
                b'{"reviewId":"b","starRating":"SIX"},{}]}}'
            ),
        )
    ],
    "app_store": [
        (
            app_store.MEDIA_TYPE,
            (
                b'{"feed":{"entry":[{"id":{"label":"1"},"content":{"label":"B"},'
                b'"im:rating":{"label":"5"}},{"id":{"label":"2"}},{}]}}'
            ),
        )
    ],
    "trustpilot": [
        (
            trustpilot.MEDIA_TYPE,
            b'{"reviews":[{"id":"a","stars":5,"text":"B"},{"id":"b","stars":6},7]}',
        )
    ],
    "nhs_reviews": [
        (
            nhs_reviews.MEDIA_TYPE,
            (
                b'{"status":"published","page":{"comments":[{"comment":{"commentId":"a","odsCode":'
                b'"RXX","commentText":"B"}},{"comment":{"commentId":"b","odsCode":7}},7]}}'
            ),
        )
    ],
}
"""For each kind a payload that holds a good record and a bad one."""


def options(kind: str, **more: Any) -> Options:
    return channels.connector(kind).OPTIONS.model_validate(LEAST.get(kind, {}) | more)


def channel(kind: str, **more: Any) -> Channel:
    secrets = dict.fromkeys(channels.connector(kind).SECRETS, "s3cret-canary")
    return Channel(id="one", kind=kind, options=options(kind, **more), secrets=secrets)


def parse(kind: str, payload: bytes, media_type: str) -> Parsed:
    fetched = Fetched(payload=payload, media_type=media_type)
    return channels.connector(kind).parse(channel(kind), fetched)


PAYLOADS = [
    pytest.param(kind, media_type, payload, id=f"{kind}-{media_type}")
    for kind in KINDS
    for media_type, payload in TOLD.get(kind, [])
]


def test_modules_are_connectors_by_what_they_have() -> None:
    found: list[Connector] = [
        app_store,
        careopinion,
        feed,
        google_reviews,
        mailbox,
        nhs_reviews,
        rest,
        table,
        trustpilot,
        webhook,
    ]

    assert all(connector in map(channels.connector, KINDS) for connector in found)


def test_an_unknown_kind_names_those_there_are() -> None:
    with pytest.raises(UnknownKindError, match=f"'pigeon'; there are: {', '.join(KINDS)}"):
        channels.connector("pigeon")


def test_private_modules_are_no_kinds() -> None:
    with pytest.raises(UnknownKindError):
        channels.connector("_http")


@pytest.mark.parametrize("kind", KINDS)
def test_every_connector_has_what_the_contract_lists(kind: str) -> None:
    connector = channels.connector(kind)

    assert connector.VERSION
    assert issubclass(connector.OPTIONS, Options)
    assert all(isinstance(secret, str) for secret in connector.SECRETS)
    assert list(inspect.signature(connector.fetch).parameters) == ["channel", "http", "cursor"]
    assert list(inspect.signature(connector.parse).parameters) == ["channel", "fetched"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_connector_says_what_it_reads_and_by_which_specification(kind: str) -> None:
    told = importlib.import_module(f"connectors.channels.{kind}").__doc__ or ""

    assert "Spec: https://" in told


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_says_what_it_is_for(kind: str) -> None:
    schema = options_schema(channels.connector(kind).OPTIONS)

    described = [schema, *schema.get("$defs", {}).values()]
    silent = [
        f"{part['title']}.{name}"
        for part in described
        for name, field in part.get("properties", {}).items()
        if not field.get("description")
    ]
    assert not silent


@pytest.mark.parametrize("kind", KINDS)
def test_every_connector_refuses_an_option_that_nobody_declared(kind: str) -> None:
    with pytest.raises(ValueError, match="colour"):
        options(kind, colour="red")


@pytest.mark.parametrize("kind", KINDS)
def test_every_connector_reads_options_however_they_come(kind: str) -> None:
    class Loose(Options, extra="allow"):
        """Options as somebody read them who knows no kinds."""

    loose = Channel(id="one", kind=kind, options=Loose.model_validate(LEAST.get(kind, {})))

    assert channels.told(loose, channels.connector(kind).OPTIONS) == options(kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("page", [PAGE, b"  " + PAGE.lower(), b"<html>"])
def test_a_web_page_with_status_200_is_garbled(kind: str, page: bytes) -> None:
    for media_type, _ in TOLD.get(kind, [("text/html", b"")]):
        with pytest.raises(GarbledError):
            parse(kind, page, media_type)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_at_all_is_garbled(kind: str) -> None:
    for media_type, _ in TOLD.get(kind, [("text/html", b"")]):
        with pytest.raises(GarbledError):
            parse(kind, b"", media_type)


@pytest.mark.parametrize(("kind", "media_type", "payload"), PAYLOADS)
def test_the_same_payload_always_gives_the_same_records(
    kind: str, media_type: str, payload: bytes
) -> None:
    assert parse(kind, payload, media_type) == parse(kind, payload, media_type)


@pytest.mark.parametrize(("kind", "media_type", "payload"), PAYLOADS)
def test_one_bad_record_stops_no_other_and_can_be_replayed(
    kind: str, media_type: str, payload: bytes
) -> None:
    parsed = parse(kind, payload, media_type)

    assert parsed.drafts
    assert parsed.faulty
    for faulty in parsed.faulty:
        assert faulty.code
        assert faulty.reason
        again = parse(kind, faulty.payload, faulty.media_type)
        assert [(f.code, f.payload) for f in again.faulty] == [(faulty.code, faulty.payload)]
        assert not again.drafts


@pytest.mark.parametrize(("kind", "media_type", "payload"), PAYLOADS)
@given(at=st.integers(min_value=0), junk=st.binary(max_size=3), cut=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_to_a_payload_is_faulty_or_garbled(
    kind: str, media_type: str, payload: bytes, at: int, junk: bytes, *, cut: bool
) -> None:
    place = at % len(payload)
    damaged = payload[:place] + junk + (b"" if cut else payload[place + len(junk) :])

    try:
        parsed = parse(kind, damaged, media_type)
    except GarbledError:
        return
    for faulty in parsed.faulty:
        assert isinstance(parse(kind, faulty.payload, faulty.media_type), Parsed)


APP_STORE = "/gb/rss/customerreviews/page=1/id=1/sortby=mostrecent/json"


@contextmanager
def asked(kind: str, behaviour: hostile.Behaviour) -> Iterator[Iterator[Fetched]]:
    """Let a connector fetch from a server that answers everything in this way."""
    places = (
        "/",
        "/api/v2/opinions",
        "/Comments",
        "/business-units/1/reviews",
        APP_STORE,
        "/token",
    )
    with hostile.serve(dict.fromkeys(places, behaviour)) as far:
        more: dict[str, Any] = {"url": far.url("/")}
        if "base_url" in channels.connector(kind).OPTIONS.model_fields:
            more = {"base_url": far.url("")}
        if "host" in channels.connector(kind).OPTIONS.model_fields:
            more = {"host": "127.0.0.1", "port": far.port, "tls": "none"}
        if "token_url" in channels.connector(kind).OPTIONS.model_fields:
            more |= {"token_url": far.url("/token")}
        chosen = {k: v for k, v in LEAST.get(kind, {}).items() if k not in {"url", "path"}}
        opts = channels.connector(kind).OPTIONS.model_validate(chosen | more)
        with near.opened(far, attempts=1, read_timeout_s=0.3) as http:
            about = channel(kind).model_copy(update={"options": opts})
            yield _fetch(kind, about, http)


def _fetch(kind: str, about: Channel, http: Http) -> Iterator[Fetched]:
    connector = channels.connector(kind)
    for fetched in connector.fetch(about, http, None):
        connector.parse(about, fetched)
        yield fetched


OUTSIDE = {
    "a-web-page": hostile.answer(PAGE, Content_Type="text/html"),
    "no-bytes": hostile.answer(b""),
    "not-found": hostile.answer(status=404),
    "gone": hostile.answer(status=410),
    "forbidden": hostile.answer(status=403),
    "broken": hostile.answer(status=500),
    "later": hostile.answer(status=429, Retry_After="3600"),
    "reset": hostile.reset(),
    "a-login-page": hostile.redirect("http://127.0.0.1:9/login"),
    "junk": hostile.answer(b"\x00\xff\xfe junk"),
}


ASKED = [kind for kind in KINDS if channels.pushed(channels.connector(kind)) is None]


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize("behaviour", OUTSIDE.values(), ids=OUTSIDE.keys())
def test_whatever_happens_outside_is_told_as_an_outside_error(
    kind: str, behaviour: hostile.Behaviour
) -> None:
    with (
        asked(kind, behaviour) as pages,
        pytest.raises(OutsideError) as caught,
    ):
        list(pages)

    assert caught.value.who == "one"
    assert "s3cret-canary" not in str(caught.value)
    assert "s3cret-canary" not in repr(channel(kind))
    assert b"s3cret-canary" not in orjson.dumps(channel(kind).model_dump(mode="json"))
