"""Write a feed as Atom 1.0, paged, with tombstones.

Spec: https://www.rfc-editor.org/rfc/rfc4287 (Atom), https://www.rfc-editor.org/rfc/rfc5005
(pages and archives), https://www.rfc-editor.org/rfc/rfc6721 (deleted entries)
"""

from collections.abc import Sequence
from functools import lru_cache

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
    joined,
    sealed,
    tag_scheme,
    text,
    ways,
)
from schemas.feed import Entry, Head, Slot, Tombstone

MEDIA_TYPE = "application/atom+xml; charset=utf-8"
EXTENSION = "atom"
VERSION = "2"
CARRIES_TOMBSTONES = True

_TYPE = "application/atom+xml"
MANIFEST = "urn:retold:manifest"
"""The relation of what the edition comes to."""
_FEED = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"'
    f' xmlns:fh="{HISTORY}">\n'
)
_END = MARKS + b"</content>\n</entry>\n"


def fragment(entry: Entry) -> bytes:
    """Write one entry as `atom:entry`, with marks at the end of its content."""
    lang = f' xml:lang="{attribute(entry.language)}"' if entry.language else ""
    link = f'<link rel="alternate" href="{attribute(entry.url)}"/>\n' if entry.url else ""
    terms = _content.rights(entry)
    rights = f"<rights>{text(terms)}</rights>\n" if terms else ""
    return (
        sealed(
            f"<entry{lang}>\n"
            f"<id>{text(entry.id)}</id>\n"
            f'<title type="text">{text(entry.title)}</title>\n'
            f"<updated>{rfc3339(entry.updated_at)}</updated>\n"
            f"<published>{rfc3339(entry.published_at)}</published>\n"
            f"<author><name>{text(entry.author)}</name></author>\n"
            f"{link}{_categories(entry)}{rights}"
            f'<revision xmlns="{OURS}">{entry.revision}</revision>\n'
            f'<content type="html">{text(_content.html(entry))}'
        )
        + _END
    )


def document(head: Head, slots: Sequence[Slot], tombstones: Sequence[Tombstone]) -> bytes:
    """Join fragments into one `atom:feed`.

    Tombstones stand before the first entry, where RFC 4287's own grammar allows them.
    """
    opening = f"{DECLARATION}{_FEED}{_metadata(head)}{''.join(map(_deleted, tombstones))}"
    return joined(opening, slots, head.credit, b"</feed>\n")


def _categories(entry: Entry) -> str:
    subjects = [_category(ORGANISATION, s.id, s.name) for s in entry.subjects]
    tags = [_category(tag_scheme(tag.group), tag.name) for tag in entry.tags]
    return "".join(subjects + tags)


@lru_cache(maxsize=4096)  # organisations and tags recur from entry to entry
def _category(scheme: str, term: str, label: str | None = None) -> str:
    shown = f' label="{attribute(label)}"' if label else ""
    return f'<category scheme="{scheme}" term="{attribute(term)}"{shown}/>\n'


def _metadata(head: Head) -> str:
    links = [("alternate", "text/html", head.home_url)]
    links += [(rel, _TYPE, href) for rel, href in ways(head)]
    if head.manifest_url:
        links.append((MANIFEST, "application/json", head.manifest_url))
    return (
        f"<id>{text(head.id)}</id>\n"
        f'<title type="text">{text(head.title)}</title>\n'
        f'<subtitle type="text">Stories for {text(head.partner)}</subtitle>\n'
        f"<updated>{rfc3339(head.updated_at)}</updated>\n"
        f"{history(head)}"
    ) + "".join(
        f'<link rel="{rel}" type="{media_type}" href="{attribute(href)}"/>\n'
        for rel, media_type, href in links
    )


def _deleted(tombstone: Tombstone) -> str:
    return (
        f'<at:deleted-entry ref="{attribute(tombstone.id)}" when="{rfc3339(tombstone.at)}">'
        f"<at:comment>{text(tombstone.reason)}</at:comment></at:deleted-entry>\n"
    )
