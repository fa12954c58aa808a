"""Read Care Opinion's API, version 2.

A run walks the list of opinions, oldest publication first; for those that are new or read
differently it asks for tags, responses and services. Then it asks which responses are new, and
reads those stories again. Pages of the list overlap, since the list moves while it is read. The
API dates no edit and tells of no removal: with `sweep` the whole list is walked each time, and a
story that is gone from it, and from its own address, is removed.

The cursor holds a check of every story that is kept, so that a walk asks only for what is new.
Spec: https://www.careopinion.org.uk/info/api-v2-endpoints
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from pydantic import ConfigDict, Field

from connectors import _careopinion_cursor as cursors
from connectors import _careopinion_story as stories
from connectors import _web_page
from connectors._answer import Answer
from connectors._careopinion_cursor import Cursor
from connectors._http import Http
from connectors.channels import told
from schemas.channel import Channel, Faulty, Fetched, Options, Parsed, Removal, Tells
from schemas.errors import GarbledError, RefusedError, UnreachableError

VERSION = "1"
SECRETS: tuple[str, ...] = ("key",)
EVERY = "15m"
TELLS = frozenset({Tells.EDITS, Tells.REMOVALS, Tells.REPLIES})

MEDIA_TYPE = "application/vnd.retold.careopinion+json"
"""Of a page: answers of the API spliced together, each byte for byte as it was received."""

PARTS = ("tags", "responses", "healthservices")
MOST = 100
"""Stories that the API gives in one answer, however many are asked for."""

_OVERLAP = 10
"""Stories by which pages of the list overlap: so many may vanish between two of them."""
_LOOK_BACK = timedelta(days=2)
_AT_ONCE = 8
_PEEK = 3
"""Stories enough to see that we get in, and what they look like."""
_SORRY = "Sorry! Something went wrong."
_LARGEST = 1 << 63
_VANISHED = 0.5
"""Share of the known stories beyond which we believe in a fault rather than in removals."""
_FEW = 20

Raw = Mapping[str, bytes]
"""The answers about one story, by part."""


class Opts(Options):
    """What a channel of Care Opinion may be told."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    base_url: str = "https://www.careopinion.org.uk"
    """The site; its API stands below `/api/v2`."""
    per_second: float = Field(default=5, gt=0)
    """Requests a second that the service allows."""
    sweep: bool = True
    """Walk the whole list on every run, to see edits and removals; without it only what was
    published since, and new responses, are seen."""
    scheme: str = "ods"
    """What the codes of its health services are of."""
    search: dict[str, str] = Field(default={})
    """Further search terms of the website, as `nacs = "RXX"`."""


OPTIONS: type[Options] = Opts


