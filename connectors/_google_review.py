"""A review as Google Business Profile tells it, and the draft that it makes.

Spec: https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews
"""

import re
from collections.abc import Mapping
from typing import Any

from schemas.story import Author, Draft, DraftResponse, Kind, Rating, Service

STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
_UNSPECIFIED = "STAR_RATING_UNSPECIFIED"
_ORIGINAL = re.compile(r"\(Original\)\s*(.*)\Z", re.DOTALL)
_TRANSLATED = re.compile(r"\s*\(Translated by Google\).*\Z", re.DOTALL)


def name(review: Any) -> str | None:
    """Give the id of a review; None where it has none."""
    found = review.get("reviewId") if isinstance(review, dict) else None
    return found if isinstance(found, str) and found.strip() else None


def text(comment: Any) -> str:
    """Take what a person wrote, without what a machine made of it."""
    if comment is None:
        return ""
    if not isinstance(comment, str):
        raise TypeError(f"a comment that is no text: {comment!r}")
    original = _ORIGINAL.search(comment)
    return (original[1] if original else _TRANSLATED.sub("", comment)).strip()


def draft(review: Mapping[str, Any], service: str) -> Draft:
    """Make a draft of a review; what it has wrong is a KeyError, Type- or ValueError."""
    scheme, _, code = service.partition(":")
    reviewer = review.get("reviewer") or {}
    shown = None if reviewer.get("isAnonymous") else reviewer.get("displayName")
    return Draft(
        external_id=str(name(review)),
        kind=Kind.REVIEW,
        body=text(review.get("comment")),
        ratings=_ratings(review.get("starRating")),
        services=(Service(scheme=scheme, code=code),) if service else (),
        author=Author(display_name=shown),
        published_at=review.get("createTime"),
        updated_at=review.get("updateTime"),
        responses=_responses(review.get("reviewReply"), service),
    )


def _ratings(word: Any) -> tuple[Rating, ...]:
    if word in {None, _UNSPECIFIED}:
        return ()
    if word not in STARS:
        raise ValueError(f"{word!r} is no number of stars; they are: {', '.join(STARS)}")
    return (Rating(scheme="google", value=STARS[word], min=1, max=5),)


def _responses(reply: Mapping[str, Any] | None, service: str) -> tuple[DraftResponse, ...]:
    if not reply:
        return ()
    return (
        DraftResponse(
            organisation=service or None,
            body=text(reply["comment"]),
            published_at=reply.get("updateTime"),
            updated_at=reply.get("updateTime"),
        ),
    )
