"""The partner's pages: a story with its credit, its canonical link and its beacon."""

from collections.abc import Mapping
from html import escape

from demo.world.subscription import Entry


def story(site: str, entry: Entry) -> bytes:
    """Show one story."""
    canonical = (
        f'<link rel="canonical" href="{escape(entry.url)}">' if entry.url is not None else ""
    )
    return _page(
        site,
        entry.title,
        f"<article><h1>{escape(entry.title)}</h1>{entry.html}{_credit(entry)}{_beacon(entry)}"
        "</article>",
        canonical,
    )


def index(site: str, titles: Mapping[int, str]) -> bytes:
    """List the stories by the number of their page."""
    rows = "".join(
        f'<li><a href="/stories/{number}">{escape(title)}</a></li>'
        for number, title in sorted(titles.items())
    )
    return _page(site, "Stories", f"<h1>Stories</h1><ol>{rows}</ol>")


def absent(site: str) -> bytes:
    """Say that there is no story here, or no more."""
    return _page(site, "Not here", "<h1>This story is not here.</h1>")


def _credit(entry: Entry) -> str:
    credit = escape(entry.credit or "another site")
    if entry.url is None:
        return f'<p class="credit">From {credit}</p>'
    return f'<p class="credit">From <a href="{escape(entry.url)}">{credit}</a></p>'


def _beacon(entry: Entry) -> str:
    if entry.beacon is None or entry.beacon_in_html:
        return ""
    return f'<img src="{escape(entry.beacon)}" width="1" height="1" alt="">'


def _page(site: str, title: str, body: str, head: str = "") -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)} | {escape(site)}</title>{head}</head><body>{body}</body></html>"
    ).encode()
