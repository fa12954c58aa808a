"""The door to mailboxes: a folder opened for reading only, within the limits of the network.

Nothing is marked as read. Foreign errors become ours here, and no text of the server is passed on.
Spec: https://www.rfc-editor.org/rfc/rfc3501
"""

import base64
import imaplib
import re
import socket
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from connectors import _faults
from connectors._http import Http
from connectors._limits import Limits
from connectors._transport import Watch
from schemas.errors import GarbledError, OutsideError, RefusedError, UnreachableError

IMPLICIT, STARTTLS, NONE = "implicit", "starttls", "none"

_UNFIT = re.compile(r"[\x00-\x1f\x7f]")
_LATER = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\b")
_STRANGE = re.compile(r"(?:command: \w+ => )*unexpected (?:tagged )?response: ")
_BYE = re.compile(r"b['\"]\* BYE\b")
_FOREIGN_LETTERS = re.compile(r"&|[^\x20-\x7e]+")
_UID = re.compile(rb"\bUID ([0-9]{1,10})\b", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE ([0-9]{1,12})\b", re.IGNORECASE)
_FLAGS = re.compile(rb"\bFLAGS \(([^)]*)\)", re.IGNORECASE)
_LEFT_OUT = frozenset({b"\\deleted", b"\\draft"})


class Place(NamedTuple):
    """Which folder is read, and as whom."""

    host: str
    port: int
    tls: str
    user: str
    folder: str

    @property
    def where(self) -> str:
        """Name the server in messages."""
        return f"{self.host}:{self.port}"


class Listed(NamedTuple):
    """A message that stands in the folder."""

    uid: int
    size: int
    """Its bytes, as the server says."""


class _TooMuchError(Exception):
    """An answer is larger than the limits allow."""


class _ClosedError(OSError):
    """No address accepted a connection."""


_FOREIGN = (imaplib.IMAP4.error, OSError, ValueError, _TooMuchError)
"""What is raised beneath; a ValueError by a server whose numbers or letters are none."""


class _Way(NamedTuple):
    """How a server is connected to."""

    addresses: Sequence[str]
    limits: Limits
    watch: Watch
    context: ssl.SSLContext | None
    """Of a connection that begins with TLS."""


class _Wire(imaplib.IMAP4):
    """A connection to just the addresses that were admitted, whose answers are bounded."""

    def __init__(self, place: Place, way: _Way) -> None:
        self._way = way
        self.left = way.limits.max_bytes
        """Bytes that the answer to this command may have yet."""
        super().__init__(place.host, place.port, way.limits.connect_timeout_s)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        sock = self._connected(timeout)
        self._way.watch.hold(sock)
        sock.settimeout(self._way.limits.read_timeout_s)
        if self._way.context is None:
            return sock
        try:
            return self._way.context.wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise

    def _connected(self, timeout: float | None) -> socket.socket:
        for address in self._way.addresses:
            with suppress(OSError):
                return socket.create_connection((address, self.port), timeout)
        raise _ClosedError

    def read(self, size: int) -> bytes:
        """Read a literal, unless it is longer than allowed."""
        self._spend(size)
        return super().read(size)

    def readline(self) -> bytes:
        """Read a line; all lines of an answer together are bounded."""
        line = super().readline()
        self._spend(len(line))
        return line

    def _spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise _TooMuchError


class Folder:
    """A folder that is open; one command after the other."""

    def __init__(self, who: str, place: Place, wire: _Wire, limits: Limits) -> None:
        self._who = who
        self._place = place
        self._wire = wire
        self._limits = limits
        self.validity = 0
        """The UIDVALIDITY: where it changes, every UID means another message."""

    def open(self) -> None:
        """Open the folder so that nothing in it can change."""
        with self._asking():
            verdict, _ = self._wire.select(_mailbox_name(self._place.folder), readonly=True)
            _, told = self._wire.response("UIDVALIDITY")
        if verdict != "OK":
            raise RefusedError(
                self._who,
                f"{self._place.where}: it opens no folder {self._place.folder!r};"
                " check the option `folder`",
            )
        try:
            self.validity = int(told[-1])
        except (TypeError, ValueError, IndexError):
            raise GarbledError(
                self._who, f"{self._place.where}: the folder has no UIDVALIDITY to read it by"
            ) from None

    def listed(self, after: int) -> list[Listed]:
        """List the messages above a UID, the lowest first, without deleted ones and drafts."""
        found = self._fetched(f"{after + 1}:*", "(UID FLAGS RFC822.SIZE)")
        # A server answers `9:*` with its last message, even where that is the eighth.
        messages = {one.uid: one for one in map(_listed, found) if one and one.uid > after}
        return sorted(messages.values())

    def letters(self, uids: Sequence[int], most: int, *, heads: bool = False) -> dict[int, bytes]:
        """Read messages, or their heads, up to so many bytes each; those that are gone are not."""
        if not uids:
            return {}
        section = "HEADER" if heads else ""
        wanted = ",".join(map(str, uids))
        found = self._fetched(wanted, f"(UID BODY.PEEK[{section}]<0.{most}>)")
        return {uid: raw for uid, raw in _bodies(found) if uid in set(uids)}

    def _fetched(self, uids: str, what: str) -> list[Any]:
        with self._asking():
            verdict, found = self._wire.uid("FETCH", uids, what)
        if verdict != "OK":
            raise UnreachableError(
                self._who, f"{self._place.where}: it could not read its folder; it may later"
            )
        return found

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with _bounded(self._who, self._place, self._limits) as watch:
            watch.hold(self._wire.sock)
            self._wire.left = self._limits.max_bytes
            yield


@contextmanager
def opened(who: str, http: Http, place: Place, password: str) -> Iterator[Folder]:
    """Log in and open a folder, until the end of the block."""
    addresses = http.admit(who, place.host, place.port)
    limits = http.limits
    bundle = str(limits.ca_bundle) if limits.ca_bundle else DEFAULT_CA_BUNDLE_PATH
    context = ssl.create_default_context(cafile=bundle)
    with _bounded(who, place, limits) as watch:
        first = context if place.tls == IMPLICIT else None
        wire = _Wire(place, _Way(addresses, limits, watch, first))
    try:
        with _bounded(who, place, limits) as watch:
            watch.hold(wire.sock)
            if place.tls == STARTTLS:
                _secure(who, place, wire, context)
            _log_in(who, place, wire, password)
        folder = Folder(who, place, wire, limits)
        folder.open()
        yield folder
    finally:
        _close(wire)


def _close(wire: _Wire) -> None:
    """Take our leave without waiting: what the server says to it is of no use to us."""
    with suppress(OSError):
        wire.send(b"bye LOGOUT\r\n")
    with suppress(OSError):
        wire.shutdown()


def _secure(who: str, place: Place, wire: _Wire, context: ssl.SSLContext) -> None:
    if "STARTTLS" not in wire.capabilities:
        raise RefusedError(
            who, f"{place.where}: it offers no STARTTLS; check the options `tls` and `port`"
        )
    wire.starttls(context)


def _log_in(who: str, place: Place, wire: _Wire, password: str) -> None:
    user = place.user
    by_plain = "AUTH=PLAIN" in wire.capabilities
    if not by_plain and "LOGINDISABLED" in wire.capabilities:
        raise RefusedError(
            who, f"{place.where}: it takes no password on this way; check the option `tls`"
        )
    if _UNFIT.search(user + password) or not (by_plain or (user + password).isascii()):
        raise RefusedError(
            who, f"{place.where}: the user or the password holds what cannot be sent; check them"
        )
    fault: OutsideError
    try:
        if by_plain:
            wire.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
        else:
            wire.login(_quoted(user), password)
    except wire.abort:
        raise
    except wire.error as error:
        fault = _turned_away(who, place, str(error))
    else:
        return
    raise fault


def _turned_away(who: str, place: Place, told: str) -> OutsideError:
    if _LATER.search(told):
        return UnreachableError(who, f"{place.where}: it takes nobody in now; it may later")
    return RefusedError(
        who,
        f"{place.where}: it refused the login; check the option `user` and the secret `password`"
        " (some services want a password made for one program)",
    )


@contextmanager
def _bounded(who: str, place: Place, limits: Limits) -> Iterator[Watch]:
    """Do one thing within the deadline; what goes wrong is told as one of our errors."""
    fault: OutsideError | None = None
    with Watch(limits.deadline_s) as watch:
        try:
            yield watch
        except _FOREIGN as error:
            fault = _fault(who, place, limits, error)
    if watch.expired:
        fault = _faults.late(who, place.where, limits.deadline_s)
    if fault is not None:
        raise fault from None


def _fault(who: str, place: Place, limits: Limits, error: Exception) -> OutsideError:
    where, told = place.where, str(error)
    if isinstance(error, OSError):
        return _broken(who, where, error)
    if isinstance(error, _TooMuchError):
        return GarbledError(who, f"{where}: it answers with more than {limits.max_bytes} bytes")
    if _BYE.match(told):
        return UnreachableError(who, f"{where}: it takes nobody in now; it may later")
    if isinstance(error, imaplib.IMAP4.abort) and not _STRANGE.match(told):
        return UnreachableError(who, f"{where}: it cut the connection")
    return GarbledError(
        who, f"{where}: it does not speak IMAP as it should; check the options `host` and `port`"
    )


def _broken(who: str, where: str, error: OSError) -> OutsideError:
    if isinstance(error, _ClosedError):
        return UnreachableError(who, f"{where}: it accepted no connection; check that it is up")
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLCertVerificationError):
        return UnreachableError(
            who, f"{where}: TLS with it failed; check the options `tls` and `port`"
        )
    return _faults.broken(who, where, error)


