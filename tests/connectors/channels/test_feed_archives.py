"""The history of a feed (RFC 5005): archives are walked to their end, each once."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from kit import far
from kit.far import Ask, Reply
from kit.stages import feed as stage
from kit.trial import Trial, open_trial
from kit.world import Piece, World
from schemas.channel import Saved
from schemas.errors import GarbledError, OutsideError, RefusedError, UnreachableError

HEAD = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:fh="http://purl.org/syndication/history/1.0"'
    ' xmlns:at="http://purl.org/atompub/tombstones/1.0"><title>Ward</title><id>urn:ward</id>'
)


def document(*entries: str, before: str | None = None, more: str = "") -> bytes:
    link = f'<link rel="prev-archive" href="{before}"/>' if before else ""
    return "".join([HEAD, link, more, *entries, "</feed>"]).encode()


def entry(number: int, text: str = "The nurse was kind to me.") -> str:
    return (
        f"<entry><id>urn:{number}</id><title>On ward {number}</title>"
        f"<updated>2026-03-{number:02}T12:00:00Z</updated><content>{text}</content></entry>"
    )


class Shelf:
    """A feed of documents by path, as a stage."""

    SECRETS = stage.SECRETS
    BYPASS = stage.BYPASS

    def __init__(self, documents: dict[str, bytes]) -> None:
        self.documents = documents

    def options(self, place: str) -> dict[str, Any]:
        return {"url": f"{place}/feed"}

    def name(self, piece: Piece) -> str:
        return piece.id

    def answer(self, _: World, ask: Ask) -> Reply:
        found = self.documents.get(ask.path)
        return Reply(status=404) if found is None else Reply(found, "application/atom+xml")


@contextmanager
def shelf(folder: Path, **documents: bytes) -> Iterator[tuple[Trial, dict[str, bytes]]]:
    placed = {f"/{name}": body for name, body in documents.items()}
    played: Any = Shelf(placed)
    with open_trial("feed", folder, played=played) as trial:
        yield trial, placed


def asked(trial: Trial) -> list[str]:
    assert trial.source is not None
    paths = [ask.path for ask in trial.source.asked]
    trial.source.asked.clear()
    return paths


def texts(trial: Trial) -> dict[str, str]:
    return {name: kept.story.body_text for name, kept in trial.kept().items() if kept.is_shown}


def test_archives_are_walked_to_their_end_and_the_newest_word_is_the_last(tmp_path: Path) -> None:
    with shelf(
        tmp_path,
        feed=document(entry(1, "Now it was very kind."), entry(9), before="a2"),
        a2=document(entry(5), entry(2, "In the end it was kind."), before="/a1"),
        a1=document(entry(1), entry(2), entry(3)),
    ) as (trial, _):
        assert trial.ingest() == Saved(new=5, changed=2)
        assert asked(trial) == ["/feed", "/a2", "/a1"]
        assert texts(trial)["urn:1"] == "Now it was very kind."
        assert texts(trial)["urn:2"] == "In the end it was kind."


def test_an_archive_is_read_once(tmp_path: Path) -> None:
    with shelf(
        tmp_path,
        feed=document(entry(3), before="a1"),
        a1=document(entry(1)),
    ) as (trial, placed):
        trial.ingest()
        asked(trial)
        placed["/a2"] = document(entry(3), before="a1")
        placed["/feed"] = document(entry(4), before="a2")
        assert trial.ingest() == Saved(new=1, unchanged=1)
        assert asked(trial) == ["/feed", "/a2"]


def test_a_walk_that_fails_is_walked_again_and_loses_nothing(tmp_path: Path) -> None:
    with shelf(
        tmp_path,
        feed=document(entry(3), before="a2"),
        a2=document(entry(2), before="a1"),
        a1=document(entry(1)),
    ) as (trial, _):
        assert trial.source is not None
        trial.source.trouble = far.after(2, far.status(503))
        with pytest.raises(UnreachableError):
            trial.ingest()
        trial.source.trouble = None
        assert trial.ingest().new == 3


def test_an_archive_at_another_host_is_not_asked_for(tmp_path: Path) -> None:
    with far.play(lambda _: Reply(document(entry(1)), "application/atom+xml")) as other:
        elsewhere = f"{other.origin}/a1"
        with shelf(tmp_path, feed=document(entry(3), before=elsewhere)) as (trial, placed):
            with pytest.raises(RefusedError, match="archive_hosts"):
                trial.ingest()
            assert list(texts(trial)) == ["urn:3"]
            assert not other.asked
            placed["/feed"] = document(entry(3), entry(4), before=elsewhere)
            trial.more = {"archives": False}
            assert trial.ingest().new == 1


def test_archives_in_a_circle_end(tmp_path: Path) -> None:
    with shelf(
        tmp_path,
        feed=document(entry(3), before="a2"),
        a2=document(entry(2), before="a1"),
        a1=document(entry(1), before="a2"),
    ) as (trial, _):
        with pytest.raises(GarbledError, match="in a circle"):
            trial.ingest()
        assert sorted(texts(trial)) == ["urn:1", "urn:2", "urn:3"]


@pytest.mark.parametrize("address", ["http://[x", "//[", "mailto:ash", "http://x y/", "?", "#a"])
def test_an_archive_that_is_nowhere_is_told_of_and_the_feed_is_kept(
    address: str, tmp_path: Path
) -> None:
    with shelf(tmp_path, feed=document(entry(3), before=address)) as (trial, _):
        with suppress(OutsideError):
            trial.ingest()
        assert list(texts(trial)) == ["urn:3"]


def test_an_archive_that_is_lost_costs_only_what_was_in_it(tmp_path: Path) -> None:
    with shelf(
        tmp_path, feed=document(entry(3), before="a2"), a2=document(entry(2), before="a1")
    ) as (trial, _):
        with pytest.raises(RefusedError, match="404"):
            trial.ingest()
        assert sorted(texts(trial)) == ["urn:2", "urn:3"]


def test_what_a_complete_feed_lacks_is_gone(tmp_path: Path) -> None:
    complete = "<fh:complete/>"
    with shelf(tmp_path, feed=document(entry(1), entry(2), more=complete)) as (trial, placed):
        assert trial.ingest().new == 2
        placed["/feed"] = document(entry(2), more=complete)
        assert trial.ingest() == Saved(unchanged=1, removed=1)
        placed["/feed"] = document(entry(3), before="a1", more=complete)
        placed["/a1"] = document(entry(4))
        assert trial.ingest() == Saved(new=2)


def test_rss_names_its_archives_too(tmp_path: Path) -> None:
    rss = (
        b'<rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom"><channel><title>T</title>'
        b'<a:link rel="prev-archive" href="/a1"/><item><guid>g1</guid><title>Kind</title>'
        b"</item></channel></rss>"
    )
    with shelf(tmp_path, feed=rss, a1=document(entry(1))) as (trial, _):
        assert trial.ingest().new == 2


def test_what_is_no_feed_has_no_archives(tmp_path: Path) -> None:
    with (
        shelf(tmp_path, feed=b"prev-archive complete") as (trial, _),
        pytest.raises(GarbledError),
    ):
        trial.ingest()
