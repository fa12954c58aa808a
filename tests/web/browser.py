"""Chromium as people have it, driven by Playwright: what becomes of a page in a browser.

Spec: https://playwright.dev/python/docs/api/class-page
"""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import pytest
from playwright.sync_api import ConsoleMessage, Dialog, Page, Request, Response, sync_playwright

from tests.patience import PATIENCE_S

T = TypeVar("T")

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PHONE, DESK = 360, 1280
"""Widths of a window, in CSS pixels."""

_ARGS = [
    "--no-sandbox",  # it will not run as root with one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def program() -> str:
    """Find the browser; without one a test is skipped, and in CI it fails."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("CI must see the pages in a browser, and there is none: install chromium")
    if found is None:
        pytest.skip("no browser to see the pages in: install chromium")
    return found


class Look(NamedTuple):
    """What a browser made of a page."""

    title: str
    lang: str
    headings: list[str]
    """The texts of its `h1`."""
    entries: list[dict[str, str | None]]
    """Of each entry its title and where that leads (None: nowhere), what stands below, its text."""
    shape: list[str]
    """Every element in order, with the names of its attributes; no words."""
    unlabelled: list[str]
    """Fields and buttons without a name, and images without a text in their place."""
    strays: list[str]
    """Scripts, handlers, styles in place, ids that stand twice or are named and stand nowhere."""
    text: str
    """What is shown of it, as it is laid out."""


_LOOK = """() => {
  const all = [...document.querySelectorAll('*')];
  const text = (e) => e ? e.textContent : null;
  const ids = all.map((e) => e.id).filter(Boolean);
  const named = all.flatMap((e) => (e.getAttribute('aria-labelledby') || '').split(' '));
  const inner = all.map((e) => e.getAttribute('href')).filter((h) => h && h[0] == '#');
  return {
    title: document.title,
    lang: document.documentElement.lang,
    headings: [...document.querySelectorAll('h1')].map(text),
    entries: [...document.querySelectorAll('.entries > li')].map((li) => ({
      title: text(li.querySelector('h3')),
      href: li.querySelector('h3 a') && li.querySelector('h3 a').href,
      meta: text(li.querySelector('.meta')),
      text: text(li.querySelector('p:last-child')),
    })),
    shape: all.map((e) => [e.localName, ...e.getAttributeNames().sort()].join(' ')),
    unlabelled: all.filter((e) =>
      e.matches('input:not([type=hidden]), select, textarea') && !e.labels.length
        && !e.getAttribute('aria-label')
      || e.matches('button, a[href], summary, h1, h2, h3') && !e.textContent.trim()
      || e.matches('img') && !e.hasAttribute('alt')
      || e.matches('svg') && !e.getAttribute('aria-label')
    ).map((e) => e.outerHTML),
    strays: [
      ...all.filter((e) =>
        e.matches('script, iframe, object, embed, base, [style]')
          || e.getAttributeNames().some((n) => n.startsWith('on'))
      ).map((e) => e.outerHTML),
      ...ids.filter((id, at) => ids.indexOf(id) != at),
      ...named.filter((id) => id && !ids.includes(id)),
      ...inner.filter((h) => !ids.includes(h.slice(1))),
    ],
    text: document.body.innerText,
  };
}"""

_WIDE = """() => {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most) return [];
  return [...document.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > most)
    .map((e) => e.outerHTML.slice(0, 99));
}"""


class Tab:
    """One page of a browser, and all that went wrong in it."""

    def __init__(self, browser: "Browser", page: Page) -> None:
        self._browser = browser
        self._page = page
        self.faults: list[str] = []
        """What the console said, what the page raised, and what it asked for beside its style."""
        self.asked: list[str] = []
        """Addresses that were asked for."""
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("request", self._requested)
        page.on("dialog", self._interrupted)

    def _heard(self, message: ConsoleMessage) -> None:
        self.faults.append(f"console: {message.type}: {message.text}")

    def _interrupted(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()  # or the page waits for ever

    def _requested(self, request: Request) -> None:
        self.asked.append(request.url)
        if request.resource_type not in {"document", "stylesheet"}:
            self.faults.append(f"request: {request.resource_type} {request.url}")

    def do(self, act: Callable[[Page], T]) -> T:
        """Do something with the page; what it gives is not bound to the page any more."""
        return self._browser.run(lambda: act(self._page))

    def go(self, url: str) -> int:
        """Open an address; give the status it answers with."""

        def opening() -> int:
            answer = self._page.goto(url)
            return answer.status if isinstance(answer, Response) else 0

        return self._browser.run(opening)

    def look(self) -> Look:
        """Read the page as the browser's parser made it."""
        return Look(**self.ask(_LOOK))

    def ask(self, script: str, given: Any = None) -> Any:
        """Evaluate an expression in the page."""
        return self.do(lambda page: page.evaluate(script, given))

    def texts(self, selector: str) -> list[str]:
        """Read the texts of whatever is selected, in order, as they are told."""
        script = "(name) => [...document.querySelectorAll(name)].map((e) => e.textContent)"
        found: list[str] = self.ask(script, selector)
        return found

    def too_wide(self, width: int, height: int = 900) -> list[str]:
        """Name what sticks out of a window so wide; nothing where one need not scroll sideways."""

        def measured(page: Page) -> list[str]:
            page.set_viewport_size({"width": width, "height": height})
            found: list[str] = page.evaluate(_WIDE)
            return found

        return self.do(measured)


class Browser:
    """A browser, and the one thread that speaks to it.

    Playwright keeps an event loop running in its thread, where no test could run another.
    """

    def __init__(self, program: str) -> None:
        self._thread = ThreadPoolExecutor(1, "browser")
        self.run(lambda: self._start(program))

    def _start(self, program: str) -> None:
        self._playwright = sync_playwright().start()
        self._chromium = self._playwright.chromium.launch(executable_path=program, args=_ARGS)

    def run(self, act: Callable[[], T]) -> T:
        """Do something in the browser's thread."""
        return self._thread.submit(act).result()

    @contextmanager
    def tab(self, token: str | None = None, **options: Any) -> Iterator[Tab]:
        """Open a tab of a person who gives a token as the password, and knows nothing else yet."""
        if token is not None:
            options["http_credentials"] = {"username": "anybody", "password": token}

        def opened() -> Tab:
            context = self._chromium.new_context(**options)
            context.set_default_timeout(PATIENCE_S * 1000)
            return Tab(self, context.new_page())

        tab = self.run(opened)
        try:
            yield tab
        finally:
            tab.do(lambda page: page.context.close())

    def close(self) -> None:
        """Leave nothing running."""
        self.run(self._chromium.close)
        self.run(self._playwright.stop)
        self._thread.shutdown()
