"""Reviews on Trustpilot are read from the newest back, and nobody's address is kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.channels import trustpilot
from kit import far
from kit.stages import trustpilot as stage
from kit.trial import Trial, open_trial
from schemas.channel import Channel, Fetched, Parsed, Saved
from schemas.errors import GarbledError, RefusedError, UnreachableError


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with open_trial("trustpilot", tmp_path) as opened:
        yield opened


def source(trial: Trial) -> far.Far:
    assert trial.source is not None
    return trial.source


def parse(*reviews: Any, **options: Any) -> Parsed:
    about = Channel(
        id="tp",
        kind="trustpilot",
        options=trustpilot.Opts.model_validate({"business_unit": "1"} | options),
    )
    payload = orjson.dumps({"reviews": reviews})
    return trustpilot.parse(about, Fetched(payload=payload, media_type=trustpilot.MEDIA_TYPE))


def test_every_review_is_read_and_a_second_run_asks_only_for_the_newest(trial: Trial) -> None:
    trial.world.add(230)
    assert trial.ingest().new == 230
    trial.expect_kept()
    asked = len(source(trial).asked)
    assert trial.ingest() == Saved()
    assert len(source(trial).asked) - asked == 3
    trial.world.add(2)
    assert trial.ingest().new == 2


def test_an_edit_and_a_reply_within_the_days_looked_back_are_seen(trial: Trial) -> None:
    first, *_, last = trial.world.add(60)
    trial.ingest()
    trial.world.edit(last.id, text="Told again, at length.")
    trial.world.edit(first.id, reply="Thank you for telling us.")
    saved = trial.ingest()
    assert (saved.new, saved.changed) == (0, 2)
    trial.expect_kept()
    (reply,) = trial.kept()[stage.name(first)].story.responses
    assert reply.body_text == "Thank you for telling us."


def test_what_lies_further_back_is_not_asked_for(trial: Trial) -> None:
    trial.more = {"look_back_days": 1, "page_size": 10}
    trial.world.add(60)
    trial.ingest()
    source(trial).asked.clear()
    trial.ingest()
    assert [ask.query["page"] for ask in source(trial).asked] == ["1"]


def test_a_walk_that_was_cut_off_is_walked_again_and_loses_nothing(trial: Trial) -> None:
    trial.world.add(230)
    for answers in (1, 2, 4):
        source(trial).trouble = far.after(answers, far.status(500))
        with pytest.raises(UnreachableError):
            trial.ingest()
        trial.world.add(1)
    source(trial).trouble = None
    trial.ingest()
    trial.expect_kept()
    assert trial.ingest() == Saved()


def test_reviews_that_come_while_pages_are_read_are_not_lost(trial: Trial) -> None:
    trial.world.add(120)

    def moving(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        handler.send(answer(ask))
        trial.world.add(3)

    source(trial).trouble = moving
    trial.ingest()
    source(trial).trouble = None
    trial.ingest()
    trial.expect_kept()


def test_a_service_that_gives_the_same_page_for_ever_is_garbled(trial: Trial) -> None:
    page = {"reviews": [{"id": str(n), "createdAt": "2026-01-01T00:00:00Z"} for n in range(50)]}
    source(trial).trouble = far.instead(far.as_json(page))
    with pytest.raises(GarbledError, match="the same"):
        trial.ingest()


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (far.Reply(b"{}", status=401), RefusedError, "HTTP 401"),
        (far.Reply(b"<html>Sorry</html>", "text/html"), GarbledError, "a web page"),
        (far.Reply(b"{", "application/json"), GarbledError, "no JSON"),
        (far.Reply(b'{"comments":[]}'), GarbledError, "no list of reviews"),
    ],
    ids=["wrong key", "a web page", "half", "something else"],
)
def test_what_is_no_list_of_reviews_is_told_with_its_reason(
    trial: Trial, reply: far.Reply, error: type[Exception], words: str
) -> None:
    source(trial).trouble = far.instead(reply)
    with pytest.raises(error, match=words):
        trial.ingest()


def test_being_led_elsewhere_means_a_wrong_key(trial: Trial) -> None:
    def trouble(handler: Any, ask: far.Ask, _answer: far.Answer) -> None:
        away = far.Reply(status=302, headers={"Location": "/login"})
        handler.send(far.as_json({"reviews": []}) if ask.path == "/login" else away)

    source(trial).trouble = trouble
    with pytest.raises(RefusedError, match="check the secret `key`"):
        trial.ingest()


def test_one_review_that_cannot_be_understood_waits_and_stops_no_other(trial: Trial) -> None:
    trial.world.add(3)
    trial.world.add(1, broken=True)
    assert trial.ingest() == Saved(new=3, quarantined=1)
    assert [one.code for one in trial.refused()] == ["bad_review"]
    assert trial.ingest() == Saved()


def test_no_address_of_who_wrote_it_is_in_a_draft(trial: Trial) -> None:
    trial.world.add(1)
    (parsed,) = trial.parse(trial.fetch())
    assert "mail.example" not in parsed.model_dump_json()
    assert parsed.drafts[0].author.display_name == "Ash"


def test_a_review_is_about_the_service_that_the_channel_names() -> None:
    told = {"id": "a", "stars": 4, "companyReply": {"text": "Thanks"}}
    (draft,) = parse(told, service="ods:RXX").drafts
    assert [one.organisation for one in draft.services] == ["ods:RXX"]
    assert [one.organisation for one in draft.responses] == ["ods:RXX"]
    assert [(one.value, one.min, one.max) for one in draft.ratings] == [(4, 1, 5)]
    assert parse(told).drafts[0].services == ()


@pytest.mark.parametrize("wrong", [None, 7, {}, {"id": ""}, {"id": 7}])
def test_a_review_without_an_id_is_faulty(wrong: Any) -> None:
    assert [one.code for one in parse(wrong).faulty] == ["no_id"]


@pytest.mark.parametrize("stars", [0, 6, "many", None])
def test_a_review_with_no_stars_from_one_to_five_is_faulty(stars: Any) -> None:
    assert [one.code for one in parse({"id": "a", "stars": stars}).faulty] == ["bad_review"]


def test_a_review_without_a_date_ends_no_walk(trial: Trial) -> None:
    trial.more = {"page_size": 10}
    trial.world.add(5)
    trial.ingest()
    trial.world.add(45)

    def undated(handler: Any, ask: far.Ask, answer: far.Answer) -> None:
        page = orjson.loads(answer(ask).body)
        for one in page["reviews"][:1]:
            del one["createdAt"]
        handler.send(far.as_json(page))

    source(trial).trouble = undated
    assert trial.ingest().new == 45
