"""The channel: a site that speaks the Care Opinion API v2. Synthetic throughout.

Spec: https://www.careopinion.org.uk/info/api-v2-endpoints (fields: .../info/api-v2-content)
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

import orjson

from demo.world import population, svr
from demo.world._server import Answer, Request, Server
from demo.world.records import Reply, Story

KEY = "demo-subscription-key"
"""Opens the API; it guards nothing but made-up stories."""

PLATFORM = "careopinion.example"
"""What the site calls itself in its view reports."""

TAKE_AT_MOST = 100

COUNTED_BY = {
    "robots": "counter-robots@2024-04-22",
    "dedupe_seconds": 30,
    "source": "access log",
}
"""How the site says that it counts."""

_JSON = "application/json; charset=utf-8"
_LOGIN = "/account/login"
_LOGIN_PAGE = (
    b"<!doctype html><html><head><title>Log in</title></head><body><h1>Log in</h1>"
    b'<form method="post"><input name="email"><input name="password"></form></body></html>'
)
_UNKNOWN = Answer(b'{"message":"Not found"}', 404, _JSON)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A story with its documents, ready to send."""

    story: Story
    opinion: bytes
    parts: Mapping[str, bytes]
    """`tags`, `responses` and `healthservices`."""


@dataclass(frozen=True, slots=True)
class _Shelf:
    """All that is shown at one moment; a change makes a new shelf."""

    shown: Mapping[int, _Shown]
    order: tuple[int, ...]
    """Story ids, the oldest publication first."""
    dates: tuple[str, ...]
    """Their publication times, in the same order."""
    responses: tuple[tuple[str, int, bytes], ...]
    """When submitted, id, document: the oldest first."""


