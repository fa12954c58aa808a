"""Partners that follow an edition, each in its own way; what each holds is ids and revisions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from lxml import etree

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


@dataclass
class Follower:
    """A partner that keeps what it holds."""

    ask: Ask
    ending: str = "atom"
    held: dict[str, int] = field(default_factory=dict)
    etag: str = ""
    seq: int = 0
    asked: int = 0
    received: int = 0
    """Entries that came."""

    def follow(self) -> None:
        raise NotImplementedError

    def get(self, url: str, **headers: str) -> Reply:
        self.asked += 1
        return self.ask(url.removeprefix(PUBLIC_URL), headers)

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

    def follow(self) -> None:
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

    def follow(self) -> None:
        headers = {"a-im": "feed", "if-none-match": self.etag} if self.etag else {}
        reply = self.newest(**headers)
        if reply.status == 304:
            return
        if reply.status == 226:
            self.take(self.read(reply))
        else:
            walker = Walker(self.ask, self.ending)
            walker.follow()
            self.held = walker.held
        self.etag = reply["etag"]


class Poller(Follower):
    """It asks for the newest, and walks pages down to the number of the log that it knows."""

    def follow(self) -> None:
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