def _listed(told: Any) -> Listed | None:
    if not isinstance(told, bytes):
        return None
    uid, size, flags = _UID.search(told), _SIZE.search(told), _FLAGS.search(told)
    if uid is None or size is None:
        return None
    if flags and _LEFT_OUT & set(flags[1].lower().split()):
        return None
    return Listed(int(uid[1]), int(size[1]))


def _bodies(found: Iterable[Any]) -> Iterator[tuple[int, bytes]]:
    """Pair each literal with the UID that stands before it or behind it."""
    before, raw = b"", None
    for told in found:
        if isinstance(told, tuple):
            before, raw = told[0], told[1]
            uid = _UID.search(before)
        elif raw is not None:
            uid = _UID.search(told)
        else:
            continue
        if uid and raw is not None:
            yield int(uid[1]), raw
            raw = None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _mailbox_name(name: str) -> str:
    """Write a folder's name as IMAP does: in a UTF-7 of its own, section 5.1.3."""
    return _quoted(_FOREIGN_LETTERS.sub(lambda found: _in_utf7(found[0]), name))


def _in_utf7(letters: str) -> str:
    if letters == "&":
        return "&-"
    packed = base64.b64encode(letters.encode("utf-16-be")).decode().rstrip("=")
    return f"&{packed.replace('/', ',')}-"
