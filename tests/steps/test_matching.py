from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from rules import identity
from schemas.config import Config
from schemas.partner import Partner
from schemas.story import Telling
from steps import matching
from store import aliases, reports
from store.database import Engine, reading, writing
from tests import make
from tests.tell import tell, telling

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
STORY = identity.mint(("careopinion.org.uk", "1234567"))

CONFIG = Config(
    channels=(make.channel(id="co", publisher="careopinion.org.uk"),),
    partners=(Partner(id="nhs", name="NHS", publisher="nhs.uk"),),
)


def care_opinion(external_id: str = "1234567", url: str | None = None) -> Telling:
    told = telling(external_id, publisher="careopinion.org.uk", channel="co")
    content = told.content.model_copy(update={"url": url or "https://elsewhere.example/x"})
    canonical = content.model_dump_json()
    return told.model_copy(update={"content": content, "canonical": canonical})


def suspend(engine: Engine, *refs: str, platform: str = "nhs") -> None:
    with writing(engine) as connection:
        reports.intern(connection, platform, refs)


def match(engine: Engine, platform: str = "nhs") -> int:
    with writing(engine) as connection:
        return matching.match(connection, CONFIG, platform, NOW).items


def led(engine: Engine) -> dict[str, tuple[str, str]]:
    query = sa.text(
        "SELECT i.ref, a.story_id, a.how FROM item_aliases a JOIN item_refs i"
        " ON i.id = a.item_ref_id"
    )
    with reading(engine) as connection:
        return {ref: (story_id, how) for ref, story_id, how in connection.execute(query)}


@pytest.mark.parametrize(
    ("ref", "how"),
    [
        (STORY, "id"),
        (STORY.removeprefix("urn:uuid:").upper(), "id"),
        (f"https://retold.example/feeds/nhs/all#{STORY}", "id"),
        ("https://www.careopinion.org.uk/1234567", "end of address"),
        ("https://www.careopinion.org.uk/stories/1234567?utm_source=nhs", "end of address"),
        ("http://stories.example/kind-staff/", "address"),
    ],
)
def test_an_item_finds_its_story(engine: Engine, ref: str, how: str) -> None:
    tell(engine, care_opinion(url="https://www.stories.example/kind-staff"))
    suspend(engine, ref)
    assert match(engine) == 1
    assert led(engine) == {ref: (STORY, how)}


def test_a_channels_own_site_speaks_of_its_own_ids(engine: Engine) -> None:
    tell(engine, care_opinion())
    suspend(engine, "1234567", "/1234567", platform="co")
    assert match(engine, "co") == 2
    assert set(led(engine)) == {"1234567", "/1234567"}


def test_a_platform_nobody_configured_is_its_own_publisher(engine: Engine) -> None:
    tell(engine, telling("1", also=[("gone", "17")]))
    suspend(engine, "17", platform="gone")
    assert match(engine, "gone") == 1


def test_what_nothing_matches_stays_in_suspense(engine: Engine) -> None:
    tell(engine, care_opinion())
    suspend(engine, "https://www.careopinion.org.uk/7654321", "7654321", "urn:uuid:nonsense")
    assert match(engine) == 0
    with reading(engine) as connection:
        assert len(aliases.unmatched(connection, "nhs")) == 3


def test_what_leads_to_two_stories_leads_to_none(engine: Engine) -> None:
    shared = "https://stories.example/of-the-day"
    tell(engine, care_opinion("1234567", shared), care_opinion("7654321", shared))
    suspend(engine, shared, f"{STORY} {identity.mint(('careopinion.org.uk', '7654321'))}")
    assert match(engine) == 0


def test_two_addresses_of_a_story_that_was_merged_are_of_one(engine: Engine) -> None:
    shared = "https://stories.example/of-the-day"
    tell(engine, care_opinion("1234567", shared), care_opinion("7654321", shared))
    merging = care_opinion("7654321", shared)
    names = (*merging.references, care_opinion().references[0])
    tell(engine, merging.model_copy(update={"references": names}))
    suspend(engine, shared)
    assert match(engine) == 1
    assert led(engine) == {shared: (STORY, "address")}


def test_an_item_that_was_looked_for_in_vain_is_found_once_its_story_is_told(
    engine: Engine,
) -> None:
    address = "https://stories.example/kind-staff"
    suspend(engine, address, "https://stories.example/other")
    assert match(engine) == 0
    tell(engine, care_opinion("7654321"))
    assert match(engine) == 0
    tell(engine, care_opinion(url=address))
    assert match(engine) == 1
    assert match(engine) == 0


def test_a_new_item_is_looked_for_among_all_stories(engine: Engine) -> None:
    tell(engine, care_opinion(url="https://stories.example/kind-staff"))
    suspend(engine, "https://stories.example/other")
    assert match(engine) == 0
    suspend(engine, "https://stories.example/kind-staff")
    assert match(engine) == 1


def test_a_story_that_moved_is_found_at_every_address_it_had(engine: Engine) -> None:
    tell(engine, care_opinion(url="https://stories.example/old"))
    moved = care_opinion(url="https://stories.example/new")
    tell(engine, moved.model_copy(update={"fingerprint": "a" * 64}))
    suspend(engine, "https://stories.example/old", "https://stories.example/new")
    assert match(engine) == 2


def test_nothing_in_suspense_asks_nothing(engine: Engine, tmp_path: Path) -> None:
    assert match(engine) == 0
    assert tmp_path.is_dir()
