"""Tables on an SFTP server that we did not write."""

import logging
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from pydantic import ValidationError

from connectors import _table_places, _table_where
from connectors._table_options import Opts
from connectors._table_pages import TableError
from connectors.channels import table, told
from schemas.channel import Channel, Fetched
from schemas.errors import (
    ForbiddenAddressError,
    GarbledError,
    OutsideError,
    RefusedError,
    UnreachableError,
)
from tests.connectors import near
from tests.connectors.channels import far_places
from tests.connectors.channels.far_places import PASSWORD, Sftp
from tests.connectors.channels.tables import BY_ID, drafts
from tests.patience import PATIENCE_S

A, B = b"id,text\na,Kind\n", b"id,text\nb,Kind\n"


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Sftp]:
    (tmp_path / "exports").mkdir()
    with far_places.sftp(tmp_path) as server:
        yield server


def write(far: Sftp, name: str, payload: bytes, mtime: int = 1_000_000_000) -> Path:
    path = far.folder / "exports" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(payload)
    os.utime(path, (mtime, mtime))
    return path


def about(far: Sftp, path: str, secrets: dict[str, str] | None = None, **more: Any) -> Channel:
    given = BY_ID | {"place": far.url(path), "host_key": far.host_key()} | more
    known = {"password": PASSWORD} if secrets is None else secrets
    return Channel(id="survey", kind="table", options=Opts.model_validate(given), secrets=known)


def asked(far: Sftp, channel: Channel, cursor: str | None = None, **limits: Any) -> list[Fetched]:
    given: dict[str, Any] = {"allow": (far.place,)} | limits
    with near.opened(**given) as http:
        return list(table.fetch(channel, http, cursor))


def fault(far: Sftp, channel: Channel, **limits: Any) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        asked(far, channel, **limits)
    assert caught.value.who == "survey"
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/exports/a.csv", ["a"]),
        ("/exports", ["a", "b"]),
        ("/exports/", ["a", "b"]),
        ("/exports/*.csv", ["a", "b"]),
        ("/exports/[b-z].*", ["b", "n"]),
        ("/exports/*/c.csv", ["c"]),
        ("/exports/**/*.csv", ["a", "b", "c"]),
        ("/exp*/?.csv", ["a", "b"]),
        ("/exports/*.jsonl", []),
    ],
)
def test_a_file_a_folder_or_a_pattern_is_read(far: Sftp, path: str, expected: list[str]) -> None:
    write(far, "a.csv", A)
    write(far, "b.csv", B)
    write(far, "n.txt", b"id,text\nn,Kind\n")
    write(far, "sub/c.csv", b"id,text\nc,Kind\n")
    (far.folder / "exports" / "old.csv").mkdir()

    assert drafts(asked(far, about(far, path))) == expected


def test_a_page_says_where_it_is_from_and_not_as_whom(far: Sftp) -> None:
    write(far, "a b.csv", A)

    (page,) = asked(far, about(far, "/exports"))

    assert page.url == f"sftp://{far.place}/exports/a%20b.csv"
    assert page.headers["x-source-name"] == "/exports/a b.csv"


def test_a_file_whose_listing_is_the_same_is_not_read_again(far: Sftp) -> None:
    write(far, "a.csv", A)
    write(far, "b.csv", B)
    first = asked(far, about(far, "/exports"))
    far.opened.clear()

    assert asked(far, about(far, "/exports"), first[-1].cursor) == []
    assert far.opened == []
    write(far, "b.csv", b"id,text\nc,Kind\n", mtime=1_000_000_060)
    second = asked(far, about(far, "/exports"), first[-1].cursor)
    assert drafts(second) == ["c"]
    assert far.opened == ["/exports/b.csv"]
    assert asked(far, about(far, "/exports"), second[-1].cursor) == []


def test_a_file_that_was_only_touched_brings_nothing(far: Sftp) -> None:
    write(far, "a.csv", A)
    (page,) = asked(far, about(far, "/exports"))
    write(far, "a.csv", A, mtime=1_000_000_060)

    assert asked(far, about(far, "/exports"), page.cursor) == []


