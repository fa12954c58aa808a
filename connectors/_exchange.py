"""One try: from the first address through every redirect to an answer, within one deadline.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-15.4 (redirects)
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from http import HTTPStatus

import requests

from connectors import _body, _faults, _guard, _pace, _redact, _transport
from connectors._answer import Answer, Headers, medium
from connectors._limits import Limits
from schemas.errors import ForbiddenAddressError, GarbledError, OutsideError, RefusedError

_PERMANENT = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})
_REDIRECTS = _PERMANENT | {
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
}

Resolve = Callable[[str, int], Sequence[str]]
"""Give all the addresses of a host."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a caller wants."""

    method: str
    who: str
    url: str = field(repr=False)
    public: Mapping[str, str]
    """Headers for whomever we are sent on to."""
    private: Mapping[str, str] = field(repr=False)
    """Headers for the origin of `url` alone."""
    body: bytes | None = field(repr=False)
    per_second: float | None
    allow_status: Collection[int]


@dataclass(frozen=True, slots=True)
class _Hop:
    """How far a try has come."""

    url: str = field(repr=False)
    origin: _guard.Origin
    private: Mapping[str, str] = field(repr=False)
    left_s: float
    asked: tuple[str, ...] = field(default=(), repr=False)
    permanent: bool = True
    dropped: bool = False
    """Whether private headers were left behind."""

    @property
    def where(self) -> str:
        return _redact.address(self.url)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The parts that a try needs; shared by all tries of one `Http`."""

    limits: Limits
    session: requests.Session
    gate: _guard.Gate
    pace: _pace.Pace
    resolve: Resolve
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    wall: Callable[[], float]

    def run(self, call: Call) -> Answer:
        """Ask, and go where we are sent, until there is an answer or an error."""
        step: Answer | _Hop = self._first(call)
        while isinstance(step, _Hop):
            wait_s = self.pace.reserve(step.origin.host, call.per_second)
            if wait_s > 0:
                self.sleep(wait_s)
            step = self._ask(call, step)
        return step

    def _first(self, call: Call) -> _Hop:
        try:
            origin = _guard.origin(call.url)
        except _guard.BlockedError as error:
            fault = ForbiddenAddressError(call.who, str(error))
        else:
            return _Hop(call.url, origin, call.private, self.limits.deadline_s)
        raise fault

    def _ask(self, call: Call, hop: _Hop) -> Answer | _Hop:
        """Ask once; faults are raised outside of `except`, to leave the foreign error behind."""
        began = self.clock()
        fault: OutsideError | None = None
        step: Answer | _Hop
        with _transport.Watch(hop.left_s) as watch:
            try:
                with closing(self._send(call, hop, watch)) as response:
                    step = self._read(call, hop, response)
            except _guard.BlockedError as error:
                fault = ForbiddenAddressError(call.who, f"{hop.where}: {error}")
            except _body.GarbageError as error:
                fault = GarbledError(call.who, f"{hop.where}: {error}")
            except _faults.FOREIGN as error:
                fault = _faults.broken(call.who, hop.where, error)
        # Cut off by the watch, a body without a length looks whole.
        if watch.expired:
            fault = _faults.late(call.who, hop.where, self.limits.deadline_s)
        if fault is not None:
            raise fault
        if isinstance(step, _Hop):
            return replace(step, left_s=hop.left_s - (self.clock() - began))
        return step

    def _send(self, call: Call, hop: _Hop, watch: _transport.Watch) -> requests.Response:
        request = requests.Request(
            call.method, hop.url, headers={**call.public, **hop.private}, data=call.body
        ).prepare()
        find: Resolve = self._find
        if self.limits.egress_proxy:
            host = hop.origin.host
            self.gate.admit(host, hop.origin.port, _guard.spelt_out(host))
            find = self.resolve
        passage = _transport.Passage(
            watch, find, self.limits.connect_timeout_s, self.limits.read_timeout_s
        )
        return _transport.send(self.session, request, passage)

    def _find(self, host: str, port: int) -> Sequence[str]:
        addresses = self.resolve(host, port)
        self.gate.admit(host, port, addresses)
        return addresses

    def _read(self, call: Call, hop: _Hop, response: requests.Response) -> Answer | _Hop:
        status, headers = response.status_code, Headers(response.raw.headers.items())
        if status in call.allow_status or status == HTTPStatus.OK:
            return self._answer(hop, response, headers)
        if status in _REDIRECTS:
            return self._follow(call, hop, status, headers.get("Location"))
        if status == HTTPStatus.NOT_MODIFIED and _is_conditional(response.request.headers):
            return self._answer(hop, response, headers)
        raise _faults.told(
            call.who,
            hop.where,
            status,
            retry_after_s=self._retry_after_s(headers),
            dropped=hop.dropped,
        )

    def _answer(self, hop: _Hop, response: requests.Response, headers: Headers) -> Answer:
        kind = medium(headers.get("Content-Type", ""))
        unchanged = response.status_code == HTTPStatus.NOT_MODIFIED
        sent = response.request.headers if unchanged else Headers()
        return Answer(
            status=response.status_code,
            url=hop.url,
            body=_body.read(
                response.raw, headers.get("Content-Encoding", ""), self.limits.max_bytes
            ),
            media_type=kind.media_type,
            charset=kind.charset,
            headers=headers,
            etag=headers.get("ETag", sent.get("If-None-Match")),
            last_modified=headers.get("Last-Modified", sent.get("If-Modified-Since")),
            retry_after_s=self._retry_after_s(headers),
            moved_to=hop.url if hop.asked and hop.permanent else None,
            hops=(*hop.asked, hop.url),
        )

    def _retry_after_s(self, headers: Headers) -> float | None:
        return _pace.retry_after_s(headers.get("Retry-After"), headers.get("Date"), self.wall)

    def _follow(self, call: Call, hop: _Hop, status: int, location: str | None) -> _Hop:
        if location is None:
            raise GarbledError(call.who, f"{hop.where}: HTTP {status}, but it does not say where")
        url = _guard.join(hop.url, location)
        origin, asked = _guard.origin(url), (*hop.asked, hop.url)
        refusal = self._refusal(call, hop, url, origin)
        if refusal:
            raise RefusedError(call.who, f"{hop.where}: HTTP {status}, {refusal}")
        elsewhere = origin != hop.origin
        return replace(
            hop,
            url=url,
            origin=origin,
            private={} if elsewhere else hop.private,
            asked=asked,
            permanent=hop.permanent and status in _PERMANENT,
            dropped=hop.dropped or (elsewhere and bool(hop.private)),
        )

    def _refusal(self, call: Call, hop: _Hop, url: str, origin: _guard.Origin) -> str | None:
        if call.body is not None:
            return "it redirects what was posted; enter the new address"
        if (hop.origin.scheme, origin.scheme) == ("https", "http"):
            return "it redirects from https to http; ask for an address under https"
        if url in (*hop.asked, hop.url):
            return "it redirects in a circle; it may want a cookie or a login"
        if len(hop.asked) >= self.limits.max_redirects:
            return f"it redirects more than {self.limits.max_redirects} times; check the address"
        return None


def _is_conditional(headers: Mapping[str, str]) -> bool:
    return "If-None-Match" in headers or "If-Modified-Since" in headers
