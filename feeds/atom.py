"""Write a feed as Atom 1.0, paged, with tombstones, each response an entry behind its story's.

A story says which responses it has, so that one that was taken back does not stay with a partner
who merges entries by their ids.
Spec: https://www.rfc-editor.org/rfc/rfc4287 (Atom), https://www.rfc-editor.org/rfc/rfc4685
(responses), https://www.rfc-editor.org/rfc/rfc5005 (pages and archives),
https://www.rfc-editor.org/rfc/rfc6721 (deleted entries)
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from feeds import _content
from feeds._columns import attributes, bodies, in_sets, moments, texts, where_any
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
VERSION = "5"
CARRIES_TOMBSTONES = True

_TYPE = "application/atom+xml"
MANIFEST = "urn:retold:manifest"
"""The relation of what the edition comes to."""
THREADS = "http://purl.org/syndication/thread/1.0"
"""Of what replies to what. Spec: RFC 4685."""
_FEED = (
    '<feed xml:base="%s/" xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"'
    f' xmlns:thr="{THREADS}" xmlns:fh="{HISTORY}">\n'
)
_ENTRY = (
    b"<entry%b>\n"
    b"<id>%b</id>\n"
    b'<title type="text">%b</title>\n'
    b"<updated>%b</updated>\n"
    b"<published>%b</published>\n"
    b"<author><name>%b</name></author>\n"
    b"%b%b%b%b%b"
    b'<revision xmlns="' + OURS.encode() + b'">%d</revision>\n'
    b"%b"
    b'<content type="html">%b' + MARKS + b"</content>\n"
    b"</entry>\n"
    b"%b"
)

_THREAD = b'<thr:total>%d</thr:total>\n<responses xmlns="' + OURS.encode() + b'">%b</responses>\n'
_UNANSWERED = _THREAD % (0, b"")
_ANSWERED = (
    b'<link rel="replies" type="' + _TYPE.encode() + b'" href="story/%b"'
    b' thr:count="%d" thr:updated="%b"/>\n' + _THREAD
)

_HERE = b'<link rel="alternate" href="%b"/>\n'
"""Where a story can be read."""
_FIRST = b'<link rel="via" href="%b"/>\n'
"""Where it was first."""

_REPLY = (
    b"<entry%b>\n"
    b"<id>%b</id>\n"
    b'<title type="text">%b</title>\n'
    b"<updated>%b</updated>\n"
    b"%b"
    b"<author><name>%b</name></author>\n"
    b"%b"
    b'<thr:in-reply-to ref="%b"%b/>\n'
    b'<content type="html">%b</content>\n'
    b"</entry>\n"
)


def fragments(told: Sequence[Entry]) -> list[bytes]:
    """Write each entry as `atom:entry`, with marks at the end of its content.

    Behind it stands each of its responses, as an entry that replies to it.
    """
    return in_sets(told, _some)


def document(head: Head, slots: Sequence[Slot], tombstones: Sequence[Tombstone]) -> bytes:
    """Join fragments into one `atom:feed`.

    Tombstones stand before the first entry, where RFC 4287's own grammar allows them.
    """
    feed = _FEED % attribute(head.home_url)
    opening = f"{DECLARATION}{feed}{_metadata(head)}{''.join(map(_deleted, tombstones))}"
    return joined(opening, slots, head.credit, b"</feed>\n")


class _Reply(NamedTuple):
    """A response, and the id of its entry."""

    id: str
    response: Response
    to: Entry


def _some(told: Sequence[Entry]) -> list[bytes]:
    """Write a set of entries, a part of all of them at a time."""
    replies = [_answers(e) if e.responses else () for e in told]
    written = iter(_replies([reply for each in replies for reply in each]))
    threads = iter(_threads([each for each in replies if each]))
    parts = zip(
        [_lang(e.language) for e in told],
        texts([e.id for e in told]),
        texts([e.title for e in told]),
        moments([e.updated_at for e in told]),
        moments([e.published_at for e in told]),
        texts([e.author for e in told]),
        where_any(_HERE, attributes([e.url or "" for e in told])),
        where_any(_FIRST, attributes([e.origin.url if e.origin else "" for e in told])),
        [_categories(e) for e in told],
        [_rights(e.licence, e.attribution) for e in told],
        [_source(e.origin.publisher) if e.origin else b"" for e in told],
        [e.revision for e in told],
        [next(threads) if each else _UNANSWERED for each in replies],
        bodies([e.html + _content.thanks(e) for e in told]),
        [b"".join(islice(written, len(each))) if each else b"" for each in replies],
        strict=True,
    )
    return [_ENTRY % each for each in parts]


def _answers(entry: Entry) -> Sequence[_Reply]:
    return [_Reply(response_id(entry.id, one), one, entry) for one in entry.responses]


def _threads(answered: Sequence[Sequence[_Reply]]) -> list[bytes]:
    """Say of each story how many responses it has, and which: any other is there no more.

    They are found at the story's own address, which is written from the base of the feed: it is
    another in each edition, and a fragment is the same in all.
    """
    if not answered:
        return []
    parts = zip(
        attributes([each[0].to.id.rpartition(":")[2] for each in answered]),
        map(len, answered),
        moments([max(map(_changed, each)) for each in answered]),
        map(len, answered),
        ["".join([f"<id>{reply.id}</id>" for reply in each]).encode() for each in answered],
        strict=True,
    )
    return [_ANSWERED % each for each in parts]


@lru_cache(maxsize=1024)  # a channel's stories share theirs
def _rights(licence: str | None, attribution: str | None) -> bytes:
    terms = _content.rights(licence, attribution)
    return sealed(f"<rights>{text(terms)}</rights>\n") if terms else b""


@lru_cache(maxsize=1024)
def _source(publisher: str) -> bytes:
    """Name what a story comes from; that publisher's feed, if it has one, we never saw."""
    return sealed(f'<source><title type="text">{text(publisher)}</title></source>\n')


