"""Files in a folder, and in a store of S3 that we did not write."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors import _places
from connectors._place import File, Place
from schemas.errors import RefusedError, UnreachableError
from tests.connectors.channels import far_places
from tests.connectors.channels.far_places import S3


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    with far_places.s3() as store:
        monkeypatch.setenv("AWS_ENDPOINT_URL", store.url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", store.key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", store.secret)
        yield store


@pytest.fixture
def place(far: S3) -> Iterator[Place]:
    assert far.key  # it runs
    with _places.opened("s3://exports/feeds/") as place:
        yield place


def test_who_reads_a_file_that_is_replaced_has_it_whole_as_it_was(tmp_path: Path) -> None:
    with _places.opened(str(tmp_path)) as place:
        place.write(File("voice/all.atom", b"before", "application/atom+xml"))
        with (tmp_path / "voice" / "all.atom").open("rb") as reader:
            place.write(File("voice/all.atom", b"after", "application/atom+xml"))
            assert reader.read() == b"before"
    assert (tmp_path / "voice" / "all.atom").read_bytes() == b"after"
    assert [path.name for path in (tmp_path / "voice").iterdir()] == ["all.atom"]


def test_what_a_kill_left_beside_a_file_goes_with_it(tmp_path: Path) -> None:
    with _places.opened(str(tmp_path)) as place:
        (tmp_path / "voice").mkdir()
        (tmp_path / "voice" / ".all.atom.part").write_bytes(b"half")
        place.remove(["voice/all.atom", "voice/all/gone.atom"])
        assert not (tmp_path / "voice").exists()
        assert tmp_path.exists()


def names(far: S3) -> list[str]:
    listed: dict[str, Any] = far.client.list_objects_v2(Bucket="exports")
    return [one["Key"] for one in listed.get("Contents", ())]


def test_a_file_bears_all_that_a_browser_needs(far: S3, place: Place) -> None:
    place.write(File("voice/all.atom", b"<feed/>", "application/atom+xml"))
    place.write(File("voice/all.atom.gz", b"packed", "application/atom+xml", "gzip"))
    plain = far.client.get_object(Bucket="exports", Key="feeds/voice/all.atom")
    packed = far.client.get_object(Bucket="exports", Key="feeds/voice/all.atom.gz")
    assert plain["Body"].read() == b"<feed/>"
    assert plain["ContentType"] == packed["ContentType"] == "application/atom+xml"
    assert packed["ContentEncoding"] == "gzip"
    assert "ContentEncoding" not in plain
    assert plain["CacheControl"] == "public, max-age=60, must-revalidate"


def test_a_file_is_read_replaced_and_removed(far: S3, place: Place) -> None:
    assert place.folders() == []
    assert place.read("voice/all/a.json") is None
    for body in (b"1", b"2"):
        place.write(File("voice/all/a.json", body, "application/json"))
        assert place.read("voice/all/a.json") == body
    place.write(File("voice/all.atom", b"", "application/json"))
    assert place.folders() == ["voice/all"]
    place.remove(["voice/all/a.json", "voice/all/never.json"])
    assert names(far) == ["feeds/voice/all.atom"]
    place.remove([])


def test_wrong_keys_are_refused_and_shown_nowhere(far: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    far.guard()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-canary-c0ffee")
    with (
        _places.opened("s3://exports") as place,
        pytest.raises(RefusedError, match="check the AWS_… variables") as caught,
    ):
        place.write(File("a", b"", "text/plain"))
    assert "canary" not in f"{caught.value}{caught.value!r}"


@pytest.mark.usefixtures("far")
def test_a_bucket_that_is_not_there_is_named() -> None:
    with (
        _places.opened("s3://nowhere/feeds") as place,
        pytest.raises(RefusedError, match="s3://nowhere/feeds: there is no such bucket"),
    ):
        place.write(File("a", b"", "text/plain"))
    with (
        pytest.raises(RefusedError, match="write s3://bucket/prefix"),
        _places.opened("s3://"),
    ):
        pass


def test_a_store_that_nobody_is_at_cannot_be_reached(
    far: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert far.key
    with (
        _places.opened("s3://exports") as place,
        pytest.raises(UnreachableError, match="check AWS_ENDPOINT_URL"),
    ):
        place.read("a")
