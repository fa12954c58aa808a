"""Make drafts of what Care Opinion's API says of a story.

Spec: https://www.careopinion.org.uk/info/api-v2-content
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from schemas.story import (
    Author,
    BodyFormat,
    Change,
    Draft,
    DraftResponse,
    Kind,
    Reference,
    Service,
    Tag,
)

CRITICALITY = {
    "not critical": 0,
    "minimally critical": 1,
    "mildly critical": 2,
    "moderately critical": 3,
    "strongly critical": 4,
    "severely critical": 5,
}

IMPORTS = {"nhschoices": "nhs.uk", "nhs.uk": "nhs.uk"}
"""Publishers by the routes on which stories come that were first told there."""

_CHANGES = (Change.NONE, Change.PLANNED, Change.MADE)

Told = Mapping[str, Any]


def links(told: Told) -> dict[str, tuple[str, str]]:
    """Read links by their relation, as (id, address): documented one way, met in another."""
    found: dict[str, tuple[str, str]] = {}
    for link in told.get("links") or ():
        relation = link.get("rel") or link.get("relation")
        address = link.get("href") or link.get("link") or ""
        if relation:
            found.setdefault(str(relation), (str(link.get("id") or ""), str(address)))
    return found


def draft(opinion: Told, parts: Mapping[str, Iterable[Told]], scheme: str) -> Draft:
    """Make a draft of an opinion and what belongs to it; a KeyError names what it lacks."""
    related = links(opinion)
    _, url = related.get("alternate", ("", ""))
    level = opinion.get("criticality")
    return Draft(
        external_id=str(opinion["id"]),
        url=url or None,
        origin=_origin(opinion, related),
        kind=Kind.STORY,
        title=opinion.get("title"),
        body=opinion["body"],
        body_format=BodyFormat.MARKDOWN,
        base_url=url or None,
        criticality=None if level is None else CRITICALITY[str(level).casefold()],
        tags=tuple(_tag(tag) for tag in parts["tags"]),
        services=tuple(_service(service, scheme) for service in parts["healthservices"]),
        author=Author(role=opinion.get("authorRole"), age_band=opinion.get("authorAgeGroup")),
        submitted_at=opinion.get("dateOfSubmission"),
        published_at=opinion.get("dateOfPublication"),
        responses=tuple(_response(response, scheme) for response in parts["responses"]),
        ext={"progress": opinion.get("progress"), "route": opinion.get("submissionRoute")},
    )


def _origin(opinion: Told, related: Mapping[str, tuple[str, str]]) -> Reference | None:
    """Find where an import was first told: its address names the publisher best."""
    route = str(opinion.get("submissionRoute") or "")
    reference, url = related.get("origin", ("", ""))
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    publisher = host or IMPORTS.get(route.casefold().replace(" ", ""), route)
    if publisher and reference:
        return Reference(publisher=publisher, external_id=reference, url=url or None)
    if publisher in IMPORTS.values():
        # Known to be told there first, though not by what name: no other story bears this one.
        return Reference(publisher=publisher, external_id=f"careopinion:{opinion['id']}")
    return None


def _tag(tag: Told) -> Tag:
    return Tag(name=tag["name"], group=tag.get("group"), polarity=tag.get("polarity"))


def _service(service: Told, scheme: str) -> Service:
    return Service(
        scheme=scheme,
        code=service["nacs"],
        name=service.get("name"),
        role=service.get("type"),
    )


def _response(response: Told, scheme: str) -> DraftResponse:
    code, _ = links(response).get("healthservice", ("", ""))
    change = response.get("changeInt")
    return DraftResponse(
        external_id=None if response.get("id") is None else str(response["id"]),
        organisation=f"{scheme}:{code}" if code else None,
        organisation_name=response.get("organisation"),
        responder_role=response.get("authorRole"),
        body=response["body"],
        published_at=response.get("dateOfPublication") or response.get("dateOfSubmission"),
        change=None if change is None else _CHANGES[change],
    )
