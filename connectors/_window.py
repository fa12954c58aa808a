"""What a walk over the newest records of a source must remember from one run to the next.

For sources that give no cursor of their own: each run reads again what lies some days before the
newest change that it knows of. A check of each record within those days tells what is new, so
that an unchanged source gives nothing, and a page that was kept is not given twice. Only a walk
that came to its end steps on.
"""

import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson


class Seen(NamedTuple):
    """One page of a walk."""

    payload: bytes
    checks: Mapping[str, int]
    """A check of each record of it, by a name that stays."""
    newest: str
    """When the newest of them was changed, as `utc` writes it; empty where none says."""
    is_news: bool = False
    """Whether it is to be given whatever its records say."""


class Trail:
    """What a walk from page to page has come upon."""

    def __init__(self) -> None:
        self._met: set[str] = set()
        self._idle = 0

    def is_endless(self, names: Collection[str]) -> bool:
        """Note the records of a page; say whether too many in a row have brought nothing new.

        One that brings nothing may be a page that others pushed on, or one that is empty.
        """
        self._idle = 0 if set(names) - self._met else self._idle + 1
        self._met.update(names)
        return self._idle >= _IDLE


_IDLE = 20
"""Pages in a row without a record that was not met before."""


class Window:
    """The records that a source may change yet, as a cursor holds them."""

    def __init__(self, cursor: str | None) -> None:
        kept = orjson.loads(cursor) if cursor else {}
        self.since: str = kept.get("since", "")
        """When the newest record was changed that a whole walk came upon; empty at first."""
        self._known: dict[str, int] = kept.get("known", {})

    def start(self, look_back_days: int) -> str:
        """Say from when on to read, as `utc` writes it; empty for from the beginning."""
        if not self.since:
            return ""
        return (datetime.fromisoformat(self.since) - timedelta(days=look_back_days)).isoformat()

    def twice_at_first(self, walk: Callable[[], Iterator[Seen]]) -> Iterator[Seen]:
        """Go through pages that do not overlap; the first time twice, if they are several.

        What is taken down meanwhile draws others past us. Those of the last days come by again
        with the next run, but those of the first walk do not.
        """
        pages = 0
        for page in walk():
            pages += 1
            yield page
        if pages > 1 and not self.since:
            yield from walk()

    def missing(self, met: Collection[str]) -> list[str]:
        """Name the records that were known and did not come by, in order."""
        return sorted(self._known.keys() - set(met))

    def carried(self, names: Iterable[str]) -> Seen:
        """Make a page that gives nothing, and by which these records stay known as they were."""
        return Seen(b"", {name: self._known[name] for name in names}, "")

    def news(self, walk: Iterable[Seen]) -> Iterator[tuple[bytes, str]]:
        """Give each page that holds something new, with the cursor to keep with it."""
        met: dict[str, int] = {}
        newest, waiting = self.since, b""
        for page in walk:
            met |= page.checks
            newest = max(newest, page.newest)
            if page.is_news or any(
                self._known.get(name) != check for name, check in page.checks.items()
            ):
                if waiting:
                    yield waiting, _cursor(self.since, self._known)
                self._known |= page.checks
                waiting = page.payload
        if waiting:
            yield waiting, _cursor(newest, met)


def _cursor(since: str, known: Mapping[str, int]) -> str:
    return orjson.dumps({"since": since, "known": known}).decode()


def check(record: Any, list_of: str = "") -> int:
    """Sum a record up, and the list that it stands in."""
    return zlib.crc32(list_of.encode() + orjson.dumps(record, option=orjson.OPT_SORT_KEYS))


def is_passed(dates: Iterable[str], start: str) -> bool:
    """Say whether a walk from the newest back has come behind its start.

    `dates` are of one page, as `utc` writes them; one that could not be read says nothing.
    """
    return bool(start) and any(date and date < start for date in dates)


def utc(told: Any) -> str:
    """Write a time in UTC, so that later ones sort behind; empty for what is no time."""
    try:
        moment = datetime.fromisoformat(told)
    except (TypeError, ValueError):
        return ""
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).isoformat()
