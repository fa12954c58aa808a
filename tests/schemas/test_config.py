from datetime import date

import pytest
from pydantic import ValidationError

from schemas.channel import Channel, Options
from schemas.config import Config, OwnSite, ReportPull
from schemas.partner import Edition, Partner


class Opinions(Options):
    base_url: str


CONFIG = Config(
    channels=(
        Channel(id="opinions", kind="careopinion", secrets={"key": "s3cret"}),
        Channel(id="feed", kind="webfeed", options=Opinions(base_url="http://feed")),
    ),
    own_sites=(OwnSite(channel="opinions"),),
    partners=(
        Partner(id="voice", name="Voice", counters=("beacon", "report")),
        Partner(id="echo", name="Echo"),
    ),
    editions=(
        Edition(id="all", partner="voice", title="All of Voice"),
        Edition(id="all", partner="echo", title="All of Echo"),
    ),
    reports=(
        ReportPull(platform="voice", url="{month}.csv", since=date(2012, 1, 1), secret="s3cret"),
    ),
)


def test_channels_and_partners_are_found_by_their_ids() -> None:
    assert CONFIG.channel("feed") is CONFIG.channels[1]
    assert CONFIG.partner("echo") is CONFIG.partners[1]
    assert CONFIG.channel("echo") is None
    assert CONFIG.partner("feed") is None


def test_an_edition_is_found_among_those_of_its_own_partner() -> None:
    assert CONFIG.edition("echo", "all") is CONFIG.editions[1]
    assert CONFIG.edition("echo", "none") is None
    assert CONFIG.edition("none", "all") is None


def test_partners_and_own_sites_report_reads_and_no_other_channel_does() -> None:
    assert CONFIG.platforms() == {
        "opinions": ("own_site",),
        "voice": ("beacon", "report"),
        "echo": ("report", "beacon"),
    }


def test_no_secret_stands_in_what_a_configuration_shows() -> None:
    assert "s3cret" not in f"{CONFIG!r}{CONFIG}{CONFIG.model_dump()}{CONFIG.model_dump_json()}"


def test_what_is_shown_of_a_channel_has_the_options_of_its_kind() -> None:
    assert CONFIG.model_dump()["channels"][1]["options"] == {"base_url": "http://feed"}


def test_a_configuration_is_frozen_and_closed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        CONFIG.name = "Other"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Config(nmae="R")  # type: ignore[call-arg]
