"""A partner on loopback that is tried: it polls over HTTP, shows a page, and obeys unless told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from threading import Thread
from time import sleep
from typing import Any

import requests

from kit.far import Ask, Reply
from rules.play import CREDIT
from tests.patience import PATIENCE_S
from web.house import House
from web.serve import make_server


@dataclass
class Pupil:
    """What it does, and what it forgets to do."""

    token: str
    address: str = ""
    """Of the feeds."""
    formats: tuple[str, ...] = ("atom", "json", "rss")
    is_conditional: bool = True
    polls: tuple[int, int] = (0, 60)
    """From which minute to which."""
    sleeps: tuple[int, int] = (0, 0)
    """Minutes in which it does not."""
    never_sleep: tuple[str, ...] = ()
    """Formats that it polls all the same."""
    acknowledges: bool = True
    forgets: frozenset[str] = frozenset()
    """What its page does not do: `stories`, `removed`, `edits`, `attribution`, `beacon`, `page`."""
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    session: requests.Session = field(default_factory=requests.Session)

    def at(self, minute: int) -> None:
        """Do what is to be done in a minute of the play."""
        first, last = self.polls
        asleep = self.sleeps[0] <= minute < self.sleeps[1]
        for name in self.formats:
            if first <= minute <= last and (not asleep or name in self.never_sleep):
                self.poll(name)

    def poll(self, name: str) -> None:
        headers = {"authorization": f"Bearer {self.token}"}
        if self.is_conditional and name in self.etags:
            headers["if-none-match"] = self.etags[name]
        url = f"{self.address}/feeds/nhs/sandbox.{name}"
        answer = self.session.get(url, headers=headers, timeout=PATIENCE_S)
        assert answer.status_code in {200, 304}, answer.text
        self.etags[name] = answer.headers["etag"]
        if answer.status_code == 200 and name == "json":
            self.learn(answer.json())

    def learn(self, feed: dict[str, Any]) -> None:
        for item in feed["items"]:
            if "stories" in self.forgets and "came late" in item["title"]:
                continue
            if "edits" not in self.forgets or item["id"] not in self.held:
                self.held[item["id"]] = item
        removed = [one["id"] for one in feed["_retold"]["removed"]]
        for gone in removed:
            if "removed" not in self.forgets:
                self.held.pop(gone, None)
        if self.acknowledges and removed:
            self.session.post(
                f"{self.address}/removals/nhs/sandbox",
                json={"removed": removed},
                headers={"authorization": f"Bearer {self.token}"},
                timeout=PATIENCE_S,
            ).raise_for_status()

    def __call__(self, _: Ask) -> Reply:
        """Show the page."""
        if "page" in self.forgets:
            return Reply(b"", status=500)
        shown = "".join(map(self.entry, self.held.values()))
        return Reply(f"<!doctype html><body>{shown}</body>".encode(), "text/html; charset=utf-8")

    def entry(self, item: dict[str, Any]) -> str:
        body = item["content_html"]
        if "attribution" in self.forgets:
            body = body.replace(CREDIT, "")
        if "beacon" in self.forgets:
            body = body.replace("/b/", "/nothing/")
        return f"<h2>{escape(item['title'])}</h2>{body}"


@contextmanager
def serving(house: House, port: int = 0) -> Iterator[str]:
    """Serve an installation by its own clock, on a free port unless one is named; say where."""
    server = make_server(house, "127.0.0.1", port)
    thread = Thread(target=server.run)
    thread.start()
    while not server.started:
        sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join()
