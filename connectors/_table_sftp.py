"""The door to SFTP servers: only one that shows the pinned host key is told who we are.

Spec: https://datatracker.ietf.org/doc/html/draft-ietf-secsh-filexfer-02 and
https://www.rfc-editor.org/rfc/rfc4251
"""

import io
import logging
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any

from connectors import _faults, _table_where
from connectors._http import Http
from connectors._limits import Limits
from connectors._table_files import Door
from connectors._table_where import HostKey, Where
from connectors._transport import Watch
from schemas.errors import GarbledError, OutsideError, RefusedError, UnreachableError

_RSA = ("rsa-sha2-512", "rsa-sha2-256")
"""The algorithms that a key of the kind `ssh-rsa` is shown by."""

_SILENT = "connectors.sftp"
"""Where paramiko logs to: it repeats what a server says, and nothing of that is to be read."""


_AT_ONCE = 32
"""Requests for pieces of one file that are under way at once."""

_CUT = re.compile("shut down|EOF|timeout", re.IGNORECASE)
"""By what paramiko tells that nobody answered a login, in the words of a login refused."""


_FOREIGN = re.compile("Indecipherable|Invalid SSH banner")
"""By what paramiko tells that it met no SSH."""

_STRANGE = "that is not the one in `host_key`; ask whoever runs it before you change that"
_BROKE = "it cut the connection, or could not answer"
_NOT_LET_IN = (
    "it refused the login; check the user in `place`, and the secret `password` or `private_key`"
)
_NOTHING_IN_COMMON = (
    "it has no host key of the kind of `host_key`, or no cipher that is still safe; ask whoever"
    " runs it"
)


class _StrangeKeyError(Exception):
    """The server showed another key; its text is the fingerprint."""


class _ClosedError(OSError):
    """No address accepted a connection."""


@contextmanager
def opened(
    who: str, http: Http, where: Where, secrets: Mapping[str, str], key: HostKey
) -> Iterator[Door]:
    """Log in to a server and give it as a file system of fsspec, until the end of the block."""
    try:
        import paramiko  # noqa: PLC0415 - an extra, which few installations have
        from fsspec.implementations.sftp import SFTPFileSystem  # noqa: PLC0415 - as above
    except ImportError:
        raise RefusedError(who, "SFTP is not installed; run `pip install retold[sftp]`") from None
    logging.getLogger(_SILENT).disabled = True
    logging.getLogger(f"{_SILENT}.sftp").disabled = True
    known = _login(who, where, secrets, paramiko)
    limits = http.limits
    addresses = http.admit(who, where.host, where.port)
    with _bounded(who, where, limits) as watch:
        sock = _connected(addresses, where.port, limits, watch)
    try:
        with _bounded(who, where, limits) as watch:
            watch.hold(sock)
            files = SFTPFileSystem(
                where.host,
                port=where.port,
                sock=sock,
                host_key_policy=_pinned(paramiko, key),
                transport_factory=_transports(paramiko, key),
                allow_agent=False,
                look_for_keys=False,
                timeout=limits.read_timeout_s,
                banner_timeout=limits.read_timeout_s,
                auth_timeout=limits.read_timeout_s,
                channel_timeout=limits.read_timeout_s,
                skip_instance_cache=True,
                **known,
            )
            files.ftp.get_channel().settimeout(limits.read_timeout_s)
        try:
            yield Door(
                files, lambda: _watched(who, where, limits, sock), lambda *one: _stream(files, *one)
            )
        finally:
            files.client.close()
    finally:
        sock.close()


def _stream(files: Any, name: str, size: int) -> IO[bytes]:
    far: Any = files.open(name, "rb")
    if size:
        far.prefetch(size, _AT_ONCE)
    stream: IO[bytes] = far
    return stream


@contextmanager
def _watched(who: str, where: Where, limits: Limits, sock: socket.socket) -> Iterator[None]:
    with _bounded(who, where, limits) as watch:
        with suppress(OSError):  # paramiko has closed it, and will say so
            watch.hold(sock)
        yield


