"""A channel is told how often its stories were read at partners: what is over, and only news."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors._http import Limits
from connectors._rest_options import Opts
from connectors.channels import counts_taker, rest
from kit import far
from kit.far import Ask, Reply, as_json
from rules import identity
from schemas.channel import Channel
from schemas.config import Config, OwnSite
from schemas.errors import RefusedError, UnknownError, UnreachableError
from schemas.partner import Partner
from schemas.run import Outcome
from steps import collect, inform, reconcile, runs
from steps.house import House, open_house
from store.database import Engine
from store.hits import open_hits
from tests import make
from tests.reports import svr
from tests.tell import tell, telling

NOVEMBER = datetime(2026, 11, 3, 9, tzinfo=UTC)
KEY = "counts-canary-77"


class Ears:
    """A source that takes counts, and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.deaf = 0
        """How many requests fail from now on."""

    def __call__(self, ask: Ask) -> Reply:
        if self.deaf:
            self.deaf -= 1
            return as_json({"error": "busy"}, 503)
        if ask.headers.get("authorization") != f"Bearer {KEY}":
            return as_json({"error": "who are you?"}, 401)
        self.keys.append(ask.headers["idempotency-key"])
        self.told += orjson.loads(ask.body)["counts"]
        return as_json({}, 202)

    def said(self) -> dict[tuple[str, str], int]:
        """Say what the source now believes."""
        return {(row["id"], row["month"]): row["reads"] for row in self.told}


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def house(engine: Engine, tmp_path: Path, ears: Ears) -> Iterator[House]:
    with far.play(ears) as source:
        channel = Channel(
            id="opinion",
            kind="rest",
            publisher="opinion.example",
            options=Opts.model_validate(
                {
                    "url": f"{source.origin}/stories",
                    "fields": {"id": "{id}"},
                    "auth": {"way": "bearer"},
                    "counts": {"url": f"{source.origin}/views", "at_once": 2},
                    "per_second": 1000,
                }
            ),
            secrets={"key": KEY},
        )
        config = Config(
            name="Retold of Anytown",
            channels=(channel, make.channel(id="other", kind="feed", publisher="other.example")),
            own_sites=(OwnSite(channel="opinion", report_lag_days=0),),
            partners=(
                Partner(id="nhs", name="The Health Site", report_lag_days=0),
                Partner(id="paper", name="The Paper", report_lag_days=0),
            ),
        )
        with open_house(
            config,
            Limits(attempts=2, backoff_s=0, allow=(source.place,)),
            database_url=engine.url.render_as_string(hide_password=False),
            state_dir=tmp_path,
            public_url="https://retold.example",
            key=b"k" * 32,
            operator="someone",
        ) as opened:
            yield House(**vars(opened) | {"clock": lambda: NOVEMBER})


def urn(external_id: str) -> str:
    return identity.mint(("opinion.example", external_id))


def settle(house: House, folder: Path, platform: str, payload: bytes, after: int = 0) -> None:
    at = NOVEMBER + timedelta(seconds=after)
    collect.receive(house.engine, platform, "report", payload, "application/json", at)
    with open_hits(folder / "beacon.db") as hits:
        collect.collect(house.engine, house.config, platform, hits, NOVEMBER)
    reconcile.reconcile(house.engine, house.config, NOVEMBER, [platform])


def inform_(house: House) -> inform.Sent:
    return inform.recorded(house, "opinion")


@pytest.fixture
def read(house: House, tmp_path: Path) -> House:
    """Tell three stories that began on the channel, and two that did not; two partners report."""
    tell(house.engine, *[telling(name, f"About {name}.") for name in ("1", "2", "3")])
    copied = telling("8", "Told elsewhere first.", origin=("elsewhere.example", "e"))
    tell(
        house.engine, copied, telling("9", "Not ours.", channel="other", publisher="other.example")
    )
    settle(house, tmp_path, "nhs", svr((urn("1"), 5), (urn("2"), 7), (urn("8"), 50)))
    settle(house, tmp_path, "paper", svr((urn("1"), 30), (urn("3"), 1)))
    return house


def test_reads_at_all_partners_are_one_total_for_each_story(read: House, ears: Ears) -> None:
    sent = inform_(read)

    assert ears.said() == {("1", "2026-10"): 35, ("2", "2026-10"): 7, ("3", "2026-10"): 1}
    assert sent == inform.Sent(months=1, stories=3, reads=43)


def test_a_second_time_nothing_is_sent(read: House, ears: Ears) -> None:
    inform_(read)
    ears.told.clear()

    assert inform_(read) == inform.Sent(unchanged=1)
    assert ears.told == []


def test_a_corrected_report_sends_the_new_totals_and_a_zero_for_what_was_taken_back(
    read: House, ears: Ears, tmp_path: Path
) -> None:
    inform_(read)
    settle(read, tmp_path, "nhs", svr((urn("1"), 6), revision=2), after=60)
    sent = inform_(read)

    assert ears.said() == {("1", "2026-10"): 36, ("2", "2026-10"): 0, ("3", "2026-10"): 1}
    assert sent.months == 1


def test_a_month_that_is_not_over_is_not_sent(read: House, ears: Ears) -> None:
    early = House(**vars(read) | {"clock": lambda: NOVEMBER - timedelta(days=20)})

    assert inform_(early) == inform.Sent()
    assert ears.told == []


def test_reads_on_a_channels_own_site_are_not_told_to_it(
    read: House, ears: Ears, tmp_path: Path
) -> None:
    settle(read, tmp_path, "opinion", svr((urn("2"), 900)))
    inform_(read)

    assert ears.said()["2", "2026-10"] == 7


def test_a_source_that_fails_is_told_again_whole_under_the_same_keys(
    read: House, ears: Ears
) -> None:
    ears.deaf = 2
    with pytest.raises(UnreachableError):
        inform_(read)
    assert runs.latest(read.engine)[0].outcome is Outcome.FAILED
    inform_(read)
    first = list(ears.keys)
    rest.send_counts(_channel(read), read.http, _all(read))

    assert len(first) == 2, "three counts, two at once"
    assert ears.keys == first + first
    assert ears.said()["1", "2026-10"] == 35


def test_a_source_that_is_busy_for_a_moment_is_waited_for(read: House, ears: Ears) -> None:
    ears.deaf = 1

    assert inform_(read).reads == 43


def test_a_wrong_key_is_refused_and_nothing_is_taken_for_sent(read: House) -> None:
    bent = _channel(read).model_copy(update={"secrets": {"key": "wrong"}})
    with pytest.raises(RefusedError) as refused:
        inform.inform(read, bent)

    assert "wrong" not in str(refused.value)
    assert inform_(read).stories == 3


def test_a_channel_that_takes_no_counts_says_so(read: House) -> None:
    assert inform.takers(read.config) == ["opinion"]
    assert counts_taker(make.channel(kind="feed")) is None
    with pytest.raises(UnknownError, match="other takes no counts"):
        inform.takers(read.config, ["other"])
    with pytest.raises(UnknownError, match="other takes no counts"):
        inform.recorded(read, "other")


def _channel(house: House) -> Channel:
    return next(c for c in house.config.channels if c.id == "opinion")


def _all(house: House) -> Sequence[Any]:
    return inform.read_at(house.engine, "opinion", ["nhs", "paper"])["2026-10"]
