"""Where a place of tables is: an SFTP server or an S3 bucket, and what is read there.

A path is taken as it stands: nothing in it is percent-encoded, and `?` is part of a pattern.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

from connectors import _guard

SFTP, S3 = "sftp", "s3"

_SFTP = re.compile(
    r"sftp://(?P<user>[^@/:\s]+)@(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z_.-]+)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?P<path>/.*)"
)
_S3 = re.compile(r"s3://(?P<path>[0-9a-z][0-9a-z.-]{1,61}[0-9a-z](?:/.*)?)")
_FINGERPRINT = re.compile(r"SHA256:[0-9A-Za-z+/]{43}")
_KINDS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
)
_LAST_PORT = (1 << 16) - 1


class Where(NamedTuple):
    """A place, taken apart."""

    scheme: str
    path: str
    """Of SFTP from the root on; of S3 the bucket and what stands below it."""
    host: str = ""
    """Of SFTP, without brackets."""
    port: int = 22
    user: str = ""

    @property
    def shown(self) -> str:
        """Name it in messages, without the user."""
        return f"s3://{self.path}" if self.scheme == S3 else f"{self.host}:{self.port}{self.path}"


class HostKey(NamedTuple):
    """What an SFTP server must show to be believed."""

    fingerprint: str
    """As `SHA256:…`, the way ssh shows it."""
    kind: str | None = None
    """As `ssh-ed25519`, where it is known."""


def where(place: str) -> Where:
    """Take a place apart; a ValueError never repeats it, since it may hold a password."""
    if bucket := _S3.fullmatch(place):
        return Where(S3, bucket["path"])
    server = _SFTP.fullmatch(place)
    port = int(server["port"] or Where._field_defaults["port"]) if server else 0
    if server is None or port > _LAST_PORT:
        raise ValueError(
            "write it as sftp://user@host:22/exports/*.csv or s3://bucket/exports/*.csv;"
            " passwords and keys are named as secrets"
        )
    return Where(SFTP, server["path"], server["host"].strip("[]"), port, server["user"])


def host_key(told: str) -> HostKey:
    """Read a host key: its fingerprint, or the key as `ssh-keyscan` writes it."""
    if _FINGERPRINT.fullmatch(told):
        return HostKey(told)
    words = told.split()
    try:
        kind, key = words[0], base64.b64decode(words[1], validate=True)
    except (IndexError, binascii.Error):
        kind, key = "", b""
    # A key begins with its own kind, behind four bytes that give the length of that.
    if kind not in _KINDS or key[4 : 4 + len(kind)] != kind.encode():
        raise ValueError("write the host key as `ssh-ed25519 AAAA…`, or as `SHA256:…`")
    return HostKey(fingerprint(key), kind)


def fingerprint(key: bytes) -> str:
    """Give the fingerprint of a key as ssh shows it."""
    digest = base64.b64encode(hashlib.sha256(key).digest()).decode()
    return f"SHA256:{digest.rstrip('=')}"


def fault(place: str | None, told: Mapping[str, str | None]) -> str | None:
    """Say what does not fit between a place and the options that go with it."""
    found = where(place) if place else None
    scheme = found.scheme if found else None
    for name, of in (("host_key", SFTP), ("endpoint", S3), ("region", S3)):
        if told[name] and scheme != of:
            return f"{name} goes with a place {of}:// alone"
    if scheme == SFTP and not told["host_key"]:
        return (
            "name the server's host_key, so that no other is taken for it; ask whoever runs it,"
            " and compare with `ssh-keyscan`"
        )
    return None


def endpoint(told: str) -> _guard.Origin:
    """Read the address of an S3-compatible store."""
    try:
        return _guard.origin(told)
    except _guard.BlockedError as error:
        raise ValueError(str(error)) from None
