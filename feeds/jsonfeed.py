"""Write a feed as JSON Feed 1.1, with what it has no word for under `_retold`.

Spec: https://www.jsonfeed.org/version/1.1/
"""

from collections.abc import Sequence
from typing import Any

import orjson

from feeds import _content, _json
from feeds._content import rfc3339
from schemas.feed import BEACON_MARK, CREDIT_MARK, Entry, Head, Slot, Tombstone
from schemas.story import Response

MEDIA_TYPE = "application/feed+json"
EXTENSION = "json"
VERSION = "3"
CARRIES_TOMBSTONES = True

_EXTENSION_OBJECT = b'","_retold":{'
_MARKS = (
    f'{CREDIT_MARK}{BEACON_MARK}{_EXTENSION_OBJECT.decode()}"beacon_url":"{BEACON_MARK}",'
).encode()


def fragments(told: Sequence[Entry]) -> list[bytes]:
    """Write each entry as an item, with marks at the end of its content and in `_retold`."""
    return [_fragment(entry) for entry in told]


def _fragment(entry: Entry) -> bytes:
    return b'%b,"content_html":%b%b%b}' % (
        orjson.dumps(_standard(entry))[:-1],
        orjson.dumps(_content.html(entry))[:-1],
        _MARKS,
        orjson.dumps(_extension(entry))[1:],
    )


def document(head: Head, slots: Sequence[Slot], tombstones: Sequence[Tombstone]) -> bytes:
    """Join fragments into one feed; what was removed stands before the items."""
    credit = _json.inner(_content.credit(head.credit))
    parts = [orjson.dumps(_metadata(head, tombstones))[:-1], b',"items":[']
    between = b"\n"
    for slot in slots:
        parts += (between, *_spliced(slot, credit))
        between = b",\n"
    parts.append(b"\n]}\n")
    return b"".join(parts)


def _spliced(slot: Slot, credit: bytes) -> tuple[bytes, ...]:
    before, _, after = slot.fragment.rpartition(_MARKS)
    url = slot.beacon_url
    if url is None:
        return before, credit, _EXTENSION_OBJECT, after
    src, named = _json.address(url)
    return before, credit, _BEACON[0], src, _BEACON[1], named, b'",', after


_BEACON = (
    _json.inner(_content.BEACON[0]),
    _json.inner(_content.BEACON[1]) + _EXTENSION_OBJECT + b'"beacon_url":"',
)


def _known(**fields: Any) -> dict[str, Any]:
    """Leave out what is not known: JSON Feed has no place for null."""
    return {name: value for name, value in fields.items() if value is not None}


def _standard(entry: Entry) -> dict[str, Any]:
    return _known(
        id=entry.id,
        url=entry.url,
        title=entry.title,
        date_published=rfc3339(entry.published_at),
        date_modified=rfc3339(entry.updated_at),
        authors=[{"name": entry.author}],
        tags=[tag.name for tag in entry.tags],
        language=entry.language,
    )


def _extension(entry: Entry) -> dict[str, Any]:
    return {
        "revision": entry.revision,
        "kind": entry.kind,
        **_known(comments=entry.comments, expires_at=_json.time(entry.expires_at)),
        "organisations": [{"id": s.id, "name": s.name} for s in entry.subjects],
        "ratings": [_json.rating(rating) for rating in entry.ratings],
        "tags": [{"name": t.name, "group": t.group, "polarity": t.polarity} for t in entry.tags],
        "responses": [_response(response) for response in entry.responses],
        "attribution": {"text": entry.attribution, "url": entry.attribution_url},
        "licence": entry.licence,
    }


def _response(response: Response) -> dict[str, Any]:
    return {
        "id": response.id,
        "organisation": response.organisation,
        "organisation_name": response.organisation_name,
        "role": response.responder_role,
        "published_at": _json.time(response.published_at),
        "updated_at": _json.time(response.updated_at),
        "change": response.change,
        "content_html": response.body,
    }


def _metadata(head: Head, tombstones: Sequence[Tombstone]) -> dict[str, Any]:
    removed = [{"id": t.id, "reason": t.reason, "at": rfc3339(t.at)} for t in tombstones]
    return _known(
        version="https://jsonfeed.org/version/1.1",
        title=head.title,
        description=f"Stories for {head.partner}",
        home_page_url=head.home_url,
        feed_url=head.self_url,
        next_url=head.next_url,
        hubs=[{"type": "WebSub", "url": head.hub_url}] if head.hub_url else None,
        _retold={
            "id": head.id,
            "first_url": head.first_url,
            "updated_at": rfc3339(head.updated_at),
            "seq": head.seq,
            "removed": removed,
            "archive": head.is_archive,
            "complete": head.is_complete,
            **_known(prev_archive_url=head.prev_archive_url, manifest_url=head.manifest_url),
        },
    )
