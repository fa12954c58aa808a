"""Read the reviews of an organisation's places on Google, by its Business Profile.

A place's reviews come with the latest change first. A run walks over all of them, so that what is
gone is seen; without `whole_walk` it stops some days before the newest change that it knows of.
Spec: https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews
"""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import orjson
from pydantic import ConfigDict, Field

from connectors import _google_review, _web_page, _window
from connectors._answer import Answer
from connectors._http import Http, Params
from connectors._window import Seen, Window
from connectors.channels import told
from schemas.channel import Channel, Faulty, Fetched, Options, Parsed, Removal, Tells
from schemas.errors import GarbledError, RefusedError
from schemas.story import Draft

VERSION = "1"
SECRETS: tuple[str, ...] = ("client_id", "client_secret", "refresh_token")
EVERY = "6h"
TELLS = frozenset({Tells.EDITS, Tells.REMOVALS, Tells.REPLIES})

MEDIA_TYPE = "application/vnd.retold.google-reviews+json"
"""Of a page: of which place it is, and the answer as it was received; or what is gone."""

_KEYS = frozenset({"reviews", "averageRating", "totalReviewCount", "nextPageToken"})
_NO_TEXT = "no_text"
"""Why stars alone are no story: a removal, since there may have been words beside them before."""


class Opts(Options):
    """What a channel of Google reviews may be told."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    account: str = Field(pattern=r"^[0-9]+$")
    """The number of the Business Profile account."""
    locations: dict[str, Annotated[str, Field(pattern=r"^[^:\s]+:\S+$")]] = Field(min_length=1)
    """The number of each place, and the organisation that it is: `{ 123 = "ods:RXX01" }`."""
    whole_walk: bool = True
    """Walk over all reviews on every run, to see which are gone."""
    look_back_days: int = Field(default=30, ge=1)
    """Without it, days before the newest known change that are read again."""
    page_size: int = Field(default=50, ge=1, le=50)
    """Reviews that are asked for at once."""
    per_second: float = Field(default=5, gt=0)
    """Requests a second that the service allows."""
    base_url: str = "https://mybusiness.googleapis.com/v4"
    """Where the API begins."""
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 -- an address
    """Where the refresh token is exchanged for one that opens the API."""


OPTIONS: type[Options] = Opts


def fetch(channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
    """Give pages that hold a review that is new, edited or answered, and what is gone."""
    reader = _Reader(channel, http, Window(cursor))
    for payload, after in reader.window.news(reader.seen()):
        yield Fetched(
            payload=payload, media_type=MEDIA_TYPE, url=reader.options.base_url, cursor=after
        )
    if reader.doubts:
        raise GarbledError(channel.id, "; ".join(reader.doubts))


class _Reader:
    """One run over the places of a channel."""

    def __init__(self, channel: Channel, http: Http, window: Window) -> None:
        self.who = channel.id
        self.options = told(channel, Opts)
        self.secrets = channel.secrets
        self.http = http
        self.window = window
        self.token = ""
        self.doubts: list[str] = []
        """What was not believed, for a person to look at."""

    def seen(self) -> Iterator[Seen]:
        for location in self.options.locations:
            met: set[str] = set()
            for page in self._walk(location):
                met |= page.checks.keys()
                yield page
            if self.options.whole_walk:
                yield from self._absent(location, met)

    def _absent(self, location: str, met: set[str]) -> Iterator[Seen]:
        """Tell what is gone of a place, once its list and each one's own address agree."""
        start = f"{location}/"
        known = (name for name in self.window.missing(met) if name.startswith(start))
        missing = [name for name in known if not name.startswith(f"{start}?")]
        if missing and not met:
            self.doubts.append(
                f"place {location} shows nothing, and {len(missing)} reviews of it were known;"
                " no removal was believed: look at it"
            )
            yield self.window.carried(missing)
            return
        # What is edited, or moves up, while pages are read may be on none that is read.
        gone = [name for name in missing if self._is_gone(location, name.removeprefix(start))]
        yield self.window.carried(set(missing) - set(gone))
        if gone:
            names = [name.removeprefix(start) for name in gone]
            yield Seen(orjson.dumps({"removed": names}), {}, "", is_news=True)

    def _is_gone(self, location: str, name: str) -> bool:
        path = f"{location}/reviews/{quote(name, safe='')}"
        return self._get(path, {}, HTTPStatus.NOT_FOUND).status == HTTPStatus.NOT_FOUND

    def _walk(self, location: str) -> Iterator[Seen]:
        start = "" if self.options.whole_walk else self.window.start(self.options.look_back_days)
        tokens, trail = {""}, _window.Trail()
        token = ""
        while True:
            raw = self._page(location, token)
            page = _page_of(self.who, raw)
            listed = page.get("reviews", [])
            dates = [_window.utc(one.get("updateTime")) for one in listed if isinstance(one, dict)]
            checks = {
                f"{location}/{_google_review.name(o) or f'?{_window.check(o)}'}": _window.check(o)
                for o in listed
            }
            payload = b'{"location":%s,"page":%s}' % (orjson.dumps(location), raw)
            yield Seen(payload, checks, max(dates, default=""))
            token = page.get("nextPageToken", "")
            if not token or _window.is_passed(dates, start):
                return
            if token in tokens or trail.is_endless(checks):
                raise GarbledError(self.who, "its pages lead back to one another")
            tokens.add(token)

    def _page(self, location: str, token: str) -> bytes:
        params: dict[str, str | int] = {
            "pageSize": self.options.page_size,
            "orderBy": "updateTime desc",
        }
        if token:
            params["pageToken"] = token
        return self._get(f"{location}/reviews", params).body

    def _get(self, path: str, params: Params, *allowed: HTTPStatus) -> Answer:
        """Ask below the account's places, with a new token where there is none that holds."""
        answer = self._ask(path, params, allowed) if self.token else None
        if answer is None or answer.status == HTTPStatus.UNAUTHORIZED:
            self.token = self._renewed()
            answer = self._ask(path, params, allowed)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise RefusedError(
                self.who, "HTTP 401 for a fresh token: may its account see these places?"
            )
        return answer

    def _ask(self, path: str, params: Params, allowed: Sequence[HTTPStatus]) -> Answer:
        options = self.options
        return self.http.get(
            self.who,
            f"{options.base_url.rstrip('/')}/accounts/{options.account}/locations/{path}",
            params=params,
            secret_headers={"Authorization": f"Bearer {self.token}"},
            per_second=options.per_second,
            accept="application/json",
            allow_status=(HTTPStatus.UNAUTHORIZED, *allowed),
        )

    def _renewed(self) -> str:
        """Exchange the refresh token for one that opens the API for an hour."""
        names = ("client_id", "client_secret", "refresh_token")
        form = {name: self.secrets.get(name, "") for name in names}
        answer = self.http.post(
            self.who,
            self.options.token_url,
            urlencode(form | {"grant_type": "refresh_token"}).encode(),
            media_type="application/x-www-form-urlencoded",
            accept="application/json",
            allow_status=(HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED),
            repeatable=True,
        )
        try:
            found = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            found = None
        token = found.get("access_token") if isinstance(found, dict) else None
        if answer.status == HTTPStatus.OK and isinstance(token, str) and token:
            return token
        if answer.status == HTTPStatus.OK:
            raise GarbledError(self.who, "no token came where one was promised; check token_url")
        raise RefusedError(
            self.who,
            f"HTTP {answer.status}; Google takes no more notice of the secret `refresh_token`,"
            " or of `client_id` and `client_secret`: give consent anew",
        )


