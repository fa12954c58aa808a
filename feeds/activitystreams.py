"""Write a feed as Activity Streams 2.0: what was done to stories, the newest change first.

A story is an `Article`; its responses are `Note`s that reply to it, and no part of its content.
What the vocabulary has no word for is under `retold`, whose meaning stands within: who reads plain
JSON need fetch nothing. An activity has no id: a story that left and came back is told of in the
same words twice, and who merges activities by their ids would miss the second time.
Spec: https://www.w3.org/TR/activitystreams-core/, https://www.w3.org/TR/activitystreams-vocabulary/
"""

from collections.abc import Sequence
from html import escape
from typing import Any

import orjson

from feeds import _content, _json
from feeds._content import rfc3339
from schemas.feed import BEACON_MARK, CREDIT_MARK, Entry, Head, Slot, Tombstone
from schemas.story import Response, Tag

MEDIA_TYPE = "application/activity+json"
EXTENSION = "activity"
VERSION = "1"
CARRIES_TOMBSTONES = True

CONTEXT = (
    "https://www.w3.org/ns/activitystreams",
    {"retold": "urn:retold:feed:", "iana": "http://www.iana.org/assignments/relation/"},
)
"""What the words of a document mean: the vocabulary's own, by its name, and ours."""

_STORY = "Article"
_END = b'"}}'
_NAMED = b'","retold:beacon":{"id":"'
_NAMED_END = b'"}}}'
_MARKS = f"{CREDIT_MARK}{BEACON_MARK}".encode() + _NAMED + BEACON_MARK.encode() + _NAMED_END
_BEACON = (_json.inner(_content.BEACON[0]), _json.inner(_content.BEACON[1]) + _NAMED)


def fragments(told: Sequence[Entry]) -> list[bytes]:
    """Write each entry as the activity that it was last changed by, with marks at its end."""
    return [_fragment(entry) for entry in told]


def _fragment(entry: Entry) -> bytes:
    edited = entry.revision > 1
    activity = {
        "type": "Update" if edited else "Create",
        "published": rfc3339(entry.updated_at if edited else entry.published_at),
        "object": _article(entry),
    }
    content = orjson.dumps(entry.html + _content.thanks(entry))[:-1]
    return b'%b,"content":%b%b' % (orjson.dumps(activity)[:-2], content, _MARKS)


def document(head: Head, slots: Sequence[Slot], tombstones: Sequence[Tombstone]) -> bytes:
    """Join fragments into one page, or into the whole collection where the head says it is all.

    What was removed stands before the rest.
    """
    activities = [orjson.dumps(_deleted(tombstone)) for tombstone in tombstones]
    credit = _json.inner(_content.credit(head.credit))
    activities += [_spliced(slot, credit) for slot in slots]
    opening = orjson.dumps(_metadata(head, len(activities)))[:-1]
    if not activities:  # an array without members must not be written
        return opening + b"}\n"
    return b'%b,"orderedItems":[\n%b\n]}\n' % (opening, b",\n".join(activities))


def _spliced(slot: Slot, credit: bytes) -> bytes:
    before, _, after = slot.fragment.rpartition(_MARKS)
    if slot.beacon_url is None:
        return before + credit + _END + after
    src, named = _json.address(slot.beacon_url)
    return b"".join((before, credit, _BEACON[0], src, _BEACON[1], named, _NAMED_END, after))


def _known(kind: str, **fields: Any) -> dict[str, Any]:
    """Make a node of what is known; of the rest nothing is said."""
    return {"type": kind} | _json.known(fields)


def _ours(**fields: Any) -> dict[str, Any]:
    return {f"retold:{name}": value for name, value in _json.known(fields).items()}


def _node(address: str | None) -> dict[str, str] | None:
    """Point to what bears an address; a string alone would be words in the story's language."""
    return {"id": address} if address else None


def _article(entry: Entry) -> dict[str, Any]:
    language = {"@context": {"@language": entry.language}} if entry.language else {}
    story = _known(
        _STORY,
        id=entry.id,
        name=entry.title,
        url=_addresses(entry),
        # A name or a role, and never more than that: what is shown of who told it.
        attributedTo=_known(
            "Organization" if _content.is_post(entry) else "Person", name=entry.author
        ),
        published=rfc3339(entry.published_at),
        updated=rfc3339(entry.updated_at),
        generator=_known("Service", name=entry.origin.publisher) if entry.origin else None,
        context=[_organisation(subject.name, subject.id) for subject in entry.subjects],
        tag=[_tag(tag) for tag in entry.tags],
        replies=_replies(entry),
        mediaType="text/html",
    )
    ours = _ours(
        kind=entry.kind,
        comments=entry.comments,
        revision=entry.revision,
        rating=[_ours(**_json.rating(rating)) for rating in entry.ratings],
        attribution=entry.attribution,
        attributionUrl=_node(entry.attribution_url),
        licence=entry.licence,
    )
    return language | story | ours


def _addresses(entry: Entry) -> list[Any]:
    """Say where a story can be read, and where it was first."""
    here = [entry.url] if entry.url else []
    first = [_known("Link", rel="via", href=entry.origin.url)] if entry.origin else []
    return [*here, *first]


def _organisation(name: str, known_as: str | None) -> dict[str, Any]:
    return _known("Organization", name=name) | _ours(identifier=known_as)


def _tag(tag: Tag) -> dict[str, Any]:
    return _known("Object", name=tag.name) | _ours(group=tag.group, polarity=tag.polarity)


def _replies(entry: Entry) -> dict[str, Any]:
    """Say which responses a story has, none too: any other is there no more."""
    notes = [_note(entry, response) for response in entry.responses]
    return _known("Collection", totalItems=len(notes), items=notes)


def _note(entry: Entry, response: Response) -> dict[str, Any]:
    who = _content.responder(entry, response)
    # Anybody comments on a post; only organisations respond to stories.
    is_reader = _content.is_post(entry) and response.organisation is None
    return _known(
        "Note",
        id=_content.response_id(entry.id, response),
        inReplyTo=entry.id,
        attributedTo=_known("Person", name=who)
        if is_reader
        else _organisation(who, response.organisation),
        published=_json.time(response.published_at),
        updated=_json.time(response.updated_at),
        mediaType="text/html",
        content=response.body,
    ) | _ours(role=response.responder_role, change=response.change)


def _deleted(tombstone: Tombstone) -> dict[str, Any]:
    at = rfc3339(tombstone.at)
    gone = _known("Tombstone", id=tombstone.id, formerType=_STORY, deleted=at)
    return _known("Delete", published=at, object=gone) | _ours(reason=tombstone.reason)


def _metadata(head: Head, length: int) -> dict[str, Any]:
    about = {
        "name": head.title,
        "summary": escape(f"Stories for {head.partner}"),
        "url": head.home_url,
    }
    if head.is_complete:
        feed = _known("OrderedCollection", id=head.id, **about, totalItems=length)
    else:
        whole = _known("OrderedCollection", id=head.id, **about, first=head.first_url)
        feed = _known("OrderedCollectionPage", id=head.self_url, partOf=whole, next=head.next_url)
    ways = {"self": head.self_url, "prev-archive": head.prev_archive_url, "hub": head.hub_url}
    return (
        {"@context": CONTEXT}
        | feed
        | {"updated": rfc3339(head.updated_at)}
        | {f"iana:{relation}": _node(url) for relation, url in ways.items() if url}
        | _ours(
            seq=head.seq,
            archive=head.is_archive,
            complete=head.is_complete,
            manifest=_node(head.manifest_url),
        )
    )
