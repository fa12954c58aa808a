"""Care Opinion is read as fast as it allows, and not faster; what was read is not asked again."""

import time
from pathlib import Path

import pytest

from connectors._http import Http, Limits, open_http
from connectors.channels import careopinion
from demo.world import World
from schemas.channel import Channel, Saved
from steps import ingest
from store.database import Engine, create_tables, open_engine
from tests.tell import MONDAY

SCALE = 0.525
"""So that it shows about 1,700 stories: with tags, responses and services 5,100 requests."""
MOST_ABOVE_LIMIT = 1.2


def _read(engine: Engine, http: Http, world: World, per_second: int) -> Saved:
    channel = Channel(
        id="opinion",
        kind="careopinion",
        options=careopinion.Opts(base_url=world.careopinion.address, per_second=per_second),
        secrets={"key": world.careopinion.key},
    )
    return ingest.ingest(engine, http, channel, lambda: MONDAY)


@pytest.mark.soak
@pytest.mark.parametrize("per_second", [100, 5], ids=["a-hundred-a-second", "as-in-reality"])
def test_the_limit_of_the_service_is_all_that_is_waited_for(
    tmp_path: Path, per_second: int
) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'pace.db'}")
    create_tables(engine)
    with World(scale=SCALE, folder=tmp_path, per_second=per_second + 1) as world:
        place = world.careopinion.address.removeprefix("http://")
        with open_http(Limits(allow=(place,))) as http:
            began = time.monotonic()
            first = _read(engine, http, world, per_second)
            took, asked = time.monotonic() - began, world.careopinion.asked
            again = _read(engine, http, world, per_second)
            more = world.careopinion.asked - asked
    least = asked / per_second
    print(  # noqa: T201
        f"\ncare opinion at {per_second}/s: {first.new} stories, {asked} requests in {took:.1f} s,"
        f" {took / least:.3f} times the limit's own; a second run asks {more}"
    )
    assert first.new > 1_500
    assert took <= MOST_ABOVE_LIMIT * least
    assert (again.new, again.changed) == (0, 0)
    assert more < asked / 50
