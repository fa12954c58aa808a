"""Reviews in the App Store are read country by country, as far back as Apple shows them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.channels import app_store
from kit import far
from kit.trial import Trial, open_trial
from schemas.channel import Channel, Fetched, Parsed, Saved
from schemas.errors import GarbledError, UnreachableError


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with open_trial("app_store", tmp_path) as opened:
        yield opened


def source(trial: Trial) -> far.Far:
    assert trial.source is not None
    return trial.source


def parse(entry: Any, **options: Any) -> Parsed:
    about = Channel(
        id="app", kind="app_store", options=app_store.Opts.model_validate({"app": "1"} | options)
    )
    payload = orjson.dumps({"feed": {"entry": entry}})
    return app_store.parse(about, Fetched(payload=payload, media_type=app_store.MEDIA_TYPE))


def review(**more: Any) -> dict[str, Any]:
    told = {"id": "1", "title": "T", "content": "Kind", "im:rating": "4"} | more
    return {name: {"label": value} for name, value in told.items() if value is not None}


def test_every_review_is_read_and_the_app_itself_is_none(trial: Trial) -> None:
    trial.world.add(130)
    assert trial.ingest() == Saved(new=130, skipped=1)
    trial.expect_kept()
    assert trial.ingest() == Saved()


def test_an_edit_and_a_new_review_are_seen(trial: Trial) -> None:
    first, *_ = trial.world.add(60)
    trial.ingest()
    trial.world.edit(first.id, text="Told again, at length.")
    trial.world.add(1)
    saved = trial.ingest()
    assert (saved.new, saved.changed) == (1, 1)
    trial.expect_kept()


def test_pages_behind_the_days_looked_back_are_not_asked_for(trial: Trial) -> None:
    trial.more = {"look_back_days": 1}
    trial.world.add(130)
    trial.ingest()
    source(trial).asked.clear()
    trial.ingest()
    assert len(source(trial).asked) == 1


def test_no_page_is_asked_for_that_apple_does_not_have(trial: Trial) -> None:
    trial.world.add(520)
    assert trial.ingest().new == 500
    paths = [ask.path for ask in source(trial).asked]
    assert len(set(paths)) == 10
    assert len(paths) == 20  # a first walk goes through the pages twice


def test_a_walk_that_was_cut_off_is_walked_again_and_loses_nothing(trial: Trial) -> None:
    trial.world.add(130)
    for answers in (1, 2, 3):
        source(trial).trouble = far.after(answers, far.status(503))
        with pytest.raises(UnreachableError):
            trial.ingest()
    source(trial).trouble = None
    trial.ingest()
    trial.expect_kept()


def test_every_country_is_asked(trial: Trial) -> None:
    trial.more = {"countries": ["gb", "ie"]}
    source(trial).trouble = far.instead(far.as_json({"feed": {}}))
    assert trial.ingest() == Saved()
    assert [ask.path[:4] for ask in source(trial).asked] == ["/gb/", "/ie/"]


def test_one_review_that_cannot_be_understood_waits_and_stops_no_other(trial: Trial) -> None:
    trial.world.add(3)
    trial.world.add(1, broken=True)
    saved = trial.ingest()
    assert (saved.new, saved.quarantined) == (3, 1)
    assert trial.ingest() == Saved()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>Sorry</html>", "a web page"),
        (b"{", "no JSON"),
        (b'{"feed":[]}', "no feed"),
        (b"[]", "no feed"),
    ],
)
def test_what_is_no_feed_of_reviews_is_garbled(trial: Trial, body: bytes, words: str) -> None:
    source(trial).trouble = far.instead(far.Reply(body))
    with pytest.raises(GarbledError, match=words):
        trial.ingest()


def test_a_single_review_comes_without_a_list() -> None:
    (draft,) = parse(review(**{"im:version": "3.1"}), service="ods:X26").drafts
    assert (draft.external_id, draft.body, draft.ext) == ("1", "Kind", {"app_version": "3.1"})
    assert [one.organisation for one in draft.services] == ["ods:X26"]
    assert [(one.value, one.min, one.max) for one in draft.ratings] == [(4, 1, 5)]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (None, "no_id"),
        ({}, "no_id"),
        ({"id": "1"}, "no_id"),
        (review(id=" "), "no_id"),
        (review(content=None), "bad_review"),
        (review(**{"im:rating": "6"}), "bad_review"),
        (review(**{"im:rating": None}), "bad_review"),
    ],
)
def test_a_review_with_something_missing_is_faulty(entry: Any, code: str) -> None:
    assert [one.code for one in parse([entry]).faulty] == [code]


def test_a_review_without_a_date_ends_no_walk(trial: Trial) -> None:
    trial.world.add(5)
    trial.ingest()
    trial.world.add(110)

    def undated(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        page = orjson.loads(answer(ask).body)
        if page["feed"].get("entry"):
            del page["feed"]["entry"][-1]["updated"]
        handler.send(far.as_json(page))

    source(trial).trouble = undated
    assert trial.ingest().new == 110
