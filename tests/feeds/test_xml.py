"""What holds for both formats that are XML."""

import re

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feeds import format_named
from feeds._content import response_id
from schemas.feed import BEACON_MARK, CREDIT_MARK, Entry
from tests.feeds.cases import BEACON, CASES, Case, entry, head, render

TITLES = {"atom": "{http://www.w3.org/2005/Atom}title", "rss": "title"}
ENTRIES = {"atom": "{http://www.w3.org/2005/Atom}entry", "rss": "channel/item"}
CONTENTS = {
    "atom": "{http://www.w3.org/2005/Atom}content",
    "rss": "{http://purl.org/rss/1.0/modules/content/}encoded",
}
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The negative of XML 1.0's production for Char."""

every_xml = pytest.mark.parametrize("name", ["atom", "rss"])
told = st.text() | st.sampled_from(
    ["\x00", "\x0b", "\x0c\r\n", "\ufffe\uffff", "\ufdd0", "\x7f\x85", BEACON_MARK, CREDIT_MARK]
)


@every_xml
@given(title=told, html=told, words=told)
def test_whatever_is_told_a_strict_parser_reads_it_back(
    name: str, title: str, html: str, words: str
) -> None:
    unkind = entry(
        title=title,
        html=html,
        text=words,
        author=words,
        url=words,
        attribution=words,
        licence=title,
        subjects=({"id": words, "name": title},),
        tags=({"name": words, "group": title},),
    )
    case = Case(head(title=words, credit=title), (unkind,), (words,))
    root = etree.fromstring(render(format_named(name), case))
    read = root.find(ENTRIES[name])
    assert read is not None
    assert (read.findtext(TITLES[name]) or "") == FORBIDDEN.sub("\ufffd", title)
    assert (read.findtext(CONTENTS[name]) or "").startswith(FORBIDDEN.sub("\ufffd", html))


@every_xml
@pytest.mark.parametrize("case", ["two_stories", "plain_partner", "removals"])
def test_feedparser_reads_back_every_title_id_link_and_date(name: str, case: str) -> None:
    read = feedparser.parse(render(format_named(name), CASES[case]))
    assert not read.bozo
    told = [row for e in CASES[case].entries for row in (_told(e), *_replies(name, e))]
    assert [_read(each) for each in read.entries] == told


def _read(each: feedparser.FeedParserDict) -> tuple[object, ...]:
    return (
        each.id,
        each.title,
        [link.href for link in each.get("links", ()) if link.rel == "alternate"],
        each.author,
        tuple(each.published_parsed[:6]),
        tuple(each.updated_parsed[:6]),
    )


def _told(entry: Entry) -> tuple[object, ...]:
    return (
        entry.id,
        entry.title,
        [entry.url] if entry.url else [],
        entry.author,
        tuple(entry.published_at.utctimetuple()[:6]),
        tuple(entry.updated_at.utctimetuple()[:6]),
    )


def _replies(name: str, entry: Entry) -> list[tuple[object, ...]]:
    """Say what Atom tells of the responses, each as an entry; RSS has them in the story's."""
    return [
        (
            response_id(entry.id, response),
            "Response from Anytown NHS Trust, Ward manager",
            [],
            "Anytown NHS Trust",
            (2026, 1, 3, 12, 0, 0),
            (2026, 1, 3, 12, 0, 0),
        )
        for response in entry.responses
        if name == "atom"
    ]


@every_xml
def test_the_content_holds_story_responses_thanks_credit_and_beacon_in_that_order(
    name: str,
) -> None:
    root = etree.fromstring(render(format_named(name), CASES["two_stories"]))
    content = root.findtext(f"{ENTRIES[name]}/{CONTENTS[name]}") or ""
    responses = (
        "\n<section>\n<h3>Response from Anytown NHS Trust, Ward manager</h3>\n"
        '<p><time datetime="2026-01-03T12:00:00Z">3 January 2026</time></p>\n'
        "<p>Thank you for telling us.</p>\n</section>"
    )
    assert content == (
        f"{entry().html}{responses if name == 'rss' else ''}\n"
        '<p><a href="https://opinion.example/about">First told on the Opinion Site</a></p>\n'
        "<p>By kind permission of the storytellers</p>\n"
        f'<img src="{BEACON}" width="1" height="1" alt=""/>'
    )


@every_xml
@pytest.mark.parametrize(
    ("words", "link", "url", "line"),
    [
        pytest.param("Told", "https://a.example/", None, '<a href="https://a.example/">Told</a>'),
        pytest.param("Told", None, "https://s.example/", '<a href="https://s.example/">Told</a>'),
        pytest.param("Told", None, None, "Told", id="nowhere to go"),
        pytest.param(
            None, "https://a.example/", None, '<a href="https://a.example/">https://a.example/</a>'
        ),
        pytest.param(None, None, "https://s.example/", None, id="nobody to thank"),
    ],
)
def test_thanks_lead_to_whom_they_name(
    name: str, words: str | None, link: str | None, url: str | None, line: str | None
) -> None:
    told = entry(attribution=words, attribution_url=link, url=url, responses=())
    root = etree.fromstring(render(format_named(name), Case(head(), (told,), (None,))))
    content = root.findtext(f"{ENTRIES[name]}/{CONTENTS[name]}") or ""
    assert content.removeprefix(told.html) == (f"\n<p>{line}</p>" if line else "")
