"""A feed that is cut into pages is read to where it was read before; one that moved is followed."""

import json
from pathlib import Path
from typing import Any

import pytest

from kit import far
from kit.far import Ask, Reply
from kit.trial import Trial, open_trial
from schemas.channel import Saved
from schemas.errors import GarbledError
from tests.connectors.channels.test_feed_archives import Shelf, asked, document, entry, shelf, texts


def page(*entries: str, behind: str | None = None) -> bytes:
    return document(*entries, more=f'<link rel="next" href="{behind}"/>' if behind else "")


def json_page(*numbers: int, behind: str | None = None) -> bytes:
    items = [
        {"id": f"urn:{n}", "content_text": "Kind.", "date_modified": f"2026-03-{n:02}T12:00:00Z"}
        for n in numbers
    ]
    head = {"version": "https://jsonfeed.org/version/1.1", "title": "Ward", "items": items}
    return json.dumps(head | ({"next_url": behind} if behind else {})).encode()


def test_pages_are_walked_to_their_end_at_first(tmp_path: Path) -> None:
    with shelf(
        tmp_path,
        feed=page(entry(6), entry(5), behind="p2"),
        p2=page(entry(4), entry(3), behind="p3"),
        p3=page(entry(3, "At first it was kind."), entry(1)),
    ) as (trial, _):
        assert trial.ingest().new == 5
        assert asked(trial) == ["/feed", "/p2", "/p3"]
        assert texts(trial)["urn:3"] == "The nurse was kind to me."


def test_later_pages_are_walked_to_where_something_is_known(tmp_path: Path) -> None:
    with shelf(tmp_path, feed=page(entry(2), entry(1), behind="old"), old=page()) as (
        trial,
        placed,
    ):
        trial.ingest()
        asked(trial)
        placed["/feed"] = page(entry(6), entry(5), behind="p2")
        placed["/p2"] = page(entry(4), entry(3), behind="p3")
        placed["/p3"] = page(entry(2), entry(1), behind="p4")
        assert trial.ingest() == Saved(new=4, unchanged=2)
        assert asked(trial) == ["/feed", "/p2", "/p3"]
        placed["/feed"] = page(entry(7), entry(6), behind="p2")
        assert trial.ingest() == Saved(new=1, unchanged=1)
        assert asked(trial) == ["/feed"]


def test_json_names_its_next_page(tmp_path: Path) -> None:
    with shelf(tmp_path, feed=json_page(4, 3, behind="/p2"), p2=json_page(2, 1)) as (trial, _):
        assert trial.ingest().new == 4
        assert asked(trial) == ["/feed", "/p2"]


def test_pages_in_a_circle_end(tmp_path: Path) -> None:
    with (
        shelf(tmp_path, feed=page(entry(2), behind="p2"), p2=page(entry(1), behind="p2")) as (
            trial,
            _,
        ),
    ):
        with pytest.raises(GarbledError, match="in a circle"):
            trial.ingest()
        assert sorted(texts(trial)) == ["urn:1", "urn:2"]


def test_where_there_are_archives_pages_are_not_walked(tmp_path: Path) -> None:
    more = '<link rel="next" href="p2"/>'
    with shelf(
        tmp_path,
        feed=document(entry(2), before="a1", more=more),
        a1=document(entry(1)),
        p2=page(entry(1)),
    ) as (trial, _):
        trial.ingest()
        assert asked(trial) == ["/feed", "/a1"]


SEQ = '<seq xmlns="urn:retold:feed">9</seq>'


def gone(number: int) -> str:
    return f'<at:deleted-entry ref="urn:{number}" when="2026-04-{number:02}T12:00:00Z"/>'


def test_what_changed_in_an_archive_that_was_read_is_found_in_the_pages(tmp_path: Path) -> None:
    with shelf(
        tmp_path,
        feed=document(entry(3), before="a1", more='<link rel="next" href="p1"/>'),
        a1=document(entry(1), entry(2)),
    ) as (trial, placed):
        trial.ingest()
        asked(trial)
        placed["/feed"] = document(entry(5), before="a2", more='<link rel="next" href="p2"/>')
        placed["/p2"] = page(entry(2, "In the end it was kind."), gone(1), behind="p3")
        placed["/p3"] = page(entry(3), behind="p4")
        placed["/a2"] = document(entry(3), entry(5), before="a1")
        trial.ingest()
        assert asked(trial) == ["/feed", "/p2", "/p3", "/a2"]
        assert sorted(texts(trial)) == ["urn:2", "urn:3", "urn:5"]
        assert texts(trial)["urn:2"] == "In the end it was kind."
        placed["/feed"] = document(entry(6), entry(5), before="a2", more=SEQ)
        trial.ingest()
        assert asked(trial) == ["/feed"]


