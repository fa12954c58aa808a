import pytest
from lxml import etree

from rules import measures
from rules.measures import Facts, Platform
from schemas.summary import Summary
from summaries import charts, html
from summaries.charts import Series
from tests import make


def summary(**fields: object) -> Summary:
    told = make.story(title="<b>Bold</b> & brave")
    replies = [make.response(id=str(n), body_text="long " * 60) for n in range(3)]
    stories = [told, *(make.story(id=f"urn:{n}", responses=[replies[n]]) for n in range(3))]
    facts = Facts(
        subject="ods:RXX",
        name="A & B <Trust>",
        as_of=make.NOON,
        stories=stories,
        own_publishers={"opinion": "opinion.example"},
        reads={told.id: {"opinion": {"2026-01": 1234567}, "voice": {"2026-02": 89}}},
        platforms=[
            Platform("opinion", "Opinion", True, ("own_site",), 1, 2, {}),  # noqa: FBT003
            Platform("voice", "Voice", False, ("report",), 1, 1, {"beacon": 4}),  # noqa: FBT003
        ],
        suspense=17,
    )
    return measures.summarise(facts._replace(**fields))  # type: ignore[arg-type]


def text_of(page: bytes) -> str:
    return " ".join(str(text) for text in etree.HTML(page.decode()).itertext())


def test_the_page_says_the_figures_that_the_summary_holds() -> None:
    text = text_of(html.render(summary()))
    for figure in (
        "A & B <Trust>",
        "1,234,567",
        "1,234,656",
        "1 of 2 months",
        "beacon 4",
        "17 reads",
    ):
        assert figure in text, figure


def test_the_same_summary_always_gives_the_same_bytes() -> None:
    assert html.render(summary()) == html.render(summary())


def test_a_storys_title_is_text_whatever_it_holds() -> None:
    assert b"<b>Bold" not in html.render(summary())


def test_an_organisation_of_which_nothing_was_told_has_a_page() -> None:
    text = text_of(html.render(summary(stories=[], reads={}, platforms=[], suspense=0)))
    assert "No reads yet." in text
    assert "No tags." in text


@pytest.mark.parametrize("most", [0, 1, 3, 4, 5, 99, 100, 101, 4_300_000, 7])
def test_a_chart_leaves_headroom_over_its_highest_column(most: int) -> None:
    drawn = etree.fromstring(charts.columns("t", ["a"], [Series("n", "a", [most])]))
    bars = drawn.findall("rect[@class='a']")
    assert len(bars) == (1 if most else 0)
    for bar in bars:
        assert float(bar.get("y", "0")) > 22
        assert bar.findtext("title") == f"a, n: {most:,}"


@pytest.mark.parametrize("most", [*range(1, 200), 999, 4_300_000])
def test_the_lines_behind_a_chart_say_where_they_are(most: int) -> None:
    drawn = etree.fromstring(charts.columns("t", ["a"], [Series("n", "a", [most])]))
    said = [text.text or "" for text in drawn.findall("text[@class='label end']")]
    units = {"k": 1_000, "M": 1_000_000}
    figures = [float(one.strip("kM").replace(",", "")) * units.get(one[-1], 1) for one in said]
    assert figures == [figures[1] * line for line in range(5)]


def test_an_unknown_value_leaves_a_gap_in_the_chart() -> None:
    drawn = etree.fromstring(
        charts.columns("t", ["a", "b"], [Series("x", "a", [None, 2]), Series("y", "b", [3, 1])])
    )
    named = [t.text for t in drawn.iter("title")]
    assert named == ["t", "a, y: 3", "b, x: 2", "b, y: 1"]


def test_long_names_are_cut_in_a_chart_of_bars() -> None:
    drawn = charts.bars("t", [("n" * 80, 3), ("short", 0)])
    assert "n" * 29 + "…" in drawn
    assert etree.fromstring(drawn).get("viewBox") == "0 0 720 60"


def test_the_page_names_the_predecessors_whose_stories_it_does_not_count() -> None:
    text = text_of(html.render(summary(predecessors=["Pennine <Acute> (ods:RW6)"])))
    assert "not counted here: Pennine <Acute> (ods:RW6)." in text
    many = text_of(html.render(summary(predecessors=[f"Trust {n}" for n in range(10)])))
    assert "Trust 7 and 2 more." in many
    assert "predecessors" not in text_of(html.render(summary()))
