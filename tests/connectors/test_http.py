"""What is asked, and what comes back."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from schemas.errors import (
    GarbledError,
    GoneError,
    OutsideError,
    RefusedError,
    UnreachableError,
)
from tests.connectors import hostile
from tests.connectors.near import Naps, fault, opened

OK = hostile.answer(b"hi")


def test_an_answer_bears_what_a_connector_needs() -> None:
    told = hostile.answer(
        b"<feed/>",
        Content_Type='Application/Atom+XML; a=b; Charset="UTF-8"',
        ETag='W/"7"',
        Last_Modified="Wed, 21 Oct 2026 07:28:00 GMT",
        Link="<a>, <b>",
        link="<c>",
    )
    with hostile.serve({"/feed": told}) as far, opened(far) as http:
        answer = http.get("forum", far.url("/feed#part"))
        assert (answer.status, answer.body) == (200, b"<feed/>")
        assert answer.url == far.url("/feed")
        assert answer.hops == (far.url("/feed"),)
    assert (answer.media_type, answer.charset) == ("application/atom+xml", "UTF-8")
    assert (answer.etag, answer.last_modified) == ('W/"7"', "Wed, 21 Oct 2026 07:28:00 GMT")
    assert answer.headers["LINK"] == "<a>, <b>, <c>"
    assert answer.headers.get("x-unsaid") is None
    assert "content-length" in set(answer.headers)
    assert len(answer.headers) == 5
    assert answer.moved_to is None
    assert answer.retry_after_s is None


@pytest.mark.parametrize(
    ("content_type", "charset"), [("text/html", None), ("text/html; charset=", None), ("", None)]
)
def test_a_charset_that_is_not_said_is_not_guessed(content_type: str, charset: str | None) -> None:
    with (
        hostile.serve({"/": hostile.answer(Content_Type=content_type)}) as far,
        opened(far) as http,
    ):
        answer = http.get("forum", far.url("/"))
    assert answer.media_type == content_type.partition(";")[0]
    assert answer.charset is charset


def test_a_request_says_who_asks_and_for_what() -> None:
    with hostile.serve({"/": OK}) as far, opened(far, contact="https://trust.example/us") as http:
        http.get("forum", far.url("/"), accept="application/atom+xml")
        http.get("forum", far.url("/"), headers={"X-Client": "us"}, secret_headers={"Api-Key": "k"})
    first, second = (asked.headers for asked in far.asked)
    assert first["user-agent"].startswith("Retold/")
    assert first["user-agent"].endswith(" (+https://trust.example/us)")
    assert first["accept"] == "application/atom+xml"
    assert first["accept-encoding"] == "gzip"
    assert "if-none-match" not in first
    assert (second["accept"], second["x-client"], second["api-key"]) == ("*/*", "us", "k")


def test_parameters_are_added_to_the_query() -> None:
    with hostile.serve({"/": OK}) as far, opened(far) as http:
        http.get("forum", far.url("/"), params={"q": "a b&c", "page": 2, "tag": ["x", "y"]})
        http.get("forum", far.url("/?kept=1"), params={"page": 3})
    assert [asked.target for asked in far.asked] == [
        "/?q=a+b%26c&page=2&tag=x&tag=y",
        "/?kept=1&page=3",
    ]


def test_cookies_are_not_kept() -> None:
    with hostile.serve({"/": hostile.answer(Set_Cookie="id=1; Path=/")}) as far:
        with opened(far) as http:
            http.get("forum", far.url("/"))
            http.get("forum", far.url("/"))
            assert not http._exchange.session.cookies
        assert "cookie" not in far.asked[1].headers
        assert far.connections == 1


def test_a_post_is_sent_once_and_takes_any_success() -> None:
    paths = {"/": hostile.answer(b"taken", status=202), "/busy": hostile.answer(status=503)}
    naps = Naps()
    with hostile.serve(paths) as far, opened(far, naps=naps) as http:
        answer = http.post(
            "forum", far.url("/"), b"{}", media_type="application/json", secret_headers={"Key": "k"}
        )
        assert (answer.status, answer.body) == (202, b"taken")
        with pytest.raises(UnreachableError, match="HTTP 503"):
            http.post("forum", far.url("/busy"), b"{}", media_type="application/json")
    asked = far.asked[0]
    assert (asked.method, asked.body) == ("POST", b"{}")
    assert (asked.headers["content-type"], asked.headers["key"]) == ("application/json", "k")
    assert len(far.asked) == 2
    assert naps == []


def test_a_post_that_may_be_repeated_is_tried_again() -> None:
    naps = Naps()
    paths = {"/busy": hostile.answer(status=503)}
    with hostile.serve(paths) as far, opened(far, naps=naps) as http:
        with pytest.raises(UnreachableError, match="HTTP 503"):
            http.post(
                "forum", far.url("/busy"), b"{}", media_type="application/json", repeatable=True
            )
        assert len(far.asked) == http.limits.attempts
    assert len(naps) == len(far.asked) - 1 > 0


def test_a_post_is_not_redirected() -> None:
    with (
        hostile.serve({"/": hostile.redirect("/there", 307), "/there": OK}) as far,
        opened(far) as http,
        pytest.raises(RefusedError, match="redirects what was posted"),
    ):
        http.post("forum", far.url("/"), b"", media_type="text/plain")


def test_what_has_not_changed_is_a_normal_answer() -> None:
    def unless_changed(talk: hostile.Talk) -> bool:
        known = talk.asked.headers.get("if-none-match") == '"7"'
        return (hostile.answer(status=304) if known else hostile.answer(b"hi", ETag='"7"'))(talk)

    with hostile.serve({"/": unless_changed}) as far, opened(far) as http:
        first = http.get("forum", far.url("/"))
        again = http.get(
            "forum", far.url("/"), etag=first.etag, last_modified="Wed, 21 Oct 2026 07:28:00 GMT"
        )
    assert (again.status, again.body, again.etag) == (304, b"", '"7"')
    assert again.last_modified == "Wed, 21 Oct 2026 07:28:00 GMT"
    assert far.asked[1].headers["if-modified-since"] == "Wed, 21 Oct 2026 07:28:00 GMT"


def test_a_changed_validator_replaces_the_one_that_was_sent() -> None:
    with hostile.serve({"/": hostile.answer(status=304, ETag='"8"')}) as far, opened(far) as http:
        assert http.get("forum", far.url("/"), etag='"7"').etag == '"8"'


def test_an_old_validator_is_not_taken_for_that_of_a_new_body() -> None:
    with hostile.serve({"/": OK}) as far, opened(far) as http:
        answer = http.get("forum", far.url("/"), etag='"7"', last_modified="yesterday")
    assert (answer.etag, answer.last_modified) == (None, None)


def test_unchanged_is_no_answer_to_who_had_nothing() -> None:
    assert isinstance(fault(hostile.answer(status=304)), GarbledError)


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (401, RefusedError, "HTTP 401; check the key"),
        (
            403,
            RefusedError,
            "HTTP 403; check that the key may do this, and that our address is not blocked",
        ),
        (404, RefusedError, "HTTP 404; check the address"),
        (405, RefusedError, "HTTP 405; check the channel's options"),
        (407, RefusedError, "HTTP 407; check the egress proxy's credentials"),
        (410, GoneError, "HTTP 410, it is gone for good; remove it or ask for another"),
        (204, GarbledError, "HTTP 204 is no answer to this; check the address"),
        (300, GarbledError, "HTTP 300 is no answer to this; check the address"),
    ],
)
def test_a_status_that_stays_is_told_at_once_with_a_remedy(
    status: int, kind: type[OutsideError], says: str
) -> None:
    naps = Naps()
    told = fault(hostile.answer(status=status), naps=naps)
    assert type(told) is kind
    assert told.reason.endswith(f"/: {says}")
    assert not told.transient
    assert naps == []


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_a_status_that_may_pass_is_tried_again(status: int) -> None:
    naps = Naps()
    paths = {"/": [hostile.answer(status=status), OK]}
    with hostile.serve(paths) as far, opened(far, naps=naps) as http:
        assert http.get("forum", far.url("/")).body == b"hi"
    assert naps == [0.5]


@pytest.mark.parametrize("status", [202, 302, 404, 410, 429, 503])
def test_an_allowed_status_is_an_answer(status: int) -> None:
    told = hostile.answer(b"why", status=status, Location="/there", Retry_After="7")
    with hostile.serve({"/": told}) as far, opened(far) as http:
        answer = http.get("forum", far.url("/"), allow_status=(status,))
    assert (answer.status, answer.body, answer.retry_after_s) == (status, b"why", 7)
    assert answer.headers["location"] == "/there"


def test_many_threads_ask_through_one_http() -> None:
    def echo(talk: hostile.Talk) -> bool:
        return hostile.answer(talk.asked.target.encode())(talk)

    with hostile.serve({"/": echo}) as far, opened(far) as http, ThreadPoolExecutor(16) as pool:
        addresses = [far.url(f"/?{number}") for number in range(100)]
        bodies = pool.map(lambda address: http.get("forum", address).body, addresses)
        assert list(bodies) == [f"/?{number}".encode() for number in range(100)]
