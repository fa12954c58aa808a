"""A look at a channel says what it would bring, and keeps nothing."""

from pathlib import Path

import pytest

from schemas.errors import RefusedError
from steps import look
from tests.connectors import near
from tests.steps.test_ingest import ROWS, survey


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "survey.csv"
    path.write_text(ROWS)
    return path


def test_a_look_shows_stories_as_they_would_be_kept_and_counts_the_rest(path: Path) -> None:
    with near.opened() as http:
        found = look.look(http, survey(path))
    assert [story.external_id for story in found.stories] == ["1", "5"]
    assert found.stories[0].content.body_text == "Kind staff"
    assert sorted(code for code, _ in found.faulty) == ["bad_date", "bad_fft"]
    assert (found.pages, found.skipped, found.removals) == (1, {"no_answer": 1}, 0)


def test_a_look_reads_the_first_page_alone(path: Path) -> None:
    with near.opened() as http:
        found = look.look(http, survey(path, rows_per_page=1))
    assert [story.external_id for story in found.stories] == ["1"]


def test_a_look_at_nothing_shows_nothing(path: Path) -> None:
    path.unlink()
    folder = path.parent / "empty"
    folder.mkdir()
    with near.opened() as http:
        assert look.look(http, survey(folder)).pages == 0


def test_a_look_that_gets_nowhere_says_why(path: Path) -> None:
    with near.opened() as http, pytest.raises(RefusedError, match="put it there"):
        look.look(http, survey(path.with_name("gone.csv")))
