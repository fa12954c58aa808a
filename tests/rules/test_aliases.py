import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import aliases

STORY = "urn:uuid:6f6b0c1e-3f0a-5c3e-9d7a-000000000001"
BARE = STORY.removeprefix("urn:uuid:")


@pytest.mark.parametrize(
    "ref",
    [
        STORY,
        BARE,
        BARE.upper(),
        f"https://retold.example/b/nhs/{BARE}/neBe4xg3z_V87rBW7eMd5Q.gif",
        f"https://retold.example/feeds/nhs/all.atom#{STORY}",
    ],
)
def test_our_id_is_found_wherever_it_stands(ref: str) -> None:
    assert aliases.clues(ref, "nhs.uk").ids == (STORY,)


def test_a_longer_number_holds_no_id() -> None:
    assert aliases.clues(f"0{BARE}", "nhs.uk").ids == ()


def test_a_word_is_an_id_of_the_platforms_own() -> None:
    assert aliases.clues("RV-17", "nhs.uk") == ((), (("nhs.uk", "RV-17"),), None, ())


def test_an_address_is_the_id_of_whoever_publishes_there_and_may_end_in_one() -> None:
    ref = "https://www.careopinion.org.uk/1234567"
    clues = aliases.clues(ref, "nhs.uk")
    assert clues.names == (
        ("nhs.uk", ref),
        ("www.careopinion.org.uk", ref),
        ("careopinion.org.uk", ref),
    )
    assert clues.tails[-1] == ("careopinion.org.uk", "1234567")
    assert clues.address == "careopinion.org.uk/1234567"


def test_a_path_is_one_of_the_platforms_own_site() -> None:
    assert aliases.clues("/stories/1234567/", "co.uk") == (
        (),
        (("co.uk", "/stories/1234567/"),),
        None,
        (("co.uk", "1234567"),),
    )


@pytest.mark.parametrize("ref", ["https://nhs.uk/reviews/12", "https://nhs.uk/contact", "/"])
def test_the_end_of_any_page_is_not_taken_for_an_id(ref: str) -> None:
    assert aliases.clues(ref, "nhs.uk").tails == ()


@pytest.mark.parametrize(
    "same",
    [
        "http://careopinion.org.uk/1234567",
        "https://WWW.careopinion.org.uk/1234567/",
        "https://www.careopinion.org.uk/1234567?utm_source=nhs&utm_medium=feed",
        "https://www.careopinion.org.uk/1234567#response",
        "https://someone@www.careopinion.org.uk/1234567",
    ],
)
def test_addresses_of_one_page_are_the_same(same: str) -> None:
    assert aliases.address(same) == aliases.address("https://www.careopinion.org.uk/1234567")


def test_addresses_of_two_pages_differ() -> None:
    first = aliases.address("https://nhs.uk/review?id=1&utm_source=x")
    assert first == "nhs.uk/review?id=1"
    assert first != aliases.address("https://nhs.uk/review?id=2")


@pytest.mark.parametrize("text", ["", "RV-17", "/path", "mailto:a@b.c", "https://[nowhere", STORY])
def test_what_is_no_address_has_none(text: str) -> None:
    assert aliases.address(text) is None


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://www.", "/"]))
def test_any_reference_may_be_asked_about(text: str, beginning: str) -> None:
    clues = aliases.clues(beginning + text, "nhs.uk")
    assert clues.names[0] == ("nhs.uk", beginning + text)
