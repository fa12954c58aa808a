import pytest

from rules import breakers


@pytest.mark.parametrize(("gone", "live"), [(0, 0), (20, 20), (20, 5), (50, 100), (21, 42)])
def test_few_removals_and_up_to_half_are_believed(gone: int, live: int) -> None:
    assert breakers.doubts_gone(gone, live) is None


@pytest.mark.parametrize(("gone", "live"), [(21, 41), (51, 100), (1700, 1700)])
def test_more_than_half_at_once_is_doubted_with_both_numbers(gone: int, live: int) -> None:
    assert breakers.doubts_gone(gone, live) == f"{gone} of {live} stories are gone at once"


def test_an_empty_walk_is_doubted_however_few_were_kept() -> None:
    assert breakers.doubts_gone(1, 1, is_empty=True) is not None
    assert breakers.doubts_gone(0, 0, is_empty=True) is None


def test_a_page_is_doubted_when_more_than_its_share_is_faulty() -> None:
    assert breakers.doubts_faulty(21, 41, 0.5) == "21 of 41 records cannot be understood"
    assert breakers.doubts_faulty(21, 42, 0.5) is None
    assert breakers.doubts_faulty(20, 20, 0.5) is None
    assert breakers.doubts_faulty(100, 100, 1) is None
