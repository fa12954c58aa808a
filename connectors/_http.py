"""The one way to the network: bounded, paced, and never where it may not go.

A connector is given an `Http` and asks through it; what comes back is an `Answer`, or one of
`schemas.errors` that says what to do. Spec: https://www.rfc-editor.org/rfc/rfc9110
"""

import importlib.metadata
import random
import re
import socket
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from connectors import _body, _guard, _pace, _redact, _transport
from connectors._answer import Answer, Headers
from connectors._exchange import Call, Exchange, Resolve
from connectors._limits import Limits
from schemas.errors import ForbiddenAddressError, OutsideError, RefusedError, UnreachableError

__all__ = ["Answer", "Headers", "Http", "Limits", "Params", "Resolve", "open_http", "resolve_name"]

Params = Mapping[str, str | int | Sequence[str | int]]
"""What is added to an address's query, in this order; a sequence repeats its name."""

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(
    r"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?"
)
_OURS = frozenset({"accept-encoding", "connection", "content-length", "host", "transfer-encoding"})
"""Headers that belong to the transport; set by a channel, they could undo its guards."""


def resolve_name(host: str, port: int) -> Sequence[str]:
    """Ask the system for all addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(place[0]) for *_, place in found))


class Http:
    """The network, as connectors are given it; many threads may share one."""

    def __init__(self, exchange: Exchange, chance: Callable[[], float], agent: str) -> None:
        self._exchange = exchange
        self._limits = exchange.limits
        self._chance = chance
        self._agent = agent

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that were kept open."""
        self._exchange.session.close()

    @property
    def limits(self) -> Limits:
        """Give the bounds of every request, for who speaks something else than HTTP."""
        return self._limits

    def admit(self, who: str, host: str, port: int) -> Sequence[str]:
        """Give the addresses of a host that may be connected to, for something else than HTTP."""
        where = f"{host}:{port}"
        if self._limits.egress_proxy:
            raise ForbiddenAddressError(who, f"{where}: only HTTP goes through the egress proxy")
        fault: OutsideError
        try:
            addresses = self._exchange.resolve(host, port)
            self._exchange.gate.admit(host, port, addresses)
        except _guard.BlockedError as error:
            fault = ForbiddenAddressError(who, f"{where}: {error}")
        except (OSError, UnicodeError):
            fault = UnreachableError(
                who, f"{where}: its name does not resolve; check the address, or the name server"
            )
        else:
            return addresses
        raise fault

    def get(  # noqa: PLR0913 - each is a word of HTTP that a connector may need
        self,
        who: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Params | None = None,
        secret_headers: Mapping[str, str] | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
        per_second: float | None = None,
        accept: str | None = None,
        allow_status: Collection[int] = (),
    ) -> Answer:
        """GET `url` for the channel `who`; the answer is a 200, a 304 or an allowed status.

        What fails but may pass is tried again, within the limits. What stands in `headers` and
        `secret_headers` goes to the origin of `url` alone, never to where that redirects.
        """
        call = Call(
            method="GET",
            who=who,
            url=_with_params(url, params),
            public=self._public(accept) | _conditions(etag, last_modified),
            private={**(headers or {}), **(secret_headers or {})},
            body=None,
            per_second=per_second,
            allow_status=allow_status,
        )
        return self._persist(call)

    def post(  # noqa: PLR0913 - each is a word of HTTP that a connector may need
        self,
        who: str,
        url: str,
        body: bytes,
        *,
        media_type: str,
        headers: Mapping[str, str] | None = None,
        secret_headers: Mapping[str, str] | None = None,
        per_second: float | None = None,
        accept: str | None = None,
        allow_status: Collection[int] = (),
        repeatable: bool = False,
    ) -> Answer:
        """POST `body` for `who`; the answer is a 2xx or an allowed status. It is never redirected.

        It is tried again only where it is `repeatable`: a try that failed may have done its work.
        """
        call = Call(
            method="POST",
            who=who,
            url=_with_params(url, None),
            public=self._public(accept) | {"Content-Type": media_type},
            private={**(headers or {}), **(secret_headers or {})},
            body=body,
            per_second=per_second,
            allow_status={*range(200, 300), *allow_status},
        )
        if repeatable:
            return self._persist(call)
        _check_headers(call)
        return self._exchange.run(call)

    def _public(self, accept: str | None) -> dict[str, str]:
        return {
            "User-Agent": self._agent,
            "Accept": accept or "*/*",
            "Accept-Encoding": _body.CODING,
        }

    def _persist(self, call: Call) -> Answer:
        _check_headers(call)
        for failures in range(1, self._limits.attempts):
            try:
                return self._exchange.run(call)
            except UnreachableError as error:
                asked_s = error.retry_after_s
                if asked_s is not None and asked_s > self._limits.retry_after_cap_s:
                    raise
            self._exchange.sleep(self._backoff_s(failures) if asked_s is None else asked_s)
        return self._exchange.run(call)

    def _backoff_s(self, failures: int) -> float:
        limits = self._limits
        return _pace.backoff_s(failures, limits.backoff_s, limits.backoff_cap_s, self._chance)


def open_http(
    limits: Limits,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    chance: Callable[[], float] = random.random,
    wall: Callable[[], float] = time.time,
    resolve: Resolve = resolve_name,
) -> Http:
    """Open the network within `limits`. Close it, or use it in a `with`."""
    _redact.hush_urllib3()
    ca_bundle = str(limits.ca_bundle) if limits.ca_bundle else None
    exchange = Exchange(
        limits=limits,
        session=_transport.open_session(limits.egress_proxy, ca_bundle),
        gate=_guard.Gate(limits.allow),
        pace=_pace.Pace(clock),
        resolve=resolve,
        sleep=sleep,
        clock=clock,
        wall=wall,
    )
    return Http(exchange, chance, _agent(limits.contact))


def _agent(contact: str) -> str:
    name = f"Retold/{importlib.metadata.version('retold')}"
    return f"{name} (+{contact})" if contact else name


def _conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    named = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in named.items() if value}


def _with_params(url: str, params: Params | None) -> str:
    plain = url.partition("#")[0]
    if not params:
        return plain
    return f"{plain}{'&' if '?' in plain else '?'}{urlencode(params, doseq=True)}"


def _check_headers(call: Call) -> None:
    """Refuse a header that cannot be sent as it is, by its name: its value may be a secret."""
    for name, value in (*call.public.items(), *call.private.items()):
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise RefusedError(
                call.who,
                f"the header {name!r} holds a line break, a blank at its end or a foreign letter; "
                "check the option or the secret that it comes from",
            )
    for name in call.private:
        if name.lower() in _OURS:
            raise RefusedError(call.who, f"the header {name!r} is not yours to set; leave it out")
