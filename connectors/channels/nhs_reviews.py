"""Read the ratings and reviews of the NHS website, with replies and removals.

A run asks for what was removed and then for what is published, each from some days before the
newest change that it knows of, since the service does not say which date it filters by. Pages
overlap, since the list moves while it is read. The cursor holds a check of each review within
those days, so that nothing is kept twice, and steps on only once a run has seen everything.
Spec: https://developer.api.nhs.uk/nhs-api/documentation/comments
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import orjson
from pydantic import ConfigDict, Field, model_validator

from connectors import _nhs_review, _web_page, _window
from connectors._http import Http, Params
from connectors._window import Seen, Window
from connectors.channels import told
from schemas.channel import Channel, DateReading, Faulty, Fetched, Options, Parsed, Removal, Tells
from schemas.errors import GarbledError, RefusedError
from schemas.story import Draft

VERSION = "1"
SECRETS: tuple[str, ...] = ("key",)
EVERY = "1h"
TELLS = frozenset({Tells.EDITS, Tells.REMOVALS, Tells.REPLIES})

MEDIA_TYPE = "application/vnd.retold.nhs-reviews+json"
"""Of a page: which list it is of, and the answer as it was received."""

STATUSES = ("removed", "published")
"""Removals first: a review that stands in both lists has been put back."""

_OVERLAP = 10
"""Reviews by which pages overlap: so many may vanish between two of them."""


class Opts(Options):
    """What a channel of NHS reviews may be told."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    base_url: str = "https://api.nhs.uk/comments"
    """Where the API begins."""
    ods_codes: tuple[str, ...] = ()
    """The organisations whose reviews are read."""
    org_type: str | None = None
    """Instead of them, a sort of organisation: `TRU`, `HOS`, `GPB`, `DEN`, …"""
    page_size: int = Field(default=100, gt=_OVERLAP, le=1000)
    """Reviews that are asked for at once."""
    look_back_days: int = Field(default=14, ge=1)
    """Days before the newest known change that are read again."""
    per_second: float = Field(default=5, gt=0)
    """Requests a second that the service allows."""
    publishers: dict[str, str] = Field(default={})
    """Who first published a review, by the service's number of them, as channels name them:
    `{ 4 = "careopinion.org.uk" }`. It is how a story is known that came by both."""
    zone: str = "Europe/London"
    """The zone of times that name none."""

    @model_validator(mode="after")
    def _is_about_somebody(self) -> Self:
        if bool(self.ods_codes) == bool(self.org_type):
            raise ValueError("name either ods_codes or an org_type")
        return self


OPTIONS: type[Options] = Opts