def test_a_file_that_is_gone_is_forgotten(far: Sftp) -> None:
    path = write(far, "a.csv", A)
    (first,) = asked(far, about(far, "/exports"))
    path.unlink()
    write(far, "b.csv", B)
    (second,) = asked(far, about(far, "/exports"), first.cursor)
    write(far, "a.csv", A)

    assert drafts(asked(far, about(far, "/exports"), second.cursor)) == ["a"]


def test_reading_goes_on_behind_the_last_page_that_was_kept(far: Sftp) -> None:
    write(far, "a.csv", b"id,text\n" + b"".join(b"%d,Kind\n" % n for n in range(7)))
    channel = about(far, "/exports", rows_per_page=3)
    pages = asked(far, channel)

    assert [len(drafts([page])) for page in pages] == [3, 3, 1]
    assert asked(far, channel, pages[0].cursor) == pages[1:]


def test_a_file_that_is_back_as_it_was_in_the_midst_of_reading_is_read_again(far: Sftp) -> None:
    rows = b"id,text\n1,Kind\n2,Kind\n"
    write(far, "a.csv", rows)
    channel = about(far, "/exports", rows_per_page=1)
    read = asked(far, channel)
    write(far, "a.csv", rows.replace(b"Kind", b"Cold"), mtime=1_000_000_060)
    half = asked(far, channel, read[-1].cursor)[0]
    write(far, "a.csv", rows)

    assert drafts(asked(far, channel, half.cursor)) == ["1", "2"]


def test_a_long_file_arrives_whole(far: Sftp) -> None:
    rows = b"".join(b'{"id":%d,"text":"%s"}\n' % (n, b"Kind " * 200) for n in range(9_000))
    write(far, "a.jsonl", rows)

    pages = asked(far, about(far, "/exports/a.jsonl"))

    assert b"".join(page.payload for page in pages) == rows


def test_an_empty_file_does_not_stop_the_others(far: Sftp) -> None:
    write(far, "a.csv", b"")
    write(far, "b.csv", B)
    with near.opened(allow=(far.place,)) as http:
        pages = table.fetch(about(far, "/exports"), http, None)
        assert drafts([next(pages)]) == ["b"]
        with pytest.raises(GarbledError, match=r"/exports/a\.csv: it is empty"):
            next(pages)


def test_a_file_that_is_too_large_does_not_stop_the_others(far: Sftp) -> None:
    write(far, "a.csv", A * 9)
    write(far, "b.csv", B)
    with near.opened(allow=(far.place,), max_bytes=100) as http:
        pages = table.fetch(about(far, "/exports"), http, None)
        assert drafts([next(pages)]) == ["b"]
        with pytest.raises(GarbledError, match=r"a\.csv: it has more than 100 bytes; .*max_bytes"):
            next(pages)
    assert far.opened == ["/exports/b.csv"]


def test_a_file_that_grew_since_it_was_listed_is_copied_no_further_than_allowed(far: Sftp) -> None:
    path = write(far, "a.csv", A)
    channel = about(far, "/exports")
    with (
        near.opened(allow=(far.place,), max_bytes=100) as http,
        _table_places.opened(channel, http, told(channel, Opts)) as place,
    ):
        (stored,) = place.listed()
        path.write_bytes(b"x" * 20_000_000)
        with pytest.raises(TableError, match="more than 100 bytes"), place.copied(stored):
            pass
    assert 100 < far.sent < 6_000_000


def test_links_to_files_are_followed_and_those_to_folders_are_not(far: Sftp) -> None:
    write(far, "sub/c.csv", A)
    folder = far.folder / "exports"
    (folder / "a.csv").symlink_to("sub/c.csv")
    (folder / "round").symlink_to(".")
    (folder / "gone.csv").symlink_to("nowhere.csv")

    assert drafts(asked(far, about(far, "/exports"))) == ["a"]
    assert drafts(asked(far, about(far, "/exports/**/a.csv"))) == ["a"]


