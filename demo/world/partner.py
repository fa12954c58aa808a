"""A partner: it follows a feed, shows the stories on pages of its own and reports their reads.

All that it knows of the house are the addresses and tokens it was given.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlsplit

import requests

from demo.world import pages, svr
from demo.world._server import Answer, Request, Server
from demo.world.log import Read, counted
from demo.world.readership import MONTHS, fading, spread
from demo.world.subscription import Entry, Page, read

READS = 1_900_000
"""How often all its stories are read at the partner in all months."""

COUNTED_BY = {
    "robots": "counter-robots@2024-04-22",
    "dedupe_seconds": 30,
    "unique": "ip-ua-hour",
    "source": "server log",
}
"""How the partner says that it counts."""

STRANGER = "urn:uuid:00000000-0000-4000-8000-00000000dead"
"""The story in every report that no feed ever held."""

STRANGER_READS = 37

BY_ADDRESS = 3
"""How many rows of a report name the partner's own page instead of the entry's id."""

TIME_HEADER = "x-world-time"
"""Says at which moment of the world a page is read; the server's own clock otherwise."""

_TIMEOUT_S = 60.0
_STEEPNESS = 0.6


@dataclass(frozen=True, slots=True)
class Held:
    """A story as the partner keeps it."""

    number: int
    """Of its page, given once and never again."""
    entry: Entry
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll brought."""

    documents: int = 0
    new: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """What the house said to a report."""

    status: int
    body: bytes


class Partner:
    """Follows the feed at `feed_url` and serves its pages until stopped."""

    def __init__(  # noqa: PLR0913 - what follows the tokens is named
        self,
        feed_url: str,
        token: str | None = None,
        report_url: str = "",
        report_token: str = "",
        *,
        name: str = "nhschoices.example",
        seed: int = 2012,
        reads: int = READS,
        months: Sequence[str] = MONTHS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self.months = tuple(months)
        self._feed_url = feed_url
        self._token = token
        self._report_url = report_url
        self._report_token = report_token
        self._seed = seed
        self._reads = reads
        self._clock = clock
        self._validators: dict[str, str] = {}
        self._held: dict[str, Held] = {}
        self._ids: dict[int, str] = {}
        self.log: list[Read] = []
        self._server = Server(self._answer)
        self.address = self._server.address

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to serve pages."""
        self._server.start()

    def stop(self) -> None:
        """End; a second call changes nothing."""
        self._server.stop()

    @property
    def shown(self) -> dict[str, str]:
        """Map the atom:id of each story that is shown to the address of its page here."""
        return {
            found.entry.id: f"{self.address}/stories/{found.number}"
            for found in self._held.values()
            if not found.gone
        }

    def poll(self) -> Polled:
        """Bring the pages up to date; asked again without news, only 304 comes back.

        Raises requests.HTTPError where the feed refuses, ValueError where it is no feed; then
        nothing has changed and the next poll begins where this one did.
        """
        with requests.Session() as http:
            first = self._get(http, self._feed_url, self._validators)
            if first.status_code == requests.codes.not_modified:
                return Polled()
            documents = self._walk(http, read(first.content, self._feed_url))
        polled = self._apply(documents)
        known = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
        self._validators = {
            ask: first.headers[name] for ask, name in known.items() if name in first.headers
        }
        return polled

    def monthly_report(self, month: str) -> bytes:
        """Write the month's reads, robots and double clicks left out, as SVR JSON.

        The rows name the entry's atom:id, a few the partner's own page, one an unknown story.
        """
        reads = self.reads(month)
        rows = [(self._item(story_id, n), count) for n, (story_id, count) in enumerate(reads)]
        return svr.as_json(self.name, month, [*rows, (STRANGER, STRANGER_READS)], COUNTED_BY)

    def send_report(self, month: str) -> Sent:
        """Post the month's report to the house."""
        answer = requests.post(
            self._report_url,
            data=self.monthly_report(month),
            headers={
                "Authorization": f"Bearer {self._report_token}",
                "Content-Type": "application/json",
            },
            timeout=_TIMEOUT_S,
        )
        return Sent(answer.status_code, answer.content)

    def reads(self, month: str) -> list[tuple[str, int]]:
        """Say how often each story was read here in a month, by atom:id; zeros are left out."""
        logged = counted([line for line in self.log if f"{line.at:%Y-%m}" == month])
        cells = [
            (story_id, of, weight * _fame(self._seed, story_id))
            for story_id, held in sorted(self._held.items())
            for of, weight in fading(held.entry.published[:7], self.months)
        ]
        shares = spread(self._reads, [weight for _, _, weight in cells]) if cells else []
        made = {
            story_id: share
            for (story_id, of, _), share in zip(cells, shares, strict=True)
            if of == month
        }
        totals = {n: made.get(n, 0) + logged.get(n, 0) for n in sorted({*made, *logged})}
        return [(story_id, count) for story_id, count in totals.items() if count]

    def _item(self, story_id: str, place: int) -> str:
        if place < BY_ADDRESS:
            return f"https://www.{self.name}/stories/{self._held[story_id].number}"
        return story_id

    def _get(
        self, http: requests.Session, url: str, validators: Mapping[str, str]
    ) -> requests.Response:
        headers = {"Accept": "application/atom+xml", "User-Agent": f"{self.name} feed reader"}
        if self._token and _host(url) == _host(self._feed_url):
            headers["Authorization"] = f"Bearer {self._token}"
        answer = http.get(url, headers=headers | dict(validators), timeout=_TIMEOUT_S)
        answer.raise_for_status()
        return answer

    def _walk(self, http: requests.Session, first: Page) -> list[Page]:
        """Collect documents, older and older, until one holds what is here already."""
        documents = [first]
        asked = {self._feed_url}
        url, relation = first.older(None)
        while url and url not in asked and not any(map(self._has, documents[-1].entries)):
            asked.add(url)
            documents.append(read(self._get(http, url, {}).content, url))
            url, relation = documents[-1].older(relation)
        return documents

    def _has(self, entry: Entry) -> bool:
        held = self._held.get(entry.id)
        return held is not None and not held.gone and held.entry.digest == entry.digest

    def _apply(self, documents: Sequence[Page]) -> Polled:
        """Take over what the documents say; where two disagree, the newer document is right."""
        told: dict[str, Entry | None] = {}
        for page in documents:
            for ref in page.gone:
                told.setdefault(ref, None)
            for entry in page.entries:
                told.setdefault(entry.id, entry)
        counts = {"new": 0, "changed": 0, "removed": 0, "unchanged": 0}
        for story_id, news in reversed(told.items()):
            counts[self._take(story_id, news)] += 1
        return Polled(documents=len(documents), **counts)

    def _take(self, story_id: str, news: Entry | None) -> str:
        held = self._held.get(story_id)
        if news is None:
            if held is None or held.gone:
                return "unchanged"
            self._held[story_id] = Held(held.number, held.entry, gone=True)
            return "removed"
        if self._has(news):
            return "unchanged"
        number = held.number if held else len(self._ids) + 1
        self._ids[number] = story_id
        self._held[story_id] = Held(number, news)
        return "changed" if held else "new"

    def _answer(self, request: Request) -> Answer:
        match request.path.strip("/").split("/"):
            case [""]:
                shown = [held for held in self._held.values() if not held.gone]
                return Answer(pages.index(self.name, {h.number: h.entry.title for h in shown}))
            case ["stories", number] if number.isdigit() and int(number) in self._ids:
                return self._page(request, self._ids[int(number)])
            case _:
                return Answer(pages.absent(self.name), 404)

    def _page(self, request: Request, story_id: str) -> Answer:
        held = self._held[story_id]
        status = 410 if held.gone else 200
        told = request.headers.get(TIME_HEADER)
        self.log.append(
            Read(
                at=datetime.fromisoformat(told) if told else self._clock(),
                address=request.address,
                agent=request.headers.get("user-agent", ""),
                story=story_id,
                status=status,
            )
        )
        body = pages.absent(self.name) if held.gone else pages.story(self.name, held.entry)
        return Answer(body, status)


def _fame(seed: int, story_id: str) -> float:
    """Draw how widely a story is read, from nothing but its id: few widely, most hardly."""
    digest = hashlib.sha256(f"{seed}/{story_id}".encode()).digest()
    chance = (int.from_bytes(digest[:6], "big") + 1) / 2**48
    return float(chance**-_STEEPNESS)


def _host(url: str) -> str:
    return urlsplit(url).netloc
