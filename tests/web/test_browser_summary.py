"""*Stories in summary* as a browser shows the file: whatever was told is told, and nothing runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from rules import text
from schemas.summary import Summary, Tally
from summaries import html
from tests.summaries.test_html import summary
from tests.web.browser import DESK, PHONE, Browser, Look, Tab
from tests.web.shown import HOSTILE

words = st.text(min_size=1, max_size=60).map(text.gate).filter(str.strip)


def of(words: str) -> Summary:
    """Sum up stories that say `words` wherever they say something."""
    whole = summary(name=words, predecessors=[words])
    platforms = tuple(one.model_copy(update={"name": words}) for one in whole.platforms)
    groups = tuple(one.model_copy(update={"example": words}) for one in whole.responsiveness.groups)
    answers = whole.responsiveness.model_copy(update={"groups": groups})
    return whole.model_copy(
        update={
            "platforms": platforms,
            "responsiveness": answers,
            "most_read": ((words, 7), ("Kind staff", 3)),
            "tags": (Tally(name=words, group=words, count=3), *whole.tags),
        }
    )


class Drawn(NamedTuple):
    """A tab, the file it shows, and how the page of plain words is shaped."""

    tab: Tab
    path: Path
    plain: Look

    def show(self, summary: Summary) -> Look:
        """Write a summary, and look at it."""
        self.path.write_bytes(html.render(summary))
        self.tab.go(self.path.as_uri())
        return self.tab.look()


@pytest.fixture(scope="module")
def drawn(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drawn]:
    path = tmp_path_factory.mktemp("summary") / "summary.html"
    path.write_bytes(html.render(of("Kind staff")))
    with browser.tab() as tab:
        tab.go(path.as_uri())
        yield Drawn(tab, path, tab.look())


@settings(max_examples=6, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(told=words | st.sampled_from(HOSTILE))
@example(told=HOSTILE[0])
@example(told=HOSTILE[2])
@example(told=HOSTILE[-2])
def test_whatever_was_told_is_shown_and_is_no_markup(drawn: Drawn, told: str) -> None:
    told = text.gate(told)
    seen = drawn.show(of(told))
    assert seen.headings == [told]
    cells = drawn.tab.texts("tbody > * > *")
    whole = [cell for cell in cells if cell == told]
    cut = [cell for cell in cells if cell != told and cell.endswith(" …")]
    assert len(whole) + len(cut) == 4  # two platforms, a story, and the response pasted most
    assert all(told.startswith(one.removesuffix(" …")) and len(one) > 110 for one in cut)
    assert len(cut) == (len(told) > 220)
    assert seen.shape == drawn.plain.shape
    assert seen.strays == seen.unlabelled == drawn.tab.faults == []
    assert set(drawn.tab.asked) == {drawn.path.as_uri()}
    assert [drawn.tab.too_wide(width) for width in (PHONE, DESK)] == [[], []]


def test_nothing_in_a_summary_may_load_or_run(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "summary.html"
    path.write_bytes(html.render(of("Kind staff")))
    with browser.tab() as tab:
        tab.go(path.as_uri())
        refused = tab.ask(
            """() => new Promise((done) => {
              const heard = (event) => done(event.effectiveDirective);
              document.addEventListener('securitypolicyviolation', heard);
              document.body.append(Object.assign(new Image(), {src: 'https://other.example/x'}));
              setTimeout(() => done('nothing'), 3000);
            })"""
        )
    assert refused == "img-src"
