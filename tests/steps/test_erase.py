"""A story that was erased is in no table, no file, no document; and it never comes back."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from connectors._places import Folder
from connectors.channels import webhook
from rules import identity
from schemas.channel import Fetched, Saved
from schemas.errors import ConflictError, GarbledError, UnknownError
from steps import erase as step
from steps import (
    keep,
    quarantine,
    removals,
    renormalise,
    stories,
    write,
)
from steps.erase import Erased
from steps.press import Press
from store import landings, publication, runs
from store import quarantine as records
from store.database import Engine, reading, writing
from tests.steps.erasing import (
    CANARY,
    EDITION,
    FIELDS,
    FORMATS,
    ORIGIN,
    OTHER,
    RETOLD,
    ROWS,
    SAID,
    STORY,
    Place,
    opened,
    shown,
    silent,
    unpacked,
    where,
)
from tests.web.rig import KEY, PUBLIC_URL


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Iterator[Place]:
    with opened(engine, tmp_path) as place:
        yield place


@pytest.fixture
def told(place: Place) -> Place:
    place.tell_twice()
    return place


def test_before_it_is_erased_its_words_stand_in_every_place_that_is_searched(told: Place) -> None:
    found = where(told.engine)
    assert found >= {
        "revisions.content",
        "sources.content",
        "landings.payload",
        "fragments.body",
        "documents.body",
        "documents.gzip",
        "documents.br",
        "documents.zstd",
    }
    assert told.engine.dialect.name != "sqlite" or found & {"retold.db", "retold.db-wal"}


def test_an_erased_story_is_nowhere_and_the_others_are_untouched(told: Place) -> None:
    told.quarantine("survey", SAID.encode(), "1")
    told.quarantine("forms", f"<p>{SAID.upper()}</p>".encode())
    stays = told.quarantine("forms", b'{"text": "Another."}', "y")
    done = told.erase()
    assert done == Erased(
        story=STORY, revisions=2, editions=("voice/all",), landings=4, quarantined=2
    )
    assert where(told.engine) == set()
    told.publish()
    assert where(told.engine) == set()
    third = identity.mint(("survey.example", "3"))
    assert shown(told) == {STORY: "removed", OTHER: "published", third: "published"}
    assert stories.show(told.engine, OTHER).story.body_text == "We waited for four hours."
    with reading(told.engine) as connection:
        assert records.numbers(connection) == [stays]


def test_no_document_gives_its_words_even_before_the_next_publication(told: Place) -> None:
    token = told.rig.issue("voice")
    suffixes = [f".{ending}" for ending in FORMATS] + [f"/archive-1.{e}" for e in FORMATS]
    number = STORY.removeprefix("urn:uuid:")
    for suffix in (*suffixes, f"/story/{number}", ""):
        assert CANARY.encode() in told.fetch(token, suffix), suffix
    etag = told.rig.ask("/feeds/voice/all.atom", token)["etag"]
    told.erase()
    for suffix in (*suffixes, ""):
        assert CANARY.encode() not in told.fetch(token, suffix), suffix
    assert CANARY.encode() not in told.fetch(token, f"/story/{number}", 410)
    told.rig.now += timedelta(seconds=3)
    asked = {"a-im": "feed", "if-none-match": etag}
    delta = told.rig.ask("/feeds/voice/all.atom", token, headers=asked)
    assert (delta.status, CANARY.encode() in delta.body) == (226, False)
    assert b"deleted-entry" in delta.body
    assert STORY.encode() in delta.body


def test_the_partner_is_told_once_and_its_manifest_adds_up(told: Place) -> None:
    token = told.rig.issue("voice")
    told.erase()
    before = told.fetch(token, ".json")
    [gone] = json.loads(before)["_retold"]["removed"]
    assert (gone["id"], gone["reason"]) == (STORY, "erased")
    assert json.loads(told.fetch(token, "/manifest.json"))["shown"] == 2
    told.publish()
    assert told.fetch(token, ".json") == before


def test_neither_channel_brings_it_back_nor_the_bytes_it_comes_in(told: Place) -> None:
    told.erase()
    assert told.ingest(ROWS + "4,Clean,It was clean.,Ash,good,\n").skipped == 1
    assert told.send(RETOLD, {"id": "y", "text": "Another."}) == Saved(new=1, skipped=1)
    anew = {"id": "z", "title": "A new id", "text": SAID.upper()}
    assert told.send(anew) == Saved(skipped=1)
    assert where(told.engine) == set()
    assert shown(told)[identity.mint(("survey.example", "4"))] == "published"


def test_a_story_that_reads_alike_and_was_there_already_goes_on(place: Place) -> None:
    twin = {"id": "t", "title": "Twin", "text": SAID}
    place.ingest(ROWS)
    place.send(twin)
    place.erase()
    assert place.send(twin | {"title": "Twin, mended"}) == Saved(changed=1)
    assert shown(place)[identity.mint(("forms.example", "t"))] == "published"


def test_a_short_text_is_known_by_its_names_alone(place: Place) -> None:
    thanks = {"text": "Thank you all."}
    place.send(thanks | {"id": "a"})
    place.erase("forms/a")
    assert place.send(thanks | {"id": "b"}, thanks | {"id": "a"}) == Saved(new=1, skipped=1)


def test_a_record_of_it_that_cannot_be_understood_is_not_set_aside(told: Place) -> None:
    told.erase()
    assert told.ingest(ROWS.replace(f"very {CANARY.lower()}", f"so {CANARY}")).quarantined == 0
    assert where(told.engine) == set()


def test_a_page_of_it_that_is_not_believed_is_kept_without_its_bytes(told: Place) -> None:
    told.erase()
    odd = "".join(f"{n},Odd,Odd.,Ash,unheard of,\n" for n in range(20, 45))
    with pytest.raises(GarbledError, match="faulty_share"):
        told.ingest(ROWS + odd)
    assert where(told.engine) == set()


def test_a_delivery_of_it_that_is_not_believed_does_not_wait_whole(told: Place) -> None:
    told.erase()
    odd = [{"text": f"No id {n}."} for n in range(25)]
    assert told.send(RETOLD, *odd) == Saved()
    assert where(told.engine) == set()


def test_quarantine_and_renormalising_bring_nothing_back(told: Place) -> None:
    told.erase()
    waiting = told.quarantine("forms", orjson.dumps(RETOLD))
    done = quarantine.replay(told.engine, told.config, "ash", told.now, numbers=[waiting])
    assert done.new == done.changed == 0
    for channel in told.config.channels:
        again = renormalise.renormalise(told.engine, channel, "ash", told.now)
        assert (again.erased, again.landings, again.changed) == (2, 2, 0)
    assert where(told.engine) == set()


def test_a_backup_from_before_brings_nothing_back(told: Place, tmp_path: Path) -> None:
    backup = tmp_path / "backup.sqlite"
    keep.backup(told.engine, backup, silent)
    told.erase()
    keep.restore(told.engine, told.config, backup, "kim", told.now, lambda: "e2", silent)
    assert where(told.engine) == set()
    if told.engine.dialect.name == "sqlite":
        assert not Path(f"{told.engine.url.database}-wal").stat().st_size
    assert shown(told)[STORY] == "removed"
    assert shown(told)[OTHER] == "published"
    token = told.rig.issue("voice")
    assert CANARY.encode() not in told.fetch(token, ".atom")
    assert told.ingest(ROWS).skipped == 1
    paper = certificate(told)
    assert (paper["erased"]["reason"], paper["erased"]["by"]) == ("author_request", "kim")
    assert keep.restore(told.engine, told.config, backup, "k", told.now, lambda: "e3", silent)
    assert where(told.engine) == set()


def test_what_was_merged_into_it_is_erased_too(place: Place) -> None:
    place.ingest(ROWS)
    place.send({"id": "m", "title": "Mine", "text": f"{CANARY} again."})
    place.publish()
    stories.merge(place.engine, [STORY, "forms/m"], "ash", "the same", place.now)
    done = place.erase("forms/m")
    assert (done.story, done.editions) == (STORY, ("voice/all",))
    assert where(place.engine) == set()
    token = place.rig.issue("voice")
    gone = json.loads(place.fetch(token, ".json"))["_retold"]["removed"]
    assert {one["id"] for one in gone} == {STORY, identity.mint(("forms.example", "m"))}
    assert place.send({"id": "m", "text": "Back."}) == Saved(skipped=1)


def test_erasing_twice_says_so_and_changes_nothing(told: Place) -> None:
    told.erase()
    with reading(told.engine) as connection:
        acts, seq = runs.acts(connection), publication.states(connection)["voice/all"].seq
    assert told.erase() == Erased(story=STORY, already=True)
    assert told.erase("survey/1") == Erased(story=STORY, already=True)
    with pytest.raises(UnknownError, match=r"forms/x names a story that was erased: .* own id"):
        told.erase("forms/x")
    with reading(told.engine) as connection:
        assert runs.acts(connection) == acts
        assert publication.states(connection)["voice/all"].seq == seq
        assert runs.broken_act(connection) is None
    assert [(one.who, one.action, one.subject) for one in acts] == [("ash", "erase", STORY)]
    assert acts[0].detail["why"] == "author_request"


def test_nobody_can_act_on_an_erased_story(told: Place) -> None:
    told.erase()
    for act in (stories.hold, stories.release, stories.withdraw):
        with pytest.raises(ConflictError, match="was erased"):
            act(told.engine, STORY, "ash", "", told.now)
    with pytest.raises(ConflictError, match="was erased"):
        stories.merge(told.engine, [STORY, OTHER], "ash", "", told.now)


def test_the_reason_is_a_code_in_which_nobody_can_be_named(told: Place) -> None:
    with pytest.raises(ConflictError, match="is no code"):
        told.erase(reason="Mrs Smith asked us to")
    with pytest.raises(UnknownError, match="no story is known"):
        told.erase("survey/404")
    assert step.describe(told.engine, told.config, "survey/2") == f"“Long wait” {OTHER}"


def test_what_came_in_no_landing_is_erased_all_the_same(place: Place) -> None:
    waiting = place.quarantine("forms", orjson.dumps({"id": "q", "text": f"{CANARY} came."}))
    quarantine.replay(place.engine, place.config, "ash", place.now, numbers=[waiting])
    done = place.erase("forms/q")
    assert (done.landings, done.quarantined) == (0, 1)
    assert where(place.engine) == set()


def certificate(place: Place) -> dict[str, Any]:
    return removals.certificate(place.engine, place.config, STORY, place.now)


def test_the_certificate_names_every_holder_and_says_that_it_was_erased_here(told: Place) -> None:
    token = told.rig.issue("voice")
    told.fetch(token, ".atom")
    assert certificate(told)["erased"] is None
    told.erase()
    at = told.now
    told.fetch(token, ".atom")
    paper = certificate(told)
    assert paper["erased"] == {
        "content": "erased",
        "at": at.isoformat(),
        "reason": "author_request",
        "by": "ash",
        "act": 1,
    }
    assert (paper["story"], paper["status"], paper["reason"]) == (STORY, "removed", "erased")
    [holder] = paper["holders"]
    assert (holder["client"], holder["told_at"] > at) == (token.split("_")[2], True)
    assert CANARY not in json.dumps(paper, default=str)


def test_the_next_run_takes_it_out_of_files(told: Place, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    press = Press(told.config, PUBLIC_URL, KEY)

    def written() -> set[Path]:
        write.write(told.engine, press, EDITION, Folder(folder), lambda: told.now)
        return {
            one
            for one in folder.rglob("*")
            if one.is_file()
            and any(CANARY.lower().encode() in told.lower() for told in unpacked(one.read_bytes()))
        }

    assert written()
    told.erase()
    assert written() == set()


def test_a_landing_of_a_channel_that_is_gone_or_garbled_is_taken_to_tell_it(told: Place) -> None:
    told.send({"id": "q", "text": "Quite another."})
    with writing(told.engine) as connection:
        page = Fetched(payload=b"no JSON", media_type=webhook.MEDIA_TYPE)
        landings.add(connection, "forms", "webhook/1", page, told.now)
    survey, forms = told.config.channels
    told.config = told.config.model_copy(update={"channels": (survey,)})
    assert told.erase().landings == 6
    told.config = told.config.model_copy(update={"channels": (survey, forms)})


def test_a_landing_that_only_tells_others_stays(told: Place) -> None:
    told.send({"id": "q", "text": "Quite another."})
    with writing(told.engine) as connection:
        page = Fetched(payload=b"no JSON", media_type=webhook.MEDIA_TYPE)
        landings.add(connection, "forms", "webhook/1", page, told.now)
    assert told.erase().landings == 5
    with reading(told.engine) as connection:
        assert landings.get(connection, 5) is not None


def test_an_edition_that_never_added_its_months_up_does_so_with_the_next_publication(
    told: Place,
) -> None:
    with writing(told.engine) as connection:
        connection.execute(sa.text("DELETE FROM entry_months"))
    told.erase()
    told.publish()
    token = told.rig.issue("voice")
    assert json.loads(told.fetch(token, "/manifest.json"))["shown"] == 2


def test_a_backup_brings_back_neither_a_page_nor_a_record_from_before_the_story(
    place: Place, tmp_path: Path
) -> None:
    odd = "".join(f"{n},Odd,Odd.,Ash,unheard of,\n" for n in range(20, 45))
    with pytest.raises(GarbledError, match="faulty_share"):
        place.ingest(ROWS + odd)
    place.quarantine("survey", f"{CANARY}?".encode(), "1")
    stays = place.quarantine("survey", b"Another.", "9")
    backup = tmp_path / "backup.sqlite"
    keep.backup(place.engine, backup, silent)
    place.ingest(ROWS)
    assert place.erase().landings == 2
    keep.restore(place.engine, place.config, backup, "kim", place.now, lambda: "e2", silent)
    assert where(place.engine) == set()
    with reading(place.engine) as connection:
        assert records.numbers(connection) == [stays]


def test_a_removal_of_it_that_still_tells_it_is_kept_without_its_bytes(place: Place) -> None:
    taken = {"removed": {"path": "gone"}}
    survey, forms = place.config.channels
    options = webhook.OPTIONS.model_validate(FIELDS | ORIGIN | taken)
    forms = forms.model_copy(update={"options": options})
    place.config = place.config.model_copy(update={"channels": (survey, forms)})
    place.send({"id": "a", "text": SAID}, {"id": "b", "text": "Another."})
    place.erase("forms/a")
    gone = {"text": SAID, "gone": "true"}
    assert place.send({"id": "a"} | gone, {"id": "b"} | gone) == Saved(removed=1, skipped=1)
    assert where(place.engine) == set()
