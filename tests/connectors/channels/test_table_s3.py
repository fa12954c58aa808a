"""Tables in a store of S3 that we did not write."""

import logging
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from connectors._table_options import Opts
from connectors.channels import table
from schemas.channel import Channel, Fetched
from schemas.errors import (
    ForbiddenAddressError,
    GarbledError,
    OutsideError,
    RefusedError,
    UnreachableError,
)
from tests.connectors import hostile, near
from tests.connectors.channels import far_places
from tests.connectors.channels.far_places import S3
from tests.connectors.channels.tables import BY_ID, drafts

A, B = b"id,text\na,Kind\n", b"id,text\nb,Kind\n"


@pytest.fixture
def far() -> Iterator[S3]:
    with far_places.s3() as store:
        yield store


def about(far: S3, place: str, secrets: dict[str, str] | None = None, **more: Any) -> Channel:
    given = BY_ID | {"place": f"s3://{place}", "endpoint": far.url} | more
    known = {"access_key": far.key, "secret_key": far.secret} if secrets is None else secrets
    return Channel(id="survey", kind="table", options=Opts.model_validate(given), secrets=known)


def asked(far: S3, channel: Channel, cursor: str | None = None, **limits: Any) -> list[Fetched]:
    given: dict[str, Any] = {"allow": (far.place,), "attempts": 1} | limits
    with near.opened(**given) as http:
        return list(table.fetch(channel, http, cursor))


def fault(far: S3, channel: Channel, **limits: Any) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        asked(far, channel, **limits)
    assert caught.value.who == "survey"
    return caught.value


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("exports/in/a.csv", ["a"]),
        ("exports/in", ["a", "b"]),
        ("exports/in/", ["a", "b"]),
        ("exports/in/*.csv", ["a", "b"]),
        ("exports/**/c.csv", ["c"]),
        ("exports", ["r"]),
        ("exports/*/*/?.csv", ["c"]),
        ("exports/in/*.jsonl", []),
    ],
)
def test_a_file_a_folder_or_a_pattern_is_read(far: S3, path: str, expected: list[str]) -> None:
    far.put("in/", b"")
    far.put("in/a.csv", A)
    far.put("in/b.csv", B)
    far.put("in/sub/c.csv", b"id,text\nc,Kind\n")
    far.put("in/notes.pdf", b"%PDF")
    far.put("r.csv", b"id,text\nr,Kind\n")

    assert drafts(asked(far, about(far, path))) == expected


def test_a_file_whose_listing_is_the_same_is_not_read_again(far: S3) -> None:
    far.put("a.csv", A)
    far.put("b.csv", B)
    first = asked(far, about(far, "exports"))
    assert [page.url for page in first] == ["s3://exports/a.csv", "s3://exports/b.csv"]

    # It could not be read any more: an answer is larger than allowed.
    assert asked(far, about(far, "exports"), first[-1].cursor, max_bytes=1) == []
    far.put("b.csv", b"id,text\nc,Kind\n")
    second = asked(far, about(far, "exports"), first[-1].cursor)
    assert drafts(second) == ["c"]
    assert asked(far, about(far, "exports"), second[-1].cursor) == []


def test_a_long_file_arrives_whole(far: S3) -> None:
    rows = b"".join(b'{"id":%d,"text":"%s"}\n' % (n, b"Kind " * 200) for n in range(9_000))
    far.put("a.jsonl", rows)

    pages = asked(far, about(far, "exports/a.jsonl"))

    assert b"".join(page.payload for page in pages) == rows


def test_a_file_that_is_too_large_does_not_stop_the_others(far: S3) -> None:
    far.put("a.csv", A * 9)
    far.put("b.csv", B)
    with near.opened(allow=(far.place,), max_bytes=100) as http:
        pages = table.fetch(about(far, "exports"), http, None)
        assert drafts([next(pages)]) == ["b"]
        with pytest.raises(GarbledError, match=r"exports/a\.csv: it has more than 100 bytes"):
            next(pages)


def test_the_right_keys_let_in(far: S3) -> None:
    far.put("a.csv", A)
    far.guard()

    assert drafts(asked(far, about(far, "exports", region="us-east-1"))) == ["a"]


