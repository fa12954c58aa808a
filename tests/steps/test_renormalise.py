"""What was received is read again after a fix; nothing is fetched, and nothing goes."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.channel import Channel
from steps import renormalise as step
from steps import stories
from steps.renormalise import Renormalised
from store import landings, runs
from store.database import Engine, reading, writing
from tests.steps.test_ingest import bring, survey
from tests.tell import MONDAY

WORDS = "id,text,date,fft\n1,Kind staff,,1\n2,Long wait,,2\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "survey.csv"
    path.write_text(WORDS)
    return path


def again(engine: Engine, channel: Channel, **more: Any) -> Renormalised:
    return step.renormalise(engine, channel, "ash", MONDAY + timedelta(hours=1), **more)


def titled(path: Path) -> Channel:
    """Give the channel as an operator mends it: another column is the title now."""
    columns = {"id": "id", "body": "text", "title": "fft", "submitted_at": "date"}
    return survey(path, columns=columns)


def titles(engine: Engine) -> dict[str, str]:
    return {one.source.external_id: one.title for one in stories.every(engine)}


def test_nothing_changes_where_everything_reads_as_before(engine: Engine, path: Path) -> None:
    bring(engine, survey(path))
    assert again(engine, survey(path)) == Renormalised(landings=1, unchanged=2)


def test_after_a_fix_stories_read_differently_without_being_fetched(
    engine: Engine, path: Path
) -> None:
    bring(engine, survey(path))
    path.unlink()
    assert again(engine, titled(path)) == Renormalised(landings=1, changed=2)
    assert titles(engine) == {"1": "1", "2": "2"}
    assert again(engine, titled(path)) == Renormalised(landings=1, unchanged=2)
    with reading(engine) as connection:
        assert [(act.who, act.action) for act in runs.acts(connection)] == [
            ("ash", "renormalise")
        ] * 2


def test_only_the_latest_telling_of_a_story_is_read_again(engine: Engine, path: Path) -> None:
    bring(engine, survey(path))
    path.write_text(WORDS.replace("Long wait", "No wait"))
    bring(engine, survey(path))
    told: list[tuple[int, int | None]] = []
    done = again(engine, titled(path), progress=lambda n, total: told.append((n, total)))
    assert done == Renormalised(landings=2, changed=2)
    assert told == [(1, 2), (2, 2)]
    assert "No wait" in {one.body_text for one in stories.every(engine)}


def test_what_is_too_old_is_counted_and_stays(engine: Engine, path: Path) -> None:
    bring(engine, survey(path))
    with writing(engine) as connection:
        landings.expire(connection, MONDAY + timedelta(minutes=1))
    assert again(engine, titled(path)) == Renormalised(landings=1, expired=1)
    assert len(titles(engine)) == 2


def test_what_cannot_be_read_any_more_is_counted_and_stays(engine: Engine, path: Path) -> None:
    bring(engine, survey(path))
    broken = survey(path, columns={"id": "id", "body": "nothing of that name"})
    assert again(engine, broken) == Renormalised(landings=1, garbled=1)
    strict = survey(path, fft_values={"1": 1})
    assert again(engine, strict) == Renormalised(landings=1, quarantined=1, unchanged=1)
    assert len(titles(engine)) == 2
