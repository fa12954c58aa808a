"""Walk the archives or the pages of a feed, from the newest back to what was read before.

Spec: https://www.rfc-editor.org/rfc/rfc5005 (4: archives; 3: pages)
"""

import zlib
from collections.abc import Callable, Collection, Iterator
from urllib.parse import urlsplit

from connectors._answer import Answer
from schemas.errors import GarbledError, OutsideError, RefusedError

MOST = 2_000
"""Documents of one feed; a chain that is longer has no end."""


class Walk:
    """The documents of one feed that were not read before."""

    def __init__(self, who: str, feed: str, hosts: Collection[str], read: Collection[str]) -> None:
        self._who = who
        self._hosts = {urlsplit(feed).netloc, *hosts}
        self._met = {feed}
        self._read = frozenset(read)
        self._found: list[tuple[str, Answer, bytes]] = []
        self._fault: OutsideError | None = None

    def follow(
        self,
        address: str | None,
        ask: Callable[[str], Answer],
        before: Callable[[Answer], str | None],
    ) -> None:
        """Ask for one document after another, as `before` finds in each the one before it.

        They are held packed until all are there, for only then is the oldest known. What is
        followed later is older.
        """
        while address and address not in self._read:
            fault = self._objection(address)
            if fault is not None:
                self._fault = fault
                return
            self._met.add(address)
            try:
                answer = ask(address)
            except OutsideError as error:
                if error.transient:
                    raise
                self._fault = error  # what is newest must not wait for a history that is lost
                return
            packed = zlib.compress(answer.body, 1)
            self._found.append((address, answer.model_copy(update={"body": b""}), packed))
            address = before(answer)

    def _objection(self, address: str) -> OutsideError | None:
        """Say why a document is not asked for."""
        try:
            host = urlsplit(address).netloc
        except ValueError:
            return GarbledError(self._who, f"it names {address[:80]!r} as its history: no address")
        if host not in self._hosts:
            remedy = "name it in `archive_hosts` if that is right"
            return RefusedError(self._who, f"some of its history is at {host}; {remedy}")
        if address in self._met:
            return GarbledError(self._who, "its history leads in a circle; tell whoever runs it")
        if len(self._found) >= MOST:
            return GarbledError(self._who, f"it has more than {MOST} documents: has it an end?")
        return None

    def oldest_first(self) -> Iterator[tuple[str, Answer]]:
        """Give what was found, with its address."""
        while self._found:
            address, answer, packed = self._found.pop()
            yield address, answer.model_copy(update={"body": zlib.decompress(packed)})

    def check(self) -> None:
        """Raise what kept the walk from its end; what was read until then is kept."""
        if self._fault is not None:
            raise self._fault
