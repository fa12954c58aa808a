"""However much is removed at once, no document tells of too much, and followers lose nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from kit.far import Ask, Reply
from kit.trial import open_trial
from kit.world import World
from schemas.partner import Agreement, Edition, Scope
from schemas.publication import Document, Part, PartKind
from schemas.story import Kind
from steps import documents, removals
from steps.press import Press
from store import publication
from store.database import Engine, reading
from tests.connectors.channels.test_feed_archives import Shelf, asked, texts
from tests.tell import tell, telling
from tests.web.followers import Differ, Follower, Poller, Read, Walker, atom
from tests.web.following import urn
from tests.web.published import Published
from tests.web.rig import KEY, PUBLIC_URL

FEED = "/feeds/nhs/all"
EDITION = Edition(id="all", partner="nhs", title="Everything", page_size=3)
NAMES = tuple(str(number) for number in range(12))
MOST = 4


class Scene(Published):
    """An edition whose documents are small."""

    edition = EDITION
    token = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.take(EDITION)
        self.token = self.issue("nhs")

    def take(self, edition: Edition) -> None:
        self.edition = edition
        self.config = self.config.model_copy(update={"editions": (edition,)})

    def narrow(self, *kinds: Kind) -> None:
        agreement = Agreement(id="a1", partner="nhs", scope=Scope(kinds=kinds))
        self.config = self.config.model_copy(update={"agreements": (agreement,)})
        self.publish(self.edition)

    def tell(self, *names: str, kind: Kind = Kind.STORY) -> None:
        tell(self.engine, *[telling(name, kind=kind) for name in names])
        self.publish(self.edition)

    def read(self, below: int = 0, token: str = "") -> Read:
        suffix = f"?below={below}" if below else ""
        return atom(self.ask(f"{FEED}.atom{suffix}", token or self.token).body)

    def walk(self) -> list[Read]:
        """Read the newest document and all pages behind it."""
        found = [self.read()]
        while "next" in found[-1].links:
            found.append(self.read(found[-1].below))
        return found

    def drawn(self, part: Part) -> Document:
        press = Press(self.config, PUBLIC_URL, KEY)
        found = documents.document(self.engine, press, self.edition, "atom", part)
        assert found is not None
        return found

    def follower(self, kind: type[Follower], ending: str = "atom") -> Follower:
        made = kind(lambda path, headers: self.ask(path, self.token, headers=headers), ending)
        made.follow()
        return made


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_REMOVED", MOST)
    monkeypatch.setattr(documents, "MOST_IN_DELTA", MOST)
    monkeypatch.setattr(documents, "BUCKET", 5)


@pytest.fixture
def scene(engine: Engine) -> Iterator[Scene]:
    made = Scene(engine)
    yield made
    made.runner.close()


def test_pages_tell_of_every_removal_once_and_none_of_too_many(scene: Scene) -> None:
    scene.tell(*NAMES)
    scene.narrow(Kind.POST)
    pages = scene.walk()

    assert [len(page.removed) for page in pages] == [MOST, MOST, MOST]
    assert sorted(one for page in pages for one in page.removed) == sorted(map(urn, NAMES))


def test_a_document_lacks_nothing_above_its_lowest_number(scene: Scene) -> None:
    scene.tell("kept", kind=Kind.CONCERN)
    scene.tell(*NAMES)
    scene.tell("new", kind=Kind.CONCERN)
    scene.narrow(Kind.CONCERN)
    scene.tell("newer", "newest", kind=Kind.CONCERN)
    pages = scene.walk()

    shown = [set(page.shown) for page in pages]
    assert shown == [{urn("newer"), urn("newest")}, set(), {urn("new"), urn("kept")}]
    with reading(scene.engine) as connection:
        rows = publication.since(connection, EDITION.key, 0, 99)
    for page, part in zip(pages, [0, pages[0].below, pages[1].below], strict=True):
        kind = PartKind.PAGE if part else PartKind.NEWEST
        made = scene.drawn(Part(kind, part))
        among = {row.story_id for row in rows if made.seq_from <= row.seq <= made.seq_to}
        assert among == {*page.shown, *page.removed}


def test_as_many_as_a_document_holds_leave_it_as_it_ever_was(scene: Scene) -> None:
    scene.tell(*NAMES[:MOST])
    scene.tell("kept", kind=Kind.CONCERN)
    scene.narrow(Kind.CONCERN)
    (page,) = scene.walk()

    assert set(page.shown) == {urn("kept")}
    assert len(page.removed) == MOST
    assert page.complete


def test_what_shows_all_there_is_is_complete_whatever_removals_it_lacks(scene: Scene) -> None:
    scene.tell(*NAMES)
    scene.narrow(Kind.CONCERN)
    assert scene.read().complete
    scene.tell("new", kind=Kind.CONCERN)
    assert scene.read().complete
    assert set(scene.read().shown) == {urn("new")}


def test_what_removals_keep_stories_from_is_not_complete(scene: Scene) -> None:
    scene.tell("kept", kind=Kind.CONCERN)
    scene.tell(*NAMES)
    scene.narrow(Kind.CONCERN)
    newest = scene.read()

    assert (newest.complete, newest.shown) == (False, {})
    assert newest.links["prev-archive"].endswith("archive-3.atom")
    assert not any(page.complete for page in scene.walk())


@pytest.mark.parametrize("ending", ["atom", "json"])
@pytest.mark.parametrize(
    ("kind", "paged"),
    [(Poller, True), (Differ, True), (Walker, True), (Differ, False), (Walker, False)],
)
def test_whoever_follows_holds_what_is_left(
    scene: Scene, kind: type[Follower], ending: str, *, paged: bool
) -> None:
    scene.take(EDITION.model_copy(update={"paged": paged}))
    scene.tell("kept", "kept too", kind=Kind.CONCERN)
    scene.tell(*NAMES)
    follower = scene.follower(kind, ending)
    scene.narrow(Kind.CONCERN)
    follower.follow()

    assert set(follower.held) == {urn("kept"), urn("kept too")}
    assert follower.proof()[0]


class Retold(Shelf):
    """The documents of an edition as they stand, as a source of stories."""

    def options(self, place: str) -> dict[str, Any]:
        return {"url": f"{place}{FEED}.atom"}

    def copy(self, scene: Scene) -> None:
        found = scene.walk()
        paths = [f"{FEED}.atom"]
        paths += [
            page.links["next"].removeprefix(PUBLIC_URL) for page in found if "next" in page.links
        ]
        paths += [f"{FEED}/archive-{number}.atom" for number in range(1, 5)]
        replies = {path: scene.ask(path, scene.token) for path in paths}
        self.documents = {p: reply.body for p, reply in replies.items() if reply.status == 200}

    def answer(self, world: World, ask: Ask) -> Reply:
        path = "?below=".join([ask.path, *ask.query.values()])
        reply = super().answer(world, replace(ask, path=path))
        return replace(reply, body=reply.body.replace(PUBLIC_URL.encode(), ask.origin.encode()))


@pytest.mark.parametrize("kept", ["before", "since"])
def test_a_channel_of_another_retold_comes_to_show_what_is_left(
    sqlite_engine: Engine, tmp_path: Path, kept: str
) -> None:
    scene, played = Scene(sqlite_engine), Retold({})
    stage: Any = played
    with open_trial("feed", tmp_path, played=stage) as trial:

        def follow() -> None:
            played.copy(scene)
            trial.ingest()

        scene.tell(kept, kind=Kind.CONCERN)
        scene.tell(*NAMES)
        if kept == "since":
            scene.tell(kept, kind=Kind.CONCERN)
        follow()
        assert set(texts(trial)) == {urn(kept), *map(urn, NAMES)}
        scene.narrow(Kind.CONCERN)
        follow()
        assert set(texts(trial)) == {urn(kept)}
        asked(trial)
        scene.tell("new", kind=Kind.CONCERN)
        follow()
        assert set(texts(trial)) == {urn(kept), urn("new")}
        assert asked(trial) == [f"{FEED}.atom"]
    scene.runner.close()


def test_more_removals_than_a_delta_holds_are_told_by_the_full_document(scene: Scene) -> None:
    scene.tell(*NAMES)
    held = {"a-im": "feed", "if-none-match": scene.ask(f"{FEED}.atom", scene.token)["etag"]}
    scene.narrow(Kind.CONCERN)
    reply = scene.ask(f"{FEED}.atom", scene.token, headers=held)

    assert reply.status == 200
    assert len(atom(reply.body).removed) == MOST


def test_a_client_was_told_just_what_the_documents_it_fetched_tell(scene: Scene) -> None:
    scene.tell("kept", kind=Kind.CONCERN)
    scene.tell(*NAMES)
    for page in scene.walk():
        assert page.shown
    scene.narrow(Kind.CONCERN)
    newest = scene.read()
    assert _told(scene) == set(newest.removed)
    page = scene.read(newest.below)
    assert _told(scene) == {*newest.removed, *page.removed}
    archive = atom(scene.ask(f"{FEED}/archive-1.atom", scene.token).body)
    assert _told(scene) == {*newest.removed, *page.removed, *archive.removed}


def _told(scene: Scene) -> set[str]:
    found = removals.waiting(scene.engine, scene.config, scene.now, ["nhs/all"])
    assert {one.story_id for one in found} == set(map(urn, NAMES))
    return {one.story_id for one in found if one.told_at}


def test_removals_that_nobody_is_told_of_any_more_are_passed_by(scene: Scene) -> None:
    scene.tell("kept", kind=Kind.CONCERN)
    scene.tell(*NAMES)
    scene.narrow(Kind.CONCERN)
    scene.now += documents.TOMBSTONE_HORIZON + timedelta(days=1)
    scene.tell("new", kind=Kind.CONCERN)
    pages = scene.walk()

    assert [page.removed for page in pages] == [[]] * len(pages)
    assert {name for page in pages for name in page.shown} == {urn("kept"), urn("new")}


def test_the_page_for_people_says_where_the_entries_are_that_removals_crowd_out(
    scene: Scene,
) -> None:
    scene.tell("kept", kind=Kind.CONCERN)
    scene.tell(*NAMES)
    scene.narrow(Kind.CONCERN)
    page = scene.ask(FEED, scene.token).body.decode()

    assert "4 removals in the newest document." in page
    assert "There are none yet." not in page
    assert "stand behind it" in page
    assert orjson.loads(scene.ask(f"{FEED}.json", scene.token).body)["items"] == []
