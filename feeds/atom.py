"""Write a feed as Atom 1.0, paged, with tombstones, each response an entry behind its story's.

A story says which responses it has, so that one that was taken back does not stay with a partner
who merges entries by their ids.
Spec: https://www.rfc-editor.org/rfc/rfc4287 (Atom), https://www.rfc-editor.org/rfc/rfc4685
(responses), https://www.rfc-editor.org/rfc/rfc5005 (pages and archives),
https://www.rfc-editor.org/rfc/rfc6721 (deleted entries)
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from feeds import _content
from feeds._content import response_id, rfc3339
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
    ways,
)
from schemas.feed import Entry, Head, Slot, Tombstone
from schemas.story import Response

MEDIA_TYPE = "application/atom+xml; charset=utf-8"
EXTENSION = "atom"
VERSION = "4"
CARRIES_TOMBSTONES = True

_TYPE = "application/atom+xml"
MANIFEST = "urn:retold:manifest"
"""The relation of what the edition comes to."""
THREADS = "http://purl.org/syndication/thread/1.0"
"""Of what replies to what. Spec: RFC 4685."""
_FEED = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"'
    f' xmlns:thr="{THREADS}" xmlns:fh="{HISTORY}">\n'
)
_END = MARKS + b"</content>\n</entry>\n"


def fragment(entry: Entry) -> bytes:
    """Write one entry as `atom:entry`, with marks at the end of its content.

    Behind it stands each of its responses, as an entry that replies to it.
    """
    replies = [_Reply(response_id(entry.id, r), r) for r in entry.responses]
    return (
        sealed(
            f"<entry{_lang(entry)}>\n"
            f"<id>{text(entry.id)}</id>\n"
            f'<title type="text">{text(entry.title)}</title>\n'
            f"<updated>{rfc3339(entry.updated_at)}</updated>\n"
            f"<published>{rfc3339(entry.published_at)}</published>\n"
            f"<author><name>{text(entry.author)}</name></author>\n"
            f"{_links(entry)}{_categories(entry)}{_rights(entry)}{_source(entry)}"
            f'<revision xmlns="{OURS}">{entry.revision}</revision>\n'
            f"{_threads(replies)}"
            f'<content type="html">{text(entry.html + _content.thanks(entry))}'
        )
        + _END
        + sealed("".join(_reply(entry, reply) for reply in replies))
    )


def document(head: Head, slots: Sequence[Slot], tombstones: Sequence[Tombstone]) -> bytes:
    """Join fragments into one `atom:feed`.

    Tombstones stand before the first entry, where RFC 4287's own grammar allows them.
    """
    opening = f"{DECLARATION}{_FEED}{_metadata(head)}{''.join(map(_deleted, tombstones))}"
    return joined(opening, slots, head.credit, b"</feed>\n")


class _Reply(NamedTuple):
    """A response, and the id of its entry."""

    id: str
    response: Response


def _lang(entry: Entry) -> str:
    return f' xml:lang="{attribute(entry.language)}"' if entry.language else ""


def _links(entry: Entry) -> str:
    """Link to where a story can be read, and to where it was first."""
    here = f'<link rel="alternate" href="{attribute(entry.url)}"/>\n' if entry.url else ""
    first = entry.origin.url if entry.origin else None
    return here + (f'<link rel="via" href="{attribute(first)}"/>\n' if first else "")


def _rights(entry: Entry) -> str:
    terms = _content.rights(entry)
    return f"<rights>{text(terms)}</rights>\n" if terms else ""


def _source(entry: Entry) -> str:
    """Name what a story comes from; that publisher's feed, if it has one, we never saw."""
    if entry.origin is None:
        return ""
    return f'<source><title type="text">{text(entry.origin.publisher)}</title></source>\n'


def _threads(replies: Sequence[_Reply]) -> str:
    """Say how many responses a story has, and which: any other is there no more."""
    which = "".join(f"<id>{reply.id}</id>" for reply in replies)
    return f'<thr:total>{len(replies)}</thr:total>\n<responses xmlns="{OURS}">{which}</responses>\n'


def _reply(entry: Entry, reply: _Reply) -> str:
    of = reply.response
    who = _content.responder(entry, of)
    role = f", {of.responder_role}" if of.responder_role else ""
    known_as = _category(ORGANISATION, of.organisation, who) if of.organisation else ""
    published = f"<published>{rfc3339(of.published_at)}</published>\n" if of.published_at else ""
    href = f' href="{attribute(entry.url)}"' if entry.url else ""
    # One without a date is as new as its story: an entry must have one, and never `now`.
    updated = of.updated_at or of.published_at or entry.updated_at
    return (
        f"<entry{_lang(entry)}>\n"
        f"<id>{reply.id}</id>\n"
        f'<title type="text">{text(_content.heading(entry, who + role))}</title>\n'
        f"<updated>{rfc3339(updated)}</updated>\n{published}"
        f"<author><name>{text(who)}</name></author>\n{known_as}"
        f'<thr:in-reply-to ref="{attribute(entry.id)}"{href}/>\n'
        f'<content type="html">{text(of.body)}</content>\n'
        "</entry>\n"
    )


def _categories(entry: Entry) -> str:
    subjects = [_category(ORGANISATION, s.id, s.name) for s in entry.subjects]
    tags = [_category(tag_scheme(tag.group), tag.name) for tag in entry.tags]
    marks = [_category(scheme, term) for scheme, term in _content.marks(entry)]
    return "".join(marks + subjects + tags)


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
        f"{hub(head, 'link')}"
    ) + "".join(
        f'<link rel="{rel}" type="{media_type}" href="{attribute(href)}"/>\n'
        for rel, media_type, href in links
    )


def _deleted(tombstone: Tombstone) -> str:
    return (
        f'<at:deleted-entry ref="{attribute(tombstone.id)}" when="{rfc3339(tombstone.at)}">'
        f"<at:comment>{text(tombstone.reason)}</at:comment></at:deleted-entry>\n"
    )
