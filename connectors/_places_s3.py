"""A store of S3, or one that speaks as it does, as a place for files.

Who we are, where the store is and in which region is read where every tool for S3 reads it:
`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_ENDPOINT_URL`, `AWS_DEFAULT_REGION`,
`AWS_PROFILE`, the role of the machine. An operator names the place, so nothing is kept from it.
Spec: https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from connectors._place import File
from schemas.errors import RefusedError, UnreachableError

_CACHING = "public, max-age=60, must-revalidate"
"""As short as the server's: a removal must reach every cache."""

_TIMEOUTS = {"connect_timeout": 10, "read_timeout": 60}


@contextmanager
def opened(where: str) -> Iterator["Store"]:
    """Open `s3://bucket/prefix`; one that is not there, or not ours, shows at its first use."""
    try:
        import s3fs  # noqa: PLC0415 - an extra, which few installations have
        from fsspec.asyn import sync  # noqa: PLC0415 - as above
    except ImportError:
        raise RefusedError(where, "S3 is not installed; run `pip install retold[s3]`") from None
    path = where.removeprefix("s3://").strip("/")
    if not path:
        raise RefusedError(where, "it names no bucket; write s3://bucket/prefix")
    with _spoken(where):
        files = s3fs.S3FileSystem(
            skip_instance_cache=True, use_listings_cache=False, config_kwargs=_TIMEOUTS
        )
        client = files.connect()
    try:
        yield Store(files, path, where)
    finally:
        sync(files.loop, client.close)


class Store:
    """A prefix in a bucket: a write shows whole or not at all."""

    def __init__(self, files: Any, path: str, where: str) -> None:
        self._files = files
        self._path = path
        self._where = where

    def folders(self) -> list[str]:
        """List what lies two levels down, as `a/b`."""
        above = [one for one in self._listed(self._path) if one["type"] == "directory"]
        below = (one for folder in above for one in self._listed(folder["name"]))
        names = (one["name"] for one in below if one["type"] == "directory")
        return sorted(name.removeprefix(f"{self._path}/") for name in names)

    def read(self, name: str) -> bytes | None:
        """Read a file; None where there is none."""
        with _spoken(self._where):
            try:
                payload: bytes = self._files.cat_file(f"{self._path}/{name}")
            except FileNotFoundError:
                return None
            return payload

    def write(self, file: File) -> None:
        """Put a file in the place of the one that bears its name."""
        told = {"ContentType": file.media_type, "CacheControl": _CACHING}
        if file.coding:
            told["ContentEncoding"] = file.coding
        with _spoken(self._where):
            self._files.pipe_file(f"{self._path}/{file.name}", file.payload, **told)

    def remove(self, names: Sequence[str]) -> None:
        """Take files away; one that is not there is passed over."""
        if names:
            with _spoken(self._where):
                self._files.rm([f"{self._path}/{name}" for name in names])

    def _listed(self, path: str) -> list[dict[str, Any]]:
        with _spoken(self._where):
            try:
                found: list[dict[str, Any]] = self._files.ls(path, detail=True)
            except FileNotFoundError:
                return []
            return found


@contextmanager
def _spoken(where: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise RefusedError(where, "there is no such bucket; make it, or correct its name") from None
    except PermissionError:
        what = (
            "it refused us; check the AWS_… variables, and that this key may list, read, write and"
            " delete there"
        )
        raise RefusedError(where, what) from None
    except Exception as error:  # noqa: BLE001 - botocore's tree is wide, and changes
        if type(error).__name__ == "NoCredentialsError":
            what = "nothing says who we are; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            raise RefusedError(where, what) from None
        what = f"it could not be reached or used ({type(error).__name__}); check AWS_ENDPOINT_URL"
        raise UnreachableError(where, what) from None
