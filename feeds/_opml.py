"""An outline of feeds: what a reader takes in to subscribe to all of them at once.

Spec: http://opml.org/spec2.opml
"""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from feeds import _xml

MEDIA_TYPE = "text/x-opml; charset=utf-8"

_SPEC = "http://opml.org/spec2.opml"

_VERSIONS = {"rss": "RSS", "atom": "ATOM"}
"""What an outline says of its format, by the ending. The spec has a word for RSS 2.0, and leaves
others free; readers that look at it at all know this one for Atom."""


class Feed(NamedTuple):
    """One edition in one format."""

    group: str
    """The title of the edition."""
    title: str
    ending: str
    url: str
    """Without any token."""
    home_url: str


def document(title: str, owner: str, found: Sequence[Feed]) -> bytes:
    """Write an outline: a group for each edition, and in it each format. Same feeds, same bytes.

    Every feed is of the type `rss`, whatever its format: the spec has no other for what is
    subscribed to.
    """
    groups = "".join(
        f'<outline text="{_xml.attribute(name)}" title="{_xml.attribute(name)}">\n'
        f"{''.join(map(_outline, each))}</outline>\n"
        for (name, _), each in groupby(found, attrgetter("group", "home_url"))
    )
    return _xml.sealed(
        f'{_xml.DECLARATION}<opml version="2.0">\n<head>\n<title>{_xml.text(title)}</title>\n'
        f"<ownerName>{_xml.text(owner)}</ownerName>\n<docs>{_SPEC}</docs>\n</head>\n"
        f"<body>\n{groups}</body>\n</opml>\n"
    )


def _outline(feed: Feed) -> str:
    words = _xml.attribute(feed.title)
    known = _VERSIONS.get(feed.ending)
    version = f' version="{known}"' if known else ""
    return (
        f'<outline type="rss"{version} text="{words}" title="{words}"'
        f' xmlUrl="{_xml.attribute(feed.url)}" htmlUrl="{_xml.attribute(feed.home_url)}"/>\n'
    )
