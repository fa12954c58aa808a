"""A review as the NHS website's API tells it, and the draft that it makes.

Spec: https://developer.api.nhs.uk/nhs-api/documentation/comments
"""

from collections.abc import Mapping
from typing import Any

from schemas.story import (
    Author,
    Draft,
    DraftResponse,
    Kind,
    Rating,
    Reference,
    Service,
)

_LEAST, _MOST = 1, 5


def name(review: Any) -> str | None:
    """Give the id by which a review is known; None where it has none."""
    comment = review.get("comment") if isinstance(review, dict) else None
    found = comment.get("commentId") if isinstance(comment, dict) else None
    return str(found).lower() if isinstance(found, str) and found.strip() else None


def draft(review: Mapping[str, Any], publisher: str, publishers: Mapping[str, str]) -> Draft:
    """Make a draft of a review; what it lacks or has wrong is a KeyError, Type- or ValueError.

    `publishers` names who first published it, by the service's number of them.
    """
    told = review["comment"]
    first = _first(told, publishers)
    number = told.get("commentRef")
    own = [Reference(publisher=publisher, external_id=str(number))] if number else []
    return Draft(
        external_id=str(name(review)),
        url=told.get("commentOriginalURL") or None,
        origin=first,
        references=tuple(own),
        kind=Kind.REVIEW,
        title=told.get("title"),
        body=told["commentText"],
        ratings=tuple(_rating(one) for one in told.get("ratings") or ()),
        services=(Service(scheme="ods", code=told["odsCode"]),),
        author=Author(display_name=told.get("screenName") or None),
        experienced_at=_month(told.get("visit")),
        submitted_at=told.get("dateSubmitted"),
        updated_at=told.get("lastUpdated"),
        responses=_responses(review.get("response"), told["odsCode"]),
        ext={"department": told["department"]} if told.get("department") else {},
    )


def _first(told: Mapping[str, Any], publishers: Mapping[str, str]) -> Reference | None:
    publisher = publishers.get(str(told.get("publisherID") or ""))
    reference = told.get("publishersCommentRef")
    if not publisher or not reference:
        return None
    return Reference(publisher=publisher, external_id=str(reference))


def _rating(told: Mapping[str, Any]) -> Rating:
    value = float(told["rating"])
    if not _LEAST <= value <= _MOST:
        raise ValueError(f"a rating of {value:g} is none from {_LEAST} to {_MOST}")
    return Rating(
        scheme="nhs.uk", question=str(told["question"]), value=value, min=_LEAST, max=_MOST
    )


def _month(visit: Any) -> str | None:
    if not visit:
        return None
    return f"{int(visit['year']):04}-{int(visit['month']):02}"


def _responses(told: Mapping[str, Any] | None, code: str) -> tuple[DraftResponse, ...]:
    if not told:
        return ()
    return (
        DraftResponse(
            external_id=told.get("commentId") or told.get("commentID") or None,
            organisation=f"ods:{code}",
            body=told["commentText"],
            published_at=told.get("dateSubmitted"),
            updated_at=told.get("lastUpdated"),
        ),
    )
