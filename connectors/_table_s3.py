"""The door to S3 and to stores that speak as it does.

Nothing of the machine's own AWS configuration is read, and every address that is connected to was
admitted before, wherever a redirect leads.
Spec: https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html
"""

import asyncio
import errno
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, NamedTuple

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from connectors import _faults, _table_where
from connectors._http import Http
from connectors._table_files import Door
from connectors._transport import Watch
from schemas.errors import GarbledError, OutsideError, RefusedError, UnreachableError

_REGION = "us-east-1"
"""What Amazon takes where none is named; other stores take any."""

_ELSEWHERE = frozenset({errno.EINVAL, errno.EREMCHG})
"""What s3fs makes of an answer that we asked in a wrong way, or at the wrong door."""


_UNFIT = "it does not take such a request; check `place`, `region` and `endpoint`"
_NO_TLS = "TLS with it failed; check `endpoint`, and the certificate that it shows"
_NOT_LET_IN = (
    "it refused us; check the secrets `access_key` and `secret_key`, what that key may read, and"
    " this machine's clock"
)

_BLOCK = 4 << 20
"""Bytes that are held at once."""


_NOTHING = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""What botocore is to know of the machine: neither by the environment nor by files."""


class _StrangeError(ValueError):
    """What came is no answer of a store."""


class Store(NamedTuple):
    """Which store is read."""

    where: str
    """As messages name it."""
    endpoint: str | None
    region: str | None


class _Gate:
    """Knows who was admitted, and hands every socket that is opened to the watch."""

    def __init__(self, who: str, http: Http) -> None:
        self._who = who
        self._http = http
        self._admitted: set[tuple[str, int]] = set()
        self._fault: OutsideError | None = None
        self._watch: Watch | None = None

    def begin(self, watch: Watch | None) -> None:
        """Let a watch hold every socket that is opened from now on."""
        self._fault, self._watch = None, watch

    def turned_away(self) -> OutsideError | None:
        """Say why somebody was turned away since it began; the libraries beneath lose it."""
        return self._fault

    def admit(self, host: str, port: int) -> list[str]:
        """Give the addresses of a host that may be connected to."""
        try:
            addresses = list(self._http.admit(self._who, host, port))
        except OutsideError as error:
            self._fault = error
            raise
        self._admitted.update((address, port) for address in addresses)
        return addresses

    def socket(self, found: Any) -> socket.socket:
        """Open a socket to an address that was admitted; a redirect may name one that was not."""
        family, kind, protocol, _, place = found
        if (place[0], place[1]) not in self._admitted:
            try:
                self.admit(place[0], place[1])
            except OutsideError:
                raise OSError(errno.EACCES, "not admitted") from None
        sock = socket.socket(family, kind, protocol)
        if self._watch is not None:
            self._watch.hold(sock)
        return sock


def _resolver(gate: _Gate) -> Any:
    from aiohttp.abc import AbstractResolver  # noqa: PLC0415 - comes with the extra

    class Resolver(AbstractResolver):
        """Resolves no more than may be asked."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[Any]:
            try:
                addresses = await asyncio.to_thread(gate.admit, host, port)
            except OutsideError:
                raise OSError(errno.EACCES, "not admitted") from None
            kinds = {one: socket.AF_INET6 if ":" in one else socket.AF_INET for one in addresses}
            return [
                {
                    "hostname": host,
                    "host": address,
                    "port": port,
                    "family": kind,
                    "proto": 0,
                    "flags": socket.AI_NUMERICHOST,
                }
                for address, kind in kinds.items()
                if family in {socket.AF_UNSPEC, kind}
            ]

        async def close(self) -> None:
            """Keep nothing open."""

    return Resolver()


