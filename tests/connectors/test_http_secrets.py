"""What nobody gets to see: keys, in errors, logs or representations."""

import logging
import traceback
from collections.abc import Mapping
from typing import Any

import pytest

from connectors import _faults, _http
from schemas.errors import (
    OutsideError,
    UnreachableError,
)
from tests.connectors import hostile
from tests.connectors.near import fault, opened

SECRET = "s3cr3t-k3y"
PRIVATE = {"Authorization": f"Bearer {SECRET}", "X-Api-Key": SECRET, "Cookie": f"id={SECRET}"}


def everything_told(http: _http.Http, url: str, **asking: Any) -> str:
    """Ask; give all that a log, a console or a debugger would show of what comes of it."""
    try:
        answer = http.get("forum", url, **asking)
    except OutsideError as error:
        causes = (error.__cause__, error.__context__)
        shown = (*traceback.format_exception(error), repr(error), repr(vars(error)), repr(causes))
        return "".join(shown)
    return repr(answer) + str(answer) + repr(answer.headers)


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(hostile.answer(status=401), id="a refusal"),
        pytest.param(hostile.answer(status=503), id="a failure"),
        pytest.param(hostile.reset(), id="a cut"),
        pytest.param(hostile.redirect("http://10.0.0.1/?key=" + SECRET), id="a way inside"),
        pytest.param(hostile.redirect("http://us:" + SECRET + "@10.0.0.1/"), id="a userinfo"),
        pytest.param(hostile.say(b"HTTP/1.1 200 OK\r\nX Y\r\nZ: 1\r\n\r\n"), id="broken headers"),
        pytest.param(hostile.packed(bytes(2000)), id="a large answer"),
    ],
)
def test_no_secret_is_told(behaviour: hostile.Behaviour, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with hostile.serve({"/feed": behaviour}) as far, opened(far, max_bytes=1000) as http:
        told = everything_told(
            http, far.url(f"/feed?key={SECRET}"), params={"token": SECRET}, secret_headers=PRIVATE
        )
    assert far.asked[0].target == f"/feed?key={SECRET}&token={SECRET}"
    assert far.asked[0].headers["x-api-key"] == SECRET
    assert SECRET not in told
    assert "Starting new HTTP connection" in caplog.text
    assert SECRET not in caplog.text


def test_a_refused_userinfo_is_not_repeated() -> None:
    with opened() as http:
        told = everything_told(http, f"http://us:{SECRET}/{SECRET}@far.example/")
    assert "ForbiddenAddressError" in told
    assert SECRET not in told


def test_a_foreign_error_is_left_behind() -> None:
    told = fault(hostile.reset(), attempts=2)
    assert (told.__cause__, told.__context__) == (None, None)


def test_a_log_line_that_names_its_parts_is_let_through(caplog: pytest.LogCaptureFixture) -> None:
    with opened():
        logging.getLogger("urllib3.connection").warning("%(part)s", {"part": "told"})
    assert "told" in caplog.text


def test_an_unknown_failure_is_told_by_its_name_alone() -> None:
    told = _faults.broken("forum", "http://far.example/", OSError(f"?key={SECRET}"))
    assert isinstance(told, UnreachableError)
    assert told.reason == "http://far.example/: the connection broke (OSError)"


def test_an_answer_shows_neither_its_body_nor_its_query() -> None:
    told = hostile.answer(SECRET.encode(), X_Key=SECRET, Content_Type="text/plain")
    with hostile.serve({"/": told}) as far, opened(far) as http:
        answer = http.get("forum", far.url(f"/?key={SECRET}"))
    assert repr(answer) == (
        f"Answer(status=200, url='{far.url('/')}?...', media_type='text/plain', bytes=10)"
    )
    assert SECRET not in str(answer)
    assert SECRET not in repr(answer.headers)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-Key": f"{SECRET}\n"}, id="a line break at the end"),
        pytest.param({"X-Key": f" {SECRET}"}, id="a blank before"),
        pytest.param({"X-Key": f"{SECRET}\u20ac"}, id="a foreign letter"),
        pytest.param({"X-Key:": SECRET}, id="a colon in the name"),
        pytest.param({"Host": SECRET}, id="the host"),
        pytest.param({"accept-encoding": SECRET}, id="the coding"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(
    headers: Mapping[str, str],
) -> None:
    with opened() as http:
        told = everything_told(http, "http://far.example/", secret_headers=headers)
    assert f"RefusedError: forum: the header {next(iter(headers))!r}" in told
    assert SECRET not in told
