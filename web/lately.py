"""What was found of late, for who asks the same again before anybody looks at the store."""

from typing import NamedTuple

from schemas.config import Config
from schemas.partner import Token
from web.shelf import Ready
from web.standing import Standing

Lock = tuple[bytes, bytes]
"""An address and the header with the token, just as they were sent."""

_MOST = 10_000
"""Locks that are remembered; beyond that one is merely opened the long way."""


class Found(NamedTuple):
    """Whose token opened a lock, and what stood behind it."""

    token: Token
    ready: Ready


class Lately:
    """Remembers under one reading of the store and one configuration, and forgets with them.

    So a token that is revoked, or an edition that moves, is known as soon as it would be anyway.
    """

    def __init__(self) -> None:
        self._under: tuple[Standing | None, Config | None] = (None, None)
        self._found: dict[Lock, Found] = {}

    def find(self, standing: Standing | None, config: Config, lock: Lock) -> Found | None:
        """Find what stood behind a lock under these very readings."""
        if standing is not self._under[0] or config is not self._under[1]:
            return None
        return self._found.get(lock)

    def remember(self, standing: Standing, config: Config, lock: Lock, found: Found) -> None:
        """Remember what stands behind a lock."""
        if standing is not self._under[0] or config is not self._under[1]:
            self._under = standing, config
            self._found = {}
        if len(self._found) < _MOST:
            self._found[lock] = found
