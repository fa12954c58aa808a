"""A made-up story is known by its id alone, and no real one is taken for one."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import identity, synthetic


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_every_made_up_id_is_known_as_one_and_stays_the_same(parts: list[str]) -> None:
    story_id = synthetic.mint(*parts)
    assert synthetic.is_one(story_id)
    assert synthetic.is_one(story_id.removeprefix("urn:uuid:").upper())
    assert story_id == synthetic.mint(*parts)
    assert UUID(story_id).version == synthetic.VERSION
    assert UUID(story_id).urn == story_id


@given(st.text(), st.text())
def test_no_real_id_is_ever_taken_for_a_made_up_one(publisher: str, external_id: str) -> None:
    assert not synthetic.is_one(identity.mint((publisher, external_id)))


@pytest.mark.parametrize("other", ["", "urn:uuid:", "https://stories.example/1", "1"])
def test_what_is_no_id_of_ours_is_none(other: str) -> None:
    assert not synthetic.is_one(other)


def test_other_parts_make_another_id() -> None:
    assert synthetic.mint("a", "b") != synthetic.mint("ab") != synthetic.mint("a", "c")
