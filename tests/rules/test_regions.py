"""Whom a page of one region asks whether they meant another, by what they prefer to read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rules import regions
from schemas.partner import Edition, Site


def edition(id_: str, locale: str | None, partner: str = "voice") -> Edition:
    site = Site(locale=locale, region=id_.title()) if locale else None
    return Edition(id=id_, partner=partner, title=f"Stories from {id_}", site=site)


UK, SCOTLAND = edition("uk", "en-GB"), edition("scotland", "en-GB-scotland")
IRELAND, GAELIC = edition("ireland", "en-IE"), edition("gaelic", "ga-IE")
AUSTRALIA, LATIN = edition("australia", "en-AU"), edition("latin", "es-419")
EVERY = [UK, SCOTLAND, IRELAND, GAELIC, AUSTRALIA, LATIN]


def meant(header: str, here: Edition = UK) -> str | None:
    found = regions.meant(header, here, EVERY)
    return found.id if found else None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("en-AU", "australia", id="another region"),
        pytest.param("en-GB", None, id="the page's own"),
        pytest.param("EN-au", "australia", id="whatever the case"),
        pytest.param("en-Latn-AU", "australia", id="with a script"),
        pytest.param("en-AU-u-ca-gregory", "australia", id="with an extension"),
        pytest.param("zh-cmn-Hans-AU", "australia", id="a language that no edition is in"),
        pytest.param("es-419,es;q=0.9", "latin", id="a region in digits"),
        pytest.param("en-IE,ga;q=0.5", "ireland", id="of two for a region the one in the language"),
        pytest.param("ga-IE", "gaelic", id="and the other"),
        pytest.param("pl-IE", "ireland", id="and the first where neither is"),
        pytest.param("en", None, id="a language alone"),
        pytest.param("en,en-AU;q=0.5", "australia", id="a language alone before a region"),
        pytest.param("en-US,en;q=0.9", None, id="a region that no edition is for"),
        pytest.param("en-US,en-AU;q=0.8", "australia", id="the first that one is for"),
        pytest.param("en-AU;q=0.5,en-GB;q=0.8", None, id="the own one is liked better"),
        pytest.param("en-GB;q=0.5, en-AU ; q=0.8", "australia", id="another is liked better"),
        pytest.param("en-AU,en-GB", "australia", id="of equals the first"),
        pytest.param("en-GB,en-AU", None, id="of equals the first, which is the own"),
        pytest.param("en-AU;q=0", None, id="one that is refused"),
        pytest.param("en-AU;q=0.000,*", None, id="one that is refused, and all others"),
        pytest.param("en-AU;q=1.000", "australia", id="the highest quality"),
        pytest.param("*", None, id="anything"),
        pytest.param("", None, id="nothing"),
        pytest.param("cy-GB,en-AU", None, id="the own region in another language"),
        pytest.param("en-x-AU", None, id="a private word that looks like a region"),
        pytest.param("en-a-AU", None, id="an extension that looks like a region"),
        pytest.param("x-AU", None, id="a private tag"),
        pytest.param("en-AU;q=2", None, id="a quality that is none"),
        pytest.param("en-AU;q=-1", None, id="a quality below none"),
        pytest.param("en-AU;q=nan", None, id="a quality that is no number"),
        pytest.param("en-AU;q=0.1234", None, id="a quality too fine"),
        pytest.param("en_AU", None, id="an underline"),
        pytest.param("en-AUS", None, id="three letters"),
        pytest.param(";q=1,,-AU,en-,\x00,\u00e9-AU,en-AU", "australia", id="rubbish before it"),
        pytest.param("en-US," * 50 + "en-AU", None, id="behind more than anybody reads"),
        pytest.param("a-" * 40_000 + "AU", None, id="a tag without end"),
    ],
)
def test_a_reader_of_the_page_for_the_uk_is_asked(header: str, expected: str | None) -> None:
    assert meant(header) == expected


def test_nobody_in_a_part_of_a_region_is_asked_about_the_whole_of_it() -> None:
    assert meant("en-GB,en;q=0.9", SCOTLAND) is None
    assert meant("en-GB,en;q=0.9", AUSTRALIA) == "uk"
    assert meant("en-GB-scotland", AUSTRALIA) == "scotland"


@given(st.text() | st.lists(st.sampled_from(["en-AU", ";q=", "0.5", ",", "*", "-", " "])))
def test_whatever_is_sent_asks_about_an_edition_of_another_region_or_about_none(
    told: str | list[str],
) -> None:
    found = regions.meant("".join(told), UK, EVERY)
    assert found is None or found in {*EVERY} - {UK, SCOTLAND}


def test_editions_for_regions_stand_beside_each_other_within_a_partner() -> None:
    plain, others = edition("all", None), edition("nz", "en-NZ", partner="paper")
    every = [UK, plain, others, AUSTRALIA]
    assert regions.beside(UK, every) == [UK, AUSTRALIA]
    assert regions.beside(plain, every) == []
    assert regions.beside(others, every) == []


@pytest.mark.parametrize("locale", ["en-GB", "gd-GB", "es-419", "zh-Hant-HK", "en-GB-scotland"])
def test_a_locale_names_a_language_and_a_region(locale: str) -> None:
    assert Site(locale=locale, region="R").locale == locale


@pytest.mark.parametrize("locale", ["en", "GB", "en_GB", "en-gb", "EN-GB", "en-GB\n", "en-UKX", ""])
def test_what_names_no_region_is_no_locale(locale: str) -> None:
    with pytest.raises(ValidationError, match="write it like en-AU"):
        Site(locale=locale, region="R")