@pytest.mark.parametrize("which", ["access_key", "secret_key"])
def test_wrong_keys_are_refused_and_shown_nowhere(
    far: S3, which: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    far.put("a.csv", A)
    far.guard()
    keys = {"access_key": far.key, "secret_key": far.secret, which: "wrong-canary-c0ffee"}
    caplog.set_level(logging.INFO)

    error = fault(far, about(far, "exports", keys))

    assert isinstance(error, RefusedError)
    assert not error.transient
    assert "check the secrets `access_key` and `secret_key`" in str(error)
    assert "canary" not in f"{error}{error!r}{caplog.text}{capfd.readouterr()}"


def test_one_key_without_the_other_is_refused(far: S3) -> None:
    assert "name both secrets" in str(fault(far, about(far, "exports", {"access_key": "a"})))


def test_without_keys_nobody_looks_for_some_on_the_machine(
    far: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    far.put("a.csv", A)
    far.guard()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", far.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", far.secret)
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    fault(far, about(far, "exports", {}))


@pytest.mark.parametrize("path", ["exports/a.csv", "exports/in", "nowhere/*.csv", "nowhere"])
def test_what_is_not_there_is_refused(far: S3, path: str) -> None:
    error = fault(far, about(far, path))

    assert isinstance(error, RefusedError)
    assert f"s3://{path}: it is not there; put it there, or correct `place`" in str(error)


def test_an_address_that_is_not_allowed_is_never_connected_to(far: S3) -> None:
    assert isinstance(fault(far, about(far, "exports"), allow=()), ForbiddenAddressError)


def test_a_redirect_to_where_we_may_not_go_is_not_followed(far: S3) -> None:
    with (
        hostile.serve({}) as inner,
        hostile.serve({"/exports": hostile.redirect(inner.url("/exports"))}) as outer,
    ):
        channel = about(far, "exports/*.csv", endpoint=outer.url(""))
        error = fault(far, channel, allow=(outer.place,))

    assert outer.asked
    assert isinstance(error, ForbiddenAddressError)
    assert inner.connections == 0


def test_only_the_address_that_was_admitted_is_connected_to(far: S3) -> None:
    far.put("a.csv", A)
    # No name server knows this name; the look-ups that are made are ours.
    channel = about(far, "exports", endpoint=f"http://store:{far.port}")
    with far_places.resolving(f"store:{far.port}", "127.0.0.1") as http:
        pages = list(table.fetch(channel, http, None))

    assert drafts(pages) == ["a"]


def test_a_store_that_is_down_is_tried_again_later(far: S3) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = f"127.0.0.1:{free.getsockname()[1]}"

    error = fault(far, about(far, "exports", endpoint=f"http://{place}"), allow=(place,))

    assert isinstance(error, UnreachableError)
    assert "accepted no connection" in str(error)


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (hostile.answer(status=503), UnreachableError),
        (hostile.reset(), UnreachableError),
        (hostile.answer(b"<html>Log in</html>"), GarbledError),
        (hostile.answer(b"\x00 junk"), UnreachableError),
    ],
    ids=["busy", "reset", "web-page", "junk"],
)
def test_what_fails_is_told_as_an_outside_error(
    far: S3, behaviour: hostile.Behaviour, kind: type[OutsideError]
) -> None:
    with hostile.serve({"/exports": behaviour}) as bad:
        channel = about(far, "exports/*.csv", endpoint=bad.url(""))
        error = fault(far, channel, allow=(bad.place,))

    assert isinstance(error, kind)


@pytest.mark.parametrize(
    "behaviour",
    [
        hostile.silence(),
        hostile.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"),
    ],
    ids=["silent", "dripping"],
)
def test_what_never_ends_is_given_up_at_the_deadline(far: S3, behaviour: hostile.Behaviour) -> None:
    with hostile.serve({"/exports": behaviour}) as bad:
        channel = about(far, "exports/*.csv", endpoint=bad.url(""))
        error = fault(far, channel, allow=(bad.place,), deadline_s=1)

    assert isinstance(error, UnreachableError)
    assert "no whole answer within 1 s" in str(error)


def test_no_secret_is_in_what_is_kept_or_shown(far: S3) -> None:
    far.put("a.csv", A)
    channel = about(far, "exports")

    (page,) = asked(far, channel)

    told = f"{page!r}{page.cursor}{page.url}{channel!r}{channel.model_dump_json()}"
    assert far.key not in told
    assert far.secret not in told


def test_where_the_extra_is_missing_it_is_named(far: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)

    error = fault(far, about(far, "exports"))

    assert isinstance(error, RefusedError)
    assert "pip install retold[s3]" in str(error)
