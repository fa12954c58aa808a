"""Tell a made-up story from a real one, by its id alone.

Real stories bear UUIDs of version 5 (`rules.identity`), made-up ones of version 8, whose meaning
is its maker's own: no list need be asked, and neither can ever be taken for the other.

Spec: https://www.rfc-editor.org/rfc/rfc9562#section-5.8
"""

import re
from hashlib import sha256
from uuid import UUID

VERSION = 8
_SEPARATOR = "\x1f"
_VERSION_BIT, _VARIANT_BIT = 76, 62
_VARIANT = 0b10
_ID = re.compile(
    r"(?:urn:uuid:)?[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    re.IGNORECASE,
)


def mint(*parts: str) -> str:
    """Name a made-up story; the same parts name the same one."""
    number = int.from_bytes(sha256(_SEPARATOR.join(parts).encode()).digest()[:16])
    number &= ~(0xF << _VERSION_BIT) & ~(0b11 << _VARIANT_BIT)
    return UUID(int=number | VERSION << _VERSION_BIT | _VARIANT << _VARIANT_BIT).urn


def is_one(story_id: str) -> bool:
    """Say whether an id is of a made-up story."""
    return _ID.fullmatch(story_id) is not None
