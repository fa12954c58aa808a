"""Any REST API, read by configuration alone; two kinds written in it tell the same stories."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors._rest_options import Opts
from connectors.channels import rest
from kit import far
from kit.far import Ask, Reply, as_json
from kit.stages import nhs_reviews, stage, trustpilot
from kit.trial import Trial, open_trial
from kit.world import Piece, World
from schemas.channel import Channel, Fetched
from schemas.errors import GarbledError, RefusedError

NHS: dict[str, Any] = {
    "records": "comments",
    "params": {"api-version": "1.0", "odsCode": nhs_reviews.CODE},
    "auth": {"way": "header", "name": "subscription-key"},
    "lists": [
        {"params": {"status": "removed"}, "removed": True},
        {"params": {"status": "published"}},
    ],
    "paging": {"style": "offset", "param": "offset", "size_param": "limit", "size": 50},
    "since": {"param": "fromDate", "format": "date"},
    "zone": "Europe/London",
    "fields": {
        "id": "{comment.commentId:lower}",
        "url": "{comment.commentOriginalURL}",
        "title": "comment.title",
        "body": "comment.commentText",
        "author_name": "comment.screenName",
        "experienced_at": "{comment.visit.year:04}-{comment.visit.month:02}",
        "submitted_at": "comment.dateSubmitted",
        "updated_at": "comment.lastUpdated",
        "services": ["ods:{comment.odsCode}"],
        "references": ["comment.commentRef"],
    },
    "needs": ["comment.commentText", "comment.odsCode"],
    "ratings": [
        {"each": "comment.ratings", "value": "rating", "question": "question", "scheme": "nhs.uk"}
    ],
    "responses": {
        "each": "response",
        "id": "commentId|commentID",
        "body": "commentText",
        "organisation": "ods:{comment.odsCode}",
        "published_at": "dateSubmitted",
        "updated_at": "lastUpdated",
    },
    "origin": {
        "publisher": "comment.publisherID",
        "names": {"4": "careopinion.org.uk"},
        "external_id": "comment.publishersCommentRef",
    },
    "ext": {"department": "comment.department"},
}

TRUSTPILOT: dict[str, Any] = {
    "records": "reviews",
    "params": {"orderBy": "createdat.desc"},
    "auth": {"way": "header", "name": "apikey"},
    "paging": {"style": "page", "size_param": "perPage", "size": 50},
    "newest_first": True,
    "look_back_days": 30,
    "fields": {
        "id": "{id}",
        "url": "https://www.trustpilot.com/reviews/{id}",
        "title": "title",
        "body": "text",
        "language": "language",
        "author_name": "consumer.displayName",
        "published_at": "createdAt",
        "updated_at": "updatedAt|createdAt",
    },
    "ratings": [{"value": "stars", "scheme": "trustpilot"}],
    "responses": {
        "each": "companyReply",
        "body": "text",
        "published_at": "createdAt",
        "updated_at": "updatedAt",
    },
}


class Played:
    """The stage of another kind, with the options that tell `rest` how to read it."""

    BYPASS: Mapping[str, str] = {}

    def __init__(self, kind: str, told: dict[str, Any], path: str) -> None:
        self._stage: Any = stage(kind)
        self._told = told
        self._path = path
        self.SECRETS: Mapping[str, str] = self._stage.SECRETS

    def options(self, place: str) -> Mapping[str, Any]:
        return self._told | {"url": place + self._path, "per_second": 1000}

    def name(self, piece: Piece) -> str:
        return str(self._stage.name(piece))

    def answer(self, world: World, ask: Ask) -> Reply:
        reply: Reply = self._stage.answer(world, ask)
        return reply


PROOFS = {
    "nhs_reviews": (NHS, "/comments/Comments"),
    "trustpilot": (TRUSTPILOT, f"/v1/business-units/{trustpilot.UNIT}/reviews"),
}


def _told(trial: Trial) -> dict[str, Any]:
    """Read all that is kept, without what every store numbers for itself."""
    return {
        name: (
            kept.story.model_dump(exclude={"id", "revision", "source"})
            | {"responses": [r.model_dump(exclude={"id"}) for r in kept.story.responses]}
        )
        for name, kept in trial.kept().items()
    }


@pytest.mark.parametrize("kind", PROOFS)
def test_a_kind_written_in_rest_keeps_equal_stories(kind: str, tmp_path: Path) -> None:
    told, path = PROOFS[kind]
    played: Any = Played(kind, told, path)
    with (
        open_trial(kind, tmp_path / "own") as own,
        open_trial("rest", tmp_path / "rest", played=played) as written,
    ):
        for change in (_publish, _edit, _reply, _take_down, _put_back, _publish):
            for trial in (own, written):
                change(trial.world)
                trial.ingest()
            assert _told(own) == _told(written)
            assert len(_told(own)) >= 120
            reasons = [[one.external_id for one in t.refused()] for t in (own, written)]
            assert reasons[0] == reasons[1]
        assert [r for s in _told(own).values() for r in s["responses"]]


def _publish(world: World) -> None:
    world.add(120)
    world.add(1, broken=True)
    world.add(3, title="Ward & co <b>", text="Très bien: café & <i>soins</i> 看護, every day.")


def _edit(world: World) -> None:
    world.edit(list(world.pieces)[-2], text="On second thoughts it was kinder than I had said.")


def _reply(world: World) -> None:
    world.edit(list(world.pieces)[-3], reply="Thank you; we have told the ward what you said.")


def _take_down(world: World) -> None:
    world.remove(list(world.pieces)[-1])


def _put_back(world: World) -> None:
    world.put_back(list(world.pieces)[-1])


FIELDS = {"id": "{id}", "body": "text", "title": "title"}


def channel(secret: str | None = None, **told: Any) -> Channel:
    options = Opts.model_validate({"url": "https://api.example/x", "fields": FIELDS} | told)
    secrets = {"key": secret} if secret else {}
    return Channel(id="one", kind="rest", options=options, secrets=secrets)


class Source:
    """Any answer, as a stage."""

    SECRETS: Mapping[str, str] = {}
    BYPASS: Mapping[str, str] = {}

    def __init__(self, answer: Any, **told: Any) -> None:
        self._answer = answer
        self._told = told

    def options(self, place: str) -> Mapping[str, Any]:
        return {"url": f"{place}/x", "fields": FIELDS, "per_second": 1000} | self._told

    def name(self, piece: Piece) -> str:
        return piece.id

    def answer(self, _: World, ask: Ask) -> Reply:
        reply: Reply = self._answer(ask)
        return reply


@contextmanager
def reading(folder: Path, answer: Any, **told: Any) -> Iterator[Trial]:
    source: Any = Source(answer, **told)
    with open_trial("rest", folder, played=source) as trial:
        yield trial


XML = """<?xml version="1.0" encoding="iso-8859-1"?>
<r:reviews xmlns:r="urn:r"><r:review id="7"><r:title>Café</r:title><r:text>A &amp; B</r:text>
<r:tag>nurses</r:tag><r:tag lang="en">food</r:tag></r:review></r:reviews>"""


def test_xml_is_read_like_json(tmp_path: Path) -> None:
    told = {
        "format": "xml",
        "records": "reviews.review",
        "fields": {"id": "{@id}", "title": "title", "body": "text", "tags": "tag"},
    }
    body = Reply(XML.encode("iso-8859-1"), "application/xml")
    with reading(tmp_path, lambda _: body, **told) as trial:
        assert trial.ingest().new == 1
        (kept,) = trial.kept().values()
    assert (kept.story.title, kept.story.body_text) == ("Café", "A & B")
    assert [tag.name for tag in kept.story.tags] == ["nurses", "food"]


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><r><x>&e;</x></r>',
        "<r>" + "<a>" * 60 + "</a>" * 60 + "</r>",
        "<r><x></r>",
    ],
    ids=["an-entity", "too-deep", "unbalanced"],
)
def test_xml_that_is_hostile_is_garbled(document: str, tmp_path: Path) -> None:
    body = Reply(document.encode(), "application/xml")
    with (
        reading(tmp_path, lambda _: body, format="xml", records="r.x") as trial,
        pytest.raises(GarbledError, match="no XML"),
    ):
        trial.ingest()


def _numbered(ask: Ask, shown: int = 7, most: int = 3) -> Reply:
    start = int(ask.query.get("page", 1)) * most - most
    numbers = range(start, min(start + most, shown))
    return as_json([{"id": n, "text": f"The nurse was kind on day {n}."} for n in numbers])


def test_a_service_that_gives_less_than_it_is_asked_for_is_read_to_its_end(tmp_path: Path) -> None:
    paging = {"style": "page", "size_param": "n", "size": 100}
    with reading(tmp_path, _numbered, paging=paging) as trial:
        assert trial.ingest().new == 7
        assert trial.source is not None
        assert {ask.query["n"] for ask in trial.source.asked} == {"100"}


def test_a_page_behind_the_last_may_be_no_page(tmp_path: Path) -> None:
    def answer(ask: Ask) -> Reply:
        reply = _numbered(ask, shown=6)
        return reply if reply.body != b"[]" else as_json({}, 404)

    with reading(tmp_path, answer, paging={"style": "page", "size": 3}) as trial:
        assert trial.ingest().new == 6


def test_a_service_that_knows_no_pages_is_found_out(tmp_path: Path) -> None:
    def answer(_: Ask) -> Reply:
        return as_json([{"id": n, "text": "The nurse was kind to me."} for n in range(3)])

    with (
        reading(tmp_path, answer, paging={"style": "page", "size": 3}) as trial,
        pytest.raises(GarbledError, match="page after page holds the same"),
    ):
        trial.ingest()


def test_pages_are_followed_by_cursor_and_by_link(tmp_path: Path) -> None:
    def by_cursor(ask: Ask) -> Reply:
        at = int(ask.query.get("after", 0))
        found = {"all": [{"id": at, "text": f"The nurse was kind on day {at}."}]}
        return as_json(found | ({"meta": {"after": at + 1}} if at < 4 else {}))

    def by_link(ask: Ask) -> Reply:
        at = int(ask.query.get("p", 0))
        reply = as_json([{"id": at, "text": f"The nurse was kind on day {at}."}])
        link = f'<{ask.origin}/x?p={at + 1}>; rel="next"'
        return Reply(reply.body, headers={"Link": link} if at < 4 else {})

    paging = {"style": "cursor", "param": "after", "path": "meta.after"}
    with reading(tmp_path / "cursor", by_cursor, records="all", paging=paging) as trial:
        assert trial.ingest().new == 5
    with reading(tmp_path / "link", by_link, paging={"style": "link"}) as trial:
        assert trial.ingest().new == 5


def test_no_page_leads_to_another_origin_or_in_a_circle(tmp_path: Path) -> None:
    def answer(ask: Ask) -> Reply:
        page = {"all": [{"id": 1, "text": "The nurse was kind to me."}]}
        return as_json(page | {"next": ask.query.get("to") or to})

    told = {"records": "all", "paging": {"style": "next"}}
    with far.play(lambda _: as_json({})) as other, reading(tmp_path, answer, **told) as trial:
        to = f"{other.origin}/x"
        with pytest.raises(RefusedError, match="another origin"):
            trial.ingest()
        assert not other.asked
        to = "/x?again"
        with pytest.raises(GarbledError, match="in a circle"):
            trial.ingest()


@pytest.mark.parametrize(
    ("auth", "shown"),
    [
        ({"way": "bearer"}, ("authorization", "Bearer me:pw")),
        ({"way": "basic"}, ("authorization", "Basic bWU6cHc=")),
        ({"way": "header", "name": "X-Key"}, ("x-key", "me:pw")),
    ],
)
def test_the_key_is_shown_as_the_service_wants_it(
    auth: dict[str, str], shown: tuple[str, str], tmp_path: Path
) -> None:
    with reading(tmp_path, lambda _: as_json([]), auth=auth) as trial:
        trial.secrets = {"key": "me:pw"}
        trial.ingest()
        assert trial.source is not None
        assert trial.source.asked[0].headers[shown[0]] == shown[1]


def test_a_key_that_is_missing_is_asked_for(tmp_path: Path) -> None:
    with (
        reading(tmp_path, lambda _: as_json([]), auth={"way": "bearer"}) as trial,
        pytest.raises(RefusedError, match="`key` is missing"),
    ):
        trial.ingest()


@pytest.mark.parametrize("document", [{"other": []}, {"all": 7}, [], 7])
def test_records_that_are_not_where_they_should_be_are_told(document: Any, tmp_path: Path) -> None:
    with (
        reading(tmp_path, lambda _: as_json(document), records="all") as trial,
        pytest.raises(GarbledError, match="check `records`"),
    ):
        trial.ingest()


@pytest.mark.parametrize("payload", [b"", b"{}", b'{"list":9,"record":{}}', b'{"list":0,"page":7}'])
def test_a_page_that_is_none_is_garbled(payload: bytes) -> None:
    fetched = Fetched(payload=payload, media_type=rest.MEDIA_TYPE)
    with pytest.raises(GarbledError):
        rest.parse(channel(), fetched)


def test_what_stands_in_the_wrong_place_is_set_aside_with_its_bytes() -> None:
    page = {"list": 0, "record": {"id": 1, "text": {"deep": 1}}}
    parsed = rest.parse(channel(), Fetched(payload=orjson.dumps(page), media_type=rest.MEDIA_TYPE))
    (faulty,) = parsed.faulty
    assert (faulty.code, faulty.external_id) == ("bad_record", "1")
    assert orjson.loads(faulty.payload) == page
    nameless = {"list": 0, "record": {"id": [1], "text": "B"}}
    parsed = rest.parse(
        channel(), Fetched(payload=orjson.dumps(nameless), media_type=rest.MEDIA_TYPE)
    )
    assert parsed.faulty[0].code == "no_id"


def test_a_record_may_say_until_when_it_may_be_shown() -> None:
    told = channel(fields={"id": "{id}", "body": "text", "expires_at": "show.until"})
    record = {"id": 1, "text": "A", "show": {"until": "2027-01-01T00:00:00Z"}}
    page = orjson.dumps({"list": 0, "record": record})
    (draft,) = rest.parse(told, Fetched(payload=page, media_type=rest.MEDIA_TYPE)).drafts
    assert draft.expires_at == "2027-01-01T00:00:00Z"