def fetch(channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
    """Give pages that hold a review that is new, edited, answered, removed or put back."""
    yield from _Reader(channel, http, cursor).pages()


class _Reader:
    """One run over the channel."""

    def __init__(self, channel: Channel, http: Http, cursor: str | None) -> None:
        self.who = channel.id
        self.options = told(channel, Opts)
        self.secret = {"subscription-key": channel.secrets.get("key", "")}
        self.http = http
        self.window = Window(cursor)

    def pages(self) -> Iterator[Fetched]:
        for payload, cursor in self.window.news(self._seen()):
            yield Fetched(
                payload=payload, media_type=MEDIA_TYPE, url=self.options.base_url, cursor=cursor
            )

    def _seen(self) -> Iterator[Seen]:
        for status in STATUSES:
            for about in self._abouts():
                for raw, reviews in self._walk(status, about):
                    yield Seen(
                        payload=b'{"status":"%s","page":%s}' % (status.encode(), raw),
                        checks={n: _window.check(one, status) for n, one in reviews.items()},
                        newest=max(map(_changed, reviews.values()), default=""),
                    )

    def _abouts(self) -> Sequence[dict[str, str]]:
        if self.options.org_type:
            return [{"orgType": self.options.org_type}]
        return [{"odsCode": code} for code in self.options.ods_codes]

    def _walk(
        self, status: str, about: Mapping[str, str]
    ) -> Iterator[tuple[bytes, dict[str, Any]]]:
        """Give the pages of one list; a later page shares some reviews with the one before."""
        size = self.options.page_size
        offset, before, seen = 0, set[str](), set[str]()
        while True:
            raw = self._ask({"status": status, "limit": size, "offset": offset, **about})
            listed = _listed(self.who, raw)
            reviews = {_nhs_review.name(one) or f"?{_window.check(one)}": one for one in listed}
            if before and listed and not reviews.keys() & before:  # more vanished: step back
                offset, before = max(0, offset - size), set()
                continue
            yield raw, reviews
            if len(listed) < size:
                return
            if not reviews.keys() - seen:
                raise GarbledError(self.who, "page after page holds the same: has the API changed?")
            seen |= reviews.keys()
            offset, before = offset + size - _OVERLAP, set(reviews)

    def _ask(self, params: Params) -> bytes:
        start = self.window.start(self.options.look_back_days)
        since = {"fromDate": start[:10]} if start else {}
        answer = self.http.get(
            self.who,
            f"{self.options.base_url.rstrip('/')}/Comments",
            params={"api-version": "1.0", **params, **since},
            secret_headers=self.secret,
            per_second=self.options.per_second,
            accept="application/json",
        )
        if len(answer.hops) > 1:
            raise RefusedError(
                self.who, "we were led elsewhere: check the secret `key`, or `base_url`"
            )
        return answer.body


def _listed(who: str, raw: bytes) -> list[Any]:
    if _web_page.is_one(raw):
        raise GarbledError(who, "a web page came where reviews were promised; check base_url")
    try:
        page = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise GarbledError(who, f"the answer is no JSON: {error}") from error
    found = page.get("comments") if isinstance(page, dict) else None
    if not isinstance(found, list):
        raise GarbledError(who, "the answer holds no list of comments: has the API changed?")
    return found


def _changed(review: Any) -> str:
    """Say when a review was last changed, in UTC; nothing where that cannot be read."""
    parts = (review.get("comment"), review.get("response")) if isinstance(review, dict) else ()
    dated = [part for part in parts if isinstance(part, dict)]
    told = [part.get(name) for part in dated for name in ("lastUpdated", "dateSubmitted")]
    return max(map(_window.utc, told), default="")


def parse(channel: Channel, fetched: Fetched) -> Parsed:
    """Make drafts of the published reviews of a page, and removals of the removed."""
    options = told(channel, Opts)
    try:
        page = orjson.loads(fetched.payload)
        status, listed = page["status"], page["page"]["comments"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise GarbledError(channel.id, "the page holds no reviews") from error
    if not isinstance(listed, list) or status not in STATUSES:
        raise GarbledError(channel.id, "the page holds no reviews")
    drafts: list[Draft] = []
    removals: list[Removal] = []
    faulty: list[Faulty] = []
    for one in listed:
        name = _nhs_review.name(one)
        if not name:
            faulty.append(_faulty(status, one, "no_id", "it has no commentId to know it by"))
        elif status == "removed":
            at = one["comment"].get("lastUpdated")
            removals.append(Removal(external_id=name, at=at if isinstance(at, str) else None))
        else:
            try:
                drafts.append(_nhs_review.draft(one, channel.publisher_name, options.publishers))
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                reason = f"review {name}: {type(error).__name__}: {error}"
                faulty.append(_faulty(status, one, "bad_review", reason, name))
    return Parsed(
        drafts=tuple(drafts),
        removals=tuple(removals),
        faulty=tuple(faulty),
        reading=DateReading(zone=options.zone),
    )


def _faulty(status: str, one: Any, code: str, reason: str, name: str | None = None) -> Faulty:
    return Faulty(
        payload=orjson.dumps({"status": status, "page": {"comments": [one]}}),
        media_type=MEDIA_TYPE,
        code=code,
        reason=reason,
        external_id=name,
    )
