from hypothesis import given
from hypothesis import strategies as st

from schemas.channel import Channel, Options, Saved, options_schema
from tests import make

COUNTS = st.builds(Saved, **{name: st.integers(0, 99) for name in Saved.model_fields})


def test_a_channel_that_names_no_publisher_is_its_own() -> None:
    assert make.channel(publisher="").publisher_name == "opinion"
    assert make.channel(publisher="x.example").publisher_name == "x.example"


def test_a_channels_secrets_are_in_no_representation() -> None:
    channel = make.channel(secrets={"key": "canary"})
    assert "canary" not in repr(channel) + str(channel) + channel.model_dump_json()


@given(COUNTS, COUNTS)
def test_what_was_fetched_is_the_sum_of_what_became_of_it(one: Saved, other: Saved) -> None:
    assert (one + other).fetched == one.fetched + other.fetched
    assert one.fetched == sum(dict(one).values())
    assert one + Saved() == one


def test_a_kind_declares_its_own_options_and_they_are_kept_and_described() -> None:
    class Declared(Options):
        url: str

    channel = Channel(id="a", kind="b", options=Declared(url="https://x.example"))
    assert channel.model_dump()["options"] == {"url": "https://x.example"}
    assert options_schema(Declared)["required"] == ["url"]
    assert options_schema(Declared)["additionalProperties"] is False
