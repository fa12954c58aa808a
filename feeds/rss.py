"""Write a feed as RSS 2.0; it has no way to say that a story is gone.

Spec: https://www.rssboard.org/rss-specification, https://www.rssboard.org/rss-profile
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from feeds import _content
from feeds._columns import bodies, in_sets, moments, texts, texts_as_html, where_any
from feeds._xml import (
    DECLARATION,
    HISTORY,
    MARKS,
    ORGANISATION,
    OURS,
    attribute,
    history,
    hub,
    joined,
    sealed,
    tag_scheme,
    text,
    text_as_html,
    ways,
)
from schemas.feed import Entry, Head, Slot, Tombstone

MEDIA_TYPE = "application/rss+xml; charset=utf-8"
EXTENSION = "rss"
VERSION = "3"
CARRIES_TOMBSTONES = False

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_TYPE = "application/rss+xml"
_RSS = (
    '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    f' xmlns:fh="{HISTORY}">\n<channel>\n'
)
_ITEM = (
    b"<item>\n"
    b"<title>%b</title>\n"
    b"%b"
    b'<guid isPermaLink="false">%b</guid>\n'
    b"<pubDate>%b</pubDate>\n"
    b"<atom:updated>%b</atom:updated>\n"
    b"<dc:creator>%b</dc:creator>\n"
    b"%b%b%b"
    b'<revision xmlns="' + OURS.encode() + b'">%d</revision>\n'
    b"<description>%b</description>\n"
    b"<content:encoded>%b" + MARKS + b"</content:encoded>\n"
    b"</item>\n"
)


def fragments(told: Sequence[Entry]) -> list[bytes]:
    """Write each entry as an `item`, with marks at the end of its content."""
    return in_sets(told, _some)


def _some(told: Sequence[Entry]) -> list[bytes]:
    """Write a set of entries, a part of all of them at a time."""
    parts = zip(
        texts([e.title for e in told]),
        where_any(b"<link>%b</link>\n", texts([e.url or "" for e in told])),
        texts([e.id for e in told]),
        [rfc822(e.published_at).encode() for e in told],
        moments([e.updated_at for e in told]),
        texts([e.author for e in told]),
        [_language(e.language) for e in told],
        [_rights(e.licence, e.attribution) for e in told],
        [_categories(e) for e in told],
        [e.revision for e in told],
        # Readers take a description for HTML, so plain text is escaped once as HTML too.
        texts_as_html([e.text for e in told]),
        bodies([_content.html(e) for e in told]),
        strict=True,
    )
    return [_ITEM % each for each in parts]


def document(head: Head, slots: Sequence[Slot], tombstones: Sequence[Tombstone]) -> bytes:
    """Join fragments into one `channel`; tombstones it cannot carry."""
    del tombstones
    opening = f"{DECLARATION}{_RSS}{_metadata(head)}"
    return joined(opening, slots, head.credit, b"</channel>\n</rss>\n")


def rfc822(moment: datetime) -> str:
    """Write a time in UTC as RFC 822 has it, with the right day of the week."""
    # email.utils says the same, four times as slowly.
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02} {_MONTHS[moment.month - 1]} {moment.year:04}"
        f" {moment.hour:02}:{moment.minute:02}:{moment.second:02} +0000"
    )


@lru_cache(maxsize=1024)  # a channel's stories share theirs
def _rights(licence: str | None, attribution: str | None) -> bytes:
    terms = _content.rights(licence, attribution)
    return sealed(f"<dc:rights>{text(terms)}</dc:rights>\n") if terms else b""


@lru_cache(maxsize=1024)
def _language(language: str | None) -> bytes:
    return sealed(f"<dc:language>{text(language)}</dc:language>\n") if language else b""


def _categories(entry: Entry) -> bytes:
    found = [_category(scheme, term) for scheme, term in _content.marks(entry)]
    found += [_category(ORGANISATION, subject.name) for subject in entry.subjects]
    found += [_category(tag_scheme(tag.group), tag.name) for tag in entry.tags]
    return b"".join(found)


@lru_cache(maxsize=4096)  # organisations and tags recur from entry to entry
def _category(domain: str, name: str) -> bytes:
    return sealed(f'<category domain="{domain}">{text(name)}</category>\n')


def _metadata(head: Head) -> str:
    return (
        f"<title>{text(head.title)}</title>\n"
        f"<link>{text(head.home_url)}</link>\n"
        f"<description>Stories for {text_as_html(head.partner)}</description>\n"
        f"<lastBuildDate>{rfc822(head.updated_at)}</lastBuildDate>\n"
        f"{history(head)}"
        f"{hub(head, 'atom:link')}"
    ) + "".join(
        f'<atom:link rel="{rel}" type="{_TYPE}" href="{attribute(href)}"/>\n'
        for rel, href in ways(head)
    )
