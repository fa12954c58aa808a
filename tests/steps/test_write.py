"""Files of an edition are what the server gives, moved only where the edition moved."""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import brotli
import feedparser
import pytest
import zstandard
from lxml import html

from connectors import _places
from connectors._place import File, Place
from connectors._places import Folder
from schemas.config import Config
from schemas.errors import ConflictError, GarbledError, RefusedError, UnknownError
from schemas.partner import Agreement, Edition, Partner, Site
from schemas.publication import Written
from schemas.story import Rights
from steps import documents, pages, publish, runs, write
from steps.press import Press
from store.database import Engine
from tests import make
from tests.tell import MONDAY, tell, telling

KEY = "voice/north"
EDITION = Edition(id="north", partner="voice", title="The North", page_size=2, paged=False)
CONFIG = Config(
    channels=(make.channel(rights=Rights(may_syndicate=True)),),
    partners=(Partner(id="voice", name="Northern Voice", publisher="voice.example"),),
    agreements=(Agreement(id="a", partner="voice", public=True),),
    editions=(EDITION,),
)
FORMATS = 3
CODINGS = 4


class KilledError(Exception):
    """What a kill is in one process."""


@dataclass
class Watched:
    """A folder that writes down what is done to it, and fails where it is told to."""

    folder: Folder
    lives: int = 10**9
    """Writes until it fails."""
    written: list[str] = field(default_factory=list)

    def folders(self) -> list[str]:
        return self.folder.folders()

    def read(self, name: str) -> bytes | None:
        return self.folder.read(name)

    def write(self, file: File) -> None:
        if not self.lives:
            raise KilledError
        self.lives -= 1
        self.written.append(file.name)
        self.folder.write(file)

    def remove(self, names: Sequence[str]) -> None:
        self.folder.remove(names)


@pytest.fixture(autouse=True)
def small_archives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "BUCKET", 3)
    monkeypatch.setattr(write, "_BATCH", 4)


def press(edition: Edition = EDITION, **fields: object) -> Press:
    config = CONFIG.model_copy(update={"editions": (edition,), **fields})
    return Press(config, "https://retold.example", b"k" * 32)


def published(engine: Engine, edition: Edition = EDITION, on: Press | None = None) -> None:
    publish.publish(engine, on or press(edition), edition, lambda: MONDAY, lambda: "e1")


def written(
    engine: Engine, place: Place, edition: Edition = EDITION, on: Press | None = None
) -> Written:
    return write.write(engine, on or press(edition), edition, place, lambda: MONDAY)


