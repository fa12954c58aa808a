"""Write a feed as RSS 2.0; it has no way to say that a story is gone.

Spec: https://www.rssboard.org/rss-specification, https://www.rssboard.org/rss-profile
"""

from collections.abc import Sequence
from datetime import datetime

from feeds import _content
from feeds._content import rfc3339
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
_END = MARKS + b"</content:encoded>\n</item>\n"


def fragment(entry: Entry) -> bytes:
    """Write one entry as an `item`, with marks at the end of its content."""
    return (
        sealed(
            "<item>\n"
            f"<title>{text(entry.title)}</title>\n"
            f"{_element('link', entry.url)}"
            f'<guid isPermaLink="false">{text(entry.id)}</guid>\n'
            f"<pubDate>{rfc822(entry.published_at)}</pubDate>\n"
            f"<atom:updated>{rfc3339(entry.updated_at)}</atom:updated>\n"
            f"<dc:creator>{text(entry.author)}</dc:creator>\n"
            f"{_element('dc:language', entry.language)}"
            f"{_element('dc:rights', _content.rights(entry))}"
            f"{_categories(entry)}"
            f'<revision xmlns="{OURS}">{entry.revision}</revision>\n'
            # Readers take a description for HTML, so plain text is escaped once as HTML too.
            f"<description>{text_as_html(entry.text)}</description>\n"
            f"<content:encoded>{text(_content.html(entry))}"
        )
        + _END
    )


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


def _element(name: str, words: str | None) -> str:
    return f"<{name}>{text(words)}</{name}>\n" if words else ""


def _categories(entry: Entry) -> str:
    subjects = [(ORGANISATION, subject.name) for subject in entry.subjects]
    tags = [(tag_scheme(tag.group), tag.name) for tag in entry.tags]
    return "".join(
        f'<category domain="{domain}">{text(name)}</category>\n'
        for domain, name in _content.marks(entry) + subjects + tags
    )


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