def test_what_is_wrong_with_pages_is_told_though_archives_are_read(tmp_path: Path) -> None:
    with shelf(tmp_path, feed=document(entry(2), before="a1"), a1=document(entry(1))) as (
        trial,
        placed,
    ):
        trial.ingest()
        more = '<link rel="next" href="feed"/>'
        placed["/feed"] = document(entry(5), before="a2", more=more)
        placed["/a2"] = document(entry(4), before="a1")
        with pytest.raises(GarbledError, match="in a circle"):
            trial.ingest()
        assert sorted(texts(trial)) == ["urn:1", "urn:2", "urn:4", "urn:5"]


def test_pages_of_removals_alone_are_read_to_where_one_is_known(tmp_path: Path) -> None:
    told = [entry(number) for number in range(1, 9)]
    with shelf(tmp_path, feed=page(*told)) as (trial, placed):
        trial.ingest()
        asked(trial)
        placed["/feed"] = page(SEQ, gone(4), gone(3), behind="p2")
        placed["/p2"] = page(SEQ, gone(2), gone(1), behind="p3")
        placed["/p3"] = page(SEQ, entry(8), entry(7))
        trial.ingest()
        assert asked(trial) == ["/feed", "/p2", "/p3"]
        assert sorted(texts(trial)) == [f"urn:{number}" for number in range(5, 9)]
        placed["/feed"] = page(SEQ, gone(5), gone(4), behind="p2")
        trial.ingest()
        assert asked(trial) == ["/feed"]


def test_elsewhere_a_removal_that_is_known_ends_no_walk(tmp_path: Path) -> None:
    with shelf(tmp_path, feed=page(entry(2), gone(1), behind="old"), old=page()) as (
        trial,
        placed,
    ):
        trial.ingest()
        asked(trial)
        placed["/feed"] = page(entry(4), gone(1), behind="p2")
        placed["/p2"] = page(entry(3), entry(2))
        trial.ingest()
        assert asked(trial) == ["/feed", "/p2"]


def test_a_look_asks_for_the_first_page_alone(tmp_path: Path) -> None:
    with shelf(tmp_path, feed=page(entry(2), behind="p2"), p2=page(entry(1))) as (trial, _):
        assert len(trial.look().stories) == 1
        assert asked(trial) == ["/feed"]


class Moving(Shelf):
    """A feed that says that it is elsewhere."""

    def __init__(self, status: int, to: str) -> None:
        super().__init__({"/new": page(entry(1))})
        self.status, self.to = status, to

    def answer(self, _: Any, ask: Ask) -> Reply:
        if ask.path == "/feed" and self.to:
            return Reply(status=self.status, headers={"Location": self.to})
        return super().answer(_, ask)


def changing(trial: Trial, played: Moving, times: int) -> list[str]:
    for number in range(times):
        played.documents["/new"] = page(*map(entry, range(1, number + 2)))
        trial.ingest()
    return asked(trial)


@pytest.mark.parametrize(("status", "after"), [(301, ["/new"]), (308, ["/new"])])
def test_a_feed_that_moved_for_good_is_asked_for_there_once_that_is_sure(
    status: int, after: list[str], tmp_path: Path
) -> None:
    played: Any = Moving(status, "/new")
    with open_trial("feed", tmp_path, played=played) as trial:
        assert changing(trial, played, 3) == ["/feed", "/new"] * 3
        assert changing(trial, played, 5)[-2:] == after * 2


def test_a_feed_that_is_elsewhere_for_now_is_asked_for_where_it_was(tmp_path: Path) -> None:
    played: Any = Moving(302, "/new")
    with open_trial("feed", tmp_path, played=played) as trial:
        assert changing(trial, played, 5) == ["/feed", "/new"] * 5


def test_a_feed_that_is_not_where_it_moved_to_is_looked_for_where_it_was(tmp_path: Path) -> None:
    played: Any = Moving(301, "/new")
    with open_trial("feed", tmp_path, played=played) as trial:
        changing(trial, played, 5)
        played.documents = {"/feed": page(entry(9))}
        played.to = ""
        assert trial.ingest().new == 1
        assert asked(trial) == ["/new", "/feed"]


def test_a_feed_with_a_token_is_never_taken_to_live_elsewhere(tmp_path: Path) -> None:
    with far.play(lambda _: Reply(page(entry(1)), "application/atom+xml")) as other:
        played: Any = Moving(301, f"{other.origin}/new")
        with open_trial("feed", tmp_path, played=played) as trial:
            trial.secrets = {"token": "t0ken"}
            limits = {"allow": (other.place, trial.server.place)}
            for _ in range(5):
                with _http(limits) as http:
                    cursor = trial.cursor()
                    pages = list(trial.module.fetch(trial.channel, http, cursor))
                assert '"moved":{}' in (pages[-1].cursor or "")
            assert all("authorization" not in ask.headers for ask in other.asked)


def _http(limits: dict[str, Any]) -> Any:
    from connectors._http import Limits, open_http  # noqa: PLC0415

    return open_http(Limits(attempts=1, **limits))
