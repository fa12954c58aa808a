import re
from datetime import timedelta
from typing import Any

import pytest
from lxml import html

from schemas.channel import Channel
from schemas.config import Config, HttpRules
from schemas.partner import Agreement, Edition, Partner
from steps import pages as written
from tests import make
from tests.web.own_page import loose
from tests.web.rig import PUBLIC_URL, Rig
from web import pages

PAGE = "/feeds/nhs/all"
CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


def text(body: bytes) -> str:
    return said(html.fromstring(body))


def said(element: Any) -> str:
    return " ".join(element.text_content().split())


def test_the_page_of_an_edition_says_what_it_is_and_how_to_take_it(rig: Rig) -> None:
    reply = rig.ask(PAGE, rig.issue("nhs"))
    assert (reply.status, reply["content-type"]) == (200, "text/html; charset=utf-8")
    page = html.fromstring(reply.body)
    assert page.findtext(".//h1") == "Everything <told> & heard"
    found = [
        (link.get("type"), link.get("href")) for link in page.findall(".//link[@rel='alternate']")
    ]
    assert found == [
        ("application/atom+xml", f"{PUBLIC_URL}{PAGE}.atom"),
        ("application/feed+json", f"{PUBLIC_URL}{PAGE}.json"),
        ("application/rss+xml", f"{PUBLIC_URL}{PAGE}.rss"),
    ]
    assert page.xpath("//link[@rel='canonical']/@href") == [PUBLIC_URL + PAGE]
    assert page.xpath("//link[@rel='up']/@href") == [f"{PUBLIC_URL}/partners/nhs"]
    assert page.xpath("//a[.='The Health Site']/@href") == [f"{PUBLIC_URL}/partners/nhs"]
    words_said = text(reply.body)
    for words in ("The Health Site", "newest 50 changes", "400 days", "1 removal", "1 March 2026"):
        assert words in words_said
    assert f"POST {PUBLIC_URL}/reports/nhs" in words_said
    assert f"POST {PUBLIC_URL}/removals/nhs/all" in words_said
    assert page.xpath("//a[.='manifest']/@href") == [f"{PUBLIC_URL}{PAGE}/manifest.json"]


def test_the_page_shows_the_twenty_newest_entries_as_text(rig: Rig) -> None:
    page = html.fromstring(rig.ask(PAGE, rig.issue("nhs")).body)
    articles = page.findall(".//article")
    assert len(articles) == 20
    assert articles[2].findtext(".//h3/a") == "Story <2>"
    assert articles[2].xpath("h3/a/@href") == ["https://opinion.example/s/1"]
    meta, excerpt = map(said, articles[2].findall("p"))
    assert meta == "Ash · 2 January 2026 · Anytown · 2 responses"
    assert excerpt.startswith("The nurses were kind & the wait was long.")
    assert len(excerpt) <= 262
    assert excerpt.endswith("The …")
    assert "1 response" in said(articles[1])
    assert "response" not in said(articles[0])


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ((), None),
        ((None, None), None),
        ((1,), "Ask at least every hour, or subscribe"),
        ((None, 48, 24), "Ask at least every 24 hours, or subscribe"),
    ],
)
def test_the_page_says_how_often_its_partner_agreed_to_ask(
    hours: tuple[int | None, ...], words: str | None
) -> None:
    agreements = [
        *(Agreement(id=f"a{n}", partner="nhs", refresh_hours=h) for n, h in enumerate(hours)),
        Agreement(id="other", partner="bbc", refresh_hours=2),
    ]
    edition = Edition(id="all", partner="nhs", title="All")
    config = Config(partners=(Partner(id="nhs", name="N"),), agreements=tuple(agreements))
    said_there = text(written.edition(config, edition, {}, PUBLIC_URL).body)
    assert words in said_there if words else "Ask at least" not in said_there


def test_the_page_speaks_of_the_beacon_only_to_those_who_have_one(rig: Rig) -> None:
    with_beacon = text(rig.ask(PAGE, rig.issue("nhs")).body)
    assert "the beacon" in with_beacon
    rig.now += timedelta(seconds=1)
    without = text(rig.ask("/feeds/bbc/all", rig.issue("bbc")).body)
    assert "Entries bear no beacon" in without


