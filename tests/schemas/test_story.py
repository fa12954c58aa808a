from typing import Any

import pytest
from pydantic import ValidationError

from schemas._record import Record
from schemas.story import (
    Comments,
    Content,
    Draft,
    Rating,
    Reference,
    Rights,
    Service,
    Story,
    Tag,
    overall,
)
from tests import make


@pytest.mark.parametrize(
    "record", [make.draft(), make.content(), make.story(), make.telling(), make.channel()]
)
def test_a_record_is_frozen_and_closed(record: Record) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        record.kind = "other"  # type: ignore[attr-defined]
    with pytest.raises(ValidationError, match="Extra inputs"):
        type(record).model_validate(dict(record) | {"surprise": 1})


@pytest.mark.parametrize("record", [make.draft(), make.content(), make.story(), make.telling()])
def test_a_record_reads_back_from_its_json(record: Record) -> None:
    assert type(record).model_validate_json(record.model_dump_json()) == record


def test_a_story_says_all_that_its_content_says() -> None:
    story = make.story()
    assert {field: getattr(story, field) for field in Content.model_fields} == dict(make.content())


def test_nothing_may_be_done_with_a_story_that_says_nothing_of_it() -> None:
    assert Rights().may_syndicate is False
    assert Draft(external_id="1").origin is None


@pytest.mark.parametrize(
    ("value", "least", "most", "stars"),
    [
        (4, 1, 5, 4.0),
        (1, 1, 5, 1.0),
        (10, 0, 10, 5.0),
        (7.5, 0, 10, 4.0),
        (2, 1, 4, 2.33),
        (0, -2, 2, 3.0),
        (1, 1, 1, None),
    ],
)
def test_a_rating_is_said_in_stars_whatever_its_scale(
    value: float, least: float, most: float, stars: float | None
) -> None:
    assert Rating(scheme="s", value=value, min=least, max=most).stars == stars


def test_the_rating_of_a_story_is_the_one_of_the_whole() -> None:
    food, staff = (
        Rating(scheme="s", question=question, value=2, min=1, max=5)
        for question in ("Food", "Staff")
    )
    whole = food.model_copy(update={"question": " OVERALL"})
    unnamed = food.model_copy(update={"question": None})
    assert overall((food, whole, staff)) == whole
    assert overall((food, unnamed)) == unnamed
    assert overall((food,)) == food
    assert overall((food, staff)) is None
    assert overall(()) is None
    assert overall((whole.model_copy(update={"value": 6}), food)) is None


def test_a_service_is_named_as_organisations_are() -> None:
    assert Service(scheme="ods", code="RXX").organisation == "ods:RXX"


@pytest.mark.parametrize(
    "fields",
    [
        {"fft": 0},
        {"fft": 7},
        {"criticality": 6},
        {"external_id": ""},
        {"kind": "rumour"},
        {"tags": ({"name": "x", "polarity": 2},)},
        {"body_format": "rtf"},
    ],
)
def test_a_draft_out_of_range_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make.draft(**fields)


def test_a_reference_names_its_publisher_and_the_story() -> None:
    with pytest.raises(ValidationError):
        Reference(publisher="", external_id="1")
    assert Tag(name="x").polarity is None


def test_the_public_schema_of_a_story_describes_every_field() -> None:
    described = Story.model_json_schema()["properties"]
    assert set(described) == set(Story.model_fields)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("open", Comments.OPEN),
        (" CLOSED", Comments.CLOSED),
        ("ajar", None),
        (True, None),
        (["open"], None),
        (None, None),
    ],
)
def test_a_post_says_whether_it_may_be_commented_on_in_two_words_alone(
    told: object, expected: Comments | None
) -> None:
    assert make.content(kind="post", ext={"comments": told}).comments is expected
