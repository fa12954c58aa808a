"""Reviews on Google are walked whole, so that what is gone there goes here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.channels import google_reviews
from kit import far
from kit.stages import google_reviews as stage
from kit.trial import Trial, open_trial
from schemas.channel import Channel, Fetched, Parsed, Saved
from schemas.errors import GarbledError, RefusedError, UnreachableError


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with open_trial("google_reviews", tmp_path) as opened:
        yield opened


def source(trial: Trial) -> far.Far:
    assert trial.source is not None
    return trial.source


def lists(trial: Trial) -> int:
    return sum(ask.method == "GET" for ask in source(trial).asked)


def parse(*reviews: Any) -> Parsed:
    opts = google_reviews.Opts.model_validate({"account": "7", "locations": {"1": "ods:RXX"}})
    about = Channel(id="g", kind="google_reviews", options=opts)
    payload = orjson.dumps({"location": "1", "page": {"reviews": reviews}})
    return google_reviews.parse(
        about, Fetched(payload=payload, media_type=google_reviews.MEDIA_TYPE)
    )


def review(**more: Any) -> dict[str, Any]:
    return {"reviewId": "a", "starRating": "FOUR", "comment": "Kind"} | more


def test_every_review_is_read_and_a_second_run_keeps_nothing(trial: Trial) -> None:
    trial.world.add(130)
    assert trial.ingest().new == 130
    trial.expect_kept()
    assert trial.ingest() == Saved()


def test_what_is_new_edited_answered_gone_and_back_is_seen(trial: Trial) -> None:
    first, second, third, *_ = trial.world.add(60)
    trial.ingest()
    trial.world.edit(first.id, text="Told again, at length.")
    trial.world.edit(second.id, reply="Thank you for telling us.")
    trial.world.remove(third.id)
    trial.world.add(1)
    saved = trial.ingest()
    assert (saved.new, saved.changed, saved.removed) == (1, 2, 1)
    trial.expect_kept()
    (reply,) = trial.kept()[stage.name(second)].story.responses
    assert (reply.body_text, reply.organisation) == ("Thank you for telling us.", "ods:RXX01")
    assert trial.ingest() == Saved()
    trial.world.put_back(third.id)
    trial.ingest()
    trial.expect_kept()


def test_without_whole_walks_a_run_stops_behind_the_days_looked_back(trial: Trial) -> None:
    trial.more = {"whole_walk": False, "look_back_days": 1}
    first, *_ = trial.world.add(130)
    trial.ingest()
    before = lists(trial)
    trial.world.remove(first.id)
    assert trial.ingest() == Saved()
    assert lists(trial) - before == 1


def test_a_place_that_shows_nothing_at_all_is_not_believed(trial: Trial) -> None:
    (piece,) = trial.world.add(1)
    trial.ingest()
    trial.world.remove(piece.id)
    with pytest.raises(
        GarbledError, match="place 123 shows nothing, and 1 reviews of it were known"
    ):
        trial.ingest()
    assert trial.kept()[stage.name(piece)].is_shown


def test_a_walk_that_was_cut_off_is_walked_again_and_loses_nothing(trial: Trial) -> None:
    trial.world.add(130)
    for answers in (1, 2, 3):
        source(trial).trouble = far.after(answers, far.status(500))
        with pytest.raises(UnreachableError):
            trial.ingest()
    source(trial).trouble = None
    assert trial.ingest().removed == 0
    trial.expect_kept()


def test_a_token_that_ran_out_is_renewed_in_the_midst_of_a_walk(trial: Trial) -> None:
    trial.world.add(130)
    ran_out = far.as_json({"error": {"code": 401}}, 401)
    seen: list[str] = []

    def trouble(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        seen.append(ask.path)
        handler.send(ran_out if len(seen) == 3 else answer(ask))

    source(trial).trouble = trouble
    assert trial.ingest().new == 130
    assert seen.count("/token") == 2


def test_a_fresh_token_that_opens_nothing_is_told_with_a_remedy(trial: Trial) -> None:
    def trouble(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        handler.send(answer(ask) if ask.path == "/token" else far.as_json({}, 401))

    source(trial).trouble = trouble
    with pytest.raises(RefusedError, match="401 for a fresh token"):
        trial.ingest()
    assert len(source(trial).asked) == 2


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (far.as_json({"error": "invalid_grant"}, 400), RefusedError, "give consent anew"),
        (far.as_json({"token": "x"}), GarbledError, "check token_url"),
        (far.Reply(b"<html>"), GarbledError, "check token_url"),
    ],
    ids=["revoked", "something else", "a web page"],
)
def test_a_token_that_is_not_given_is_told_with_a_remedy(
    trial: Trial, reply: far.Reply, error: type[Exception], words: str
) -> None:
    source(trial).trouble = far.instead(reply)
    with pytest.raises(error, match=words) as caught:
        trial.ingest()
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>Sorry</html>", "a web page"),
        (b"{", "no JSON"),
        (b'{"comments":[]}', "no reviews"),
        (b'{"reviews":{}}', "no list"),
    ],
)
def test_what_is_no_list_of_reviews_is_garbled(trial: Trial, body: bytes, words: str) -> None:
    def trouble(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        handler.send(answer(ask) if ask.path == "/token" else far.Reply(body))

    source(trial).trouble = trouble
    with pytest.raises(GarbledError, match=words):
        trial.ingest()


def test_pages_that_lead_back_to_one_another_are_garbled(trial: Trial) -> None:
    def trouble(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        page = far.as_json({"reviews": [], "nextPageToken": "again"})
        handler.send(answer(ask) if ask.path == "/token" else page)

    source(trial).trouble = trouble
    with pytest.raises(GarbledError, match="lead back"):
        trial.ingest()


def test_one_review_that_cannot_be_understood_waits_and_stops_no_other(trial: Trial) -> None:
    trial.world.add(3)
    trial.world.add(1, broken=True)
    assert trial.ingest() == Saved(new=3, quarantined=1)
    assert trial.ingest() == Saved()


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        ("Kind", "Kind"),
        ("(Translated by Google) Kind\n\n(Original)\nGentil", "Gentil"),
        ("Gentil\n\n(Translated by Google)\nKind", "Gentil"),
    ],
)
def test_what_a_person_wrote_is_kept_and_not_what_a_machine_made_of_it(
    comment: str, text: str
) -> None:
    assert [draft.body for draft in parse(review(comment=comment)).drafts] == [text]


def test_stars_without_a_word_are_no_story() -> None:
    parsed = parse(review(comment=None), review(reviewId="b", starRating="ONE"))
    assert [(one.reason, one.external_id) for one in parsed.removals] == [("no_text", "a")]
    assert [rating.value for rating in parsed.drafts[0].ratings] == [1]


def test_stars_that_are_not_said_are_missing_and_who_hides_has_no_name() -> None:
    hidden = {"displayName": "A Google user", "isAnonymous": True}
    (draft,) = parse(review(starRating="STAR_RATING_UNSPECIFIED", reviewer=hidden)).drafts
    assert (draft.ratings, draft.author.display_name) == ((), None)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (None, "no_id"),
        (review(reviewId=" "), "no_id"),
        (review(starRating="SIX"), "bad_review"),
        (review(starRating=["ONE"]), "bad_review"),
        (review(comment=7), "bad_review"),
        (review(reviewReply={}), None),
        (review(reviewReply={"updateTime": "x"}), "bad_review"),
    ],
)
def test_a_review_with_something_wrong_is_faulty(wrong: Any, code: str | None) -> None:
    assert [one.code for one in parse(wrong).faulty] == ([code] if code else [])


def test_a_review_without_a_date_ends_no_walk(trial: Trial) -> None:
    trial.more = {"whole_walk": False, "page_size": 10}
    trial.world.add(5)
    trial.ingest()
    trial.world.add(45)

    def undated(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        reply = answer(ask)
        page = orjson.loads(reply.body)
        for one in page.get("reviews", [])[:1]:
            del one["updateTime"]
        handler.send(far.as_json(page))

    source(trial).trouble = undated
    assert trial.ingest().new == 45


def test_a_page_may_hold_more_than_it_did(trial: Trial) -> None:
    trial.world.add(3)

    def more(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        handler.send(far.as_json(orjson.loads(answer(ask).body) | {"kind": "reviews#list"}))

    source(trial).trouble = more
    assert trial.ingest().new == 3


def test_a_review_that_is_edited_while_pages_are_read_is_not_taken_for_gone(trial: Trial) -> None:
    trial.more = {"page_size": 10}
    first, *_ = trial.world.add(30)
    trial.ingest()
    lists_seen: list[str] = []

    def moving(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        handler.send(answer(ask))
        if ask.path.endswith("/reviews"):
            lists_seen.append(ask.path)
            if len(lists_seen) == 1:  # it leaves the last page for the first, which was read
                trial.world.edit(first.id, text="Told again, at length.")

    source(trial).trouble = moving
    assert trial.ingest().removed == 0
    source(trial).trouble = None
    assert trial.ingest().changed == 1
    trial.expect_kept()


def test_a_neighbour_of_one_that_goes_while_pages_are_read_stays(trial: Trial) -> None:
    trial.more = {"page_size": 10}
    pieces = trial.world.add(30)
    trial.ingest()
    lists_seen: list[str] = []

    def moving(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        handler.send(answer(ask))
        if ask.path.endswith("/reviews"):
            lists_seen.append(ask.path)
            if len(lists_seen) == 1:  # all behind it move up, one of them out of sight
                trial.world.remove(pieces[-1].id)

    source(trial).trouble = moving
    assert trial.ingest().removed == 0
    source(trial).trouble = None
    assert trial.ingest().removed == 1
    trial.expect_kept()


def test_a_review_whose_text_is_withdrawn_is_shown_no_more_though_its_stars_stay(
    trial: Trial,
) -> None:
    piece, *_ = trial.world.add(3)
    trial.ingest()
    trial.world.edit(piece.id)

    def starred(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        page = orjson.loads(answer(ask).body)
        for one in page.get("reviews", []):
            if one["reviewId"] == stage.name(piece):
                del one["comment"]
        handler.send(far.as_json(page))

    source(trial).trouble = starred
    assert trial.ingest().removed == 1
    assert not trial.kept()[stage.name(piece)].is_shown
    source(trial).trouble = None
    trial.ingest()
    trial.expect_kept()


def test_one_place_that_shows_nothing_is_not_believed_and_stops_no_other(trial: Trial) -> None:
    trial.more = {"locations": {"123": "ods:RXX01", "124": "ods:RXX02"}}
    trial.world.add(5)
    is_empty = [False]

    def second(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        if "/locations/124/" not in ask.path:
            handler.send(answer(ask))
            return
        told = [] if is_empty[0] else [review(reviewId=f"other{n}") for n in range(3)]
        handler.send(far.as_json({"reviews": told} if told else {}))

    source(trial).trouble = second
    assert trial.ingest().new == 8
    is_empty[0] = True
    trial.world.add(1)
    for _ in range(2):  # the doubt lasts as long as the fault does
        with pytest.raises(GarbledError, match="place 124 shows nothing"):
            trial.ingest()
    shown = {name for name, kept in trial.kept().items() if kept.is_shown}
    assert {"other0", "other1", "other2"} <= shown
    assert len(shown) == 9
    is_empty[0] = False
    assert trial.ingest() == Saved()


def test_what_no_page_showed_is_still_known_when_it_goes_before_the_next_run(
    trial: Trial,
) -> None:
    trial.more = {"page_size": 10}
    first, *_ = trial.world.add(30)
    trial.ingest()
    trial.world.add(1)  # so that the cursor moves on
    lists_seen: list[str] = []

    def moving(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        handler.send(answer(ask))
        if ask.path.endswith("/reviews"):
            lists_seen.append(ask.path)
            if len(lists_seen) == 1:
                trial.world.edit(first.id, text="Told again, at length.")

    source(trial).trouble = moving
    assert trial.ingest().new == 1
    source(trial).trouble = None
    trial.world.remove(first.id)
    assert trial.ingest().removed == 1
    trial.expect_kept()
