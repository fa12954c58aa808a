from hypothesis import given
from hypothesis import strategies as st

from rules import beacon

KEY = b"a key of the installation"
STORY = "urn:uuid:6f6b0c1e-3f0a-5c3e-9d7a-000000000001"
PARTNERS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)
STORIES = st.uuids().map(lambda u: u.urn)


def test_the_address_is_the_same_on_every_machine() -> None:
    expected = "/b/nhs/6f6b0c1e-3f0a-5c3e-9d7a-000000000001/neBe4xg3z_V87rBW7eMd5Q.gif"
    assert beacon.path("nhs", STORY, KEY) == expected


@given(PARTNERS, STORIES, st.binary(min_size=1))
def test_an_address_reads_back_as_what_it_was_made_of(
    partner: str, story_id: str, key: bytes
) -> None:
    assert beacon.read(beacon.path(partner, story_id, key), key) == (partner, story_id)


@given(st.integers(min_value=0), st.characters(codec="utf-8"))
def test_an_address_with_a_character_changed_is_nobodys(place: int, character: str) -> None:
    path = beacon.path("nhs", STORY, KEY)
    at = place % len(path)
    forged = path[:at] + character + path[at + 1 :]
    assert (beacon.read(forged, KEY) is None) == (forged != path)


def test_another_installations_address_is_nobodys() -> None:
    assert beacon.read(beacon.path("nhs", STORY, b"another"), KEY) is None


def test_one_partners_address_does_not_count_for_another() -> None:
    path = beacon.path("nhs", STORY, KEY)
    assert beacon.read(path.replace("/nhs/", "/bbc/"), KEY) is None


def test_what_is_no_address_of_an_image_is_nobodys() -> None:
    assert beacon.read("/b/nhs/../../etc.gif", KEY) is None


def test_a_visitor_is_known_again_while_the_salt_lives() -> None:
    first = beacon.visitor(b"monday", "192.0.2.1", "Firefox")
    assert first == beacon.visitor(b"monday", "192.0.2.1", "Firefox")
    assert first != beacon.visitor(b"tuesday", "192.0.2.1", "Firefox")
    assert first != beacon.visitor(b"monday", "192.0.2.2", "Firefox")
    assert first != beacon.visitor(b"monday", "192.0.2.1", "Safari")


def test_a_household_of_ipv6_is_one_visitor() -> None:
    one = beacon.visitor(b"s", "2001:db8:1:2:a:b:c:d", "Firefox")
    assert one == beacon.visitor(b"s", "2001:db8:1:2:ffff::1%eth0", "Firefox")
    assert one != beacon.visitor(b"s", "2001:db8:1:3:a:b:c:d", "Firefox")


def test_an_ipv4_address_told_as_ipv6_is_the_same_visitor() -> None:
    one = beacon.visitor(b"s", "192.0.2.1", "Firefox")
    assert one == beacon.visitor(b"s", "::ffff:192.0.2.1", "Firefox")
    assert one != beacon.visitor(b"s", "::ffff:192.0.2.2", "Firefox")


def test_a_visitor_without_an_address_or_with_a_broken_agent_is_still_one() -> None:
    one = beacon.visitor(b"s", "testclient", "caf\udce9")
    assert one == beacon.visitor(b"s", "testclient", "caf\udce9")
    assert one != beacon.visitor(b"s", "otherclient", "caf\udce9")


def test_a_visitors_name_does_not_hold_the_address() -> None:
    assert "192" not in beacon.visitor(b"s", "192.0.2.1", "Firefox")
