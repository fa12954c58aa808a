"""Whatever a client sends, it is answered: no status is 500, and no error gets out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.channels import feed, webhook
from kit.stages import webhook as stage
from schemas.channel import Channel
from steps import collect
from store.database import Engine
from tests import make
from tests.tell import tell, telling
from tests.web.published import Published
from tests.web.rig import CONFIG, PUBLIC_URL
from web.app import make_app

ATOM = "/feeds/nhs/all.atom"
FORM = ("content-type", "application/x-www-form-urlencoded")
HUGE = "9" * 5000
NUMBERS = st.sampled_from(
    ["0", "-1", "00", "1e3", "nan", "\u0661", "9" * 18, "18446744073709552", "9" * 19, HUGE]
) | st.integers(0, 10**18).map(str)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", "\x00", "a\x00b", "..", "nhs", "all", "nhs/all", "%00", "\ufffd", "x" * 3000]
)
SPOILT: Mapping[str, Sequence[str]] = {
    "a-im": ["feed;q=0, feed;q=nan", f"feed;q={HUGE}", ",,;;==", "\xff"],
    "accept": ["*/*;q=nan", "\xff"],
    "accept-encoding": [
        "br;q=nan, gzip;q=inf, zstd;q=1e999, identity;q=",
        f"br;q={HUGE}.{HUGE}, gzip;q=.",
        f"gzip;q={HUGE}",
        ",,;;==\xff",
    ],
    "accept-language": ["en-GB;q=1.0000, *;q=nan, x" + "-x" * 3000, ",;q=," * 200, "\xff\xfe"],
    "authorization": [
        "Basic \xe9\xe9\xe9",
        "Basic =",
        "Basic QQ",
        "Basic /////w==",
        "Bearer \xe9",
        "Bearer rt_feed__",
        "Bearer rt_feed_\xe9_\xff",
    ],
    "content-encoding": ["gzip", "\xff"],
    "content-length": [HUGE, "-1", "\xb2", "0x10"],
    "content-type": ["application/json; charset=\xff", ";;", "\xff/\xff"],
    "if-modified-since": [
        "Mon, 01 Jan 2024 99999999999999:00:00 GMT",
        "Mon, 01 Jan 99999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2024 00:00:00 +99999999999999",
        "Mon, 99999999999999 Jan 2024 00:00:00 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Fri, 31 Dec 9999 23:59:59 -2359",
    ],
    "if-none-match": ['"-\xb2", W/"e1-9999999999999999999999", "', f'"{HUGE}-{HUGE}"', "*,*"],
    "origin": ["http://[", "null", "\xff"],
    "range": ["bytes=0-18446744073709552000,-,5-1", f"bytes=-{HUGE}"],
    "sec-fetch-site": ["\xff"],
    "user-agent": ["", "\xff" * 5000],
    "webhook-signature": ["v1,", "v1,\xff v1,="],
    "webhook-timestamp": [HUGE, "\xb2", "-1"],
    "x-hub-signature": ["sha256=\xff", "sha1=", "="],
}
"""What each header may say that nobody should, by its name."""

HEADERS = st.dictionaries(st.sampled_from(list(SPOILT)), st.integers(0, 10), min_size=1).map(
    lambda drawn: {name: SPOILT[name][at % len(SPOILT[name])] for name, at in drawn.items()}
)
CHANNELS = (
    make.channel(),
    Channel(
        id="forms",
        kind="webhook",
        options=webhook.OPTIONS.model_validate(dict(stage.options(""))),
        secrets=dict(stage.SECRETS),
    ),
    Channel(
        id="forum",
        kind="feed",
        options=feed.Opts.model_validate({"url": "https://forum.example/", "websub": True}),
    ),
)
ADDRESSES = (
    ATOM,
    "/feeds/nhs/all",
    "/feeds/nhs/all/archive-1.json",
    "/removals/nhs/all",
    "/reports/nhs",
    "/partners/nhs",
    "/hub",
    "/hooks/forms",
    "/hooks/websub/forum/x",
    "/",
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "PATCH"])
BODIES = st.binary(max_size=40) | st.sampled_from(
    [
        b"",
        b"null",
        b"[]",
        b'{"removed": null}',
        b'{"removed": ["\\u0000", "urn:uuid:\\u0000"]}',
        b'{"removed": ["\\ud800"]}',
        b'{"removed": ["\xed\xa0\x80"]}',
        b'{"removed": [%s]}' % HUGE.encode(),
        b'{"removed": %s}' % (b"[" * 100_000),
        b'{"removed": [1e999, NaN]}',
        b"do=acknowledge&edition=nhs/all&removed=%00&removed=%ED%A0%80",
        b"do=acknowledge&edition=nhs/all&removed=%00",
        b"do=rotate",
        b"do=%FF&do",
        b"hub.mode=subscribe&hub.topic=%00&hub.callback=http://[",
        b"hub.mode=subscribe&hub.topic=x&hub.callback=http://x:99999999/&hub.lease_seconds="
        + HUGE.encode(),
        b"&" * 5000,
    ]
)


@st.composite
def paths(draw: st.DrawFn) -> str:
    number, text = draw(NUMBERS), draw(TEXTS)
    written = quote(text, safe="/")
    asked = quote(number)
    return draw(
        st.sampled_from(
            [
                f"/feeds/nhs/all/archive-{number}.atom",
                f"/feeds/nhs/all/archive-{number}.json",
                f"/feeds/nhs/all.atom?below={asked}",
                f"/feeds/nhs/all/manifest-{number}.json",
                f"/feeds/nhs/all/manifest-{number}-{number}.json",
                f"/feeds/nhs/all/story/{text}",
                f"/feeds/nhs/{text}.atom",
                f"/feeds/{text}",
                "/feeds/nhs/all",
                "/feeds/nhs/all.atom",
                f"/feeds/nhs/all.{text}?token={written}",
                f"/removals/{text}",
                "/removals/nhs/all",
                f"/reports/nhs?method={written}",
                f"/reports/{text}",
                "/hub",
                f"/partners/{text}",
                "/partners/nhs",
                f"/hooks/{text}",
                f"/hooks/websub/forum/{text}?hub.mode=subscribe&hub.challenge={written}",
                f"/hooks/websub/{text}/x?hub.mode=denied&hub.lease_seconds={asked}",
                f"/b/nhs/{text}.gif",
                f"/{text}",
            ]
        )
    )


@pytest.fixture
def house(engine: Engine) -> Iterator[Published]:
    """Give an installation that keeps what it is sent."""
    rig = Published(engine)
    rig.app = make_app(replace(rig.house(), receive=collect.receive), flush_every_s=0.01)
    told = {"channels": CHANNELS, "editions": CONFIG.editions[:1]}
    rig.config = rig.config.model_copy(update=told)
    tell(engine, telling("1"), telling("2"))
    rig.publish()
    tell(engine, removed=[("opinion", "2")])
    rig.publish()
    rig.now += timedelta(seconds=2)  # so that the tokens are seen
    yield rig
    rig.runner.close()


@pytest.fixture
def tokens(house: Published) -> dict[str, str]:
    """Give a token of each use."""
    found = {use: house.issue("nhs", use) for use in ("feed", "report")}
    house.now += timedelta(seconds=2)  # so that they are seen
    return found


def answered(rig: Published, path: str, token: str | None, **asked: Any) -> None:
    """Ask for something; whatever it is, we are not at fault."""
    reply = rig.ask(path, token, **asked)
    assert reply.status < 500, reply


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(ADDRESSES), headers=HEADERS, method=METHODS, body=BODIES)
def test_no_header_of_whatever_sort_fails_us(
    house: Published,
    tokens: Mapping[str, str],
    path: str,
    headers: Mapping[str, str],
    method: str,
    body: bytes,
) -> None:
    token = tokens["report" if path.startswith("/reports") else "feed"]
    known = None if "authorization" in headers else token
    answered(house, path, known, headers=headers, method=method, body=body)
    bearer = {b"authorization": f"Bearer {token}".encode()}
    again = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    house.app.at_once(path.encode(), bearer | again)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=paths(), method=METHODS, body=BODIES, is_form=st.booleans())
def test_no_address_and_no_body_of_whatever_sort_fails_us(
    house: Published,
    tokens: Mapping[str, str],
    path: str,
    method: str,
    body: bytes,
    *,
    is_form: bool,
) -> None:
    token = tokens["report" if path.startswith("/reports") else "feed"]
    kind = FORM if is_form else ("content-type", "application/json")
    answered(house, path, token, method=method, headers=[kind], body=body)


@pytest.mark.parametrize("since", SPOILT["if-modified-since"][:4])
def test_a_date_beyond_all_calendars_says_nothing_the_first_time_and_the_second(
    house: Published, tokens: Mapping[str, str], since: str
) -> None:
    assert house.ask(ATOM, tokens["feed"], headers={"if-modified-since": since}).status == 200
    again = {
        b"authorization": f"Bearer {tokens['feed']}".encode(),
        b"if-modified-since": since.encode(),
    }
    at_once = house.app.at_once(ATOM.encode(), again)
    assert at_once is not None
    assert at_once.start["status"] == 200


@pytest.mark.parametrize(
    "part",
    [
        "archive-18446744073709552.atom",
        f"archive-{'9' * 18}.json",
        f"archive-{HUGE}.atom",
        "manifest-9999-12.json",
        "manifest-0000-13.json",
        "manifest-0000-01.json",
    ],
)
def test_a_part_with_a_number_beyond_all_is_not_there(
    house: Published, tokens: Mapping[str, str], part: str
) -> None:
    assert house.ask(f"/feeds/nhs/all/{part}", tokens["feed"]).status == 404


@pytest.mark.parametrize("below", ["9" * 18, "9" * 19, "18446744073709552", HUGE])
def test_a_page_below_a_number_beyond_all_is_not_there(
    house: Published, tokens: Mapping[str, str], below: str
) -> None:
    assert house.ask(f"{ATOM}?below={below}", tokens["feed"]).status == 404


def test_a_length_of_five_thousand_digits_is_too_much(
    house: Published, tokens: Mapping[str, str]
) -> None:
    headers = {"content-length": HUGE}
    reply = house.ask("/removals/nhs/all", tokens["feed"], method="POST", headers=headers)
    assert reply.status == 413


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("POST", 410)])
def test_what_no_callback_of_ours_is_called_is_not_looked_for(
    house: Published, method: str, status: int
) -> None:
    path = "/hooks/websub/forum/\x00?hub.mode=subscribe&hub.challenge=x"
    assert house.ask(path, method=method, body=b"<feed/>").status == status


def test_a_secret_that_no_store_can_keep_is_refused(
    house: Published, tokens: Mapping[str, str]
) -> None:
    form = {
        "hub.mode": "subscribe",
        "hub.topic": f"{PUBLIC_URL}{ATOM}",
        "hub.callback": "https://callback.example/",
        "hub.secret": "a\x00b",
    }
    body = urlencode(form).encode()
    reply = house.ask("/hub", tokens["feed"], method="POST", headers=[FORM], body=body)
    assert (reply.status, b"hub.secret" in reply.body) == (400, True)
