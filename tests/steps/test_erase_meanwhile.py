"""Whatever was taken in, set aside, merged or published meanwhile, nothing of it is left."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from connectors.channels import webhook
from rules import identity
from schemas.channel import Saved
from schemas.publication import Desire, Shown
from steps import (
    keep,
    quarantine,
    renormalise,
    stories,
    tellings,
)
from store import publication
from store import quarantine as records
from store.database import Engine, one_writer, reading, writing
from tests.patience import PATIENCE_S
from tests.steps.erasing import (
    CANARY,
    EDITION,
    MORE,
    OTHER,
    RETOLD,
    ROWS,
    SAID,
    STORY,
    Place,
    opened,
    silent,
    where,
)


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Iterator[Place]:
    with opened(engine, tmp_path) as place:
        yield place


@pytest.fixture
def told(place: Place) -> Place:
    place.tell_twice()
    return place


def test_who_is_publishing_just_then_is_waited_for(place: Place) -> None:
    place.ingest(ROWS)
    place.publish()
    began = threading.Event()

    def slow() -> None:
        line = Desire(story_id=STORY, revision=1, state=Shown.IN, reason="allowed", month="2026-01")
        with writing(place.engine) as connection:
            one_writer(connection, EDITION.key)
            state = publication.state(connection, EDITION.key)
            assert state is not None
            began.set()
            time.sleep(0.5)
            state = publication.log(connection, state, [line], [], place.now)
            publication.save_state(connection, state)

    with writing(place.engine) as connection:
        out = "UPDATE entries SET state = 'out' WHERE story_id = :id"
        connection.execute(sa.text(out), {"id": STORY})
    publishing = threading.Thread(target=slow)
    publishing.start()
    assert began.wait(PATIENCE_S)
    place.erase()
    publishing.join()
    token = place.rig.issue("voice")
    [gone] = json.loads(place.fetch(token, ".json"))["_retold"]["removed"]
    assert (gone["id"], gone["reason"]) == (STORY, "erased")


def test_what_was_told_of_others_in_a_page_without_bytes_stays_the_latest(place: Place) -> None:
    before = "id,title,text,who,how,reply\n2,Long wait,We waited for five hours.,Ash,good,\n"
    place.ingest(before)
    place.ingest(ROWS)
    place.erase()
    again = renormalise.renormalise(place.engine, place.config.channels[0], "ash", place.now)
    assert (again.landings, again.erased, again.changed) == (2, 1, 0)
    assert stories.show(place.engine, OTHER).story.body_text == "We waited for four hours."


def test_every_page_of_a_channel_that_was_never_understood_is_looked_at(place: Place) -> None:
    place.send({"id": "s", "title": "Mine", "text": SAID})
    bad = ROWS.replace(f"very {CANARY.lower()}", "odd").replace("\n1,", "\n9,")
    assert place.ingest(bad).quarantined == 1
    assert place.ingest(bad + MORE).quarantined == 1
    place.erase("forms/s")
    assert where(place.engine) == set()


def test_a_page_of_it_that_was_set_aside_whole_goes_with_its_landing(
    place: Place, tmp_path: Path
) -> None:
    short = {"id": "s", "title": "Short", "text": f"{CANARY} came."}
    odd = [{"text": f"No id {n}."} for n in range(25)]
    place.send(short)
    assert place.send(short, *odd) == Saved(quarantined=1)
    backup = tmp_path / "backup.sqlite"
    keep.backup(place.engine, backup, silent)
    assert place.erase("forms/s").quarantined == 1
    assert where(place.engine) == set()
    keep.restore(place.engine, place.config, backup, "kim", place.now, lambda: "e2", silent)
    assert where(place.engine) == set()


def test_a_page_set_aside_whole_by_a_channel_that_never_told_it_goes_too(place: Place) -> None:
    place.ingest(ROWS.replace(SAID, f"{CANARY} came."))
    odd = [{"text": f"No id {n}."} for n in range(25)]
    assert place.send(RETOLD | {"text": f"{CANARY}!"}, *odd) == Saved(quarantined=1)
    assert place.send({"id": "o", "text": "Another."}, *odd) == Saved(quarantined=1)
    assert (done := place.erase()).quarantined == 1
    assert done.landings == 2
    assert where(place.engine) == set()


def test_a_page_set_aside_whole_waits_no_more_once_it_is_read_to_tell_it(place: Place) -> None:
    place.ingest(ROWS.replace(SAID, f"{CANARY} came."))
    place.erase()
    told = orjson.dumps(
        [RETOLD | {"text": f"{CANARY}!"}, {"text": "No id."}, {"id": "n", "text": "New."}]
    )
    waiting = place.quarantine("forms", told, media_type=webhook.MEDIA_TYPE)
    done = quarantine.replay(place.engine, place.config, "ash", place.now, numbers=[waiting])
    assert done == Saved(new=1, quarantined=1, skipped=1)
    assert where(place.engine) == set()


def test_it_is_dated_no_earlier_than_what_was_published_meanwhile(told: Place) -> None:
    began = threading.Event()

    def slow() -> None:
        with writing(told.engine) as connection:
            one_writer(connection, EDITION.key)
            began.set()
            time.sleep(0.5)
            told.rig.now += timedelta(minutes=5)
            state = publication.states(connection)[EDITION.key]
            publication.save_state(connection, state.model_copy(update={"moved_at": told.now}))

    publishing = threading.Thread(target=slow)
    publishing.start()
    assert began.wait(PATIENCE_S)
    told.erase()
    publishing.join()
    with reading(told.engine) as connection:
        assert publication.states(connection)[EDITION.key].moved_at == told.now


def test_an_edition_that_is_being_published_for_the_first_time_is_waited_for(
    place: Place,
) -> None:
    place.ingest(ROWS)
    began, done = threading.Event(), threading.Event()

    def slow() -> None:
        with writing(place.engine) as connection:
            one_writer(connection, EDITION.key)
            began.set()
            time.sleep(0.5)
            done.set()

    publishing = threading.Thread(target=slow)
    publishing.start()
    assert began.wait(PATIENCE_S)
    place.erase()
    assert done.is_set()
    publishing.join()


def test_a_record_of_it_that_is_passed_over_is_kept_without_its_bytes(told: Place) -> None:
    told.erase()
    emptied = ROWS.replace(f'{CANARY} came,"{SAID}"', ",").replace(f"very {CANARY.lower()}", "")
    assert told.ingest(emptied.replace(f"Thank you {CANARY}.", "")).skipped == 1
    assert where(told.engine) == set()


def test_what_is_merged_while_it_is_looked_for_is_erased_too(place: Place) -> None:
    place.ingest(ROWS)
    mine = {"id": "m", "title": "Mine", "text": f"{CANARY} again."}
    place.send(mine)
    place.send(mine, {"id": "o", "text": "Another."})
    began = threading.Event()

    def slow() -> None:
        with writing(place.engine) as connection:
            one_writer(connection)
            began.set()
            time.sleep(0.5)
            ids = [STORY, identity.mint(("forms.example", "m"))]
            known = tellings.known_stories(connection, ids, with_content=True)
            tellings.write(connection, identity.merge(known, ids, "kim"), None, place.now)

    merging = threading.Thread(target=slow)
    merging.start()
    assert began.wait(PATIENCE_S)
    done = place.erase("forms/m")
    merging.join()
    assert (done.story, done.landings) == (STORY, 3)
    assert where(place.engine) == set()
    assert place.send(mine) == Saved(skipped=1)


def test_words_that_stand_in_other_stories_too_cost_these_nothing(place: Place) -> None:
    foot = (
        " This message and whatever comes with it is confidential, and meant for nobody but"
        " those to whom it was addressed by us at the time."
    )
    place.send({"id": "a", "title": CANARY, "text": f"{CANARY} came." + foot})
    place.send({"id": "b", "text": "I was well cared for." + foot})
    stays = place.quarantine("forms", orjson.dumps({"id": "c", "text": "Nobody." + foot}), "c")
    done = place.erase("forms/a")
    assert (done.landings, done.quarantined) == (1, 0)
    with reading(place.engine) as connection:
        assert records.numbers(connection) == [stays]
    assert where(place.engine) == set()