@contextmanager
def opened(who: str, http: Http, store: Store, secrets: Mapping[str, str]) -> Iterator[Door]:
    """Give a store as a file system of fsspec, until the end of the block."""
    try:
        import s3fs  # noqa: PLC0415 - an extra, which few installations have
        from aiobotocore.session import AioSession  # noqa: PLC0415 - as above
        from fsspec.asyn import sync  # noqa: PLC0415 - as above
    except ImportError:
        raise RefusedError(who, "S3 is not installed; run `pip install retold[s3]`") from None
    key, secret = secrets.get("access_key"), secrets.get("secret_key")
    if bool(key) != bool(secret):
        raise RefusedError(who, "name both secrets of the store, `access_key` and `secret_key`")
    gate = _Gate(who, http)
    if store.endpoint:
        origin = _table_where.endpoint(store.endpoint)
        gate.admit(origin.host, origin.port)
    files = s3fs.S3FileSystem(
        # Without keys botocore would look for some all over the machine.
        anon=not key,
        key=key,
        secret=secret,
        endpoint_url=store.endpoint,
        session=AioSession(session_vars=_NOTHING),
        client_kwargs={
            "region_name": store.region or _REGION,
            "verify": str(http.limits.ca_bundle or DEFAULT_CA_BUNDLE_PATH),
        },
        config_kwargs=_config(http, gate, store.endpoint),
        skip_instance_cache=True,
        use_listings_cache=False,
    )
    files.retries = http.limits.attempts
    with _bounded(who, store.where, http, gate):
        client = files.connect()
        client.meta.events.register("after-call.s3.ListObjectsV2", _check_listing)
    try:
        yield Door(
            files,
            lambda: _bounded(who, store.where, http, gate),
            # Each piece is asked for under the ETag of the first, so that they fit together.
            lambda name, _: files.open(name, "rb", block_size=_BLOCK, cache_type="none"),
        )
    finally:
        sync(files.loop, client.close)


def _check_listing(http_response: Any, parsed: Mapping[str, Any], **_: Any) -> None:
    """Refuse a web page, which would pass for a listing of nothing."""
    if http_response.status_code == HTTPStatus.OK and "Name" not in parsed:
        raise _StrangeError


def _config(http: Http, gate: _Gate, endpoint: str | None) -> dict[str, Any]:
    return {
        "connect_timeout": http.limits.connect_timeout_s,
        "read_timeout": http.limits.read_timeout_s,
        "retries": {"total_max_attempts": 1},  # s3fs tries again by itself
        "proxies": {},
        "ignore_configured_endpoint_urls": True,
        # An own store rarely has a name for each bucket.
        "s3": {"addressing_style": "path" if endpoint else "auto"},
        "connector_args": {
            "resolver": _resolver(gate),
            "socket_factory": gate.socket,
            "use_dns_cache": False,
            # A connection kept would outlive the watch that holds it.
            "force_close": True,
            "keepalive_timeout": None,
        },
    }


@contextmanager
def _bounded(who: str, where: str, http: Http, gate: _Gate) -> Iterator[None]:
    """Do one thing within the deadline; what goes wrong is told as one of our errors."""
    fault: OutsideError | None = None
    with Watch(http.limits.deadline_s) as watch:
        gate.begin(watch)
        try:
            yield
        except OutsideError:
            raise
        except Exception as error:  # noqa: BLE001 - botocore's tree is wide, and changes
            fault = gate.turned_away() or _fault(who, where, error)
        finally:
            gate.begin(None)
    if watch.expired:
        fault = _faults.late(who, where, http.limits.deadline_s)
    if fault is not None:
        raise fault from None


def _fault(who: str, where: str, error: Exception) -> OutsideError:
    from botocore import exceptions  # noqa: PLC0415 - comes with the extra
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - as above

    if isinstance(error, OSError) and error.errno in _ELSEWHERE:
        return RefusedError(who, f"{where}: {_UNFIT}")
    told: tuple[tuple[tuple[type[Exception], ...], type[OutsideError], str], ...] = (
        ((FileNotFoundError,), RefusedError, "it is not there; put it there, or correct `place`"),
        ((PermissionError,), RefusedError, _NOT_LET_IN),
        ((exceptions.SSLError,), RefusedError, _NO_TLS),
        ((exceptions.ParamValidationError,), RefusedError, _UNFIT),
        ((exceptions.ReadTimeoutError, TimeoutError), UnreachableError, "it fell silent"),
        (
            (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError),
            UnreachableError,
            "it accepted no connection; check that it is up",
        ),
        (
            (ResponseParserError, TypeError, ValueError, LookupError),
            GarbledError,
            "it does not speak S3 as it should; check `endpoint`",
        ),
    )
    for kinds, fault, words in told:
        if isinstance(error, kinds):
            return fault(who, f"{where}: {words}")
    return UnreachableError(who, f"{where}: it could not answer; it may be well later")
