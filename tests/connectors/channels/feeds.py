"""Web feeds as tests need them: wrapped, served, and read."""

from typing import Any

from connectors.channels import feed
from schemas.channel import Channel, Fetched, Parsed
from schemas.story import Draft

URL = "https://forum.example/feed"
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"'


def channel(url: str = URL, secrets: dict[str, str] | None = None, **options: Any) -> Channel:
    return Channel(
        id="forum",
        kind="feed",
        publisher="forum.example",
        options=feed.Opts(url=url, **options),
        secrets=secrets or {},
    )


def read(payload: str | bytes, *, charset: str | None = None, **options: Any) -> Parsed:
    fetched = Fetched(
        payload=payload.encode() if isinstance(payload, str) else payload,
        media_type="application/xml",
        url=URL,
        charset=charset,
    )
    return feed.parse(channel(**options), fetched)


def one(payload: str | bytes, **options: Any) -> Draft:
    parsed = read(payload, **options)
    (draft,) = parsed.drafts
    assert parsed == Parsed(drafts=(draft,), reading=parsed.reading)
    return draft


def atom(*entries: str, head: str = "") -> str:
    return f'<?xml version="1.0"?>{ATOM}>{head}{"".join(entries)}</feed>'


def rss(*items: str, head: str = "") -> str:
    return f'<rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'