def _login(who: str, where: Where, secrets: Mapping[str, str], paramiko: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"username": where.user}
    if key := secrets.get("private_key"):
        known["pkey"] = _private_key(who, key, paramiko)
    if password := secrets.get("password"):
        known["password"] = password
    if len(known) == 1:
        raise RefusedError(who, "name the secret `password` or `private_key` of the SFTP server")
    return known


def _private_key(who: str, written: str, paramiko: Any) -> Any:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        # What is wrong with a key is told by exceptions of many kinds, and may quote it.
        with suppress(Exception):
            return kind.from_private_key(io.StringIO(written.strip() + "\n"))
    raise RefusedError(
        who,
        "the secret `private_key` is no key of Ed25519, ECDSA or RSA, or is locked by a"
        " passphrase; name the whole file of one without",
    )


def _connected(addresses: Any, port: int, limits: Limits, watch: Watch) -> socket.socket:
    for address in addresses:
        with suppress(OSError):
            timeout_s = min(limits.connect_timeout_s, watch.left_s())
            return socket.create_connection((address, port), timeout_s)
    raise _ClosedError


def _pinned(paramiko: Any, pinned: HostKey) -> Any:
    class Pinned(paramiko.MissingHostKeyPolicy):  # type: ignore[misc] # imported on demand
        """Believes one key alone; asked before anything secret is sent."""

        def missing_host_key(self, _client: Any, _hostname: str, key: Any) -> None:
            shown = _table_where.fingerprint(key.asbytes())
            if shown != pinned.fingerprint:
                raise _StrangeKeyError(shown)

    return Pinned()


def _transports(paramiko: Any, pinned: HostKey) -> Any:
    def transport(sock: socket.socket, **told: Any) -> Any:
        made = paramiko.Transport(sock, **told)
        made.set_log_channel(_SILENT)
        if pinned.kind:
            # A server has keys of several kinds, and is to show the one that is known.
            wanted = _RSA if pinned.kind == "ssh-rsa" else (pinned.kind,)
            made.get_security_options().key_types = wanted
        return made

    return transport


@contextmanager
def _bounded(who: str, where: Where, limits: Limits) -> Iterator[Watch]:
    """Do one thing within the deadline; what goes wrong is told as one of our errors."""
    fault: OutsideError | None = None
    place = where.shown
    with Watch(limits.deadline_s) as watch:
        try:
            yield watch
        except OutsideError:
            raise
        except Exception as error:  # noqa: BLE001 - paramiko raises bare ones, too
            fault = _fault(who, place, error)
    if watch.expired:
        fault = _faults.late(who, place, limits.deadline_s)
    if fault is not None:
        raise fault from None


def _fault(who: str, place: str, error: Exception) -> OutsideError:
    from paramiko import ssh_exception as ssh  # noqa: PLC0415 - as above

    said = str(error)
    if isinstance(error, _StrangeKeyError):
        return RefusedError(who, f"{place}: it shows the host key {said}; {_STRANGE}")
    if isinstance(error, ssh.AuthenticationException) and _CUT.search(said):
        return UnreachableError(who, f"{place}: {_BROKE}")
    if isinstance(error, ssh.SSHException) and _FOREIGN.search(said):
        return GarbledError(who, f"{place}: it does not speak SSH; check the host and port")
    told: tuple[tuple[tuple[type[Exception], ...], type[OutsideError], str], ...] = (
        ((ssh.AuthenticationException,), RefusedError, _NOT_LET_IN),
        ((ssh.IncompatiblePeer,), RefusedError, _NOTHING_IN_COMMON),
        ((FileNotFoundError,), RefusedError, "it is not there; put it there, or correct `place`"),
        ((PermissionError,), RefusedError, "it may not be read; ask whoever runs it to allow that"),
        ((_ClosedError,), UnreachableError, "it accepted no connection; check that it is up"),
        ((TimeoutError,), UnreachableError, "it fell silent"),
        ((EOFError, OSError, ssh.SSHException), UnreachableError, _BROKE),
    )
    for kinds, fault, words in told:
        if isinstance(error, kinds):
            return fault(who, f"{place}: {words}")
    return GarbledError(who, f"{place}: it does not speak SFTP as it should; check the host")