def _page_of(who: str, raw: bytes) -> dict[str, Any]:
    if _web_page.is_one(raw):
        raise GarbledError(who, "a web page came where reviews were promised; check base_url")
    try:
        page = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise GarbledError(who, f"what came is no JSON: {error}") from error
    # A place without a review is an empty object.
    if not isinstance(page, dict) or (page and not page.keys() & _KEYS):
        raise GarbledError(who, "what came holds no reviews: has the API changed?")
    if not isinstance(page.get("reviews", []), list):
        raise GarbledError(who, "what came holds no list of reviews: has the API changed?")
    return page


def parse(channel: Channel, fetched: Fetched) -> Parsed:
    """Make drafts of a page of reviews; one with stars alone is no story."""
    try:
        page = orjson.loads(fetched.payload)
        if "removed" in page:
            return Parsed(removals=tuple(Removal(external_id=one) for one in page["removed"]))
        location, listed = page["location"], page["page"].get("reviews", [])
        service = told(channel, Opts).locations.get(location, "")
        return _sorted(location, listed, service)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise GarbledError(channel.id, "the page holds no reviews") from error


def _sorted(location: str, listed: list[Any], service: str) -> Parsed:
    drafts: list[Draft] = []
    faulty: list[Faulty] = []
    removals: list[Removal] = []
    for one in listed:
        name = _google_review.name(one)
        if name is None:
            faulty.append(_faulty(location, one, "no_id", "it has no reviewId to know it by", None))
            continue
        try:
            draft = _google_review.draft(one, service)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            reason = f"review {name}: {type(error).__name__}: {error}"
            faulty.append(_faulty(location, one, "bad_review", reason, name))
            continue
        if draft.body:
            drafts.append(draft)
        else:
            removals.append(Removal(external_id=name, reason=_NO_TEXT))
    return Parsed(drafts=tuple(drafts), faulty=tuple(faulty), removals=tuple(removals))


def _faulty(location: str, one: Any, code: str, reason: str, name: str | None) -> Faulty:
    return Faulty(
        payload=orjson.dumps({"location": location, "page": {"reviews": [one]}}),
        media_type=MEDIA_TYPE,
        code=code,
        reason=reason,
        external_id=name,
    )
