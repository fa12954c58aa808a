"""Write a feed as a schema.org `DataFeed` of reviews, in JSON-LD 1.1, for who links what is known.

What an organisation announces is no review but a `SocialMediaPosting` of its own. The context
stands within: nothing need be fetched to read a document. `reviewBody` is plain text; the markup
of a story is in the other formats. What schema.org has no word for is under `retold`.
Spec: https://schema.org/DataFeed, https://schema.org/Review,
https://schema.org/SocialMediaPosting, https://www.w3.org/TR/json-ld11/
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from feeds import _content, _json
from feeds._content import rfc3339
from schemas.feed import BEACON_MARK, CREDIT_MARK, Entry, Head, Slot, Subject, Tombstone
from schemas.story import Rating, Response, Tag

MEDIA_TYPE = "application/ld+json"
EXTENSION = "jsonld"
VERSION = "2"
CARRIES_TOMBSTONES = True

_ADDRESS = {"@type": "@id"}
_WHEN = {"@type": "DateTime"}
CONTEXT = {
    "@vocab": "https://schema.org/",
    "retold": "urn:retold:feed:",
    "to": "http://www.iana.org/assignments/relation/",
    "url": _ADDRESS,
    "isBasedOn": _ADDRESS,
    "dateCreated": _WHEN,
    "dateDeleted": _WHEN,
    "dateModified": _WHEN,
    "datePublished": _WHEN,
}
"""What the words of a document mean."""

_CREDIT = b',"creditText":['
_END = f"{CREDIT_MARK}]{BEACON_MARK}}}}}".encode()
_BEACON = b',"retold:beacon":'


def fragments(told: Sequence[Entry]) -> list[bytes]:
    """Write each entry as a `DataFeedItem` of a `Review` or a post, with marks at its end."""
    return [_fragment(entry) for entry in told]


def _fragment(entry: Entry) -> bytes:
    opening = orjson.dumps(
        {
            "@type": "DataFeedItem",
            "dateCreated": rfc3339(entry.published_at),
            "dateModified": rfc3339(entry.updated_at),
            "item": _item(entry),
        }
    )
    credit = orjson.dumps(entry.attribution) if entry.attribution else b""
    return opening.removesuffix(b"}}") + _CREDIT + credit + _END


def document(head: Head, slots: Sequence[Slot], tombstones: Sequence[Tombstone]) -> bytes:
    """Join fragments into one `DataFeed`; what was deleted stands before the reviews."""
    credit = orjson.dumps(head.credit) if head.credit else b""
    elements = [orjson.dumps(_deleted(tombstone)) for tombstone in tombstones]
    elements += [_spliced(slot, credit) for slot in slots]
    opening = orjson.dumps(_metadata(head))[:-1]
    return b'%b,"dataFeedElement":[\n%b\n]}\n' % (opening, b",\n".join(elements))


def _spliced(slot: Slot, credit: bytes) -> bytes:
    before, _, after = slot.fragment.rpartition(_END)
    if before.endswith(_CREDIT):  # the channel asks for no thanks
        before = before if credit else before.removesuffix(_CREDIT)
        closing = b"]" if credit else b""
    else:
        before += b"," if credit else b""
        closing = b"]"
    beacon = b"" if slot.beacon_url is None else _BEACON + orjson.dumps(slot.beacon_url)
    return before + credit + closing + beacon + b"}}" + after


def _known(kind: str, **fields: Any) -> dict[str, Any]:
    """Make a node of what is known; of the rest nothing is said."""
    return {"@type": kind} | _json.known(fields)


def _item(entry: Entry) -> dict[str, Any]:
    publisher = _known("Organization", name=entry.origin.publisher) if entry.origin else None
    is_post = _content.is_post(entry)
    item = _known(
        "SocialMediaPosting" if is_post else "Review",
        name=entry.title,
        url=entry.url,
        isBasedOn=entry.origin.url if entry.origin else None,
        inLanguage=entry.language,
        author=_announcer(entry) if is_post else _person(entry.author),
        datePublished=rfc3339(entry.published_at),
        dateModified=rfc3339(entry.updated_at),
        expires=_moment(entry.expires_at),
        **(_announced(entry) if is_post else _reviewed(entry)),
        keywords=[_keyword(tag) for tag in entry.tags],
        comment=[_comment(entry, response) for response in entry.responses],
        publisher=publisher,
        license=_known("CreativeWork", name=entry.licence) if entry.licence else None,
    )
    ours = {"retold:kind": entry.kind, "retold:revision": entry.revision}
    open_or_closed = {"retold:comments": entry.comments} if entry.comments else {}
    thanks = {"retold:attribution": {"@id": url}} if (url := entry.attribution_url) else {}
    return {"@id": entry.id} | item | ours | open_or_closed | thanks


def _moment(at: datetime | None) -> dict[str, str] | None:
    """Say of a time itself that it is one: few say it, and so the context of all does not."""
    return {"@type": "DateTime", "@value": rfc3339(at)} if at else None


def _reviewed(entry: Entry) -> dict[str, Any]:
    return {
        "reviewBody": entry.text,
        "itemReviewed": [_organisation(subject) for subject in entry.subjects],
        "reviewRating": [_rating(rating) for rating in entry.ratings],
    }


def _announced(entry: Entry) -> dict[str, Any]:
    return {
        "articleBody": entry.text,
        "about": [_organisation(subject) for subject in entry.subjects],
    }


def _announcer(entry: Entry) -> dict[str, Any]:
    known = (subject for subject in entry.subjects if subject.name == entry.author)
    return next(map(_organisation, known), _known("Organization", name=entry.author))


def _person(name: str) -> dict[str, Any]:
    """Say who told a story: a name or a role, and never more than that."""
    return _known("Person", name=name)


def _organisation(subject: Subject) -> dict[str, Any]:
    return _known("Organization", name=subject.name, identifier=_identifier(subject.id))


def _identifier(known_as: str) -> dict[str, Any]:
    scheme, _, code = known_as.partition(":")
    return _known("PropertyValue", propertyID=scheme, value=code)


def _rating(rating: Rating) -> dict[str, Any]:
    return _known(
        "Rating",
        name=rating.label,
        reviewAspect=rating.question,
        ratingValue=rating.value,
        worstRating=rating.min,
        bestRating=rating.max,
    ) | {"retold:scheme": rating.scheme}


def _keyword(tag: Tag) -> dict[str, Any]:
    group = _known("DefinedTermSet", name=tag.group) if tag.group else None
    polarity = {} if tag.polarity is None else {"retold:polarity": tag.polarity}
    return _known("DefinedTerm", name=tag.name, inDefinedTermSet=group) | polarity


def _comment(entry: Entry, response: Response) -> dict[str, Any]:
    named = response.organisation_name or response.organisation
    identifier = _identifier(response.organisation) if response.organisation else None
    # Who comments on a post is an organisation only where the channel says which.
    is_reader = _content.is_post(entry) and identifier is None
    organisation = _known("Organization", name=named, identifier=identifier) if named else None
    author = _person(named) if named and is_reader else organisation
    change = {"retold:change": response.change} if response.change else {}
    return (
        _known(
            "Comment",
            identifier=response.id,
            author=author,
            datePublished=_json.time(response.published_at),
            dateModified=_json.time(response.updated_at),
            text=response.body_text,
        )
        | ({"retold:role": response.responder_role} if response.responder_role else {})
        | change
    )


def _deleted(tombstone: Tombstone) -> dict[str, Any]:
    return {
        "@type": "DataFeedItem",
        "dateDeleted": rfc3339(tombstone.at),
        "description": tombstone.reason,
        "item": {"@id": tombstone.id},
    }


def _metadata(head: Head) -> dict[str, Any]:
    ways = {
        "self": head.self_url,
        "current" if head.is_archive else "first": head.first_url,
        "next": head.next_url,
        "prev-archive": head.prev_archive_url,
    }
    feed = _known(
        "DataFeed",
        name=head.title,
        description=f"Stories for {head.partner}",
        url=head.home_url,
        dateModified=rfc3339(head.updated_at),
    )
    ours = {
        "retold:seq": head.seq,
        "retold:archive": head.is_archive,
        "retold:complete": head.is_complete,
    }
    manifest = {"retold:manifest": {"@id": head.manifest_url}} if head.manifest_url else {}
    links = {f"to:{rel}": {"@id": href} for rel, href in ways.items() if href}
    return {"@context": CONTEXT, "@id": head.id} | feed | links | ours | manifest