def test_the_page_of_a_partner_without_json_sends_people_to_the_feed(rig: Rig) -> None:
    words = text(rig.ask("/feeds/bbc/all", rig.issue("bbc")).body)
    assert "Read them in your feed" in words
    assert "RSS has no word" not in words
    assert f"{PUBLIC_URL}/feeds/bbc/all.rss" not in words


def test_the_page_of_an_edition_without_entries_says_so(rig: Rig) -> None:
    rig.move("nhs/all", 0)
    assert "There are none yet." in text(rig.ask(PAGE, rig.issue("nhs")).body)


def test_the_page_is_held_and_zipped_as_feeds_are(rig: Rig) -> None:
    token = rig.issue("nhs")
    first = rig.ask(PAGE, token)
    again = rig.ask(PAGE, token, headers={"if-none-match": first["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert rig.ask(PAGE, token, headers={"accept-encoding": "gzip"})["content-encoding"] == "gzip"
    made = len(rig.made)
    rig.now += timedelta(seconds=2)
    rig.ask(PAGE, token)
    assert len(rig.made) == made


@pytest.mark.parametrize("path", [PAGE, "/"])
def test_a_page_runs_nothing_and_loads_nothing_but_its_style(rig: Rig, path: str) -> None:
    reply = rig.ask(path, rig.issue("nhs"))
    assert reply["content-security-policy"] == CSP
    assert reply["referrer-policy"] == "no-referrer"
    page = html.fromstring(reply.body)
    assert page.findall(".//script") == page.findall(".//style") == []
    assert page.xpath("//@style | //@*[starts-with(name(), 'on')]") == []
    assert page.xpath("//link[@rel='stylesheet']/@href | //img/@src") == [pages.STYLE_PATH]


def test_what_an_operator_or_a_story_says_is_never_markup(rig: Rig) -> None:
    hostile = '<img src=x onerror=alert(1)>"'
    edition = rig.config.editions[0].model_copy(update={"title": hostile})
    rig.config = rig.config.model_copy(
        update={
            "name": hostile,
            "editions": (edition,),
            "partners": (rig.config.partners[0].model_copy(update={"name": hostile}),),
            "http": HttpRules(contact=hostile),
        }
    )
    for path in (PAGE, "/"):
        page = html.fromstring(rig.ask(path, rig.issue("nhs")).body)
        assert page.findall(".//img") == []
        assert hostile in said(page)
        assert loose(page, hostile) == []


def test_the_style_is_held_for_ever_under_an_address_of_its_own_bytes(rig: Rig) -> None:
    reply = rig.ask(pages.STYLE_PATH)
    assert (reply.status, reply["content-type"]) == (200, "text/css; charset=utf-8")
    assert reply["cache-control"] == "max-age=31536000, immutable"
    assert rig.ask("/static/retold.000000000000.css").status == 404


def test_the_first_page_names_the_installation_and_nobody_who_comes_to_it(rig: Rig) -> None:
    channel: Channel = make.channel()
    rig.config = rig.config.model_copy(
        update={"channels": (channel,), "http": HttpRules(contact="help@retold.example")}
    )
    reply = rig.ask("/")
    words = reply.body.decode()
    assert reply.status == 200
    assert "Retold of Anytown" in words
    assert "help@retold.example" in words
    for name in ("nhs", "Health Site", "bbc", "Broadcaster", "Everything", "opinion"):
        assert name not in words


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_of_text_can_be_read_on_every_ground(scheme: str) -> None:
    """Contrast of 4.5 to 1: https://www.w3.org/TR/WCAG22/#contrast-minimum."""
    style = pages.STYLE.body["body"].decode()
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w{6})", light if scheme == "light" else dark))
    for ink in ("ink", "soft", "accent", "late", "wait"):
        for ground in ("paper", "card", "wash"):
            one, other = sorted((_luminance(colours[ink]), _luminance(colours[ground])))
            assert (other + 0.05) / (one + 0.05) >= 4.5, (ink, ground)
