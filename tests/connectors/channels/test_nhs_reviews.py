"""Reviews of the NHS website come with replies and removals, whichever way the list moves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.channels import nhs_reviews
from kit import far
from kit.stages import nhs_reviews as stage
from kit.trial import Trial, open_trial
from schemas.channel import Channel, Fetched, Parsed, Saved, Stage
from schemas.errors import GarbledError, RefusedError
from schemas.story import Reference

LIST = "/comments/Comments"


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with open_trial("nhs_reviews", tmp_path) as opened:
        yield opened


def source(trial: Trial) -> far.Far:
    assert trial.source is not None
    return trial.source


def review(**more: Any) -> dict[str, Any]:
    told = {"commentId": "A-1", "odsCode": "RXX", "commentText": "Kind", "dateSubmitted": "x"}
    return {"comment": told | more, "response": None}


def parse(*reviews: Any, status: str = "published", **options: Any) -> Parsed:
    payload = orjson.dumps({"status": status, "page": {"comments": reviews}})
    about = Channel(
        id="nhs",
        kind="nhs_reviews",
        publisher="nhs.uk",
        options=nhs_reviews.Opts.model_validate({"ods_codes": ["RXX"]} | options),
    )
    return nhs_reviews.parse(about, Fetched(payload=payload, media_type=nhs_reviews.MEDIA_TYPE))


def test_every_review_is_read_though_pages_overlap(trial: Trial) -> None:
    trial.world.add(230)
    assert trial.ingest().new == 230
    trial.expect_kept()


def test_a_second_run_asks_little_and_keeps_nothing(trial: Trial) -> None:
    trial.world.add(230)
    trial.ingest()
    asked = len(source(trial).asked)
    assert trial.ingest() == Saved()
    assert len(source(trial).asked) - asked < asked / 2


def test_what_is_new_edited_answered_removed_and_put_back_is_seen(trial: Trial) -> None:
    first, second, third, *_ = trial.world.add(5)
    trial.ingest()
    trial.world.edit(first.id, text="Told again, at length.")
    trial.world.edit(second.id, reply="Thank you for telling us.")
    trial.world.remove(third.id)
    trial.world.add(1)
    saved = trial.ingest()
    assert (saved.new, saved.changed, saved.removed) == (1, 2, 1)
    trial.expect_kept()
    (reply,) = trial.kept()[stage.name(second)].story.responses
    assert (reply.body_text, reply.organisation) == ("Thank you for telling us.", "ods:RXX")
    trial.world.put_back(third.id)
    trial.ingest()
    trial.expect_kept()
    assert trial.ingest() == Saved()


def test_a_run_that_was_cut_off_goes_on_and_loses_nothing(trial: Trial) -> None:
    trial.world.add(230)
    for answers in (2, 3, 4):
        source(trial).trouble = far.after(answers, far.status(500))
        with pytest.raises(Exception, match="HTTP 500"):
            trial.ingest()
    source(trial).trouble = None
    trial.ingest()
    trial.expect_kept()
    assert trial.ingest() == Saved()


def test_what_moves_up_while_pages_are_read_is_not_lost(trial: Trial) -> None:
    pieces = trial.world.add(120)
    gone = iter(pieces[:8])

    def moving(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        handler.send(answer(ask))
        if ask.query["status"] == "published":
            for piece in [next(gone, None) for _ in range(4)]:
                if piece is not None:
                    trial.world.remove(piece.id)

    source(trial).trouble = moving
    trial.ingest()
    shown = {stage.name(piece) for piece in trial.world.shown()}
    assert shown <= trial.kept().keys()


def test_more_that_vanish_than_pages_overlap_by_are_stepped_back_for(trial: Trial) -> None:
    pieces = trial.world.add(160)
    gone = [pieces[:60], []]

    def moving(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        handler.send(answer(ask))
        if ask.query["status"] == "published" and gone:
            for piece in gone.pop(0):
                trial.world.remove(piece.id)

    source(trial).trouble = moving
    trial.ingest()
    assert {stage.name(piece) for piece in trial.world.shown()} <= trial.kept().keys()


def test_a_service_that_gives_the_same_page_for_ever_is_garbled(trial: Trial) -> None:
    trial.world.add(60)
    page = far.as_json({"comments": [review(commentId=str(n)) for n in range(50)]})
    source(trial).trouble = far.instead(page)
    with pytest.raises(GarbledError, match="the same"):
        trial.ingest()


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (far.Reply(b"{}", status=401), RefusedError, "HTTP 401"),
        (far.Reply(b"{}", status=403), RefusedError, "HTTP 403"),
        (far.Reply(b"<html>Sorry</html>", "text/html"), GarbledError, "a web page"),
        (far.Reply(b"{", "application/json"), GarbledError, "no JSON"),
        (far.Reply(b'{"reviews":[]}'), GarbledError, "no list of comments"),
    ],
    ids=["no key", "wrong key", "a web page", "half", "something else"],
)
def test_what_is_no_list_of_reviews_is_told_with_its_reason(
    trial: Trial, reply: far.Reply, error: type[Exception], words: str
) -> None:
    source(trial).trouble = far.instead(reply)
    with pytest.raises(error, match=words):
        trial.ingest()


def test_being_led_elsewhere_means_a_wrong_key(trial: Trial) -> None:
    elsewhere = far.Reply(status=302, headers={"Location": "/login"})

    def trouble(handler: Any, ask: far.Ask, _answer: far.Answer) -> None:
        handler.send(elsewhere if ask.path == LIST else far.as_json({"comments": []}))

    source(trial).trouble = trouble
    with pytest.raises(RefusedError, match="check the secret `key`"):
        trial.ingest()


def test_one_review_that_cannot_be_understood_waits_and_stops_no_other(trial: Trial) -> None:
    trial.world.add(3)
    trial.world.add(1, broken=True)
    assert trial.ingest() == Saved(new=3, quarantined=1)
    (waiting,) = trial.refused()
    assert (waiting.stage, waiting.code) == (Stage.PARSE, "bad_review")
    assert trial.ingest() == Saved()


def test_a_review_says_who_what_when_and_about_whom() -> None:
    told = review(
        title="Maternity",
        screenName="Ash",
        department="Maternity",
        commentRef=17,
        ratings=[{"question": "10004", "rating": 4}],
        visit={"month": 3, "year": 2026},
    )
    (draft,) = parse(told).drafts
    assert (draft.external_id, draft.experienced_at, draft.kind) == ("a-1", "2026-03", "review")
    assert [(r.value, r.min, r.max) for r in draft.ratings] == [(4, 1, 5)]
    assert [s.organisation for s in draft.services] == ["ods:RXX"]
    assert draft.references == (Reference(publisher="nhs.uk", external_id="17"),)
    assert (draft.author.display_name, draft.ext) == ("Ash", {"department": "Maternity"})


def test_a_review_from_another_publisher_names_its_origin() -> None:
    told = review(publisherID=4, publishersCommentRef="99")
    (draft,) = parse(told, publishers={"4": "careopinion.org.uk"}).drafts
    assert draft.origin == Reference(publisher="careopinion.org.uk", external_id="99")
    assert parse(told).drafts[0].origin is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"ratings": [{"question": "q", "rating": 6}]},
        {"ratings": [{"question": "q", "rating": "five"}]},
        {"visit": {"month": "May"}},
        {"odsCode": None},
        {"commentText": 7},
    ],
    ids=["a sixth star", "a word", "no year", "nobody", "a number"],
)
def test_a_review_with_something_wrong_is_faulty(wrong: dict[str, Any]) -> None:
    parsed = parse(review(**wrong), review(commentId="B"))
    assert [one.external_id for one in parsed.faulty] == ["a-1"]
    assert len(parsed.drafts) == 1


def test_a_removed_review_is_a_removal_and_nothing_else() -> None:
    parsed = parse(review(lastUpdated="2026-01-02T03:04:05Z"), status="removed")
    assert [(one.external_id, one.at) for one in parsed.removals] == [
        ("a-1", "2026-01-02T03:04:05Z")
    ]
    assert not parsed.drafts


@pytest.mark.parametrize("wrong", [None, 7, {}, {"comment": {}}, {"comment": {"commentId": " "}}])
def test_a_review_without_an_id_is_faulty(wrong: Any) -> None:
    assert [one.code for one in parse(wrong).faulty] == ["no_id"]


def test_a_channel_is_about_organisations_or_a_sort_of_them() -> None:
    for options in ({}, {"ods_codes": ["RXX"], "org_type": "TRU"}):
        with pytest.raises(ValueError, match="either ods_codes or an org_type"):
            nhs_reviews.Opts.model_validate(options)
