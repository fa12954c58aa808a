"""Parsing web feeds: bytes in, drafts out."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import feedparser
from lxml import etree

import feeds
from bench import clock, texts
from bench.figure import Figure, compared
from bench.render import HEAD
from connectors.channels import connector
from rules import entries
from schemas.channel import Channel, Fetched, Options
from schemas.feed import Slot


class Size(NamedTuple):
    """How much is parsed."""

    entries: int
    repeats: int


FULL, TINY = Size(10_000, 7), Size(20, 1)

FORMATS = ("atom", "rss")


def figures(size: Size, _: Path) -> Iterator[Figure]:
    """Parse the same bytes as a channel, by feedparser as it comes, and by lxml into a bare tree.

    lxml makes no draft of anything: it is the floor under whatever reads XML here.
    """
    feed = connector("feed")
    for name in FORMATS:
        payload = document(name, size.entries)
        fetched = Fetched(payload=payload, media_type="application/xml", url=_URL)
        channel = _channel(feed.OPTIONS)
        if len(feed.parse(channel, fetched).drafts) != size.entries:
            raise AssertionError(f"the connector does not read all entries of this {name}")
        spent = clock.medians(
            {
                "ours": lambda: feed.parse(channel, fetched),  # noqa: B023 -- called in this turn
                "feedparser": lambda: feedparser.parse(payload),  # noqa: B023
                "lxml": lambda: etree.fromstring(payload),  # noqa: B023
            },
            size.repeats,
            once=("feedparser",),
        )
        rate = {side: size.entries / seconds for side, seconds in spent.items()}
        ours, unit = rate["ours"], "entries/CPU s"
        yield compared(f"parse.{name}/feedparser", unit, ours, rate["feedparser"], at_least=10)
        yield compared(f"parse.{name}/lxml", unit, ours, rate["lxml"], at_least=1 / 4)


_URL = "https://opinion.example/feed"


def _channel(options: type[Options]) -> Channel:
    return Channel(id="bench", kind="feed", options=options.model_validate({"url": _URL}))


def document(name: str, count: int) -> bytes:
    """Write a feed of so many entries of about 1 kB."""
    format_ = feeds.format_named(name)
    told = [entries.entry(story, {}) for story in texts.stories(count)]
    slots = [Slot(fragment=each, beacon_url=None) for each in format_.fragments(told)]
    return format_.document(HEAD, slots, ())
