"""What is due, what is named, and how an installation is said to be doing."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from schemas.channel import Saved
from schemas.config import Config, OwnSite
from schemas.errors import GarbledError, OutsideError, UnknownError
from schemas.partner import Edition, Partner
from steps import runs, schedule, status
from store.database import Engine
from tests import make
from tests.steps import test_publish
from tests.steps.test_ingest import bring, survey
from tests.tell import MONDAY, tell, telling

CONFIG = Config(
    channels=(make.channel(every="1h"), make.channel(id="other", every="15m")),
    own_sites=(OwnSite(channel="opinion"),),
    partners=(Partner(id="voice", name="Voice"),),
    editions=(
        Edition(id="north", partner="voice", title="North"),
        Edition(id="south", partner="voice", title="South"),
    ),
)


def read(engine: Engine, channel: str, at: datetime, error: OutsideError | None = None) -> None:
    """Leave a record as if a channel had been read."""
    with runs.recorded(engine, "ingest", channel, lambda: at):
        if error is not None:
            raise error


def test_a_channel_is_found_by_its_id_and_the_others_are_named() -> None:
    assert schedule.channel(CONFIG, "other").id == "other"
    with pytest.raises(UnknownError, match="no channel is called nope; there are: opinion, other"):
        schedule.channel(CONFIG, "nope")
    with pytest.raises(UnknownError, match="there are: none"):
        schedule.channel(Config(), "nope")


def test_an_edition_is_found_by_its_partner_and_its_id(engine: Engine) -> None:
    assert schedule.edition(engine, CONFIG, "voice/south").title == "South"
    for wrong in ("voice/nope", "south", "nobody/south", "voice/south/x", ""):
        with pytest.raises(UnknownError, match="there are: voice/north, voice/south"):
            schedule.edition(engine, CONFIG, wrong)
    with pytest.raises(UnknownError, match="there are: none"):
        schedule.edition(engine, Config(), "voice/south")


def test_every_edition_is_meant_where_none_is_named(engine: Engine) -> None:
    assert schedule.editions(engine, CONFIG) == ["voice/north", "voice/south"]
    assert schedule.editions(engine, CONFIG, ["voice/south"]) == ["voice/south"]
    with pytest.raises(UnknownError):
        schedule.editions(engine, CONFIG, ["voice/south", "nope"])


def test_every_platform_is_meant_where_none_is_named() -> None:
    assert schedule.platforms(CONFIG) == ["opinion", "voice"]
    assert schedule.platforms(CONFIG, ["voice"]) == ["voice"]
    with pytest.raises(UnknownError, match="as other; there are: opinion, voice"):
        schedule.platforms(CONFIG, ["other"])


def test_a_channel_is_due_once_its_time_has_passed(sqlite_engine: Engine) -> None:
    assert schedule.due(sqlite_engine, CONFIG, MONDAY) == ["opinion", "other"]
    read(sqlite_engine, "opinion", MONDAY)
    read(sqlite_engine, "other", MONDAY)
    both = ["opinion", "other"]
    for minutes, due in [(0, []), (14, []), (15, ["other"]), (59, ["other"]), (60, both)]:
        now = MONDAY + timedelta(minutes=minutes)
        assert schedule.due(sqlite_engine, CONFIG, now) == due
    now = MONDAY + timedelta(minutes=15)
    assert schedule.due(sqlite_engine, CONFIG, now, ["opinion"]) == []
    assert schedule.due(sqlite_engine, CONFIG, now, ["opinion"], all_=True) == ["opinion"]
    with pytest.raises(UnknownError):
        schedule.due(sqlite_engine, CONFIG, now, ["nope"])


def test_a_channel_that_failed_is_due_again_at_once(sqlite_engine: Engine) -> None:
    with pytest.raises(GarbledError):
        read(sqlite_engine, "opinion", MONDAY, GarbledError("opinion", "no feed"))
    assert "opinion" in schedule.due(sqlite_engine, CONFIG, MONDAY)


def test_the_status_of_a_new_installation_has_nothing_to_show(sqlite_engine: Engine) -> None:
    found = status.status(sqlite_engine, CONFIG, MONDAY)
    assert (found["stories"], found["editions"], found["runs"]) == ([], [], [])
    assert [tuple(row.values()) for row in found["channels"]] == [
        ("opinion", "never", None, True, False, 0),
        ("other", "never", None, True, False, 0),
    ]


def test_the_status_says_what_each_channel_last_did(sqlite_engine: Engine) -> None:
    read(sqlite_engine, "opinion", MONDAY)
    with pytest.raises(GarbledError):
        read(sqlite_engine, "other", MONDAY, GarbledError("other", "no feed"))
    opinion, other = status.status(sqlite_engine, CONFIG, MONDAY + timedelta(hours=1))["channels"]
    assert (opinion["last_run"], opinion["outcome"], opinion["late"]) == ("1 h ago", "done", False)
    assert (other["last_run"], other["outcome"], other["late"]) == ("1 h ago", "failed", True)
    for hours, late in [(2, False), (3, True)]:
        found = status.status(sqlite_engine, CONFIG, MONDAY + timedelta(hours=hours))
        assert found["channels"][0]["late"] is late
    failed = status.status(sqlite_engine, CONFIG, MONDAY)["runs"][1]
    assert (failed["step"], failed["subject"], failed["error"]) == (
        "ingest",
        "other",
        "other: no feed",
    )


def test_a_channel_that_brings_nothing_new_for_too_long_is_silent(
    engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "survey.csv"
    path.write_text("id,text,date,fft\n1,Kind,,1\n")
    config = Config(channels=(survey(path).model_copy(update={"expect_every": "2d"}),))

    def silent(after: timedelta) -> bool:
        (row,) = status.status(engine, config, MONDAY + after)["channels"]
        return bool(row["silent"])

    assert not silent(timedelta(days=9))
    bring(engine, config.channels[0])
    read(engine, "survey", MONDAY + timedelta(days=1))
    assert not silent(timedelta(days=2))
    assert silent(timedelta(days=2, seconds=1))


def test_a_channel_that_never_brought_anything_is_silent_from_its_first_run(
    sqlite_engine: Engine,
) -> None:
    config = Config(channels=(make.channel(expect_every="1h"),))
    for hours in (0, 1, 2):
        with runs.recorded(
            sqlite_engine,
            "ingest",
            "opinion",
            lambda: MONDAY + timedelta(hours=hours),  # noqa: B023
        ) as run:
            run.counts = Saved().model_dump()
    for hours, silent in [(1, False), (2, True)]:
        found = status.status(sqlite_engine, config, MONDAY + timedelta(hours=hours))
        assert found["channels"][0]["silent"] is silent


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_399, "23 h ago"),
        (200_000, "2 d ago"),
    ],
)
def test_a_time_is_said_in_its_largest_unit(
    sqlite_engine: Engine, seconds: int, words: str
) -> None:
    read(sqlite_engine, "opinion", MONDAY)
    found = status.status(sqlite_engine, CONFIG, MONDAY + timedelta(seconds=seconds))
    assert found["channels"][0]["last_run"] == words


def test_the_status_counts_what_waits_and_what_each_edition_shows(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    tell(sqlite_engine, telling("1"), telling("2"), telling("3"))
    test_publish.run(sqlite_engine)
    tell(sqlite_engine, removed=[("opinion", "3")], now=MONDAY + timedelta(hours=1))
    test_publish.run(sqlite_engine)
    path = tmp_path / "survey.csv"
    path.write_text("id,text,date,fft\n1,Kind,,nine\n2,Kind,,1\n")
    channel = survey(path)
    bring(sqlite_engine, channel)
    config = CONFIG.model_copy(update={"channels": (channel,)})
    found = status.status(sqlite_engine, config, MONDAY)
    assert found["editions"] == [{"edition": "voice/north", "shows": 2, "removed": 1, "changes": 4}]
    assert found["channels"][0]["in_quarantine"] == 1
    assert {row["status"]: row["stories"] for row in found["stories"]} == {
        "published": 3,
        "removed": 1,
    }
