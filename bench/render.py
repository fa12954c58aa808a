"""Rendering Atom documents: cold from entries, and warm from fragments that are kept.

Every side writes documents of as many entries as ours hold: one of them all, which nobody serves,
would measure how fast the machine hands out memory.
"""

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from feedgen.feed import FeedGenerator
from lxml import etree

from bench import clock, texts
from bench.figure import Figure, at_least, below, compared
from feeds import atom
from feeds._content import response_id, rfc3339
from rules import entries
from schemas.feed import Entry, Head, Slot
from schemas.story import Story


class Size(NamedTuple):
    """How much is rendered."""

    entries: int
    repeats: int
    in_edition: int
    often: int


FULL, TINY = Size(10_000, 5, 500, 50), Size(20, 1, 20, 1)

_ATOM = "http://www.w3.org/2005/Atom"

_Writer = Any
"""What `etree.xmlfile` gives; lxml gives its class no name."""


def figures(size: Size, _: Path) -> Iterator[Figure]:
    """Render the same entries by ourselves, by feedgen and by lxml's incremental writer."""
    editions = _editions(texts.stories(size.entries), size)
    kept = [atom.fragments(some) for some in editions]
    sides = {
        "cold": lambda: _cold(editions),
        "warm": lambda: [len(_document(some)) for some in kept],
        "feedgen": lambda: [len(_by_feedgen(some)) for some in editions],
        "xmlfile": lambda: [len(_by_xmlfile(some)) for some in editions],
        "strings": lambda: [len(_by_strings(some)) for some in editions],
    }
    spent = clock.medians(sides, size.repeats)
    rate = {name: size.entries / seconds for name, seconds in spent.items()}
    few = kept[0]
    quiet = size.entries / clock.least(sides["cold"], 4 * size.repeats)
    joined_ms = clock.least(lambda: _often(few, size.often), size.repeats) / size.often * 1000
    yield at_least("render.cold", _UNIT, quiet, _LEAST)
    yield below(f"render.warm.{len(few)}", "CPU ms", joined_ms, 1)
    yield compared(
        "render.cold/strings", _UNIT, rate["cold"], rate["strings"], at_least=_OF_STRINGS
    )
    yield compared("render.cold/feedgen", _UNIT, rate["cold"], rate["feedgen"], at_least=2)
    yield compared("render.cold/lxml.xmlfile", _UNIT, rate["cold"], rate["xmlfile"])
    yield compared("render.warm/feedgen", _UNIT, rate["warm"], rate["feedgen"], at_least=20)
    yield from _answered(size)


def _answered(size: Size) -> Iterator[Figure]:
    """Render stories with responses, each an entry behind its story's."""
    editions = _editions(texts.answered(size.entries), size)
    apart = [_with_replies(some) for some in editions]
    sides = {
        "cold": lambda: _cold(editions),
        "strings": lambda: [len(_by_strings(some)) for some in apart],
    }
    spent = clock.medians(sides, size.repeats)
    count = sum(map(len, apart))
    rate = {name: count / seconds for name, seconds in spent.items()}
    quiet = count / clock.least(sides["cold"], 4 * size.repeats)
    yield at_least("render.answered", _UNIT, quiet, _LEAST)
    yield compared(
        "render.answered/strings", _UNIT, rate["cold"], rate["strings"], at_least=_OF_STRINGS
    )


def _editions(stories: Iterable[Story], size: Size) -> list[list[Entry]]:
    told = [entries.entry(story, {}) for story in stories]
    starts = range(0, len(told), size.in_edition)
    return [told[start : start + size.in_edition] for start in starts]


def _cold(editions: Sequence[Sequence[Entry]]) -> object:
    return [len(_document(atom.fragments(some))) for some in editions]


_UNIT = "entries/CPU s"

_LEAST = 80_000

_OF_STRINGS = 0.73
"""80,000 entries a second, where joining strings came to 109,000: the goal on any machine."""


def _with_replies(told: Sequence[Entry]) -> list[Entry]:
    """Give peers each response as an entry behind its story's, as ours stand there."""
    return [one for entry in told for one in (entry, *_replies(entry))]


def _replies(entry: Entry) -> Iterator[Entry]:
    for response in entry.responses:
        name = str(response.organisation_name)
        yield entry._replace(
            id=response_id(entry.id, response),
            title=f"Response from {name}",
            html=response.body,
            author=name,
            attribution=None,
            published_at=response.published_at or entry.published_at,
            subjects=(),
            tags=(),
        )


