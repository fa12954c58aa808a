"""A partner's own page in a browser: its forms do what they say, for its own people alone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
import requests
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from kit import far
from rules import text
from steps import removals, tokens
from store.database import Engine, create_tables, open_engine
from tests.patience import PATIENCE_S
from tests.web.browser import DESK, PHONE, Browser, Look, Tab
from tests.web.own_page import PAGE, remove, urn
from tests.web.published import Published
from tests.web.shown import HOSTILE, Told, bring, configured, live_in, opened

FEED = "/feeds/nhs/all.atom"
ACKNOWLEDGE = "button[value=acknowledge]"
ROTATE = "button[value=rotate]"


@pytest.fixture
def rig(sqlite_engine: Engine) -> Iterator[Published]:
    """Give an installation that shows five stories."""
    with opened(sqlite_engine) as rig:
        bring(rig, [Told(f"Story {n}", "It was good.", "Ash") for n in range(5)])
        yield rig


class Own(NamedTuple):
    """A partner's page on which there is something of everything, and a tab before it."""

    rig: Published
    tab: Tab
    plain: Look


@pytest.fixture(scope="module")
def own(browser: Browser) -> Iterator[Own]:
    with TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/retold.db")
        create_tables(engine)
        with opened(engine) as rig:
            token = live_in(rig, "The Health Site", Path(folder))
            with browser.tab(token) as tab:
                tab.go(rig.public_url + PAGE)
                yield Own(rig, tab, tab.look())
        engine.dispose()


words = st.text(min_size=1, max_size=60).map(text.gate).filter(str.strip)


@settings(max_examples=6, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(told=words | st.sampled_from(HOSTILE))
@example(told=HOSTILE[0])
@example(told=HOSTILE[2])
@example(told=HOSTILE[-2])
def test_whatever_an_operator_writes_of_a_partner_is_shown_and_is_no_markup(
    own: Own, told: str
) -> None:
    told = text.gate(told)
    own.rig.config = own.rig.config.model_copy(update=configured(told))
    assert own.tab.go(own.rig.public_url + PAGE) == 200
    seen = own.tab.look()
    assert seen.headings == [told]
    named = own.tab.texts(".ways h3, .terms dd, .asked a")
    assert named.count(told) == 3  # two editions, and an attribution
    assert seen.shape == own.plain.shape
    assert seen.strays == own.tab.faults == []
    assert [own.tab.too_wide(width) for width in (PHONE, DESK)] == [[], []]


def status(rig: Published, path: str, token: str) -> int:
    headers = {"authorization": f"Bearer {token}"}
    return requests.get(rig.public_url + path, headers=headers, timeout=PATIENCE_S).status_code


def test_a_token_is_rotated_by_keyboard_alone(rig: Published, browser: Browser) -> None:
    old = rig.issue("nhs")
    with browser.tab(old) as tab:
        tab.go(rig.public_url + PAGE)
        tab.do(lambda page: _press(page, ROTATE))
        assert tab.look().headings == ["A new token"]
        new = tab.ask("() => document.querySelector('.secret').innerText").strip()
        assert tab.faults == []
    assert new != old
    rig.now += timedelta(seconds=2)
    assert [status(rig, FEED, token) for token in (old, new)] == [200, 200]
    rig.now += timedelta(days=7) - timedelta(seconds=3)
    assert [status(rig, FEED, token) for token in (old, new)] == [200, 200]
    rig.now += timedelta(seconds=2)
    assert [status(rig, FEED, token) for token in (old, new)] == [401, 200]


def _press(page: Page, button: str) -> None:
    """Go by Tab from the top until a button is reached, and press it."""
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate("(button) => document.activeElement.matches(button)", button):
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_who_opened_the_page_by_its_address_alone_may_use_its_forms_too(
    rig: Published, browser: Browser
) -> None:
    with browser.tab() as tab:
        tab.go(f"{rig.public_url}{PAGE}?token={rig.issue('nhs')}")
        tab.do(lambda page: page.click(ROTATE))
        assert tab.look().headings == ["A new token"]


def test_the_ticked_removals_are_acknowledged(rig: Published, browser: Browser) -> None:
    token = rig.issue("nhs")
    assert status(rig, FEED, token) == 200
    remove(rig, "1", "2")
    with browser.tab(token) as tab:
        tab.go(rig.public_url + PAGE)
        tick = urn("1").rpartition(":")[2]
        tab.do(lambda page: page.get_by_label(tick).check())
        tab.do(lambda page: page.click(ACKNOWLEDGE))
        assert "1 story is noted as taken down" in tab.look().text
        assert tab.faults == []
    assert owed(rig) == {urn("2")}


def owed(rig: Published) -> set[str]:
    waiting = removals.waiting(rig.engine, rig.config, rig.now, ["nhs/all"])
    return {one.story_id for one in waiting}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["same-site", "cross-site"])
@pytest.mark.parametrize("do", ["rotate", "acknowledge"])
def test_a_form_on_another_sites_page_changes_nothing(
    rig: Published, browser: Browser, host: str, do: str
) -> None:
    token = rig.issue("nhs")
    assert status(rig, FEED, token) == 200
    remove(rig, "1")
    form = (
        f'<form method="post" action="{rig.public_url}{PAGE}">'
        f'<input name="edition" value="nhs/all"><input name="removed" value="{urn("1")}">'
        f'<button name="do" value="{do}">A prize!</button></form>'
    )
    with (
        far.play(lambda _: far.Reply(f"<!doctype html>{form}".encode(), "text/html")) as hostile,
        browser.tab(token) as tab,
    ):
        tab.go(rig.public_url + PAGE)  # the browser knows now who it is
        tab.go(hostile.origin.replace("127.0.0.1", host))
        assert tab.do(_clicked) == (403, rig.public_url + PAGE)
    assert len(tokens.listing(rig.engine)) == 1
    assert owed(rig) == {urn("1")}


def _clicked(page: Page) -> tuple[int, str]:
    with page.expect_navigation() as arriving:
        page.click("button")
    answer = arriving.value
    assert answer is not None
    return answer.status, answer.url


def test_no_page_of_ours_stands_in_a_frame_of_another_site(
    rig: Published, browser: Browser
) -> None:
    """Nobody lures a person into pressing what they do not see."""
    framed = f'<!doctype html><iframe src="{rig.public_url}{PAGE}"></iframe>'.encode()
    with (
        far.play(lambda _: far.Reply(framed, "text/html")) as hostile,
        browser.tab(rig.issue("nhs")) as tab,
    ):
        tab.go(rig.public_url + PAGE)
        tab.go(hostile.origin)
        frames = tab.do(lambda page: [frame.url for frame in page.frames])
        assert rig.public_url + PAGE not in frames
