"""Partners that follow an edition, each in its own way; what each holds is ids and revisions."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from lxml import etree

from kit import far
from rules import manifest
from tests.web.rig import PUBLIC_URL, Reply

Ask = Callable[[str, Mapping[str, str]], Reply]
"""Asks for a path, with these headers."""

ATOM = "{http://www.w3.org/2005/Atom}"
REF = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
REPLY = "{http://purl.org/syndication/thread/1.0}in-reply-to"
REVISION = "{urn:retold:feed}revision"


@dataclass
class Read:
    """One document, as a partner reads it."""

    shown: dict[str, int]
    removed: list[str]
    links: dict[str, str]
    seq: int
    complete: bool

    @property
    def below(self) -> int:
        """Read from which number of the log its `next` goes on."""
        return int(parse_qs(urlsplit(self.links["next"]).query)["below"][0])


def atom(body: bytes) -> Read:
    feed = etree.fromstring(body)
    entries = [e for e in feed.findall(f"{ATOM}entry") if e.find(REPLY) is None]
    return Read(
        shown={e.findtext(f"{ATOM}id", ""): int(e.findtext(REVISION, "")) for e in entries},
        removed=[gone.get("ref", "") for gone in feed.iter(REF)],
        links={e.get("rel", ""): e.get("href", "") for e in feed.findall(f"{ATOM}link")},
        seq=int(feed.findtext("{urn:retold:feed}seq", "")),
        complete=feed.find("{http://purl.org/syndication/history/1.0}complete") is not None,
    )


def json(body: bytes) -> Read:
    feed: dict[str, Any] = orjson.loads(body)
    ours = feed["_retold"]
    links = {"next": feed.get("next_url"), "prev-archive": ours.get("prev_archive_url")}
    return Read(
        shown={item["id"]: item["_retold"]["revision"] for item in feed["items"]},
        removed=[gone["id"] for gone in ours["removed"]],
        links={name: url for name, url in links.items() if url},
        seq=ours["seq"],
        complete=ours["complete"],
    )


class RefusedError(Exception):
    """The partner is suspended."""


@dataclass
class Follower:
    """A partner that keeps what it holds, and takes it down when it is suspended."""

    ask: Ask
    ending: str = "atom"
    held: dict[str, int] = field(default_factory=dict)
    etag: str = ""
    seq: int = 0
    asked: int = 0
    received: int = 0
    """Entries that came."""

    def follow(self) -> None:
        try:
            self.fetch()
        except RefusedError:
            self.held, self.etag, self.seq = {}, "", 0

    def fetch(self) -> None:
        raise NotImplementedError

    def get(self, url: str, **headers: str) -> Reply:
        self.asked += 1
        reply = self.ask(url.removeprefix(PUBLIC_URL), headers)
        if reply.status == 403:
            raise RefusedError
        return reply

    def read(self, reply: Reply) -> Read:
        found = atom(reply.body) if self.ending == "atom" else json(reply.body)
        self.received += len(found.shown)
        return found

    def take(self, found: Read) -> None:
        for gone in found.removed:
            self.held.pop(gone, None)
        self.held |= found.shown

    def newest(self, **headers: str) -> Reply:
        return self.get(f"/feeds/nhs/all.{self.ending}", **headers)

    def proof(self) -> tuple[bool, str]:
        """Compare what is held with what the manifest says."""
        told = orjson.loads(self.get("/feeds/nhs/all/manifest.json").body)
        ours = (len(self.held), manifest.digest(self.held.items()))
        return (told["shown"], told["digest"]) == ours, f"{told} against {ours}: {self.held}"


class Walker(Follower):
    """It begins with nothing each time, and walks the archives, the oldest first."""

    def fetch(self) -> None:
        newest = self.read(self.newest())
        documents, at = [newest], newest
        while "prev-archive" in at.links:
            at = self.read(self.get(at.links["prev-archive"]))
            documents.append(at)
        self.held = {}
        for document in reversed(documents):
            self.take(document)


class Differ(Follower):
    """It asks for what changed (RFC 3229), and walks the archives where that is not given."""

    def fetch(self) -> None:
        headers = {"a-im": "feed", "if-none-match": self.etag} if self.etag else {}
        reply = self.newest(**headers)
        if reply.status == 304:
            return
        if reply.status == 226:
            self.take(self.read(reply))
        else:
            walker = Walker(self.ask, self.ending)
            walker.fetch()
            self.held = walker.held
        self.etag = reply["etag"]


class Poller(Follower):
    """It asks for the newest, and walks pages down to the number of the log that it knows."""

    def fetch(self) -> None:
        headers = {"if-none-match": self.etag} if self.etag else {}
        reply = self.newest(**headers)
        if reply.status == 304:
            return
        newest = self.read(reply)
        pages, at = [newest], newest
        while "next" in at.links and at.below > self.seq:
            at = self.read(self.get(at.links["next"]))
            pages.append(at)
        for page in reversed(pages):
            self.take(page)
        if newest.complete:
            self.held = newest.shown
        self.etag, self.seq = reply["etag"], newest.seq


@dataclass
class Subscriber(Follower):
    """It subscribes at the hub and merges what is pushed; it walks the archives when it begins.

    Its callback answers in the server's threads, and only notes what came; `follow` works it off.
    """

    subscribe: Callable[[str, str, str], bool] = lambda *_: False
    """Asks the hub to push a format to a callback, signed by a secret; whether it takes that."""
    now: Callable[[], datetime] = datetime.now
    path: str = ""
    callback: str = ""
    status: int = 200
    heard: Callable[[], None] = lambda: None
    """What else happens while a push is taken."""
    came: list[tuple[far.Ask, datetime]] = field(default_factory=list)
    asked_at: datetime | None = None
    lease_until: datetime | None = None
    lacks_all: bool = True
    pushes: int = 0
    walks: int = 0

    SECRET = "a secret of this subscriber"
    PATIENCE = timedelta(hours=2)
    """After so long a request to the hub is made again."""

    def answer(self, ask: far.Ask) -> far.Reply:
        """Be the callback."""
        if self.status == 200:
            self.came.append((ask, self.now()))
        if ask.method == "POST":
            self.heard()
        challenge = ask.query.get("hub.challenge", "")
        return far.Reply(challenge.encode(), "text/plain", self.status)

    @property
    def is_subscribed(self) -> bool:
        return self.lease_until is not None and self.lease_until > self.now()

    def fetch(self) -> None:
        while self.came:
            self._work_off(*self.came.pop(0))
        is_asking = self.asked_at is not None and self.now() - self.asked_at < self.PATIENCE
        if not self.is_subscribed and not is_asking:
            took = self.subscribe(self.ending, self.callback, self.SECRET)
            self.asked_at = self.now() if took else None
        if self.lacks_all:
            walker = Walker(self.ask, self.ending)
            walker.fetch()
            self.held, self.lacks_all = walker.held, False
            self.walks += 1

    def _work_off(self, ask: far.Ask, at: datetime) -> None:
        if ask.method == "POST":
            self._merge(ask)
            return
        self.asked_at = None
        self.lacks_all = True
        if ask.query["hub.mode"] == "denied":
            self.lease_until = None
            self.held = {}
        else:
            lease = timedelta(seconds=int(ask.query["hub.lease_seconds"]))
            self.lease_until = at + lease

    def _merge(self, ask: far.Ask) -> None:
        signed = hmac.digest(self.SECRET.encode(), ask.body, "sha256").hex()
        assert ask.headers["x-hub-signature"] == f"sha256={signed}"
        found = self.read(Reply(200, [], ask.body))
        self.pushes += 1
        if found.complete:
            self.held = {}
        elif "prev-archive" in found.links:
            self.lacks_all = True  # it is the newest: what changed was too much for a delta
        self.take(found)
