"""A reader on another region's page is asked whether they meant theirs, and never moved."""

from datetime import timedelta
from typing import Any

import pytest
from lxml import html

from schemas.partner import Edition, Site
from tests.web.rig import CONFIG, PUBLIC_URL, Reply, Rig

EDITIONS = (
    Edition(
        id="uk",
        partner="nhs",
        title="Stories from Britain",
        site=Site(locale="en-GB", region="the United Kingdom"),
    ),
    Edition(
        id="au",
        partner="nhs",
        title="Stories <from> Australia",
        site=Site(locale="en-AU", region="Australia & around"),
    ),
    Edition(id="all", partner="nhs", title="All"),
    Edition(
        id="nz",
        partner="bbc",
        title="Stories from New Zealand",
        site=Site(locale="en-NZ", region="New Zealand"),
    ),
)
ASKED = "You seem to read from Australia & around. Did you mean Stories <from> Australia?"


@pytest.fixture
def regional(rig: Rig) -> Rig:
    rig.config = CONFIG.model_copy(update={"editions": EDITIONS})
    for key in ("nhs/uk", "nhs/au", "bbc/nz"):
        rig.move(key, 3)
    return rig


def ask(rig: Rig, edition: str, languages: str | None, **headers: str) -> Reply:
    sent = headers | ({} if languages is None else {"accept-language": languages})
    token = rig.issue(edition.partition("/")[0])
    rig.now += timedelta(seconds=2)  # until it opens
    return rig.ask(f"/feeds/{edition}", token, headers=sent)


def asked(reply: Reply) -> str | None:
    found: Any = html.fromstring(reply.body).find(".//p[@class='asked']")
    return None if found is None else " ".join(found.text_content().split())


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        ("en-AU", ASKED),
        ("en-GB", None),
        ("en-AU,en-GB;q=0.9,en;q=0.8", ASKED),
        ("en-GB,en-AU;q=0.9", None),
        ("en-AU;q=0.1,en-GB;q=0.2", None),
        ("en", None),
        ("fr-FR,fr", None),
        ("en-NZ", None),
        ("*", None),
        ("", None),
        (None, None),
        ("en-AU;q=0", None),
        ('"><script>alert(1)</script>-AU', None),
        ("en-AU\xff,\xe9", None),
        ("en-" + "A" * 60_000, None),
    ],
)
def test_who_names_another_region_is_asked_and_nobody_else(
    regional: Rig, languages: str | None, expected: str | None
) -> None:
    reply = ask(regional, "nhs/uk", languages)
    assert reply.status == 200
    assert asked(reply) == expected
    assert b"alert" not in reply.body


def test_a_question_is_a_link_and_nothing_more(regional: Rig) -> None:
    reply = ask(regional, "nhs/uk", "en-AU")
    names = {name for name, _ in reply.headers}
    assert not names & {"location", "set-cookie", "refresh"}
    page = html.fromstring(reply.body)
    assert page.xpath("//p[@class='asked']/a/@href") == [f"{PUBLIC_URL}/feeds/nhs/au"]
    assert page.xpath("//p[@class='asked']/a/@hreflang") == ["en-AU"]
    assert page.xpath("//script | //form | //meta[@http-equiv]") == []


def test_each_variant_has_a_tag_of_its_own_and_is_held_by_it(regional: Rig) -> None:
    plain, other = ask(regional, "nhs/uk", "en-GB"), ask(regional, "nhs/uk", "en-AU")
    assert plain["etag"] != other["etag"]
    assert plain.body != other.body
    for reply in (plain, other):
        assert reply["vary"] == "Accept-Encoding, Accept-Language, Authorization"
    held = ask(regional, "nhs/uk", "en-AU", **{"if-none-match": other["etag"]})
    assert (held.status, held.body, held["vary"]) == (304, b"", other["vary"])
    stale = ask(regional, "nhs/uk", "en-AU", **{"if-none-match": plain["etag"]})
    assert (stale.status, stale.body) == (200, other.body)


def test_however_many_ways_there_are_to_say_it_a_page_is_made_once_for_each_answer(
    regional: Rig,
) -> None:
    for languages in ("en-GB", "en", "fr", None, "en-AU", "en-AU,en;q=0.5", "de,en-AU;q=0.1"):
        ask(regional, "nhs/uk", languages)
    assert regional.made.count(("nhs/uk", "json", "")) == 2


def test_the_pages_of_a_partners_regions_lead_to_each_other(regional: Rig) -> None:
    page = html.fromstring(ask(regional, "nhs/au", None).body)
    links: Any = page.xpath("//link[@hreflang]")
    assert [(link.get("rel"), link.get("hreflang"), link.get("href")) for link in links] == [
        ("alternate", "en-GB", f"{PUBLIC_URL}/feeds/nhs/uk"),
        ("alternate", "en-AU", f"{PUBLIC_URL}/feeds/nhs/au"),
    ]
    items: Any = page.xpath("//nav[@aria-label='Regions']//li")
    assert [item.text_content() for item in items] == ["The United Kingdom", "Australia & around"]
    assert page.xpath("//nav//li/a/@href") == [f"{PUBLIC_URL}/feeds/nhs/uk"]
    assert page.xpath("//nav//*[@aria-current='page']/text()") == ["Australia & around"]


@pytest.mark.parametrize("edition", ["nhs/all", "bbc/nz"])
def test_a_page_that_is_for_no_region_or_for_the_only_one_speaks_of_none(
    regional: Rig, edition: str
) -> None:
    page = html.fromstring(ask(regional, edition, "en-AU").body)
    assert page.xpath("//nav | //link[@hreflang]") == []


def test_what_a_reader_prefers_changes_no_feed(regional: Rig) -> None:
    token = regional.issue("nhs")
    one, other = (
        regional.ask("/feeds/nhs/uk.atom", token, headers={"accept-language": languages})
        for languages in ("en-GB", "en-AU")
    )
    assert (one.body, one["etag"], one["vary"]) == (other.body, other["etag"], other["vary"])
    assert "Accept-Language" not in one["vary"]


def test_a_region_that_is_configured_meanwhile_is_asked_about_at_once(regional: Rig) -> None:
    given = regional.config
    regional.config = given.model_copy(update={"editions": EDITIONS[:1] + EDITIONS[2:]})
    assert asked(ask(regional, "nhs/uk", "en-AU")) is None
    regional.config = given
    assert asked(ask(regional, "nhs/uk", "en-AU")) == ASKED
