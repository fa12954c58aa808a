"""Say who holds what was removed: read from what was given, and from what was acknowledged.

A client is taken to hold a story that any document it was given may have shown it: it is better
to think a story held that is not than the reverse. Many removals meet many documents here; each
is looked at once, not each with each.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from schemas.delivery import WEBHOOK, Delivery, Held, Removal
from schemas.publication import PartKind

_ARCHIVE = f"{PartKind.ARCHIVE}-"
_as_of, _came_at = attrgetter("as_of", "first_at"), attrgetter("came_at")


def held(
    removals: Sequence[Removal], given: Iterable[Delivery], bucket: int, telling: Collection[str]
) -> list[Held]:
    """List who holds what was removed, in the order of the removals, then by client.

    Args:
        removals: of any editions.
        given: all that was given of these editions.
        bucket: how many entries an archive has.
        telling: names what tells of removals: formats, and webhooks.
    """
    clients: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for document in given:
        clients[document.edition, document.token].append(document)
    gone: dict[str, list[Removal]] = defaultdict(list)
    for removal in removals:
        gone[removal.edition].append(removal)
    found: dict[tuple[str, str], list[Held]] = defaultdict(list)
    for (edition, client), documents in sorted(clients.items()):
        for one in _of_client(client, gone[edition], documents, bucket, telling):
            found[one.edition, one.story_id].append(one)
    return [one for removal in removals for one in found[removal.edition, removal.story_id]]


def _of_client(
    client: str,
    removals: Sequence[Removal],
    documents: Sequence[Delivery],
    bucket: int,
    telling: Collection[str],
) -> Iterable[Held]:
    lines = [number for removal in removals for number in removal.shown]
    ends = [removal.seq for removal in removals]
    came = [one for one in documents if one.came]
    last_at = max((one.last_at for one in came), default=None)
    gave = _Shelf([one for one in documents if one.how != WEBHOOK], lines, _as_of)
    posted = _Shelf([one for one in documents if one.how == WEBHOOK], ends, _as_of)
    told = _Shelf([one for one in came if one.format in telling], ends, _came_at)
    for removal in removals:
        archive = (removal.ordinal + bucket - 1) // bucket
        showing = [gave.first(number, archive) for number in removal.shown]
        before = [one for one in showing if one and one.as_of < removal.seq]
        if before or posted.first(removal.seq, archive):
            telling_it = told.first(removal.seq, archive)
            yield Held(
                removal.edition,
                removal.story_id,
                removal.seq,
                removal.reason,
                removal.at,
                client,
                given_at=min((one.first_at for one in before), default=None),
                told_at=telling_it.came_at if telling_it else None,
                fetched_at=last_at if last_at and last_at >= removal.at else None,
                acknowledged_at=removal.acknowledged_at,
            )


class _Shelf:
    """Documents in an order, to be asked for the first that may have a line of the log."""

    def __init__(
        self,
        documents: Iterable[Delivery],
        numbers: Iterable[int],
        order: Callable[[Delivery], Any],
    ) -> None:
        self._order = order
        news: list[Delivery] = []
        self._archives: dict[int, list[Delivery]] = defaultdict(list)
        for one in documents:
            if one.part.startswith(_ARCHIVE):
                self._archives[int(one.part.removeprefix(_ARCHIVE))].append(one)
            else:
                news.append(one)
        for made in self._archives.values():
            made.sort(key=_as_of)
        self._covering = _first_covering(sorted(set(numbers)), sorted(news, key=order))

    def first(self, number: int, archive: int) -> Delivery | None:
        """Find the first document that may have a line: by its number, or by its archive."""
        made = self._archives.get(archive, [])
        later = bisect_left(made, number, key=attrgetter("as_of"))
        found = [self._covering.get(number), *made[later : later + 1]]
        return min((one for one in found if one), key=self._order, default=None)


def _first_covering(
    numbers: Sequence[int], documents: Iterable[Delivery]
) -> Mapping[int, Delivery]:
    """Name for each number, of a row that rises, the first document whose numbers cover it."""
    found: dict[int, Delivery] = {}
    # Of each place the next that is not covered yet, or one nearer to it.
    following = [*range(len(numbers) + 1)]

    def free(place: int) -> int:
        while following[place] != place:
            following[place] = following[following[place]]
            place = following[place]
        return place

    for one in documents:
        place = free(bisect_left(numbers, one.seq_from))
        while place < len(numbers) and numbers[place] <= one.seq_to:
            found[numbers[place]] = one
            following[place] = place + 1
            place = free(place)
    return found
