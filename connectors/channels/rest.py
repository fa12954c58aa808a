"""Read any REST API that answers with JSON or XML, by what retold.toml says of it alone.

A list is read again from some days before the newest change that is known; a check of each record
tells what is new. Pages by number are read twice at first, and those by offset overlap, since a
list moves while it is read.
Spec: https://www.rfc-editor.org/rfc/rfc9110 and https://www.rfc-editor.org/rfc/rfc8288 (`Link`)
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import orjson
from requests.utils import parse_header_links

from connectors import _rest_page, _rest_record, _window
from connectors._answer import Answer
from connectors._http import Http
from connectors._rest_options import List, Opts
from connectors._window import Seen, Window
from connectors.channels import StoryCount, told
from schemas.channel import Channel, Fetched, Options, Parsed, Tells
from schemas.errors import GarbledError, RefusedError

VERSION = "1"
OPTIONS: type[Options] = Opts
SECRETS: tuple[str, ...] = ()
EVERY = "1h"
TELLS = frozenset({Tells.EDITS, Tells.REMOVALS, Tells.REPLIES})

MEDIA_TYPE = "application/vnd.retold.rest+json"
"""Of a page: which list it is of, and the answer in base 64, or a single record of it."""


class _Page(NamedTuple):
    """One answer, and how to go on."""

    raw: bytes
    records: dict[str, Any]
    """By the name that each is known by, or by its check where it has none."""
    answer: Answer
    document: Any


def fetch(channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
    """Give pages that hold a record that is new, edited, answered or taken down."""
    reader = _Reader(channel, http, cursor)
    for payload, after in reader.window.news(reader.seen()):
        yield Fetched(payload=payload, media_type=MEDIA_TYPE, url=reader.options.url, cursor=after)


class _Reader:
    """One run over the channel."""

    def __init__(self, channel: Channel, http: Http, cursor: str | None) -> None:
        self.who = channel.id
        self.options = told(channel, Opts)
        self.http = http
        self.secret = _shown(channel, self.options)
        self.window = Window(cursor)
        self.start = self.window.start(self.options.look_back_days)

    def seen(self) -> Iterator[Seen]:
        for number, of in enumerate(self.options.lists):
            if self.options.paging.style == "page":
                yield from self.window.twice_at_first(partial(self._of, number, of))
            else:
                yield from self._of(number, of)

    def _of(self, number: int, of: List) -> Iterator[Seen]:
        for page in self._pages(of):
            dates = [self._changed(record) for record in page.records.values()]
            head = b'{"list":%d,"page":"' % number
            yield Seen(
                payload=head + base64.b64encode(page.raw) + b'"}',
                checks={n: _window.check(r, str(number)) for n, r in page.records.items()},
                newest=max(dates, default=""),
            )
            if self.options.newest_first and _window.is_passed(dates, self.start):
                return

    def _changed(self, record: Any) -> str:
        fields, replies = self.options.fields, self.options.responses
        found = [
            _rest_record.find(record, path)
            for path in (fields.updated_at, fields.published_at, fields.submitted_at)
        ]
        if replies:
            found += [
                _rest_record.find(reply, path)
                for reply in _rest_record.several(record, replies.each)
                for path in (replies.updated_at, replies.published_at)
            ]
        return max(map(_window.utc, found), default="")

    def _pages(self, of: List) -> Iterator[_Page]:
        style = self.options.paging.style
        if style in {"page", "offset"}:
            return self._counted(of, by_offset=style == "offset")
        return self._led(of)

    def _counted(self, of: List, *, by_offset: bool) -> Iterator[_Page]:
        """Go through pages by their number, or by how many records to pass over."""
        paging = self.options.paging
        place = 0 if by_offset else paging.first
        size, before, seen = paging.size, set[str](), set[str]()
        while True:
            page = self._ask(self.options.url, of, {paging.param: place}, may_end=bool(seen))
            if not page.records:
                return
            names = set(page.records)
            if by_offset and before and not names & before and paging.overlap:
                place, before = max(0, place - size), set()  # more vanished than pages share
                continue
            yield page
            if not seen:
                size = min(size, len(names))  # a service may give less than it was asked for
            elif not names - seen:
                if len(names) < size or len(seen) < paging.size:
                    return
                raise GarbledError(self.who, "page after page holds the same: check `paging`")
            if len(names) < size:
                return
            seen |= names
            before = names
            place += max(1, size - paging.overlap) if by_offset else 1

    def _led(self, of: List) -> Iterator[_Page]:
        """Go from page to page as each one says."""
        style, path = self.options.paging.style, self.options.paging.path
        url, params = self.options.url, dict[str, str | int]()
        been, trail = set[str](), _window.Trail()
        while True:
            page = self._ask(url, of, params) if url == self.options.url else self._ask(url)
            yield page
            if style == "link":
                following = _linked(page.answer)
            else:
                following = None if style == "none" else _rest_page.following(page.document, path)
            if not following:
                return
            if following in been or trail.is_endless(page.records):
                raise GarbledError(self.who, "its pages lead in a circle: check `paging`")
            been.add(following)
            if style == "cursor":
                params = {self.options.paging.param: following}
            else:
                url = self._own(urljoin(page.answer.url, following))

    def _own(self, url: str) -> str:
        """Let no answer lead us, and the secret, to another origin."""
        if urlsplit(url)[:2] != urlsplit(self.options.url)[:2]:
            raise RefusedError(self.who, "its next page is at another origin; it is not asked")
        return url

    def _ask(
        self,
        url: str,
        of: List | None = None,
        params: Mapping[str, str | int] | None = None,
        *,
        may_end: bool = False,
    ) -> _Page:
        asked: dict[str, str | int] = {}
        if of is not None:
            size = self.options.paging.size_param
            asked |= self.options.params | of.params | self._since()
            asked |= {size: self.options.paging.size} if size else {}
            asked |= params or {}
        answer = self.http.get(
            self.who,
            url,
            params=asked,
            secret_headers=self.secret,
            per_second=self.options.per_second,
            accept=f"application/{self.options.format}",
            allow_status=(HTTPStatus.NOT_FOUND,) if may_end else (),
        )
        if answer.status == HTTPStatus.NOT_FOUND:  # so some say that there is no such page
            return _Page(b"", {}, answer, None)
        if len(answer.hops) > 1:
            raise RefusedError(self.who, "we were led elsewhere: check the secret `key`, or `url`")
        document = _rest_page.read(self.who, answer.body, self.options)
        found = _rest_page.records(self.who, document, self.options)
        named = {_rest_record.name_of(r, self.options) or f"?{_window.check(r)}": r for r in found}
        return _Page(answer.body, named, answer, document)

    def _since(self) -> dict[str, str]:
        since = self.options.since
        if since is None or not self.start:
            return {}
        return {since.param: self.start[:10] if since.format == "date" else self.start}


def takes_counts(channel: Channel) -> bool:
    """Say whether the service takes counts."""
    return told(channel, Opts).counts is not None


def send_counts(channel: Channel, http: Http, counts: Sequence[StoryCount]) -> None:
    """Send totals, some hundreds at once."""
    options = told(channel, Opts)
    to = options.counts
    if to is None:
        raise RefusedError(channel.id, "it takes no counts; name where it does in `counts`")
    for start in range(0, len(counts), to.at_once):
        some = counts[start : start + to.at_once]
        rows = [{to.id: c.external_id, to.month: c.month, to.reads: c.reads} for c in some]
        body = orjson.dumps({to.list: rows} if to.list else rows)
        http.post(
            channel.id,
            to.url,
            body,
            media_type="application/json",
            headers={"Idempotency-Key": hashlib.sha256(body).hexdigest()},
            secret_headers=_shown(channel, options),
            per_second=options.per_second,
            accept="application/json",
            repeatable=True,
        )


def _shown(channel: Channel, options: Opts) -> dict[str, str]:
    """Show the secret as the service wants to see it."""
    auth = options.auth
    if auth.way == "none":
        return {}
    key = channel.secrets.get("key")
    if not key:
        raise RefusedError(channel.id, "the secret `key` is missing; name it in the channel")
    if auth.way == "header":
        return {auth.name: key}
    if auth.way == "bearer":
        return {"Authorization": f"Bearer {key}"}
    return {"Authorization": f"Basic {base64.b64encode(key.encode()).decode()}"}


def _linked(answer: Answer) -> str | None:
    links = parse_header_links(answer.headers.get("link", ""))
    return next((link["url"] for link in links if link.get("rel") == "next"), None)


def parse(channel: Channel, fetched: Fetched) -> Parsed:
    """Make drafts of the records of a page, and removals of those that were taken down."""
    options = told(channel, Opts)
    number, listed = _listed(channel.id, fetched.payload, options)
    return _rest_record.parse(
        listed,
        channel,
        options,
        lambda one: orjson.dumps({"list": number, "record": one}),
        MEDIA_TYPE,
        removed=options.lists[number].removed,
    )


def _listed(who: str, payload: bytes, options: Opts) -> tuple[int, list[Any]]:
    try:
        page = orjson.loads(payload)
        number = int(page["list"])
        raw = b"" if "record" in page else base64.b64decode(page["page"], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise GarbledError(who, "the page holds no records") from error
    if not 0 <= number < len(options.lists):
        raise GarbledError(who, "the page is of a list that is configured no more")
    if "record" in page:
        return number, [page["record"]]
    return number, _rest_page.records(who, _rest_page.read(who, raw, options), options)
