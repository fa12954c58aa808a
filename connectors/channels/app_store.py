"""Read what people write about an app in Apple's App Store, country by country.

Apple publishes the newest reviews as a feed of some pages for each country, without a key and
without a promise: fifty a page, ten pages at most. An edit shows as a newer date; neither replies
nor removals are told.
Spec: https://rss.marketingtools.apple.com/
"""

from collections.abc import Collection, Iterator
from typing import Annotated, Any

import orjson
from pydantic import ConfigDict, Field

from connectors import _web_page, _window
from connectors._http import Http
from connectors._window import Seen, Window
from connectors.channels import told
from schemas.channel import Channel, Faulty, Fetched, Options, Parsed, Skipped, Tells
from schemas.errors import GarbledError
from schemas.story import Author, Draft, Kind, Rating, Service

VERSION = "1"
SECRETS: tuple[str, ...] = ()
EVERY = "6h"
TELLS = frozenset({Tells.EDITS})

MEDIA_TYPE = "application/vnd.retold.app-store+json"
"""Of a page, as it was received."""

_LEAST, _MOST = 1, 5


class Opts(Options):
    """What a channel of the App Store may be told."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    app: str = Field(pattern=r"^[0-9]+$")
    """The app's number, as it stands in its address behind `id`."""
    countries: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}$")], ...] = Field(
        default=("gb",), min_length=1
    )
    """The countries whose reviews are read, as two letters."""
    service: str | None = Field(default=None, pattern=r"^[^:\s]+:\S+$")
    """The organisation that they are about, as `ods:RXX`."""
    base_url: str = "https://itunes.apple.com"
    """Where the feeds are."""
    pages: int = Field(default=10, ge=1, le=10)
    """How many pages are read of each country; Apple has no more than ten."""
    look_back_days: int = Field(default=30, ge=1)
    """Days before the newest known review in which an edit is seen."""
    per_second: float = Field(default=2, gt=0)
    """Requests a second that we allow ourselves."""


OPTIONS: type[Options] = Opts


def fetch(channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
    """Give pages that hold a review that is new or edited."""
    window = Window(cursor)
    for payload, after in window.news(_walk(channel, http, window)):
        yield Fetched(
            payload=payload, media_type=MEDIA_TYPE, url=told(channel, Opts).base_url, cursor=after
        )


def _walk(channel: Channel, http: Http, window: Window) -> Iterator[Seen]:
    return window.twice_at_first(lambda: _passed(channel, http, window))


def _passed(channel: Channel, http: Http, window: Window) -> Iterator[Seen]:
    options = told(channel, Opts)
    start = window.start(options.look_back_days)
    for country in options.countries:
        before: Collection[str] = ()
        for number in range(1, options.pages + 1):
            raw = _ask(channel, options, http, country, number)
            listed = _listed(channel.id, raw)
            if not listed:
                break
            checks = {_name(one) or f"?{_window.check(one)}": _window.check(one) for one in listed}
            dates = [_window.utc(_label(one, "updated")) for one in listed if _is_review(one)]
            if checks.keys() == before:  # else the rest would be taken for read
                raise GarbledError(channel.id, "page after page holds the same: has it changed?")
            yield Seen(raw, checks, max(dates, default=""))
            if _window.is_passed(dates, start):
                break
            before = checks.keys()


def _ask(channel: Channel, options: Opts, http: Http, country: str, number: int) -> bytes:
    return http.get(
        channel.id,
        f"{options.base_url.rstrip('/')}/{country}/rss/customerreviews/page={number}"
        f"/id={options.app}/sortby=mostrecent/json",
        per_second=options.per_second,
        accept="application/json",
    ).body


def _listed(who: str, raw: bytes) -> list[Any]:
    if _web_page.is_one(raw):
        raise GarbledError(who, "a web page came where reviews were promised; check base_url")
    try:
        page = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise GarbledError(who, f"what came is no JSON: {error}") from error
    feed = page.get("feed") if isinstance(page, dict) else None
    if not isinstance(feed, dict):
        raise GarbledError(who, "what came holds no feed: has Apple changed it?")
    # Of a single review Apple makes no list.
    found = feed.get("entry", [])
    return found if isinstance(found, list) else [found]


def _label(entry: Any, *path: str) -> Any:
    for name in (*path, "label"):
        entry = entry.get(name) if isinstance(entry, dict) else None
    return entry


def _name(entry: Any) -> str | None:
    found = _label(entry, "id")
    return found if isinstance(found, str) and found.strip() else None


def _is_review(entry: Any) -> bool:
    """Tell a review from the app itself, which may stand in front of its reviews."""
    return not isinstance(entry, dict) or "im:name" not in entry


def parse(channel: Channel, fetched: Fetched) -> Parsed:
    """Make drafts of a page of reviews; the app itself is none."""
    service = told(channel, Opts).service
    drafts: list[Draft] = []
    faulty: list[Faulty] = []
    skipped: list[Skipped] = []
    for one in _listed(channel.id, fetched.payload):
        name = _name(one)
        if not _is_review(one):
            skipped.append(Skipped(code="not_a_story", external_id=name))
        elif name is None:
            faulty.append(_faulty(one, "no_id", "it has no id to know it by", None))
        else:
            try:
                drafts.append(_draft(one, name, service))
            except (TypeError, ValueError) as error:
                reason = f"review {name}: {type(error).__name__}: {error}"
                faulty.append(_faulty(one, "bad_review", reason, name))
    return Parsed(drafts=tuple(drafts), faulty=tuple(faulty), skipped=tuple(skipped))


def _draft(entry: Any, name: str, service: str | None) -> Draft:
    scheme, _, code = (service or "").partition(":")
    version = _label(entry, "im:version")
    return Draft(
        external_id=name,
        kind=Kind.REVIEW,
        title=_label(entry, "title"),
        body=_label(entry, "content"),
        ratings=(_rating(_label(entry, "im:rating")),),
        services=(Service(scheme=scheme, code=code),) if service else (),
        author=Author(display_name=_label(entry, "author", "name")),
        published_at=_label(entry, "updated"),
        updated_at=_label(entry, "updated"),
        ext={"app_version": version} if version else {},
    )


def _rating(stars: Any) -> Rating:
    value = float(stars)
    if not _LEAST <= value <= _MOST:
        raise ValueError(f"{value:g} stars are none from {_LEAST} to {_MOST}")
    return Rating(scheme="app_store", value=value, min=_LEAST, max=_MOST)


def _faulty(one: Any, code: str, reason: str, name: str | None) -> Faulty:
    return Faulty(
        payload=orjson.dumps({"feed": {"entry": [one]}}),
        media_type=MEDIA_TYPE,
        code=code,
        reason=reason,
        external_id=name,
    )
