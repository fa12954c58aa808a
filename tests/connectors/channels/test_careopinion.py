"""Care Opinion, read from a server that behaves as the real one is known to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from connectors._http import Http, Limits, open_http
from connectors.channels import careopinion
from connectors.channels.careopinion import Opts
from demo.world import World
from demo.world.careopinion import CareOpinion
from kit import far
from kit.trial import open_trial
from schemas.channel import Channel, Fetched, Parsed
from schemas.errors import GarbledError, RefusedError, UnreachableError
from schemas.story import Change
from tests.connectors import hostile


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(scale=0.04, per_second=5000) as world:
        yield world


@contextmanager
def serving(world: World, per_second: int = 5000) -> Iterator[CareOpinion]:
    """Serve a channel of its own, which a test may change."""
    with CareOpinion(world.stories, {}, per_second=per_second) as server:
        yield server


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    with open_http(Limits(allow=("127.0.0.1",), attempts=1)) as http:
        yield http


def channel(server: CareOpinion | str, **options: object) -> Channel:
    address = server if isinstance(server, str) else server.address
    key = "k" if isinstance(server, str) else server.key
    given = {"base_url": address, "per_second": 4000, **options}
    return Channel(
        id="co", kind="careopinion", options=Opts.model_validate(given), secrets={"key": key}
    )


def read(of: Channel, http: Http, cursor: str | None = None) -> tuple[list[Parsed], str | None]:
    pages = list(careopinion.fetch(of, http, cursor))
    return [careopinion.parse(of, page) for page in pages], pages[-1].cursor if pages else cursor


def ids(pages: list[Parsed]) -> list[str]:
    return [draft.external_id for page in pages for draft in page.drafts]


def test_every_story_comes_once_with_all_that_belongs_to_it(world: World, http: Http) -> None:
    with serving(world) as server:
        pages, _ = read(channel(server), http)
    assert sorted(ids(pages)) == sorted(str(story.id) for story in world.stories)
    drafts = {d.external_id: d for page in pages for d in page.drafts}
    three = world.laid("three services")[0]
    assert len(drafts[str(three.id)].services) == 3
    answered = next(s for s in world.stories if s.replies)
    replies = drafts[str(answered.id)].responses
    assert [r.external_id for r in replies] == [str(r.id) for r in answered.replies]
    assert replies[0].organisation == f"ods:{answered.replies[0].organisation}"
    told = drafts[str(answered.id)]
    assert (told.title, told.body, told.url) == (answered.title, answered.body, answered.url)
    assert {t.name for t in told.tags} == {t.name for t in answered.tags}
    assert [p.faulty for p in pages if p.faulty] == []


def test_an_import_says_where_it_was_first_told(world: World, http: Http) -> None:
    with serving(world) as server:
        pages, _ = read(channel(server), http)
    imported = next(s for s in world.stories if s.origin)
    draft = next(d for p in pages for d in p.drafts if d.external_id == str(imported.id))
    assert draft.origin is not None
    assert draft.origin.publisher == "nhschoices.example"
    assert imported.origin is not None
    assert draft.origin.external_id == imported.origin.reference


def test_a_second_run_asks_for_nothing_that_is_known(world: World, http: Http) -> None:
    with serving(world) as server:
        _, cursor = read(channel(server), http)
        pages, again = read(channel(server), http, cursor)
        assert len(ids(pages)) <= 3  # only who was answered within the days that we look back
        _, third = read(channel(server), http, again)
    assert third == again


def test_a_run_resumed_at_any_page_loses_nothing_and_asks_for_nothing_twice(
    world: World, http: Http
) -> None:
    with serving(world) as server:
        of = channel(server)
        first = next(careopinion.fetch(of, http, None))
        rest, _ = read(of, http, first.cursor)
    begun = ids([careopinion.parse(of, first)])
    assert sorted({*begun, *ids(rest)}) == sorted(str(s.id) for s in world.stories)
    assert len({*begun} & {*ids(rest)}) <= 3


def test_an_edit_and_a_removal_are_seen_by_the_sweep(world: World, http: Http) -> None:
    edited, removed = world.stories[3].id, world.stories[7].id
    with serving(world) as server:
        _, cursor = read(channel(server), http)
        server.edit(edited, title="Told anew")
        server.remove(removed)
        pages, cursor = read(channel(server), http, cursor)
        assert "Told anew" in {d.title for p in pages for d in p.drafts}
        assert [r.external_id for p in pages for r in p.removals] == [str(removed)]
        pages, _ = read(channel(server), http, cursor)
        assert [r for p in pages for r in p.removals] == []


def test_without_a_sweep_only_what_is_new_is_listed(world: World, http: Http) -> None:
    with serving(world) as server:
        _, cursor = read(channel(server, sweep=False), http)
        server.remove(world.stories[7].id)
        pages, _ = read(channel(server, sweep=False), http, cursor)
    assert [r for p in pages for r in p.removals] == []
    assert len(ids(pages)) <= 3


def test_a_list_that_lost_most_of_its_stories_is_not_believed(world: World, http: Http) -> None:
    with serving(world) as server:
        _, cursor = read(channel(server), http)
    with CareOpinion(world.stories[:10], {}, per_second=5000) as emptied:
        of = channel(emptied)
        with pytest.raises(GarbledError, match="no removal was believed"):
            read(of, http, cursor)


def test_stories_that_vanish_while_the_list_is_read_hide_no_others(
    world: World, http: Http
) -> None:
    with serving(world) as server:
        of = channel(server)
        fetching = careopinion.fetch(of, http, None)
        got = ids([careopinion.parse(of, next(fetching))])
        gone = [int(name) for name in got[:60]]  # more than pages overlap by
        for story in gone:
            server.remove(story)
        got += ids([careopinion.parse(of, page) for page in fetching])
    assert {str(s.id) for s in world.stories} <= {*got}


def test_a_wrong_key_is_a_refusal_that_says_what_to_do(world: World, http: Http) -> None:
    of = channel(world.careopinion).model_copy(update={"secrets": {"key": "wrong"}})
    with pytest.raises(RefusedError, match="check the secret `key`") as caught:
        read(of, http)
    assert "wrong" not in str(caught.value).replace("a wrong key", "")


@pytest.mark.parametrize(
    ("body", "error", "says"),
    [
        pytest.param(b"Sorry! Something went wrong.", UnreachableError, "went wrong", id="sorry"),
        pytest.param(
            b'[{"id":7,"body":"B"},"Sorry! Something went wrong."]',
            UnreachableError,
            "went wrong",
            id="sorry within a list",
        ),
        pytest.param(b"<html>oops</html>", RefusedError, "a page", id="html"),
        pytest.param(b"{}", GarbledError, "no list", id="an object"),
        pytest.param(b"[1,", GarbledError, "no JSON", id="cut off"),
    ],
)
def test_what_is_no_answer_is_told_apart(
    http: Http, body: bytes, error: type[Exception], says: str
) -> None:
    served = {"/api/v2/opinions": hostile.answer(body)}
    with hostile.serve(served) as far, pytest.raises(error, match=says):
        read(channel(far.url("/")), http)


def test_a_story_may_say_what_the_service_says(http: Http) -> None:
    story = b'[{"id":7,"title":"T","body":"Sorry! Something went wrong."}]'
    served = {"/api/v2/opinions": hostile.answer(story)}
    served |= {
        f"/api/v2/opinions/7/{part}": hostile.answer(b"[]")
        for part in ("tags", "responses", "healthservices")
    }
    with hostile.serve(served) as far:
        pages, _ = read(channel(far.url("/")), http)
    assert ids(pages) == ["7"]


def test_what_has_no_number_ends_no_list_and_is_kept_aside(http: Http) -> None:
    told = [{"id": n, "title": "T", "body": "B", "dateOfPublication": "soon"} for n in range(98)]
    first = orjson.dumps([*told, {"title": "T"}, 7])
    second = orjson.dumps([*told[90:], {"id": 98, "title": "T", "body": "B"}])
    served = {"/api/v2/opinions": [hostile.answer(first), hostile.answer(second)]}
    parts = {
        f"/api/v2/opinions/{n}/{part}": hostile.answer(b"[]")
        for n in range(99)
        for part in ("tags", "responses", "healthservices")
    }
    with hostile.serve({**served, **parts}) as far:
        pages, cursor = read(channel(far.url("/")), http)
    assert ids(pages) == [str(n) for n in range(99)]
    faulty = [one for page in pages for one in page.faulty]
    assert [one.code for one in faulty] == ["no_id", "no_id"]
    for one in faulty:
        again = Fetched(payload=one.payload, media_type=one.media_type)
        assert careopinion.parse(channel("https://careopinion.example"), again).faulty == (one,)
    assert cursor
    assert orjson.loads(cursor)["published"] == ""


@pytest.mark.parametrize("route", ["NHSChoices", "NHS Choices", "nhs.uk"])
def test_an_import_without_a_link_still_has_its_origin(route: str) -> None:
    told = page(submissionRoute=route)
    (draft,) = careopinion.parse(channel("https://careopinion.example"), told).drafts
    assert draft.origin is not None
    assert (draft.origin.publisher, draft.origin.external_id) == ("nhs.uk", "careopinion:7")


def page(**opinion: object) -> Fetched:
    given = {"id": 7, "title": "T", "body": "B", "dateOfPublication": "2012-01-01T00:00:00Z"}
    told = {"opinions": [{**given, **opinion}], "wanted": [7]}
    return Fetched(payload=orjson.dumps(told), media_type=careopinion.MEDIA_TYPE)


@pytest.mark.parametrize(
    "opinion",
    [
        pytest.param({"body": None}, id="no body"),
        pytest.param({"criticality": "fairly"}, id="a word nobody listed"),
        pytest.param({"links": [1]}, id="links that are none"),
        pytest.param(
            {"links": [{"rel": "origin", "id": "1", "href": "https://[1"}]}, id="no address"
        ),
    ],
)
def test_a_story_that_lacks_what_it_needs_is_kept_aside_and_can_be_replayed(
    opinion: dict[str, object],
) -> None:
    of = channel("https://careopinion.example")
    parsed = careopinion.parse(of, page(**opinion))
    (faulty,) = parsed.faulty
    assert (faulty.external_id, faulty.code) == ("7", "bad_opinion")
    again = Fetched(payload=faulty.payload, media_type=faulty.media_type)
    assert careopinion.parse(of, again).faulty == parsed.faulty


def test_links_are_read_in_both_shapes_and_old_rows_have_no_criticality() -> None:
    links = [
        {"relation": "alternate", "link": "https://careopinion.example/7"},
        {"rel": "origin", "id": "R1", "href": ""},
        {"id": "nothing"},
    ]
    told = page(links=links, criticality=None, submissionRoute="Elsewhere")
    (draft,) = careopinion.parse(channel("https://careopinion.example"), told).drafts
    assert draft.url == "https://careopinion.example/7"
    assert draft.criticality is None
    assert draft.origin is not None
    assert (draft.origin.publisher, draft.origin.url) == ("Elsewhere", None)


def test_an_origin_that_nobody_names_is_none() -> None:
    told = page(links=[{"rel": "origin", "id": "", "href": ""}])
    (draft,) = careopinion.parse(channel("https://careopinion.example"), told).drafts
    assert draft.origin is None


def test_what_a_response_changed_is_read() -> None:
    response = {"id": None, "body": "We did.", "changeInt": 2, "dateOfSubmission": "2012-01-02"}
    told = page()
    payload = orjson.loads(told.payload) | {"responses": {"7": [response]}}
    fetched = told.model_copy(update={"payload": orjson.dumps(payload)})
    (draft,) = careopinion.parse(channel("https://careopinion.example"), fetched).drafts
    assert draft.responses[0].change is Change.MADE
    assert draft.responses[0].external_id is None


@pytest.mark.parametrize("payload", [b"<html>", b"[]", b'{"else": 1}'])
def test_a_page_that_holds_no_opinions_is_garbled(payload: bytes) -> None:
    fetched = Fetched(payload=payload, media_type=careopinion.MEDIA_TYPE)
    with pytest.raises(GarbledError):
        careopinion.parse(channel("https://careopinion.example"), fetched)


def test_a_list_of_responses_without_end_is_left(tmp_path: Path) -> None:
    with open_trial("careopinion", tmp_path) as trial:
        trial.world.add(130, reply="Thank you.")
        trial.ingest()
        page: list[far.Reply] = []

        def trouble(handler: far.Handler, ask: far.Ask, answer: far.Answer) -> None:
            if not ask.path.endswith("/v2/responses"):
                handler.send(answer(ask))
                return
            page.append(page[0] if page else answer(ask))
            handler.send(page[0] if len(page) < 9 else far.Reply(b"{}", status=403))

        for piece in list(trial.world.pieces.values()):
            trial.world.edit(piece.id, reply="Thank you again.")
        trial.server.trouble = trouble
        with pytest.raises(GarbledError, match="the same"):
            trial.ingest()
