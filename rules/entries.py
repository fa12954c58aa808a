"""How a story stands in a feed, before it takes on a format."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256

import orjson

from schemas.feed import Entry, Origin, Subject
from schemas.story import Author, Kind, Reference, Response, Service, Status, Story

VERSION = "2"
"""Of these rules; moves whenever the same story would make another entry."""

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the time of a story that bears none: a feed must name one, and never `now`."""

NAMELESS = "Anonymous"

_ROLES = {
    "patient": "A patient",
    "relative": "A relative",
    "carer": "A carer",
    "staff": "A member of staff",
}


def entry(story: Story, names: Mapping[str, str]) -> Entry:
    """Make of a story what every partner may see of it; `names` are of organisations by id."""
    responses = _shown(story, names)
    published = told_at(story) or UNDATED
    return Entry(
        id=story.id,
        revision=story.revision,
        kind=story.kind,
        title=story.title,
        html=story.body,
        text=story.body_text,
        url=_absolute(story.origin.url) or _absolute(story.url),
        origin=_origin(story.origin),
        language=story.language,
        author=_announcer(story, names) if story.kind == Kind.POST else _author(story.author),
        attribution=story.rights.attribution_text,
        attribution_url=_absolute(story.rights.attribution_url),
        licence=story.rights.licence,
        published_at=published,
        updated_at=_latest((published, story.updated_at, *_times(responses))),
        subjects=_subjects(story, names),
        tags=story.tags,
        ratings=story.ratings,
        responses=responses,
        comments=story.comments,
        expires_at=story.expires_at,
    )


def told_at(story: Story) -> datetime | None:
    """Say when a story was published, or the next best that is known; None where nothing is."""
    return story.published_at or story.updated_at or story.submitted_at


def names_digest(story: Story, names: Mapping[str, str]) -> str:
    """Digest the organisations' names that an entry of the story shows, and nothing else."""
    subjects = [(subject.id, subject.name) for subject in _subjects(story, names)]
    answering = [response.organisation_name for response in _shown(story, names)]
    return _digest(subjects, answering)


def fragment_digest(story: Story, names: Mapping[str, str], format_name: str, version: str) -> str:
    """Digest all that a fragment's bytes depend on, beside the story's own revision."""
    return _digest(names_digest(story, names), format_name, version, VERSION)


def _digest(*parts: object) -> str:
    return sha256(orjson.dumps(parts)).hexdigest()


def _subjects(story: Story, names: Mapping[str, str]) -> tuple[Subject, ...]:
    # One organisation may serve in two roles; a reader wants it once, where it stood first.
    first: dict[str, Service] = {}
    for service in story.services:
        first.setdefault(service.organisation, service)
    return tuple(
        Subject(id=known, name=names.get(known) or service.name or service.code)
        for known, service in first.items()
    )


def _shown(story: Story, names: Mapping[str, str]) -> tuple[Response, ...]:
    published = (r for r in story.responses if r.status is Status.PUBLISHED)
    return tuple(_named(response, names) for response in published)


def _named(response: Response, names: Mapping[str, str]) -> Response:
    # The name under which it answered stands: it may have been renamed since.
    known = names.get(response.organisation or "")
    if response.organisation_name or known is None:
        return response
    return response.model_copy(update={"organisation_name": known})


def _times(responses: Iterable[Response]) -> Iterable[datetime | None]:
    for response in responses:
        yield response.published_at
        yield response.updated_at


def _latest(moments: Iterable[datetime | None]) -> datetime:
    return max(moment for moment in moments if moment)


def _author(author: Author) -> str:
    named = (author.display_name or "").strip()
    role = (author.role or "").strip()
    return named or _ROLES.get(role) or role.replace("_", " ").capitalize() or NAMELESS


def _announcer(story: Story, names: Mapping[str, str]) -> str:
    """Name the organisation that a post is of, and not whoever typed it."""
    of = _subjects(story, names)
    told = (story.author.display_name or "").strip()
    return of[0].name if of else told or story.origin.publisher


def _origin(reference: Reference) -> Origin | None:
    # Of what nobody can look up, the publisher may be a name that we gave to a survey.
    url = _absolute(reference.url)
    return Origin(publisher=reference.publisher, url=url) if url else None


def _absolute(url: str | None) -> str | None:
    return url if url and url.lower().startswith(("https://", "http://")) else None
