"""An edition that is taken out of the configuration takes back all that it showed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.config import Config
from schemas.delivery import Delivery
from schemas.errors import UnknownError, WithdrawnError
from schemas.partner import SANDBOX, Edition
from schemas.publication import NEWEST, Document, EditionState, Part, PartKind, Published
from steps import documents, partner, publish, removals, schedule
from steps.press import Press
from store import deliveries, publication
from store.database import Engine, reading, writing
from tests.steps import test_publish
from tests.tell import MONDAY, tell, telling

KEY = "voice/north"
AFTER = MONDAY + timedelta(days=8)


def press(config: Config) -> Press:
    return Press(config, "https://retold.example", b"k" * 32)


def without(**fields: Any) -> Config:
    """Take the edition out, and whatever else is said."""
    return test_publish.CONFIG.model_copy(update={"editions": (), **fields})


GONE = without(partners=(), agreements=())
"""The partner is taken out altogether."""

OUT = pytest.mark.parametrize("config", [without(), GONE], ids=["edition", "partner"])


def everywhere(engine: Engine, config: Config) -> dict[str, Published]:
    """Publish every edition that the step is for, as the flow does."""
    return {
        key: publish.publish(
            engine,
            press(config),
            schedule.edition(engine, config, key),
            lambda: MONDAY,
            lambda: "e1",
        )
        for key in schedule.editions(engine, config)
    }


def shown(engine: Engine, *names: str) -> None:
    tell(engine, *(telling(name) for name in names))
    everywhere(engine, test_publish.CONFIG)


def document(engine: Engine, config: Config, part: Part = NEWEST) -> Document | None:
    edition = schedule.edition(engine, config, KEY)
    return documents.document(engine, press(config), edition, "atom", part)


def given(engine: Engine) -> None:
    """Note that a client was given the newest document as it stands."""
    made = document(engine, test_publish.CONFIG)
    assert made is not None
    row = Delivery(
        token="t1",
        edition=KEY,
        format="atom",
        part="",
        etag=made.etag,
        seq_from=made.seq_from,
        seq_to=made.seq_to,
        as_of=made.as_of,
        first_at=MONDAY,
        last_at=MONDAY,
        served=1,
        confirmed=0,
    )
    with writing(engine) as connection:
        deliveries.add(connection, [row])


def reasons(engine: Engine, name: str) -> list[tuple[str, str]]:
    with reading(engine) as connection:
        lines = publication.log_of(connection, test_publish.urn(name))
    return [(str(line.state), line.reason) for _, line in lines]


@OUT
def test_all_that_it_showed_goes_out_once(engine: Engine, config: Config) -> None:
    shown(engine, "1", "2")

    assert everywhere(engine, config) == {KEY: Published(edition=KEY, went_out=2)}
    assert everywhere(engine, config) == {}
    tell(engine, telling("3"), removed=[("opinion", "1")])
    assert everywhere(engine, config) == {}
    assert reasons(engine, "1") == [("in", "allowed"), ("out", "agreement")]
    assert reasons(engine, "3") == []


def test_a_story_that_went_itself_says_so(engine: Engine) -> None:
    shown(engine, "1", "2")
    tell(engine, removed=[("opinion", "1")])
    everywhere(engine, without())

    assert reasons(engine, "1")[-1] == ("out", "removed_at_source")
    assert reasons(engine, "2")[-1] == ("out", "agreement")


@OUT
def test_a_look_beforehand_says_that_all_goes_out(engine: Engine, config: Config) -> None:
    shown(engine, "1", "2")
    edition = schedule.edition(engine, config, KEY)
    seen = publish.preview(engine, press(config), edition, MONDAY)

    assert {why: set(ids) for why, ids in seen.go_out.items()} == {
        "agreement": {test_publish.urn("1"), test_publish.urn("2")}
    }
    assert (seen.come_in, seen.revised, seen.unchanged) == ((), 0, 0)


@OUT
def test_stories_come_in_again_once_it_is_back(engine: Engine, config: Config) -> None:
    shown(engine, "1", "2")
    everywhere(engine, config)
    back = everywhere(engine, test_publish.CONFIG)

    assert back == {KEY: Published(edition=KEY, came_in=2)}
    assert everywhere(engine, test_publish.CONFIG) == {KEY: Published(edition=KEY)}
    assert reasons(engine, "1")[-1] == ("in", "allowed")


def test_one_that_is_back_before_anything_was_published_lost_nothing(engine: Engine) -> None:
    shown(engine, "1")

    assert everywhere(engine, test_publish.CONFIG) == {KEY: Published(edition=KEY)}
    assert reasons(engine, "1") == [("in", "allowed")]


def test_it_stays_known_by_name_and_others_do_not(engine: Engine) -> None:
    shown(engine, "1")

    assert schedule.edition(engine, without(), KEY).key == KEY
    assert schedule.editions(engine, without(), [KEY]) == [KEY]
    with pytest.raises(UnknownError, match="no edition is called voice/nope; there are: voice/nor"):
        schedule.edition(engine, without(), "voice/nope")


def test_its_documents_tell_what_went_and_nothing_before_that_is_published(engine: Engine) -> None:
    shown(engine, "1")
    alone = Part(PartKind.STORY, UUID(test_publish.urn("1")).int)

    assert document(engine, without()) is None
    everywhere(engine, without())
    made = document(engine, without())
    assert made is not None
    assert b"deleted-entry" in made.body
    assert b"It was good." not in made.body
    with pytest.raises(WithdrawnError):
        document(engine, without(), alone)
    assert document(engine, GONE) is None, "nothing is agreed with nobody"


@OUT
def test_who_holds_it_stays_listed_overdue_and_certified_until_a_person_notes_it(
    engine: Engine, config: Config
) -> None:
    shown(engine, "1")
    given(engine)
    everywhere(engine, config)
    [held] = removals.waiting(engine, config, MONDAY)
    paper = removals.certificate(engine, config, test_publish.urn("1"), AFTER)

    assert (held.edition, held.client, held.reason) == (KEY, "t1", "agreement")
    assert not held.overdue
    assert [one.overdue for one in removals.waiting(engine, config, AFTER, [KEY])] == [True]
    assert [(e["edition"], e["state"], e["reason"]) for e in paper["editions"]] == [
        (KEY, "out", "agreement")
    ]
    assert [one["client"] for one in paper["holders"]] == ["t1"]
    removals.by_person(engine, config, KEY, [test_publish.urn("1")], "ann", AFTER)
    assert removals.waiting(engine, config, AFTER) == []


def test_a_partners_page_shows_what_it_owes_of_it(engine: Engine) -> None:
    shown(engine, "1")
    given(engine)
    everywhere(engine, without())
    standing = partner.look(engine, without(), "voice", MONDAY)

    assert [(one.edition, one.story_id) for one in standing.owed] == [(KEY, test_publish.urn("1"))]
    assert standing.editions == ()


def test_a_sandbox_that_is_no_more_is_left_alone(engine: Engine) -> None:
    key = f"voice/{SANDBOX}"
    with writing(engine) as connection:
        publication.save_state(connection, EditionState(key=key, epoch="e1"))

    assert schedule.editions(engine, without()) == []
    with pytest.raises(UnknownError, match="there are: none"):
        schedule.edition(engine, without(), key)
    assert not press(without()).is_ended(Edition(id=SANDBOX, partner="voice", title=""))