def _often(fragments: Sequence[bytes], times: int) -> None:
    """Join an edition again and again: once is too short for the clock."""
    for _ in range(times):
        _document(fragments)


def _document(fragments: Sequence[bytes]) -> bytes:
    return atom.document(HEAD, [Slot(fragment=f, beacon_url=None) for f in fragments], ())


_HOME = "https://retold.example/feeds/nhs/all"
HEAD = Head(
    id="urn:retold:edition:nhs:all",
    title="All stories",
    partner="The Health Site",
    home_url=_HOME,
    self_url=f"{_HOME}.atom",
    next_url=None,
    first_url=f"{_HOME}.atom",
    updated_at=entries.UNDATED,
    beacon=False,
    credit=None,
)


def _by_feedgen(told: Sequence[Entry]) -> bytes:
    feed = FeedGenerator()
    feed.id(HEAD.id)
    feed.title(HEAD.title)
    feed.subtitle(f"Stories for {HEAD.partner}")
    feed.updated(HEAD.updated_at)
    feed.link(href=HEAD.self_url, rel="self")
    for entry in told:
        made = feed.add_entry(order="append")
        made.id(entry.id)
        made.title(entry.title)
        made.updated(entry.updated_at)
        made.published(entry.published_at)
        made.author(name=entry.author)
        made.link(href=entry.url, rel="alternate")
        for scheme, term, label in _categories(entry):
            made.category(scheme=scheme, term=term, label=label)
        made.rights(entry.attribution)
        made.content(entry.html, type="html")
    rendered: bytes = feed.atom_str()
    return rendered


def _by_xmlfile(told: Sequence[Entry]) -> bytes:
    out = BytesIO()
    with etree.xmlfile(out, encoding="utf-8") as xml, xml.element("feed", nsmap={None: _ATOM}):
        for name, words in (("id", HEAD.id), ("title", HEAD.title)):
            _leaf(xml, name, words)
        for entry in told:
            _write_entry(xml, entry)
    return out.getvalue()


def _write_entry(xml: _Writer, entry: Entry) -> None:
    with xml.element("entry", {"{http://www.w3.org/XML/1998/namespace}lang": "en-GB"}):
        _leaf(xml, "id", entry.id)
        _leaf(xml, "title", entry.title)
        _leaf(xml, "updated", rfc3339(entry.updated_at))
        _leaf(xml, "published", rfc3339(entry.published_at))
        with xml.element("author"):
            _leaf(xml, "name", entry.author)
        with xml.element("link", rel="alternate", href=entry.url or ""):
            pass
        for scheme, term, label in _categories(entry):
            with xml.element("category", scheme=scheme, term=term, label=label):
                pass
        _leaf(xml, "rights", entry.attribution or "")
        _leaf(xml, "content", entry.html, type="html")


def _by_strings(told: Sequence[Entry]) -> bytes:
    """Join strings that the standard library escapes, as anybody would: the floor."""
    return "".join(map(_string, told)).encode()


def _string(entry: Entry) -> str:
    categories = "".join(
        f"<category scheme={quoteattr(scheme)} term={quoteattr(term)} label={quoteattr(label)}/>"
        for scheme, term, label in _categories(entry)
    )
    return (
        f'<entry xml:lang="en-GB"><id>{escape(entry.id)}</id><title>{escape(entry.title)}</title>'
        f"<updated>{rfc3339(entry.updated_at)}</updated>"
        f"<published>{rfc3339(entry.published_at)}</published>"
        f"<author><name>{escape(entry.author)}</name></author>"
        f'<link rel="alternate" href={quoteattr(entry.url or "")}/>{categories}'
        f"<rights>{escape(entry.attribution or '')}</rights>"
        f'<content type="html">{escape(entry.html)}</content></entry>'
    )


def _leaf(xml: _Writer, name: str, words: str, **attributes: str) -> None:
    with xml.element(name, **attributes):
        xml.write(words)


def _categories(entry: Entry) -> list[tuple[str, str, str]]:
    subjects = [("urn:retold:organisation", s.id, s.name) for s in entry.subjects]
    return subjects + [(f"urn:retold:tag:{t.group}", t.name, t.name) for t in entry.tags]