def _replies(replies: Sequence[_Reply]) -> list[bytes]:
    if not replies:
        return []
    of = [reply.response for reply in replies]
    to = [reply.to for reply in replies]
    who = [_content.responder(each.to, each.response) for each in replies]
    parts = zip(
        [_lang(e.language) for e in to],
        texts([reply.id for reply in replies]),
        texts([_title(reply, name) for reply, name in zip(replies, who, strict=True)]),
        moments([_changed(reply) for reply in replies]),
        _published(of),
        texts(who),
        [
            _organisation(r.organisation, name) if r.organisation else b""
            for r, name in zip(of, who, strict=True)
        ],
        attributes([e.id for e in to]),
        where_any(b' href="%b"', attributes([e.url or "" for e in to])),
        texts([r.body for r in of]),
        strict=True,
    )
    return [_REPLY % each for each in parts]


def _title(reply: _Reply, who: str) -> str:
    role = reply.response.responder_role
    return _content.heading(reply.to, f"{who}, {role}" if role else who)


def _changed(reply: _Reply) -> datetime:
    """Tell when a response changed; one without a date is as new as its story, and never `now`."""
    return reply.response.updated_at or reply.response.published_at or reply.to.updated_at


def _published(responses: Sequence[Response]) -> list[bytes]:
    times = iter(moments([r.published_at for r in responses if r.published_at]))
    return [
        b"<published>%b</published>\n" % next(times) if r.published_at else b"" for r in responses
    ]


@lru_cache(maxsize=1024)  # stories are in few languages
def _lang(language: str | None) -> bytes:
    return sealed(f' xml:lang="{attribute(language)}"') if language else b""


def _categories(entry: Entry) -> bytes:
    found = []
    if _content.is_post(entry):
        found += [_category(scheme, term) for scheme, term in _content.marks(entry)]
    # Comprehensions, for so few at a time, cost half as much again.
    for subject in entry.subjects:
        found.append(_organisation(subject.id, subject.name))
    for tag in entry.tags:
        found.append(_tag(tag.group, tag.name))
    return b"".join(found)


@lru_cache(maxsize=4096)  # organisations and tags recur from entry to entry
def _organisation(id_: str, name: str) -> bytes:
    return _category(ORGANISATION, id_, name)


@lru_cache(maxsize=4096)
def _tag(group: str | None, name: str) -> bytes:
    return _category(tag_scheme(group), name)


def _category(scheme: str, term: str, label: str | None = None) -> bytes:
    shown = f' label="{attribute(label)}"' if label else ""
    return sealed(f'<category scheme="{scheme}" term="{attribute(term)}"{shown}/>\n')


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
