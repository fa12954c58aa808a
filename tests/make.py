"""Records with every field filled in; name only what the test is about."""

from datetime import UTC, datetime
from typing import Any

from schemas.channel import Channel
from schemas.story import Content, Draft, Response, Story, Telling

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
"""When nothing else is said."""

RIGHTS: dict[str, Any] = {
    "licence": "CC BY-NC-SA 4.0",
    "may_syndicate": True,
    "attribution_text": "First told on the Opinion Site",
    "attribution_url": "https://opinion.example/about",
    "retention_days": 730,
}

_ABOUT: dict[str, Any] = {
    "kind": "story",
    "title": "Kind staff, long wait",
    "language": "en-GB",
    "url": "https://opinion.example/s/1",
    "origin": {
        "publisher": "opinion.example",
        "external_id": "1",
        "url": "https://opinion.example/s/1",
    },
    "parts": (
        {"question": "What was good?", "question_type": "what_good", "text": "The staff."},
        {"question": "What could be better?", "question_type": "could_improve", "text": "Parking."},
    ),
    "ratings": (
        {
            "scheme": "stars",
            "question": "Overall",
            "value": 4,
            "min": 1,
            "max": 5,
            "label": "Good",
        },
    ),
    "fft": 2,
    "criticality": 1,
    "sentiment": 0.5,
    "tags": ({"name": "staff", "group": "good", "polarity": 1, "by": "author"},),
    "services": (
        {"scheme": "ods", "code": "RXX", "name": "Anytown NHS Trust", "role": "provider"},
    ),
    "author": {
        "display_name": "Ash",
        "role": "patient",
        "age_band": "35-44",
        "area": "Anytown",
    },
    "experienced_at": "2025-11",
    "ext": {"ward": "Seven"},
}
"""What a draft and a content say alike."""


def draft(**fields: Any) -> Draft:
    given = _ABOUT | {
        "external_id": "1",
        "references": ({"publisher": "other.example", "external_id": "A1", "url": None},),
        "body": "The nurses were **kind**.\n\nWe waited four hours.",
        "body_format": "markdown",
        "base_url": "https://opinion.example/s/1",
        "submitted_at": "2025-12-30T09:00:00Z",
        "published_at": "2026-01-02T12:00:00Z",
        "updated_at": "2026-01-03T12:00:00Z",
        "responses": (
            {
                "external_id": "r1",
                "organisation": "ods:RXX",
                "organisation_name": "Anytown NHS Trust",
                "responder_role": "Ward manager",
                "body": "Thank you for telling us.",
                "published_at": "2026-01-03T12:00:00Z",
                "updated_at": "2026-01-03T12:00:00Z",
                "change": "planned",
            },
        ),
    }
    return Draft.model_validate(given | fields)


def channel(**fields: Any) -> Channel:
    given: dict[str, Any] = {
        "id": "opinion",
        "kind": "atom",
        "publisher": "opinion.example",
        "rights": RIGHTS,
        "language": "en-GB",
        "every": "1h",
        "secrets": {"key": "not-a-real-key"},
    }
    return Channel.model_validate(given | fields)


def response(**fields: Any) -> Response:
    given: dict[str, Any] = {
        "id": "r1",
        "organisation": "ods:RXX",
        "organisation_name": "Anytown NHS Trust",
        "responder_role": "Ward manager",
        "body": "<p>Thank you for telling us.</p>",
        "body_text": "Thank you for telling us.",
        "published_at": "2026-01-03T12:00:00Z",
        "updated_at": "2026-01-03T12:00:00Z",
        "status": "published",
        "change": "planned",
    }
    return Response.model_validate(given | fields)


def _content() -> dict[str, Any]:
    return _ABOUT | {
        "body": "<p>The nurses were <strong>kind</strong>.</p>\n<p>We waited four hours.</p>",
        "body_text": "The nurses were kind.\nWe waited four hours.",
        "submitted_at": "2025-12-30T09:00:00Z",
        "published_at": NOON,
        "updated_at": "2026-01-03T12:00:00Z",
        "as_told": {
            "experienced_at": "2025-11",
            "submitted_at": "2025-12-30T09:00:00Z",
            "published_at": "2026-01-02T12:00:00Z",
            "updated_at": "2026-01-03T12:00:00Z",
        },
        "responses": (response(),),
        "rights": RIGHTS,
        "moderation": {"codes": (), "pii": ()},
    }


def content(**fields: Any) -> Content:
    return Content.model_validate(_content() | fields)


def story(**fields: Any) -> Story:
    given = _content() | {
        "id": "urn:uuid:6f6b0c1e-3f0a-4c3e-9d7a-000000000001",
        "revision": 1,
        "source": {"channel": "opinion", "external_id": "1", "url": "https://opinion.example/s/1"},
        "status": "published",
        "reason": None,
        "publishers": ("opinion.example",),
        "removed_at": None,
    }
    return Story.model_validate(given | fields)


def telling(**fields: Any) -> Telling:
    """Tell `content` on the opinion site; its fingerprint is a stand-in unless named."""
    told = fields.get("content", content())
    given: dict[str, Any] = {
        "channel": "opinion",
        "external_id": "1",
        "references": (told.origin,),
        "is_origin": True,
        "told_at": told.updated_at,
        "content": told,
        "canonical": told.model_dump_json(),
        "fingerprint": "f" * 64,
    }
    return Telling.model_validate(given | fields)
