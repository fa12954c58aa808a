"""What holds of every page in a browser: it can be read by eye, by ear and by keyboard."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
from playwright.sync_api import Page

from connectors._places import Folder
from steps import write
from steps.press import Press
from store.database import create_tables, open_engine
from summaries import html
from tests.summaries.test_html import summary
from tests.web.browser import DESK, PHONE, Browser, Tab
from tests.web.published import Published
from tests.web.rig import KEY
from tests.web.shown import HUGE, SCRIPT, live_in, opened

RIGHT_TO_LEFT = "\u05e9\u05dc\u05d5\u05dd \u202e\u05e9"


class Stand:
    """An installation where all has happened that a page tells of, and a tab before it."""

    def __init__(self, rig: Published, folder: Path, files_url: str, tab: Tab) -> None:
        self.rig, self.folder, self.files_url, self.tab = rig, folder, files_url, tab

    def open(self, path: str) -> None:
        assert self.tab.go(self.rig.public_url + path) == 200

    def home(self) -> None:
        self.open("/")

    def edition(self) -> None:
        self.open("/feeds/nhs/all")

    def partner(self) -> None:
        self.open("/partners/nhs")

    def rotated(self) -> None:
        self.partner()
        self.tab.do(lambda page: page.click("button[value=rotate]"))

    def edition_as_files(self) -> None:
        edition, _ = self.rig.config.editions
        whole = edition.model_copy(update={"paged": False})
        public = [one.model_copy(update={"public": True}) for one in self.rig.config.agreements]
        update = {"editions": (whole,), "agreements": tuple(public)}
        press = Press(self.rig.config.model_copy(update=update), self.rig.public_url, KEY)
        write.write(
            self.rig.engine, press, whole, Folder(self.folder / "feeds"), lambda: self.rig.now
        )
        assert self.tab.go(f"{self.files_url}/feeds/nhs/all/") == 200

    def summary(self) -> None:
        path = self.folder / "summary.html"
        path.write_bytes(html.render(summary(name=self.rig.config.name)))
        self.tab.go(path.as_uri())


PAGES: Mapping[str, Callable[[Stand], None]] = {
    "home": Stand.home,
    "edition": Stand.edition,
    "edition as files": Stand.edition_as_files,
    "partner": Stand.partner,
    "new token": Stand.rotated,
    "summary": Stand.summary,
}


@contextmanager
def served(root: Path) -> Iterator[str]:
    """Serve files by a web server that knows nothing of us, as the guide says; give its address."""
    (root / "feeds" / "static").mkdir(parents=True)
    (root / "static").symlink_to(root / "feeds" / "static")
    (root / "favicon.ico").touch()  # browsers ask for it by themselves, where no header forbids it
    handler = partial(SimpleHTTPRequestHandler, directory=str(root))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        running = Thread(target=server.serve_forever)
        running.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            running.join()


WORDS = {"plain": "The Health Site", "hostile": f"{RIGHT_TO_LEFT} {SCRIPT} {HUGE}"}


@pytest.fixture(scope="module", params=WORDS)
def stand(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Stand]:
    """Open a tab for whoever has a token, at an installation of which everything bears a name."""
    with TemporaryDirectory() as named:
        folder = Path(named)
        engine = open_engine(f"sqlite:///{folder}/retold.db")
        create_tables(engine)
        with opened(engine) as rig, served(folder) as files_url:
            token = live_in(rig, WORDS[request.param], folder)
            with browser.tab(token, locale="en-AU") as tab:
                yield Stand(rig, folder, files_url, tab)
        engine.dispose()


# One after another: a token is rotated once, so its page comes last.
@pytest.fixture(params=[name for name in PAGES if name != "new token"] + ["new token"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_page_is_whole_and_shows_what_it_is_called(stand: Stand, name: str) -> None:
    PAGES[name](stand)
    seen = stand.tab.look()
    assert seen.lang
    assert len(seen.headings) == 1
    assert seen.title
    assert seen.unlabelled == []
    assert seen.strays == []
    assert [stand.tab.too_wide(width) for width in (PHONE, DESK)] == [[], []]
    for medium in MEDIA:
        assert faint(stand.tab, **medium) == [], medium
    assert stand.tab.faults == []
    own = (f"{stand.rig.public_url}/", f"{stand.files_url}/", stand.folder.as_uri())
    assert [url for url in stand.tab.asked if not url.startswith(own)] == []


MEDIA: list[dict[str, str]] = [
    {"media": "screen", "color_scheme": "light"},
    {"media": "screen", "color_scheme": "dark"},
    {"media": "print", "color_scheme": "light"},
    {"media": "print", "color_scheme": "dark"},
]

_FAINT = """(paper) => {
  const rgb = (said) => said.match(/[\\d.]+/g).map(Number);
  const light = (c) => {
    const [r, g, b] = c.map((v) => v / 255).map(
      (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (let at = e; at && !paper; at = at.parentElement) {
      const found = rgb(getComputedStyle(at).backgroundColor);
      if (found.length == 3 || found[3] == 1) return found.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const words = (e) => [...e.childNodes].some((n) => n.nodeType == 3 && n.data.trim());
  return [...document.body.querySelectorAll('*')].filter(words).filter((e) => {
    if (!e.checkVisibility() || e.closest('title')) return false;
    const style = getComputedStyle(e);
    const ink = rgb(e.closest('svg') ? style.fill : style.color).slice(0, 3);
    const [low, high] = [light(ink), light(ground(e))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05) < 4.5;
  }).map((e) => e.outerHTML.slice(0, 120));
}"""
"""Texts with less contrast than WCAG 2.2 asks for; paper is white, whatever a page paints."""


def faint(tab: Tab, **medium: str) -> list[str]:
    """Name the texts that can hardly be told from their ground."""

    def found(page: Page) -> list[str]:
        page.emulate_media(**medium)  # type: ignore[arg-type]
        said: list[str] = page.evaluate(_FAINT, medium["media"] == "print")
        page.emulate_media(media="null", color_scheme="null")
        return said

    return tab.do(found)
