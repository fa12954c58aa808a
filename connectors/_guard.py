"""Where we may go: how an address must be written, and which hosts may be asked.

Sources of what is not public: https://www.iana.org/assignments/iana-ipv4-special-registry/
and https://www.iana.org/assignments/iana-ipv6-special-registry/
"""

import ipaddress
import re
import socket
import string
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import NamedTuple
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from urllib3.util import parse_url

_SCHEMES = {"http": 80, "https": 443}
_WEB_PORTS = frozenset(_SCHEMES.values())
"""The ports that anybody may be asked on; any other must be allowed by the operator."""

_UNFIT = re.compile(r"[\x00-\x20\x7f\\]")
"""What browsers, urllib and urllib3 each read in their own way."""
_NAME = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
_ENTRY = re.compile(rf"(?P<host>\[[0-9a-f:.]+\]|{_NAME.pattern})(?::(?P<port>[1-9][0-9]{{0,4}}))?")
_LAST_PORT = (1 << 16) - 1

# `is_global` says yes to each of these: multicast, relays into private IPv4, retired ranges.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.88.99.0/24",
        "224.0.0.0/3",
        "::/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
        "ff00::/8",
    )
)


class BlockedError(Exception):
    """We may not ask there; the text says why, and what to do.

    Never an OSError: urllib3 would take it for a broken connection and wrap it.
    """


class Origin(NamedTuple):
    """Who is spoken to; credentials are meant for one origin only."""

    scheme: str
    host: str
    port: int


def origin(url: str) -> Origin:
    """Read where an address leads. What two readers could read differently is refused."""
    if _UNFIT.search(url):
        raise BlockedError(
            "its address holds a backslash, a blank or a control character; percent-encode it"
        )
    try:
        split, second = urlsplit(url), parse_url(url)
        port = split.port or _SCHEMES.get(split.scheme, 0)
    except ValueError:
        raise BlockedError("its address cannot be read; check it") from None
    if split.scheme not in _SCHEMES:
        raise BlockedError("its address is neither http:// nor https://; check it")
    if "@" in split.netloc:
        raise BlockedError(
            "its address carries a user name or password; take it out and name it as a secret"
        )
    host = _plain_host(split.hostname or "")
    if (host, port) != (_plain_host(second.host or ""), second.port or port):
        raise BlockedError("its host can be read in two ways; write foreign names as xn--")
    if not _NAME.fullmatch(host) and not _is_address(host):
        raise BlockedError("its address names no host; check it")
    return Origin(split.scheme, host, port)


def join(base: str, location: str) -> str:
    """Find where a redirect leads, as an absolute address; the blanks of sloppy servers encoded."""
    try:
        return urldefrag(urljoin(base, quote(location, safe=string.punctuation))).url
    except ValueError:
        raise BlockedError("it redirects to an address that cannot be read") from None


def is_public(address: str) -> bool:
    """Tell whether an address belongs to the public internet, for all that it may wrap."""
    plain = _unwrapped(address)
    return plain.is_global and not any(plain in network for network in _NOT_PUBLIC)


def spelt_out(host: str) -> tuple[str, ...]:
    """Give the address that a host spells out, in whatever notation; nothing for a name."""
    if host == "localhost" or host.endswith(".localhost"):
        return ("127.0.0.1",)
    if _is_address(host):
        return (host,)
    try:
        return (socket.inet_ntoa(socket.inet_aton(host)),)
    except OSError:
        return ()


class Gate:
    """Which hosts may be asked: the public web, and what the operator allows besides."""

    def __init__(self, allow: Iterable[str]) -> None:
        named: set[tuple[str, int | None]] = set()
        networks: list[IPv4Network | IPv6Network] = []
        for entry in allow:
            if "/" in entry:
                networks.append(_network(entry))
            else:
                named.add(_host_and_port(entry))
        self._named = frozenset(named)
        self._networks = tuple(networks)

    def admit(self, host: str, port: int, addresses: Sequence[str]) -> None:
        """Let through a host of which every address may be asked on that port, or raise."""
        host = _plain_host(host)
        if not self._named.isdisjoint({(host, None), (host, port)}):
            return
        strange = [address for address in addresses if not self._is_within(address)]
        hidden = next((address for address in strange if not is_public(address)), None)
        if hidden is not None:
            raise BlockedError(f"{host} leads to {hidden}, which is not public; {_way(host, port)}")
        if port not in _WEB_PORTS and (strange or not addresses):
            raise BlockedError(f"port {port} is none of the web's; {_way(host, port)}")

    def _is_within(self, address: str) -> bool:
        plain = _unwrapped(address)
        return any(plain in network for network in self._networks)


def _way(host: str, port: int) -> str:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f'if it is meant, put allow = ["{place}"] under [http] in retold.toml'


def _plain_host(host: str) -> str:
    host = host.lower().rstrip(".").removeprefix("[").removesuffix("]")
    return str(ipaddress.ip_address(host)) if _is_address(host) else host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _unwrapped(address: str) -> IPv4Address | IPv6Address:
    plain = ipaddress.ip_address(address)
    return (plain.ipv4_mapped or plain) if isinstance(plain, IPv6Address) else plain


def _network(entry: str) -> IPv4Network | IPv6Network:
    try:
        return ipaddress.ip_network(entry)
    except ValueError as error:
        raise ValueError(f"{error}; write a network as 10.1.0.0/16") from error


def _host_and_port(entry: str) -> tuple[str, int | None]:
    if _is_address(entry):
        return _plain_host(entry), None
    match = _ENTRY.fullmatch(entry.lower())
    if match is None or int(match["port"] or 0) > _LAST_PORT:
        raise ValueError(f"{entry!r} is no host, host:port or network; write it as host:8080")
    return _plain_host(match["host"]), int(match["port"]) if match["port"] else None