def test_a_private_key_lets_in(far: Sftp) -> None:
    write(far, "a.csv", A)
    key = far.client_key.export_private_key().decode()

    assert drafts(asked(far, about(far, "/exports", {"private_key": key}))) == ["a"]


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("way", ["key", "fingerprint"])
def test_the_host_key_that_is_pinned_is_the_one_that_is_asked_for(
    far: Sftp, at: int, way: str
) -> None:
    write(far, "a.csv", A)
    shown = far.host_key(at) if way == "key" else far.fingerprint(at)
    if (at, way) == (1, "fingerprint"):
        # Of which kind it is cannot be told from it; the server shows its best.
        error = fault(far, about(far, "/exports", host_key=shown))
        assert "not the one in `host_key`" in str(error)
        return

    assert drafts(asked(far, about(far, "/exports", host_key=shown))) == ["a"]


@pytest.mark.parametrize(
    "told", [far_places.ed25519(b"strange"), "SHA256:" + "A" * 43], ids=["key", "fingerprint"]
)
def test_a_server_with_another_key_learns_nothing(far: Sftp, told: str) -> None:
    error = fault(far, about(far, "/exports", host_key=told))

    assert isinstance(error, RefusedError)
    assert far.fingerprint() in str(error)
    assert "not the one in `host_key`; ask whoever runs it" in str(error)
    assert far.tried == []


def test_a_server_without_a_key_of_that_kind_is_refused(far: Sftp) -> None:
    rsa = asyncssh.generate_private_key("ssh-rsa").export_public_key().decode()

    error = fault(far, about(far, "/exports", host_key=rsa))

    assert isinstance(error, RefusedError)
    assert "no host key of the kind of `host_key`" in str(error)
    assert far.tried == []


