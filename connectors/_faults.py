"""Every way the network fails, told as one of our errors, in our own words.

No foreign text is passed on: requests and urllib3 put whole addresses into theirs, keys included.
For the same reason the foreign error is not kept as the cause.
"""

import ssl
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPException, IncompleteRead

from requests import RequestException
from urllib3.exceptions import (
    HTTPError,
    InvalidHeader,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
)
from urllib3.exceptions import (
    TimeoutError as AnyTimeoutError,
)

from schemas.errors import GarbledError, GoneError, OutsideError, RefusedError, UnreachableError

FOREIGN = (RequestException, HTTPError, HTTPException, OSError, EOFError)
"""What the libraries beneath raise."""

_LATER = frozenset({408, 425, 429})
_SERVER_ERRORS = range(500, 600)
_CLIENT_ERRORS = range(400, 500)

_REMEDIES = {
    401: "check the key",
    403: "check that the key may do this, and that our address is not blocked",
    404: "check the address",
    407: "check the egress proxy's credentials",
    429: "ask it less often",
}

_DROPPED = "; it redirected elsewhere, where keys are not sent: enter the new address instead"

_BROKEN: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (ProxyError, "the egress proxy did not open the way; check egress_proxy"),
    (NameResolutionError, "its name does not resolve; check the address, or the name server"),
    (NewConnectionError, "it accepted no connection; check that it is up"),
    ((AnyTimeoutError, TimeoutError), "it fell silent"),
    (ssl.SSLError, "TLS with it failed; check that the address wants https"),
    ((IncompleteRead, EOFError), "its answer broke off"),
    (ConnectionError, "it cut the connection"),
)
"""What may pass, the first that fits; all of these are worth another try."""


def broken(who: str, where: str, error: Exception) -> OutsideError:
    """Tell how an exchange failed before it was whole."""
    links = tuple(_links(error))
    for link in links:
        if isinstance(link, ssl.SSLCertVerificationError):
            reason = f"its certificate does not hold ({link.verify_message}); tell whoever runs it"
            return RefusedError(who, f"{where}: {reason}")
    for kinds, words in _BROKEN:
        if any(isinstance(link, kinds) for link in links):
            return UnreachableError(who, f"{where}: {words}")
    if any(isinstance(link, (HTTPException, InvalidHeader)) for link in links):
        return GarbledError(who, f"{where}: it does not speak HTTP as it should; check the address")
    return UnreachableError(who, f"{where}: the connection broke ({type(error).__name__})")


def late(who: str, where: str, deadline_s: float) -> UnreachableError:
    """Tell that the answer was not whole in time."""
    return UnreachableError(who, f"{where}: no whole answer within {deadline_s:g} s")


def told(
    who: str, where: str, status: int, *, retry_after_s: float | None, dropped: bool
) -> OutsideError:
    """Tell what a status means that is not an answer; `dropped` where keys were left behind."""
    if status in _LATER or status in _SERVER_ERRORS:
        remedy = _REMEDIES.get(status, "it may be well later")
        return UnreachableError(who, f"{where}: HTTP {status}; {remedy}", retry_after_s)
    if status == HTTPStatus.GONE:
        return GoneError(
            who, f"{where}: HTTP 410, it is gone for good; remove it or ask for another"
        )
    if status in _CLIENT_ERRORS:
        remedy = _REMEDIES.get(status, "check the channel's options")
        hint = _DROPPED if dropped and status in {401, 403} else ""
        return RefusedError(who, f"{where}: HTTP {status}; {remedy}{hint}")
    return GarbledError(who, f"{where}: HTTP {status} is no answer to this; check the address")


def _links(error: Exception) -> Iterator[Exception]:
    yield error
    for inner in (getattr(error, "reason", None), *error.args):
        if isinstance(inner, Exception):
            yield from _links(inner)
