"""Read a business unit's reviews on Trustpilot.

The service lists the newest first and tells of no removal. A run walks back to some days before
the newest review that it knows of: an edit or a reply is seen within those days.
Spec: https://developers.trustpilot.com/business-units-api-(public)
"""

from collections.abc import Iterator
from typing import Any

import orjson
from pydantic import ConfigDict, Field

from connectors import _web_page, _window
from connectors._http import Http
from connectors._window import Seen, Window
from connectors.channels import told
from schemas.channel import Channel, Faulty, Fetched, Options, Parsed, Tells
from schemas.errors import GarbledError, RefusedError
from schemas.story import Author, Draft, DraftResponse, Kind, Rating, Service

VERSION = "1"
SECRETS: tuple[str, ...] = ("key",)
EVERY = "1h"
TELLS = frozenset({Tells.EDITS, Tells.REPLIES})

MEDIA_TYPE = "application/vnd.retold.trustpilot+json"
"""Of a page of reviews, as it was received."""

_LEAST, _MOST = 1, 5


class Opts(Options):
    """What a channel of Trustpilot may be told."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    business_unit: str = Field(pattern=r"^[0-9A-Za-z]+$")
    """The id of the business unit whose reviews are read."""
    service: str | None = Field(default=None, pattern=r"^[^:\s]+:\S+$")
    """The organisation that they are about, as `ods:RXX`."""
    base_url: str = "https://api.trustpilot.com/v1"
    """Where the API begins."""
    page_size: int = Field(default=100, ge=1, le=100)
    """Reviews that are asked for at once."""
    look_back_days: int = Field(default=30, ge=1)
    """Days before the newest known review in which an edit or a reply is seen."""
    per_second: float = Field(default=5, gt=0)
    """Requests a second that the service allows."""


OPTIONS: type[Options] = Opts


def fetch(channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
    """Give pages that hold a review that is new, edited or answered."""
    window = Window(cursor)
    for payload, after in window.news(_walk(channel, http, window)):
        yield Fetched(
            payload=payload, media_type=MEDIA_TYPE, url=told(channel, Opts).base_url, cursor=after
        )


def _walk(channel: Channel, http: Http, window: Window) -> Iterator[Seen]:
    return window.twice_at_first(lambda: _passed(channel, http, window))


def _passed(channel: Channel, http: Http, window: Window) -> Iterator[Seen]:
    """Go through the pages, the newest reviews first, back to where nothing is seen any more."""
    options = told(channel, Opts)
    start = window.start(options.look_back_days)
    seen: set[str] = set()
    number = 1
    while True:
        raw = _ask(channel, options, http, number)
        listed = _listed(channel.id, raw)
        checks = {_name(one) or f"?{_window.check(one)}": _window.check(one) for one in listed}
        if checks:
            dates = [_created(one) for one in listed]
            yield Seen(raw, checks, max(dates))
        if len(listed) < options.page_size or _window.is_passed(dates, start):
            return
        if not checks.keys() - seen:
            raise GarbledError(channel.id, "page after page holds the same: has the API changed?")
        seen |= checks.keys()
        number += 1


def _ask(channel: Channel, options: Opts, http: Http, number: int) -> bytes:
    answer = http.get(
        channel.id,
        f"{options.base_url.rstrip('/')}/business-units/{options.business_unit}/reviews",
        params={"page": number, "perPage": options.page_size, "orderBy": "createdat.desc"},
        secret_headers={"apikey": channel.secrets.get("key", "")},
        per_second=options.per_second,
        accept="application/json",
    )
    if len(answer.hops) > 1:
        raise RefusedError(
            channel.id, "we were led elsewhere: check the secret `key`, or `base_url`"
        )
    return answer.body


def _listed(who: str, raw: bytes) -> list[Any]:
    if _web_page.is_one(raw):
        raise GarbledError(who, "a web page came where reviews were promised; check base_url")
    try:
        page = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise GarbledError(who, f"what came is no JSON: {error}") from error
    found = page.get("reviews") if isinstance(page, dict) else None
    if not isinstance(found, list):
        raise GarbledError(who, "what came holds no list of reviews: has the API changed?")
    return found


def _name(review: Any) -> str | None:
    found = review.get("id") if isinstance(review, dict) else None
    return found if isinstance(found, str) and found.strip() else None


def _created(review: Any) -> str:
    return _window.utc(review.get("createdAt")) if isinstance(review, dict) else ""


def parse(channel: Channel, fetched: Fetched) -> Parsed:
    """Make drafts of a page of reviews; who wrote them keeps a name, never an address."""
    options = told(channel, Opts)
    drafts: list[Draft] = []
    faulty: list[Faulty] = []
    for one in _listed(channel.id, fetched.payload):
        name = _name(one)
        if name is None:
            faulty.append(_faulty(one, "no_id", "it has no id to know it by", None))
            continue
        try:
            drafts.append(_draft(one, name, options.service))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            reason = f"review {name}: {type(error).__name__}: {error}"
            faulty.append(_faulty(one, "bad_review", reason, name))
    return Parsed(drafts=tuple(drafts), faulty=tuple(faulty))


def _draft(review: dict[str, Any], name: str, service: str | None) -> Draft:
    scheme, _, code = (service or "").partition(":")
    consumer = review.get("consumer") or {}
    return Draft(
        external_id=name,
        url=f"https://www.trustpilot.com/reviews/{name}",
        kind=Kind.REVIEW,
        title=review.get("title"),
        body=review.get("text") or "",
        language=review.get("language"),
        ratings=(_rating(review["stars"]),),
        services=(Service(scheme=scheme, code=code),) if service else (),
        author=Author(display_name=consumer.get("displayName")),
        published_at=review.get("createdAt"),
        updated_at=review.get("updatedAt") or review.get("createdAt"),
        responses=_responses(review.get("companyReply"), service),
    )


def _rating(stars: Any) -> Rating:
    value = float(stars)
    if not _LEAST <= value <= _MOST:
        raise ValueError(f"{value:g} stars are none from {_LEAST} to {_MOST}")
    return Rating(scheme="trustpilot", value=value, min=_LEAST, max=_MOST)


def _responses(reply: dict[str, Any] | None, service: str | None) -> tuple[DraftResponse, ...]:
    if not reply:
        return ()
    return (
        DraftResponse(
            organisation=service,
            body=reply["text"],
            published_at=reply.get("createdAt"),
            updated_at=reply.get("updatedAt"),
        ),
    )


def _faulty(one: Any, code: str, reason: str, name: str | None) -> Faulty:
    return Faulty(
        payload=orjson.dumps({"reviews": [one]}),
        media_type=MEDIA_TYPE,
        code=code,
        reason=reason,
        external_id=name,
    )