def files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def of_edition(root: Path) -> dict[str, bytes]:
    every = files(root).items()
    return {n: b for n, b in every if n.startswith(KEY) and not n.endswith(write.INDEX)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "www"


@pytest.fixture
def place(root: Path) -> Watched:
    root.mkdir()
    return Watched(Folder(root))


@pytest.fixture
def told(engine: Engine) -> Engine:
    tell(engine, *(telling(str(number)) for number in range(8)))
    published(engine)
    return engine


PACKED = (".gz", ".br", ".zst")


def plain(name: str) -> str:
    return name.removesuffix(".gz").removesuffix(".br").removesuffix(".zst")


def unpacked(name: str, body: bytes) -> bytes:
    match name.rpartition(".")[2]:
        case "gz":
            return gzip.decompress(body)
        case "br":
            return bytes(brotli.decompress(body))
        case "zst":
            return zstandard.ZstdDecompressor().decompress(body)
    return body


def test_every_document_stands_there_plain_and_packed(
    told: Engine, place: Watched, root: Path
) -> None:
    done = written(told, place)
    found = of_edition(root)
    names = {n.removeprefix(KEY) for n in found if not n.endswith(PACKED)}
    archives = {f"/archive-{n}.{e}" for n in (1, 2, 3) for e in ("atom", "rss", "json")}
    assert names == archives | {
        ".atom", ".rss", ".json", "/manifest.json", "/manifest-2026-01.json", "/index.html",
    }  # fmt: skip
    assert done == Written(edition=KEY, written=len(found))
    for name in names:
        for ending in PACKED:
            packed = f"{KEY}{name}{ending}"
            assert unpacked(packed, found[packed]) == found[KEY + name]
    assert files(root)[pages.STYLE_PATH[1:]] == pages.STYLE


def test_what_leads_somewhere_is_written_after_what_it_leads_to(
    told: Engine, place: Watched
) -> None:
    written(told, place)
    order = [n.removeprefix(KEY) for n in place.written if n.startswith(KEY + "/archive")]
    plain = [n for n in order if n.endswith(".atom")]
    assert plain == ["/archive-1.atom", "/archive-2.atom", "/archive-3.atom"]
    at = {name.removeprefix(KEY): place.written.index(name) for name in place.written}
    parts = max(number for name, number in at.items() if "archive-" in name or "manifest-" in name)
    newest = [at[f".{ending}"] for ending in ("atom", "rss", "json")]
    assert parts < at["/manifest.json"] < min(newest) <= max(newest) < at["/index.html"]


def test_a_second_run_writes_nothing(told: Engine, place: Watched) -> None:
    count = written(told, place).written
    place.written.clear()
    assert written(told, place) == Written(edition=KEY, unchanged=count)
    assert place.written == []


def test_one_changed_story_moves_five_files_of_each_format_and_coding(
    told: Engine, place: Watched, root: Path
) -> None:
    written(told, place)
    before = of_edition(root)
    tell(told, telling("1", "Edited."))
    published(told)
    place.written.clear()
    done = written(told, place)
    moved = {n for n, b in of_edition(root).items() if before.get(n) != b}
    assert moved == {n for n in place.written if not n.endswith(write.INDEX)}
    assert done.written == len(moved) == (2 * FORMATS + 3) * CODINGS
    assert {n for n in moved if n.endswith(".atom")} == {f"{KEY}.atom", f"{KEY}/archive-1.atom"}


def test_nothing_of_a_removed_story_stays(told: Engine, place: Watched, root: Path) -> None:
    tell(told, telling("1", "A name that must go."))
    published(told)
    written(told, place)
    assert any(b"must go" in body for body in files(root).values())
    tell(told, removed=[("opinion", "1")], now=MONDAY + timedelta(hours=1))
    published(told)
    written(told, place)
    for name, body in files(root).items():
        assert b"must go" not in unpacked(name, body), name


@pytest.mark.parametrize("lives", range(0, 34, 3))
def test_a_run_that_is_killed_is_made_whole_by_the_next(
    sqlite_engine: Engine, place: Watched, root: Path, tmp_path: Path, lives: int
) -> None:
    tell(sqlite_engine, *(telling(str(number)) for number in range(8)))
    published(sqlite_engine)
    place.lives = lives
    with pytest.raises(KilledError):
        written(sqlite_engine, place)
    there = set(of_edition(root))
    index = place.read(KEY + write.INDEX)
    known = {KEY + n for n in json.loads(index)["files"]} if index else set()
    assert {plain(n) for n in there} <= known
    place.lives = 10**9
    written(sqlite_engine, place)
    (tmp_path / "other").mkdir()
    written(sqlite_engine, Folder(tmp_path / "other"))
    assert files(root) == files(tmp_path / "other")


def test_what_was_written_by_a_killed_run_is_never_taken_for_an_earlier_state(
    told: Engine, place: Watched, root: Path
) -> None:
    month = f"{KEY}/manifest-2026-01.json"

    class Dying(Watched):
        def write(self, file: File) -> None:
            if month in self.written:
                raise KilledError
            super().write(file)

    written(told, place)
    before = files(root)[month]
    tell(told, telling("9"))
    published(told)
    with pytest.raises(KilledError):
        written(told, Dying(place.folder))
    assert files(root)[month] != before
    tell(told, removed=[("opinion", "9")])
    published(told)
    written(told, place)
    assert files(root)[month] == before


def test_what_is_no_longer_there_goes(told: Engine, place: Watched, root: Path) -> None:
    written(told, place)
    agreement = CONFIG.agreements[0].model_copy(update={"formats": ("atom",)})
    on = press(agreements=(agreement,))
    published(told, on=on)
    assert written(told, place, on=on).removed == 2 * 4 * CODINGS
    assert {n.rpartition(".")[2] for n in of_edition(root)} == {
        "atom",
        "json",
        "html",
        "gz",
        "br",
        "zst",
    }


def test_of_a_suspended_partner_nothing_stays(told: Engine, place: Watched, root: Path) -> None:
    count = written(told, place).written
    (root / "voice" / "notes.txt").write_text("not ours")
    partner = CONFIG.partners[0].model_copy(update={"suspended": True})
    assert written(told, place, on=press(partners=(partner,))).removed == count
    assert set(files(root)) == {
        "voice/notes.txt", *(pages.STYLE_PATH[1:] + ending for ending in ("", *PACKED)),
    }  # fmt: skip
    assert written(told, place, on=press(partners=(partner,))) == Written(edition=KEY)


def test_an_edition_that_may_not_be_there_is_found_and_cleared(
    told: Engine, place: Watched, root: Path
) -> None:
    count = written(told, place).written
    (root / "mine" / "photos").mkdir(parents=True)
    assert write.strays(press(), place) == []
    partner = CONFIG.partners[0].model_copy(update={"suspended": True})
    closed = CONFIG.agreements[0].model_copy(update={"public": False})
    for on in (press(editions=()), press(partners=(partner,)), press(agreements=(closed,))):
        assert write.strays(on, place) == [KEY]
    assert write.clear(told, place, KEY, lambda: MONDAY).removed == count
    assert write.strays(press(editions=()), place) == []
    assert not (root / "voice").exists()
    assert (root / "mine" / "photos").exists()


def test_an_edition_that_is_not_public_is_refused_and_taken_away(
    told: Engine, place: Watched, root: Path
) -> None:
    written(told, place)
    second = Agreement(id="b", partner="voice")
    with pytest.raises(ConflictError, match=r"voice/north is not public: write public = true"):
        written(told, place, on=press(agreements=(*CONFIG.agreements, second)))
    assert of_edition(root) == {}
    assert not press(agreements=()).is_public(EDITION)


def test_a_paged_edition_is_refused_with_the_remedy_and_taken_away(
    told: Engine, place: Watched, root: Path
) -> None:
    written(told, place)
    paged = EDITION.model_copy(update={"paged": True})
    assert write.strays(press(editions=(paged,)), place) == [KEY]
    with pytest.raises(ConflictError, match=r"write paged = false in its \[\[editions\]\]"):
        written(told, place, paged)
    assert of_edition(root) == {}


def test_an_edition_that_was_never_published_is_refused(engine: Engine, place: Watched) -> None:
    with pytest.raises(UnknownError, match="run `retold publish`"):
        written(engine, place)


def test_an_edition_that_moves_while_it_is_written_is_whole_all_the_same(
    told: Engine, root: Path, tmp_path: Path
) -> None:
    root.mkdir()

    class Moving(Watched):
        def write(self, file: File) -> None:
            super().write(file)
            if len(self.written) == 5:
                tell(told, *(telling(f"more-{number}") for number in range(4)))
                published(told)

    written(told, Moving(Folder(root)))
    (tmp_path / "other").mkdir()
    written(told, Folder(tmp_path / "other"))
    assert files(root) == files(tmp_path / "other")
    assert f"{KEY}/archive-4.atom" in files(root)


def test_an_edition_that_never_stands_still_is_given_up(told: Engine, root: Path) -> None:
    root.mkdir()

    class Restless(Watched):
        def write(self, file: File) -> None:
            super().write(file)
            tell(told, telling("1", f"Edit {len(self.written)}."))
            published(told)

    with pytest.raises(ConflictError, match="published all the while"):
        written(told, Restless(Folder(root)))


def test_a_reader_walks_from_the_newest_to_the_oldest_without_a_page(
    told: Engine, place: Watched, root: Path
) -> None:
    written(told, place)
    seen: list[str] = []
    at: str | None = f"https://retold.example/feeds/{KEY}.atom"
    while at is not None:
        path = at.removeprefix("https://retold.example/feeds/")
        feed = feedparser.parse((root / path).read_bytes())
        seen += [entry.id for entry in feed.entries if "thr_in-reply-to" not in entry]
        links = {link.rel: link.href for link in feed.feed.links}
        assert "next" not in links
        at = links.get("prev-archive")
    assert len(set(seen)) == 8


def test_another_version_with_other_codings_writes_all_anew_and_leaves_none_of_the_old(
    told: Engine, place: Watched, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "CODINGS", {".old": "gzip"})
    written(told, place)
    monkeypatch.undo()
    monkeypatch.setattr(documents, "BUCKET", 3)
    assert written(told, place).unchanged == 0
    assert f"{KEY}.atom.gz" in files(root)
    assert [name for name in of_edition(root) if name.endswith(".old")] == []


def test_an_index_is_believed_in_nothing_that_we_would_not_have_written(
    told: Engine, place: Watched, root: Path
) -> None:
    (root / "precious.txt").write_text("stays")
    index = root / KEY / ".retold.json"
    index.parent.mkdir(parents=True)
    index.write_text('{"codings": [".gz"], "files": {"/../../precious.txt": "x"}}')
    written(told, place)
    assert (root / "precious.txt").read_text() == "stays"
    index.write_text("[]")
    with pytest.raises(GarbledError, match="take away all files of this edition"):
        written(told, place)


def test_a_run_is_kept_with_what_it_counted(told: Engine, place: Watched) -> None:
    count = written(told, place).written
    (run,) = (run for run in runs.latest(told) if run.step == "write")
    assert (run.subject, run.counts) == (KEY, {"written": count, "unchanged": 0, "removed": 0})


@pytest.fixture
def locked(root: Path) -> Iterator[Place]:
    with _places.opened(str(root)) as place:
        yield place


def test_two_runs_at_once_are_refused(locked: Place, root: Path) -> None:
    with pytest.raises(RefusedError, match="another run"), _places.opened(str(root)):
        pass
    assert locked.folders() == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(RefusedError, match=r"file/below: cannot be read or written"),
        _places.opened(str(tmp_path / "file" / "below")),
    ):
        pass


def test_a_written_page_lists_the_regions_that_can_be_written_and_asks_nobody(
    engine: Engine, tmp_path: Path
) -> None:
    uk, au, far = (
        EDITION.model_copy(update={"id": id_, "paged": paged, "site": site})
        for id_, paged, site in (
            ("north", False, Site(locale="en-GB", region="the United Kingdom")),
            ("au", False, Site(locale="en-AU", region="Australia")),
            ("far", True, Site(locale="en-NZ", region="New Zealand")),
        )
    )
    on = press(editions=(uk, au, far))
    tell(engine, telling("1"))
    published(engine, uk, on)
    written(engine, Folder(tmp_path), uk, on)
    page = html.fromstring((tmp_path / KEY / "index.html").read_bytes())
    assert page.xpath("//nav//li/a/@href") == ["https://retold.example/feeds/voice/au"]
    assert page.xpath("//link[@hreflang]/@hreflang") == ["en-GB", "en-AU"]
    assert page.xpath("//p[@class='asked']") == []
    assert written(engine, Folder(tmp_path), uk, on).written == 0
    written(engine, Folder(tmp_path), uk, press(editions=(uk,)))
    assert b"<nav" not in (tmp_path / KEY / "index.html").read_bytes()
