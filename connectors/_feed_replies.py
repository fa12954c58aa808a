"""Put the entries that reply to another where they belong: under the story they reply to.

Spec: https://www.rfc-editor.org/rfc/rfc4685
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from connectors._feed_entry import Entry


class Placed(NamedTuple):
    """One entry of a document, where it stands, and by what the channel knows it."""

    node: Any
    entry: Entry
    external_id: str


class Threads(NamedTuple):
    """The entries of a document: those that tell, and those that reply."""

    told: Sequence[Placed]
    replies: Mapping[str, Sequence[Placed]]
    """By the external id of the story that they reply to, at once or through other replies."""
    lost: Sequence[Placed]
    """Replies to what is not in the document."""
    passed_over: Sequence[Placed]
    """Replies of those whose replies are no responses."""


def sort(entries: Sequence[Placed], responders: Collection[str]) -> Threads:
    """Sort entries by what they reply to; `responders` are the authors who count, none is all."""
    named = {name: one for one in entries for name in (one.entry.url, one.entry.id) if name}
    told, lost, passed_over = [], [], []
    replies: dict[str, list[Placed]] = {}
    for one in entries:
        if not one.entry.in_reply_to:
            told.append(one)
            continue
        story = _root(one, named)
        if story is None:
            lost.append(one)
        elif responders and one.entry.author not in responders:
            passed_over.append(one)
        else:
            replies.setdefault(story.external_id, []).append(one)
    return Threads(told, replies, lost, passed_over)


def _root(reply: Placed, named: Mapping[str, Placed]) -> Placed | None:
    """Find the story at the head of a thread; None where it is not here, or leads in a circle."""
    at, been = reply, {id(reply)}
    while at.entry.in_reply_to:
        above = named.get(at.entry.in_reply_to)
        if above is None or id(above) in been:
            return None
        been.add(id(above))
        at = above
    return at


def response(reply: Placed, organisation: str | None) -> dict[str, Any]:
    """Tell a reply in the fields of a draft's response."""
    told = reply.entry.body or reply.entry.summary
    made: dict[str, Any] = {
        "external_id": reply.external_id,
        "organisation": organisation,
        "organisation_name": reply.entry.author or None,
        "body": told[0] if told else reply.entry.title,
        "published_at": reply.entry.published or None,
        "updated_at": reply.entry.updated or None,
    }
    return made | ({"body_format": told[1]} if told else {})