@pytest.mark.parametrize(
    ("secrets", "reason"),
    [
        ({"password": "wrong-canary"}, "refused the login; check the user in `place`"),
        ({}, "name the secret `password` or `private_key`"),
        ({"private_key": "no-key-canary"}, "`private_key` is no key of"),
    ],
)
def test_who_is_not_let_in_is_told_what_to_check(
    far: Sftp,
    secrets: dict[str, str],
    reason: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    error = fault(far, about(far, "/exports", secrets))

    assert isinstance(error, RefusedError)
    assert not error.transient
    assert reason in str(error)
    assert "canary" not in f"{error}{error!r}{caplog.text}{capfd.readouterr()}"


def test_another_key_is_not_let_in(far: Sftp) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()

    assert "refused the login" in str(fault(far, about(far, "/exports", {"private_key": key})))


def test_a_key_with_a_passphrase_is_refused_in_words(far: Sftp) -> None:
    key = far.client_key.export_private_key(passphrase="canary").decode()

    assert "passphrase" in str(fault(far, about(far, "/exports", {"private_key": key})))


@pytest.mark.parametrize("path", ["/exports/a.csv", "/nowhere/*.csv", "/nowhere"])
def test_what_is_not_there_is_refused(far: Sftp, path: str) -> None:
    error = fault(far, about(far, path))

    assert isinstance(error, RefusedError)
    assert f"{far.place}{path}: it is not there; put it there, or correct `place`" in str(error)


def test_what_may_not_be_read_is_refused(far: Sftp) -> None:
    with far_places.denied(far):
        error = fault(far, about(far, "/exports"))

    assert isinstance(error, RefusedError)
    assert "may not be read" in str(error)


def test_a_server_that_is_down_is_tried_again_later(far: Sftp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place = f"127.0.0.1:{port}"
    channel = about(far, "/", place=f"sftp://ash@{place}/exports")

    error = fault(far, channel, allow=(place,))

    assert isinstance(error, UnreachableError)
    assert "accepted no connection" in str(error)


def test_a_server_that_is_silent_is_given_up(far: Sftp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        place = f"127.0.0.1:{deaf.getsockname()[1]}"
        channel = about(far, "/", place=f"sftp://ash@{place}/exports")

        error = fault(far, channel, allow=(place,), deadline_s=0.3)

    assert isinstance(error, UnreachableError)
    assert "no whole answer within 0.3 s" in str(error)


def test_what_speaks_something_else_is_garbled(far: Sftp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mail:
        place = f"127.0.0.1:{mail.getsockname()[1]}"
        channel = about(far, "/", place=f"sftp://ash@{place}/exports")
        greeting = threading.Thread(target=_greet, args=(mail, b"SSH-canary\r\n"))
        greeting.start()
        error = fault(far, channel, allow=(place,), deadline_s=PATIENCE_S)
        greeting.join()

    assert isinstance(error, GarbledError)
    assert "does not speak SSH; check the host and port" in str(error)
    assert "canary" not in str(error)


def _greet(server: socket.socket, words: bytes) -> None:
    wire, _ = server.accept()
    with wire:
        wire.sendall(words)
        wire.settimeout(5)
        while wire.recv(1_000):
            pass


def test_an_address_that_is_not_allowed_is_never_connected_to(far: Sftp) -> None:
    error = fault(far, about(far, "/exports"), allow=())

    assert isinstance(error, ForbiddenAddressError)
    assert far.tried == []


def test_only_the_address_that_was_admitted_is_connected_to(far: Sftp) -> None:
    write(far, "a.csv", A)
    # No name server knows this name; the one look-up that is made is ours.
    given = about(far, "/", place=f"sftp://ash@files.invalid:{far.port}/exports")
    with far_places.resolving(f"files.invalid:{far.port}", "127.0.0.1") as http:
        pages = list(table.fetch(given, http, None))

    assert drafts(pages) == ["a"]


def test_no_secret_is_in_what_is_kept_or_shown(
    far: Sftp, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    write(far, "a.csv", A)
    channel = about(far, "/exports")

    (page,) = asked(far, channel)

    told = f"{page!r}{page.cursor}{page.url}{channel!r}{caplog.text}{capfd.readouterr()}"
    assert "canary" not in told
    assert "canary" not in channel.model_dump_json()


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"place": "sftp://ash:canary@far.example/x"}, "passwords and keys are named as secrets"),
        ({"place": "sftp://far.example/x"}, "sftp://user@host:22"),
        ({"place": "sftp://ash@far.example:70000/x"}, "sftp://user@host:22"),
        ({"place": "ftp://ash@far.example/x"}, "sftp://user@host:22"),
        ({"place": "sftp://ash@far.example/x"}, "name the server's host_key"),
        ({"place": "sftp://ash@far.example/x", "host_key": "ssh-ed25519 AAAA"}, "`SHA256:…`"),
        ({"place": "sftp://ash@far.example/x", "host_key": "MD5:00"}, "`SHA256:…`"),
        ({"place": "s3://exports", "host_key": "SHA256:" + "A" * 43}, "host_key goes with"),
        ({"place": "s3://exports", "endpoint": "ftp://x.example"}, "neither http:// nor https://"),
        ({"place": "s3://exports", "endpoint": "https://a:b@x.example"}, "name it as a secret"),
        ({"path": "a.csv", "region": "eu-west-2"}, "region goes with"),
        ({"place": "s3://exports", "path": "a.csv"}, "one of path, url and place"),
    ],
)
def test_options_of_a_place_that_cannot_work_are_refused(told: dict[str, str], reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Opts.model_validate(BY_ID | told)

    (error,) = caught.value.errors()
    assert reason in error["msg"]
    assert "canary" not in error["msg"]


def test_a_port_is_22_where_none_is_named() -> None:
    found = _table_where.where("sftp://ash@[::1]/x")

    assert (found.host, found.port, found.user, found.path) == ("::1", 22, "ash", "/x")


def test_where_the_extra_is_missing_it_is_named(far: Sftp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paramiko", None)

    error = fault(far, about(far, "/exports"))

    assert isinstance(error, RefusedError)
    assert "pip install retold[sftp]" in str(error)