def fetch(channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
    """Give pages of stories that are new, edited, answered or removed since the cursor."""
    return _Reader(channel, http, cursors.read(cursor)).pages()


def peek(channel: Channel, http: Http) -> Fetched:
    """Give the oldest few stories, with what belongs to them."""
    return _Reader(channel, http, cursors.read(None)).first()


class _Asked(NamedTuple):
    """Stories that were listed, and the answers about them as they come."""

    raw: bytes
    moved: Sequence[dict[str, Any]]
    asked: Sequence[tuple[int, str]]
    answers: Iterator[Answer]


class _Reader:
    """One run over the channel."""

    def __init__(self, channel: Channel, http: Http, cursor: Cursor) -> None:
        self.who = channel.id
        self.options = told(channel, Opts)
        self.api = self.options.base_url.rstrip("/") + "/api/v2"
        self.secret = {"Authorization": f"SUBSCRIPTION_KEY {channel.secrets.get('key', '')}"}
        self.http = http
        self.published = cursor.published
        self.responded = cursor.responded
        """The newest response up to which all are kept; empty on the first run."""
        self.newest = ""
        self.known = dict(cursor.known)
        self.seen: set[int] = set()
        self.fresh: set[int] = set()

    def pages(self) -> Iterator[Fetched]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # The next page is asked for while this one is being kept.
            waiting: _Asked | None = None
            for raw, listed in self._walk():
                moved = [o for o in listed if self.known.get(o["id"]) != cursors.check(o)]
                if moved:
                    asked = self._ask_about(pool, raw, moved)
                    if waiting is not None:
                        yield self._page(waiting)
                    waiting = asked
            if waiting is not None:
                yield self._page(waiting)
            if self.responded:
                yield from self._answered(pool)
            if self.options.sweep:
                yield from self._gone()

    def first(self) -> Fetched:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            raw, listed, _ = self._list("opinions", 0, self.options.search, take=_PEEK)
            return self._page(self._ask_about(pool, raw, listed))

    def _walk(self) -> Iterator[tuple[bytes, list[dict[str, Any]]]]:
        """List opinions, the oldest publication first, each once though pages overlap."""
        after = None if self.options.sweep else self.published
        search = dict(self.options.search) | ({"publishedafter": _before(after)} if after else {})
        skip, before = 0, set[int]()
        while True:
            raw, page, is_full = self._list("opinions", skip, search)
            ids = {o["id"] for o in page}
            if is_full and ids and ids == before:
                raise GarbledError(self.who, _SAME)
            if before and not ids & before:  # more vanished than pages overlap by: step back
                skip, before = max(0, skip - MOST), set()
                continue
            news = [o for o in page if o["id"] not in self.seen]
            self.seen |= ids
            if news:
                yield raw, news
            if not is_full:
                return
            skip, before = skip + MOST - _OVERLAP, ids

    def _answered(self, pool: ThreadPoolExecutor) -> Iterator[Fetched]:
        """Read again the stories that have had a response since."""
        bodies = [self._ask(f"{self.api}/opinions/{s}", gone=True) for s in self._responded_to()]
        found = [a.body for a in bodies if a.status == HTTPStatus.OK]
        for place in range(0, len(found), MOST):
            raw = b"[" + b",".join(found[place : place + MOST]) + b"]"
            if place + MOST >= len(found):  # only now is everything up to there kept
                self.responded = max(self.responded, self.newest)
            yield self._page(self._ask_about(pool, raw, _askable(_list_of(self.who, raw))))

    def _responded_to(self) -> list[str]:
        """List the stories that were answered since, without those just read."""
        search = {"submittedonafter": _before(self.responded)}
        asked: dict[str, None] = {}
        skip, before = 0, list[dict[str, Any]]()
        while True:
            _, page, is_full = self._list("responses", skip, search)
            if is_full and page and page == before:
                raise GarbledError(self.who, _SAME)
            for response in page:
                story, _ = stories.links(response).get("opinion", ("", ""))
                if story.isdigit() and int(story) not in self.fresh:
                    asked[story] = None
                self.newest = max(self.newest, _time(response.get("dateOfSubmission")))
            if not is_full:
                return list(asked)
            skip, before = skip + MOST, page

    def _gone(self) -> Iterator[Fetched]:
        """Tell which known stories are gone, once the list and their own address agree."""
        missing = sorted(self.known.keys() - self.seen)
        if len(missing) > max(_FEW, _VANISHED * len(self.known)):
            raise GarbledError(
                self.who,
                f"{len(missing)} of {len(self.known)} stories are gone from the list at once;"
                " no removal was believed: look at the site, and try again",
            )
        removed = [
            story
            for story in missing
            if self._ask(f"{self.api}/opinions/{story}", gone=True).status != HTTPStatus.OK
        ]
        if removed:
            for story in removed:
                del self.known[story]
            yield self._fetched(orjson.dumps({"removed": removed}))

    def _ask_about(
        self, pool: ThreadPoolExecutor, raw: bytes, moved: Sequence[dict[str, Any]]
    ) -> _Asked:
        """Begin to ask for all that belongs to these stories."""
        asked = [(o["id"], part) for o in moved for part in PARTS]
        answers = pool.map(
            lambda a: self._ask(f"{self.api}/opinions/{a[0]}/{a[1]}", gone=True), asked
        )
        return _Asked(raw, moved, asked, answers)

    def _page(self, told: _Asked) -> Fetched:
        """Splice the answers about some stories into one page."""
        raw, moved, asked, answers = told
        found: dict[str, dict[int, bytes]] = {part: {} for part in PARTS}
        gone: set[int] = set()
        for (story, part), answer in zip(asked, answers, strict=True):
            if answer.status != HTTPStatus.OK:
                gone.add(story)  # taken down since it was listed: the next run tells of it
                continue
            body = found[part][story] = answer.body
            if part == "responses":
                told_at = (r.get("dateOfSubmission") for r in _askable(_list_of(self.who, body)))
                self.newest = max(self.newest, *map(_time, told_at), "")
        moved = [opinion for opinion in moved if opinion["id"] not in gone]
        for opinion in moved:
            self.known[opinion["id"]] = cursors.check(opinion)
            self.fresh.add(opinion["id"])
            self.published = max(self.published, _time(opinion.get("dateOfPublication")))
        return self._fetched(_spliced(raw, [o["id"] for o in moved], found))

    def _fetched(self, payload: bytes) -> Fetched:
        responded = self.responded or self.newest
        cursor = cursors.write(Cursor(self.published, responded, self.known))
        return Fetched(payload=payload, media_type=MEDIA_TYPE, url=self.api, cursor=cursor)

    def _list(
        self, what: str, skip: int, search: Mapping[str, str], take: int = MOST
    ) -> tuple[bytes, list[dict[str, Any]], bool]:
        params: dict[str, str | int] = {"take": take, "skip": skip, **search}
        if what == "opinions":
            params["dateofpublicationorder"] = "asc"
        answer = self._ask(f"{self.api}/{what}", params=params)
        found = _list_of(self.who, answer.body)
        return answer.body, _askable(found), len(found) >= MOST

    def _ask(
        self, url: str, params: Mapping[str, str | int] | None = None, *, gone: bool = False
    ) -> Answer:
        answer = self.http.get(
            self.who,
            url,
            params=params,
            secret_headers=self.secret,
            per_second=self.options.per_second,
            accept="application/json",
            allow_status=(HTTPStatus.NOT_FOUND, HTTPStatus.GONE) if gone else (),
        )
        if answer.status != HTTPStatus.OK:
            return answer
        # A story may say so too, but within its JSON.
        if answer.body.lstrip(b'"\xef\xbb\xbf').startswith(_SORRY.encode()):
            raise UnreachableError(self.who, "the service says that something went wrong")
        if len(answer.hops) > 1 or _web_page.is_one(answer.body):
            raise RefusedError(
                self.who,
                "we were led to a page instead of an answer, as happens with a wrong key:"
                " check the secret `key` of the channel",
            )
        return answer


_SAME = "page after page holds the same: has the API changed?"


def _before(moment: str) -> str:
    """Step back from a time, for what is published or answered late under an earlier one."""
    return (datetime.fromisoformat(moment) - _LOOK_BACK).isoformat()


def _time(told: Any) -> str:
    """Take a time to go on from; one that cannot be read is left to whoever reads the story."""
    try:
        datetime.fromisoformat(told)
    except (TypeError, ValueError):
        return ""
    return str(told)


def _list_of(who: str, body: bytes) -> list[Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise GarbledError(who, f"the answer is no JSON: {error}") from error
    if not isinstance(found, list):
        raise GarbledError(who, "the answer is no list: has the API changed?")
    # The service has been met apologising in the midst of a list, with status 200.
    if any(isinstance(one, str) and _SORRY in one for one in found):
        raise UnreachableError(who, "the service says that something went wrong")
    return found


def _askable(found: list[Any]) -> list[dict[str, Any]]:
    """Keep what can be asked for by its number; what cannot is set aside by `parse`."""
    return [one for one in found if _has_id(one)]


def _has_id(told: Any) -> bool:
    number = told.get("id") if isinstance(told, dict) else None
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < _LARGEST


def _spliced(raw: bytes, wanted: Sequence[int], found: Mapping[str, Mapping[int, bytes]]) -> bytes:
    parts = [b'{"opinions":', raw, b',"wanted":', orjson.dumps(list(wanted))]
    for part, by_story in found.items():
        members = b",".join(b'"%d":%s' % (story, body) for story, body in by_story.items())
        parts.append(b',"%s":{%s}' % (part.encode(), members))
    return b"".join([*parts, b"}"])


def parse(channel: Channel, fetched: Fetched) -> Parsed:
    """Make drafts of the stories of a page; one that lacks what a story needs is faulty."""
    try:
        page = orjson.loads(fetched.payload)
    except orjson.JSONDecodeError as error:
        raise GarbledError(channel.id, f"the page is no JSON: {error}") from error
    if not isinstance(page, dict) or not page.keys() & {"opinions", "removed"}:
        raise GarbledError(channel.id, "the page holds no opinions")
    wanted = set(page.get("wanted", ()))
    scheme = told(channel, Opts).scheme
    drafts, faulty = [], []
    for opinion in page.get("opinions", ()):
        if not _has_id(opinion):
            faulty.append(_nameless(opinion))
            continue
        if opinion["id"] not in wanted:
            continue
        parts = {part: page.get(part, {}).get(str(opinion["id"]), ()) for part in PARTS}
        try:
            drafts.append(stories.draft(opinion, parts, scheme))
        except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
            faulty.append(_faulty(opinion, parts, error))
    removals = tuple(Removal(external_id=str(story)) for story in page.get("removed", ()))
    return Parsed(drafts=tuple(drafts), faulty=tuple(faulty), removals=removals)


def _nameless(told: Any) -> Faulty:
    return Faulty(
        payload=orjson.dumps({"opinions": [told]}),
        media_type=MEDIA_TYPE,
        code="no_id",
        reason="what stands in the list has no number to ask for it by",
    )


def _faulty(opinion: dict[str, Any], parts: Mapping[str, Any], error: Exception) -> Faulty:
    story = str(opinion["id"])
    page: dict[str, Any] = {"opinions": [opinion], "wanted": [opinion["id"]]}
    page |= {part: {story: answers} for part, answers in parts.items()}
    return Faulty(
        payload=orjson.dumps(page),
        media_type=MEDIA_TYPE,
        code="bad_opinion",
        reason=f"opinion {story}: {type(error).__name__}: {error}",
        external_id=story,
    )
