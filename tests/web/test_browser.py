"""The pages of editions as a browser shows them: all that was told, and nothing else."""

import re
from collections.abc import Iterator
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from feeds import format_named, names
from rules import text
from schemas.partner import Agreement, Edition
from store.database import Engine, create_tables, open_engine
from tests.web.browser import DESK, PHONE, Browser, Look, Tab
from tests.web.published import Published
from tests.web.shown import HOSTILE, Told, bring, opened

PAGE = "/feeds/nhs/all"
COUNT = 6
"""Stories told at a time."""

CREDIT = "First told on the Opinion Site"

words = st.text(max_size=60) | st.sampled_from(["", *HOSTILE])
stories = st.lists(st.builds(Told, words, words, words), min_size=COUNT, max_size=COUNT)


@pytest.fixture(scope="module")
def rig() -> Iterator[Published]:
    with TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/retold.db")
        create_tables(engine)
        with opened(engine) as rig:
            yield rig
        engine.dispose()


@pytest.fixture(scope="module")
def tab(rig: Published, browser: Browser) -> Iterator[Tab]:
    with browser.tab(rig.issue("nhs")) as tab:
        yield tab


@pytest.fixture(scope="module")
def plain(rig: Published, tab: Tab) -> Look:
    """Look at the page of plain stories: no others may give it another shape."""
    return show(rig, tab, [Told("Kind staff", "It was good.", "Ash")] * COUNT)


def show(rig: Published, tab: Tab, told: list[Told], title: str = "All") -> Look:
    """Tell stories, and look at the page once they are published."""
    edition = Edition(id="all", partner="nhs", title=title)
    others = rig.config.editions[1:]
    rig.config = rig.config.model_copy(update={"editions": (edition, *others)})
    bring(rig, told, edition)
    assert tab.go(rig.public_url + PAGE) == 200
    return tab.look()


def sound(rig: Published, tab: Tab) -> None:
    """Hold that nothing went wrong, nobody else was asked, and nothing sticks out."""
    assert tab.faults == []
    assert all(url.startswith(rig.public_url + "/") for url in tab.asked)
    assert [tab.too_wide(width) for width in (PHONE, DESK)] == [[], []]


def line(number: int, told: Told) -> dict[str, str | None]:
    """Say what is to be shown of a story, but for its text."""
    author = text.gate(told.author).strip()
    return {
        "title": f"{number} {text.gate(told.title)}",
        "href": "https://opinion.example/s/1",
        "meta": f"{author or 'Anonymous'} · 2 January 2026 · {text.gate(told.author)} Trust",
    }


def folded(words: str) -> str:
    """Fold white space as `document.title` does."""
    return re.sub("[\t\n\f\r ]+", " ", words).strip(" ")


@settings(max_examples=5, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(told=stories, title=words)
@example(told=[Told(w, w, w) for w in HOSTILE[:COUNT]], title=HOSTILE[0])
@example(told=[Told(w, w, w) for w in HOSTILE[COUNT : 2 * COUNT]], title=HOSTILE[2])
@example(told=[Told(w, w, w) for w in HOSTILE[-COUNT:]], title=HOSTILE[-2])
@example(told=[Told("", "", "")] * COUNT, title="Empty")
def test_every_story_is_shown_as_it_was_told_and_nothing_of_it_is_markup(
    rig: Published, tab: Tab, plain: Look, told: list[Told], title: str
) -> None:
    title = text.gate(title)
    numbered = [one._replace(title=f"{n} {one.title}") for n, one in enumerate(told)]
    seen = show(rig, tab, numbered, title)
    assert seen.headings == [title]
    assert seen.title == folded(f"{title} – {rig.config.name}")  # noqa: RUF001
    found = {int((entry["title"] or "").partition(" ")[0]): entry for entry in seen.entries}
    assert len(seen.entries) == len(found) == COUNT
    for number, one in enumerate(told):
        excerpt = found[number].pop("text") or ""
        assert found[number] == line(number, one)
        held_to(excerpt, " ".join(f"{text.gate(one.text)} {CREDIT}".split()))
    assert seen.shape == plain.shape
    assert seen.strays == []
    sound(rig, tab)


def held_to(excerpt: str, told: str) -> None:
    """Hold that an excerpt is the whole, or a good part from its beginning."""
    if len(told) <= 260:
        assert excerpt == told
        return
    cut = excerpt.removesuffix(" …")
    assert excerpt != cut
    assert told.startswith(cut)
    assert len(cut) > 120


def test_words_that_run_backwards_leave_what_stands_beside_them_alone(
    rig: Published, tab: Tab
) -> None:
    show(rig, tab, [Told("Kind staff", "It was good.", "\u202eAsh")] * COUNT)
    author, day = tab.ask(
        """() => [...document.querySelectorAll('.meta bdi:first-child, .meta time')]
        .slice(0, 2).map((e) => e.getBoundingClientRect().left)"""
    )
    assert author < day
    starts = """() => {
      const words = document.querySelector('.entries time').firstChild;
      return [0, words.length - 1].map((at) => {
        const range = document.createRange();
        range.setStart(words, at);
        range.setEnd(words, at + 1);
        return range.getBoundingClientRect().left;
      });
    }"""
    first, last = tab.ask(starts)
    assert first < last


def test_a_story_from_right_to_left_stands_on_the_right(rig: Published, tab: Tab) -> None:
    told = Told("\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd", "Ash")
    show(rig, tab, [told] * COUNT)
    assert tab.ask(
        """() => ['.entries h3', '.entries p:last-child']
        .map((name) => getComputedStyle(document.querySelector(name)).direction)"""
    ) == ["rtl", "rtl"]


def test_an_edition_that_shows_nothing_is_a_page_too(
    sqlite_engine: Engine, browser: Browser
) -> None:
    with opened(sqlite_engine) as rig, browser.tab(rig.issue("nhs")) as tab:
        seen = show(rig, tab, [])
        assert "There are none yet." in seen.text
        assert seen.entries == []
        sound(rig, tab)


def test_readers_find_every_format_from_the_page(sqlite_engine: Engine, browser: Browser) -> None:
    with opened(sqlite_engine) as rig:
        agreement = Agreement(id="a1", partner="nhs", formats=tuple(names()))
        rig.config = rig.config.model_copy(update={"agreements": (agreement,)})
        # The page itself may fetch nothing: an extension that reads for a person may.
        with browser.tab(rig.issue("nhs"), bypass_csp=True) as tab:
            show(rig, tab, [Told("Kind staff", "It was good.", "Ash")])
            found = tab.ask(
                """() => Promise.all(
                  [...document.querySelectorAll('link[rel=alternate][type]')].map(async (link) => {
                    const answer = await fetch(link.href);
                    return [link.type, answer.status, answer.headers.get('content-type')];
                  }))"""
            )
    given = {name: format_named(name).MEDIA_TYPE for name in names()}
    types = {said.partition(";")[0]: said for said in given.values()}
    assert sorted(found) == sorted([said, 200, whole] for said, whole in types.items())