class CareOpinion:
    """Serves the stories until stopped; what is removed is gone from the next answer on."""

    def __init__(
        self,
        stories: Sequence[Story],
        views: Mapping[str, Mapping[int, int]],
        *,
        key: str = KEY,
        per_second: int = 500,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.key = key
        self._views = views
        self._told = {story.id: story for story in stories}
        self._gate = _Gate(per_second, clock)
        self._shelf = _shelve({story.id: _show(story) for story in stories})
        self._server = Server(self._answer)
        self.address = self._server.address
        self.asked = 0
        """Requests that were let in so far."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def api_url(self) -> str:
        """Where the API begins."""
        return f"{self.address}/api/v2"

    @property
    def authorization(self) -> str:
        """What the `Authorization` header must hold."""
        return f"SUBSCRIPTION_KEY {self.key}"

    def start(self) -> None:
        """Begin to serve."""
        self._server.start()

    def stop(self) -> None:
        """End; a second call changes nothing."""
        self._server.stop()

    def story(self, story_id: int) -> Story:
        """Return a story as it is shown now; KeyError if it is not."""
        return self._shelf.shown[story_id].story

    def remove(self, story_id: int) -> None:
        """Show a story no more; KeyError if it is not shown."""
        shown = dict(self._shelf.shown)
        del shown[story_id]
        self._shelf = _shelve(shown)

    def edit(self, story_id: int, *, title: str | None = None, body: str | None = None) -> Story:
        """Change what a story says; its times stay as they were."""
        story = self.story(story_id)
        edited = replace(story, title=title or story.title, body=body or story.body)
        self._shelf = _shelve({**self._shelf.shown, story_id: _show(edited)})
        return edited

    def months(self) -> tuple[str, ...]:
        """List the months that the site has a view report for."""
        return tuple(self._views)

    def view_report(self, month: str) -> bytes:
        """Write how often each story was read on the site in a month; KeyError if unknown."""
        rows = [(self._told[n].url, count) for n, count in sorted(self._views[month].items())]
        return svr.as_csv(PLATFORM, month, rows, COUNTED_BY)

    def views_total(self, trust: str) -> int:
        """Add up what the reports say of all stories about an organisation and all below it."""
        codes = population.within(trust)
        about = {n for n, story in self._told.items() if not codes.isdisjoint(story.services)}
        return sum(
            count for month in self._views.values() for n, count in month.items() if n in about
        )

    def _answer(self, request: Request) -> Answer:
        if request.path == _LOGIN:
            return Answer(_LOGIN_PAGE)
        if request.headers.get("authorization") != self.authorization:
            return Answer(status=302, headers={"location": f"{self.address}{_LOGIN}"})
        if not self._gate.lets_in():
            return Answer(b"Too many requests", 429, "text/plain", {"retry-after": "1"})
        self.asked += 1
        match request.path.strip("/").split("/"):
            case ["api", "v2", *rest]:
                return self._api(rest, request.query)
            case ["reports", name]:
                return self._report(name)
            case _:
                return _UNKNOWN

    def _api(self, path: list[str], query: Mapping[str, str]) -> Answer:
        try:
            return Answer(_document(self._shelf, path, query), media_type=_JSON)
        except (KeyError, ValueError):
            return _UNKNOWN

    def _report(self, name: str) -> Answer:
        month = name.removeprefix("views-").removesuffix(".csv")
        if name != f"views-{month}.csv" or month not in self._views:
            return _UNKNOWN
        return Answer(self.view_report(month), media_type="text/csv; charset=utf-8")


class _Gate:
    """Lets so many requests in each second of the clock."""

    def __init__(self, per_second: int, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._clock = clock
        self._second = -1
        self._count = 0

    def lets_in(self) -> bool:
        second = int(self._clock())
        self._count = self._count + 1 if second == self._second else 1
        self._second = second
        return self._count <= self._per_second


def iso(moment: datetime) -> str:
    """Write a time as the API does."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _document(shelf: _Shelf, path: list[str], query: Mapping[str, str]) -> bytes:
    """Find what is asked for; KeyError or ValueError if there is no such thing."""
    match path:
        case ["opinions"]:
            return _listed(_opinions(shelf, query), query)
        case ["opinions", story_id]:
            return shelf.shown[int(story_id)].opinion
        case ["opinions", story_id, ("tags" | "responses" | "healthservices") as part]:
            return shelf.shown[int(story_id)].parts[part]
        case ["responses"]:
            return _listed(_responses(shelf, query), query)
        case ["healthservices", code]:
            return orjson.dumps(_service(code, plain=True))
        case _:
            raise KeyError("/".join(path))


def _listed(found: Sequence[bytes], query: Mapping[str, str]) -> bytes:
    skip = max(0, int(query.get("skip", "0")))
    take = min(TAKE_AT_MOST, max(0, int(query.get("take", str(TAKE_AT_MOST)))))
    return b"[" + b",".join(found[skip : skip + take]) + b"]"


def _opinions(shelf: _Shelf, query: Mapping[str, str]) -> list[bytes]:
    first = bisect_right(shelf.dates, _after(query.get("publishedafter")))
    found = [shelf.shown[n] for n in shelf.order[first:]]
    if "nacs" in query:
        codes = population.within(query["nacs"])
        found = [shown for shown in found if not codes.isdisjoint(shown.story.services)]
    if query.get("dateofpublicationorder", "asc").lower().startswith("desc"):
        found.reverse()
    return [shown.opinion for shown in found]


def _responses(shelf: _Shelf, query: Mapping[str, str]) -> list[bytes]:
    after = _after(query.get("submittedonafter"))
    return [document for submitted, _, document in shelf.responses if submitted > after]


def _after(text: str | None) -> str:
    """Read a filter's time; one without a zone is UTC. Without a filter all is after it."""
    if not text:
        return ""
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _shelve(shown: Mapping[int, _Shown]) -> _Shelf:
    dated = sorted((iso(s.story.published), n) for n, s in shown.items())
    responses = sorted(
        (iso(reply.submitted), reply.id, orjson.dumps(_response(reply, s.story.id)))
        for s in shown.values()
        for reply in s.story.replies
    )
    return _Shelf(
        shown=shown,
        order=tuple(n for _, n in dated),
        dates=tuple(date for date, _ in dated),
        responses=tuple(responses),
    )


def _show(story: Story) -> _Shown:
    plain = story.id % 2 == 0
    parts = {
        "tags": [{"name": t.name, "group": t.group, "polarity": t.polarity} for t in story.tags],
        "responses": [_response(reply, story.id) for reply in story.replies],
        "healthservices": [_service(code, plain=plain) for code in story.services],
    }
    return _Shown(
        story,
        opinion=orjson.dumps(_opinion(story)),
        parts={name: orjson.dumps(part) for name, part in parts.items()},
    )


def _link(rel: str, target: str | int, href: str, *, plain: bool) -> dict[str, str]:
    """Write a link as the documentation says, or as others have met it."""
    if plain:
        return {"rel": rel, "id": str(target), "href": href}
    return {"relation": rel, "link": href, "id": str(target)}


def _opinion(story: Story) -> dict[str, Any]:
    plain = story.id % 2 == 0
    here = f"/api/v2/opinions/{story.id}"
    links = [
        _link("self", story.id, here, plain=plain),
        _link("alternate", story.id, story.url, plain=plain),
        *(
            _link(part, story.id, f"{here}/{part}", plain=plain)
            for part in ("tags", "responses", "healthservices")
        ),
    ]
    if story.origin:
        links.append(_link("origin", story.origin.reference, story.origin.url, plain=plain))
    return {
        "id": story.id,
        "title": story.title,
        "body": story.body,
        "dateOfSubmission": iso(story.submitted),
        "dateOfPublication": iso(story.published),
        "criticality": story.criticality,
        "progress": _progress(story.replies),
        "authorRole": story.role,
        "authorAgeGroup": story.age,
        "submissionRoute": story.origin.publisher if story.origin else "Web",
        "links": links,
    }


def _progress(replies: Sequence[Reply]) -> str:
    if not replies:
        return "No response yet"
    changes = [reply.change for reply in replies if reply.change]
    return changes[-1] if changes else "Response"


def _response(reply: Reply, story_id: int) -> dict[str, Any]:
    plain = story_id % 2 == 0
    who = reply.organisation
    return {
        "id": reply.id,
        "body": reply.body,
        "dateOfSubmission": iso(reply.submitted),
        "dateOfPublication": iso(reply.published),
        "authorName": reply.author,
        "authorRole": reply.role,
        "organisation": population.BY_CODE[who].name,
        "changeScore": reply.change,
        "changeInt": _CHANGE_INT.get(reply.change or ""),
        "links": [
            _link("opinion", story_id, f"/api/v2/opinions/{story_id}", plain=plain),
            _link("healthservice", who, f"/api/v2/healthservices/{who}", plain=plain),
        ],
    }


_CHANGE_INT = {"No change planned": 0, "Change planned": 1, "Change made": 2}


def _service(code: str, *, plain: bool) -> dict[str, Any]:
    service = population.BY_CODE[code]
    trust = service.parent if service.parent and not service.parent.startswith("ZQ") else code
    return {
        "nacs": code,
        "name": service.name,
        "type": service.type,
        "organisation": population.BY_CODE[trust].name,
        "siteNacs": code,
        "links": [
            _link("self", code, f"/api/v2/healthservices/{code}", plain=plain),
            _link("parent", trust, f"/api/v2/healthservices/{trust}", plain=plain),
        ],
    }
