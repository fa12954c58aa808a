"""Name the image that counts one reading of a story at a partner, and the visitor who asked.

The address carries no secret and needs no look-up: whose it is stands in it, and a keyed
digest says that we made it. A visitor is known for a day at most, by a salt that is thrown
away: no address and no cookie is kept.

Visitors by address and agent, IPv6 cut to /64: https://iabtechlab.com/standards/podcast-measurement-guidelines/
"""

import re
from base64 import urlsafe_b64encode
from hmac import compare_digest, digest
from ipaddress import IPv6Address, ip_address

_DIGEST_BYTES = 16
"""128 bits: 22 characters of an address, and nobody guesses them."""

_HOST_BITS = 64
_PATH = re.compile(r"/b/([a-z0-9][a-z0-9_-]*)/([0-9a-f-]{36})/([A-Za-z0-9_-]{22})\.gif")
_URN = "urn:uuid:"


def path(partner: str, story_id: str, key: bytes) -> str:
    """Name the image of a story at a partner; the same under the same key, on every machine."""
    bare = story_id.removeprefix(_URN)
    return f"/b/{partner}/{bare}/{_mac(key, partner, bare)}.gif"


def read(path: str, key: bytes) -> tuple[str, str] | None:
    """Read (partner, story id) back from the address of an image; None unless we made it."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    partner, bare, mac = found.groups()
    if not compare_digest(mac, _mac(key, partner, bare)):
        return None
    return partner, _URN + bare


def visitor(salt: bytes, address: str, agent: str) -> str:
    """Name a visitor for as long as the salt lives; two salts give names nobody can join."""
    told = f"{_network(address)}\0{agent}"
    return _text(digest(salt, told.encode("utf-8", "surrogateescape"), "sha256"))


def _mac(key: bytes, partner: str, bare: str) -> str:
    return _text(digest(key, f"{partner}/{bare}".encode(), "sha256"))


def _text(digest_: bytes) -> str:
    return urlsafe_b64encode(digest_[:_DIGEST_BYTES]).rstrip(b"=").decode()


def _network(address: str) -> str:
    """Cut an IPv6 address to the network a household or a phone keeps; leave others whole."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:  # a test client or a socket has no address
        return address
    if not isinstance(known, IPv6Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(IPv6Address(int(known) >> _HOST_BITS << _HOST_BITS))
