"""How bytes get out: a requests session whose connections pass the guard and obey a watch."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, NamedTuple, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from connectors._kennel import KENNEL, Alarm

_POOLED = 32
"""Connections kept per host: as many as threads that may ask it at once."""


class Watch:
    """A watchdog: once its time is up, it shuts every socket it holds, whoever reads from it."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._alarm: Alarm | None = None
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []
        self.expired = False
        """Whether it has bitten: then whatever was read may be cut short."""

    def __enter__(self) -> Self:
        self._alarm = KENNEL.set(self._ends, self._bark)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        with self._lock:
            for double in self._held:
                double.close()
            self._held.clear()

    def left_s(self) -> float:
        """Tell how many seconds are left; never less than a moment."""
        return max(0.001, self._ends - time.monotonic())

    def hold(self, sock: socket.socket) -> None:
        """Watch over a socket from now on."""
        # A double of it: TLS detaches the socket it wraps, http.client drops the one it reads
        # from, and shutting the double still shuts the connection beneath them.
        double = socket.socket(fileno=socket.dup(sock.fileno()))
        with self._lock:
            self._held.append(double)
            if self.expired:
                _shut(double)

    def _bark(self) -> None:
        with self._lock:
            self.expired = True
            for double in self._held:
                _shut(double)


def _shut(double: socket.socket) -> None:
    with suppress(OSError):  # it is shut already
        double.shutdown(socket.SHUT_RDWR)


class Passage(NamedTuple):
    """What one request's connection must obey."""

    watch: Watch
    find: Callable[[str, int], Sequence[str]]
    """Resolve a host once and judge it: gives the addresses that may be connected to."""
    connect_timeout_s: float
    read_timeout_s: float


# urllib3 opens connections deep below `session.send`, where no argument of ours arrives.
# Without a passage there is no connection: `get` raises.
_PASSAGE: ContextVar[Passage] = ContextVar("passage")


class _Connection(HTTPConnection):
    """A connection to just the addresses that were judged; Host and TLS keep the name."""

    def _new_conn(self) -> socket.socket:
        passage = _PASSAGE.get()
        try:
            addresses = passage.find(self._dns_host, self.port)
        except (OSError, UnicodeError) as error:
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from error
        sock = self._connected(addresses, passage)
        passage.watch.hold(sock)
        return sock

    def _connected(self, addresses: Sequence[str], passage: Passage) -> socket.socket:
        for address in addresses:
            timeout_s = min(passage.connect_timeout_s, passage.watch.left_s())
            with suppress(OSError):
                sock = create_connection(
                    (address, self.port), timeout_s, socket_options=self.socket_options
                )
                sock.settimeout(passage.connect_timeout_s)
                return sock
        raise NewConnectionError(self, "no address accepted a connection")

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request; a connection kept from an earlier one is watched over again."""
        if self.sock is not None:
            _PASSAGE.get().watch.hold(self.sock)
        super().request(*args, **kwargs)


class _TlsConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _guarded(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class _Adapter(HTTPAdapter):
    """The transport that is mounted: every connection it opens passes the guard."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools, with our connections in them."""
        super().init_poolmanager(*args, **kwargs)
        _guarded(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        """Make the pools of an egress proxy, with our connections in them."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        _guarded(manager)
        return manager


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Leave redirects to us: requests would read the whole body of one, however large."""


def open_session(egress_proxy: str | None, ca_bundle: str | None) -> requests.Session:
    """Make a session that reads nothing of the environment and keeps no cookies."""
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.proxies = {"http": egress_proxy, "https": egress_proxy} if egress_proxy else {}
    session.verify = ca_bundle or True
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_maxsize=_POOLED))
    return session


def send(
    session: requests.Session, request: requests.PreparedRequest, passage: Passage
) -> requests.Response:
    """Send a request and read the head of its answer; the body is still to be read."""
    token = _PASSAGE.set(passage)
    try:
        return session.send(
            request,
            stream=True,
            allow_redirects=False,
            timeout=(passage.connect_timeout_s, passage.read_timeout_s),
        )
    finally:
        _PASSAGE.reset(token)
