"""A reader from another region is asked, and moves when they say so."""

from collections.abc import Iterator

import pytest

from store.database import Engine
from tests.web.browser import Browser
from tests.web.published import Published
from tests.web.rig import CONFIG
from tests.web.shown import Told, bring, opened
from tests.web.test_regions import ASKED, EDITIONS

PAUSE_MS = 400
"""How long a page is watched that must not move."""


@pytest.fixture
def regional(sqlite_engine: Engine) -> Iterator[Published]:
    with opened(sqlite_engine) as rig:
        rig.config = CONFIG.model_copy(
            update={"channels": rig.config.channels, "editions": EDITIONS}
        )
        for edition in EDITIONS[:2]:
            bring(rig, [Told("Kind staff", "It was good.", "Ash")], edition)
        yield rig


def test_a_reader_from_another_region_is_asked_and_moves_when_they_say_so(
    regional: Published, browser: Browser
) -> None:
    here, there = (f"{regional.public_url}/feeds/nhs/{name}" for name in ("uk", "au"))
    with browser.tab(regional.issue("nhs"), locale="en-AU") as tab:
        tab.go(here)
        tab.do(lambda page: page.wait_for_timeout(PAUSE_MS))
        assert tab.do(lambda page: page.url) == here
        assert [" ".join(one.split()) for one in tab.texts(".asked")] == [ASKED]
        assert {url for url in tab.asked if "/feeds/" in url} == {here}
        tab.do(lambda page: page.click(".asked a"))
        assert tab.do(lambda page: page.url) == there
        assert tab.look().headings == ["Stories <from> Australia"]
        assert tab.texts(".asked") == []
        assert tab.faults == []


def test_a_reader_at_home_is_not_asked(regional: Published, browser: Browser) -> None:
    with browser.tab(regional.issue("nhs"), locale="en-GB") as tab:
        tab.go(f"{regional.public_url}/feeds/nhs/uk")
        assert tab.texts(".asked") == []
