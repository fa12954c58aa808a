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


class Told(NamedTuple):
    """What came of asking for messages; those that are gone from the folder are in neither."""

    given: dict[int, bytes]
    refused: tuple[int, ...] = ()
    """Messages that are there, and that the server does not give even when asked for alone."""


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
        self._gives = False
        """Whether a message was given: if so, what is refused is not the whole folder."""

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
        found, refusal = self._asked("FETCH", f"{after + 1}:*", "(UID FLAGS RFC822.SIZE)")
        if refusal is not None:
            raise self._ailing()
        # A server answers `9:*` with its last message, even where that is the eighth.
        messages = {one.uid: one for one in map(_listed, found) if one and one.uid > after}
        return sorted(messages.values())

    def letters(self, uids: Sequence[int], most: int, *, heads: bool = False) -> Told:
        """Read messages, or their heads, up to so many bytes each; those that are gone are not.

        What is not given is asked for once more, alone: one bad message makes some servers
        refuse a whole answer, or leave it out as if it were gone. A server that gives no message
        of the folder at all is an UnreachableError: it is that which ails, not each of them.
        """
        what = f"(UID BODY.PEEK[{'HEADER' if heads else ''}]<0.{most}>)"
        given = self._given(uids, what)
        missed = self._there([uid for uid in uids if uid not in given])
        self._gives = self._gives or bool(given)
        if missed and not self._gives and not self._gives_an_end():
            raise self._ailing()
        for uid in missed:
            given |= self._given([uid], what)
        return Told(given, tuple(self._there([uid for uid in missed if uid not in given])))

    def _given(self, uids: Sequence[int], what: str) -> dict[int, bytes]:
        """Ask for messages; give what comes of them, be it before a refusal."""
        if not uids:
            return {}
        found, refusal = self._asked("FETCH", ",".join(map(str, uids)), what)
        if refusal is not None and _LATER.search(refusal):
            raise self._ailing()
        return {uid: raw for uid, raw in _bodies(found) if uid in set(uids)}

    def _there(self, uids: Sequence[int]) -> list[int]:
        """Tell which of these messages still stand in the folder."""
        if not uids:
            return []
        found, refusal = self._asked("SEARCH", "UID", ",".join(map(str, uids)))
        if refusal is not None:
            raise self._ailing()
        there = {int(uid) for line in found if line for uid in line.split()}
        return [uid for uid in uids if uid in there]

    def _gives_an_end(self) -> bool:
        """Tell whether the first message of the folder is given, or the last."""
        for number in ("1", "*"):
            with self._asking():
                verdict, found = self._wire.fetch(number, "(BODY.PEEK[HEADER]<0.1>)")
            if verdict == "OK" and any(isinstance(one, tuple) for one in found):
                return True
        return False

    def _asked(self, command: str, *told: str) -> tuple[list[Any], str | None]:
        """Give what is answered, and what stands beside a NO; None where it is none."""
        with self._asking():
            verdict, found = self._wire.uid(command, *told)
            if verdict == "OK":
                return found, None
            _, before = self._wire.response(command)
        return before, str(found[-1])

    def _ailing(self) -> UnreachableError:
        return UnreachableError(
            self._who, f"{self._place.where}: it could not read its folder; it may later"
        )

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
