from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

import feedparser
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feeds import rss
from tests.feeds.cases import CASES, NOON, Case, entry, head, render


@given(st.datetimes(timezones=st.just(UTC)))
def test_dates_bear_the_right_day_of_the_week(moment: datetime) -> None:
    assert rss.rfc822(moment) == format_datetime(moment)


def test_a_date_reads_back() -> None:
    assert rss.rfc822(NOON) == "Fri, 02 Jan 2026 12:00:00 +0000"
    assert parsedate_to_datetime(rss.rfc822(NOON)) == NOON


def test_an_identifier_is_not_a_link() -> None:
    guid = etree.fromstring(render(rss, CASES["two_stories"])).find("channel/item/guid")
    assert guid is not None
    assert (guid.get("isPermaLink"), guid.text) == ("false", entry().id)


def test_the_last_build_is_the_last_change_and_never_now() -> None:
    root = etree.fromstring(render(rss, CASES["two_stories"]))
    assert root.findtext("channel/lastBuildDate") == "Mon, 05 Jan 2026 09:30:00 +0000"


def test_it_links_to_itself_to_the_first_and_to_the_next_page() -> None:
    links = etree.fromstring(render(rss, CASES["two_stories"])).findall(
        "channel/{http://www.w3.org/2005/Atom}link"
    )
    assert [(link.get("rel"), link.get("href")) for link in links] == [
        ("hub", "https://retold.example/hub"),
        ("self", "https://retold.example/feeds/paper/north.feed"),
        ("first", "https://retold.example/feeds/paper/north.feed"),
        ("next", "https://retold.example/feeds/paper/north.feed?below=41"),
    ]
    assert b'rel="next"' not in render(rss, CASES["empty"])


def test_categories_name_organisations_and_tags_by_domain() -> None:
    item = etree.fromstring(render(rss, CASES["two_stories"])).find("channel/item")
    assert item is not None
    assert [(c.get("domain"), c.text) for c in item.findall("category")] == [
        ("urn:retold:organisation", "Anytown NHS Trust"),
        ("urn:retold:tag:good", "staff"),
        ("urn:retold:tag", "waiting"),
    ]


def test_a_reader_that_takes_a_description_for_html_shows_the_text_as_told() -> None:
    told = entry(text="1 < 2 & 2 > 1 <b>not bold</b>")
    read = feedparser.parse(render(rss, Case(head(), (told,), (None,))), sanitize_html=False)
    summary = read.entries[0].summary
    assert etree.fromstring(f"<p>{summary}</p>").text == told.text
