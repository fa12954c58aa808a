from collections.abc import Iterator
from itertools import pairwise

import pytest

from demo.world._server import Answer, Request, Server
from demo.world.log import counted
from demo.world.partner import Partner
from demo.world.readers import PEOPLE, ROBOTS, Loaded, load, visits
from demo.world.readership import MONTHS


class House:
    """A feed of two stories with beacons, and the beacon itself."""

    def __init__(self) -> None:
        self.beacons: list[Request] = []
        self.server = Server(self._answer)

    def _answer(self, request: Request) -> Answer:
        if request.path.startswith("/b/"):
            self.beacons.append(request)
            return Answer(b"GIF89a", media_type="image/gif")
        entries = "".join(
            f"<entry><id>urn:{n}</id><published>2012-01-01T00:00:00Z</published>"
            f'<content type="html">&lt;img src="{self.server.address}/b/{n}.gif"&gt;</content>'
            "</entry>"
            for n in range(5)
        )
        feed = f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'
        return Answer(feed.encode(), media_type="application/atom+xml")


@pytest.fixture
def house() -> Iterator[House]:
    running = House()
    with running.server:
        yield running


@pytest.fixture
def partner(house: House) -> Iterator[Partner]:
    with Partner(f"{house.server.address}/feed", reads=0) as running:
        running.poll()
        yield running


def test_the_same_seed_plans_the_same_visits() -> None:
    assert visits(1, MONTHS) == visits(1, MONTHS) != visits(2, MONTHS)
    assert len(visits(1, MONTHS)) == 300


def test_visitors_are_people_people_who_click_twice_and_robots() -> None:
    planned = visits(2012, MONTHS)
    robots = [visit for visit in planned if visit.robot]
    assert 20 < len(robots) < 75
    assert {visit.agent for visit in robots} == set(ROBOTS)
    assert {visit.agent for visit in planned if not visit.robot} == set(PEOPLE)
    doubles = [(a, b) for a, b in pairwise(planned) if b.again]
    assert len(doubles) > 10
    for first, second in doubles:
        assert first.address == second.address
        assert 0 < (second.at - first.at).total_seconds() < 30
    assert len({visit.address for visit in planned}) == len(planned) - len(doubles)


def test_visits_load_pages_and_beacons_as_browsers_do(house: House, partner: Partner) -> None:
    planned = visits(2012, MONTHS, 120)
    loaded = load(partner, planned)
    assert loaded.pages == 120 == len(partner.log)
    assert loaded.beacons == len(house.beacons) == sum(visit.images for visit in planned)
    first = next(visit for visit in planned if visit.images)
    beacon = house.beacons[0]
    assert beacon.headers["user-agent"] == first.agent
    assert beacon.headers["referer"].startswith(f"{partner.address}/stories/")
    assert beacon.address == first.address
    assert any("x-forwarded-for" in request.headers for request in house.beacons)
    assert not any(request.address == "203.0.113.9" for request in house.beacons)


def test_a_careful_counter_makes_of_the_visits_what_they_were(partner: Partner) -> None:
    planned = visits(2012, MONTHS, 120)
    loaded = load(partner, planned)
    assert sum(counted(partner.log).values()) == loaded.people
    assert loaded.people < loaded.pages - sum(visit.robot for visit in planned)
    reported = sum(count for month in partner.months for _, count in partner.reads(month))
    assert reported == loaded.people


def test_the_first_stories_are_read_most(partner: Partner) -> None:
    load(partner, visits(2012, MONTHS, 120))
    by_story = [sum(read.story == f"urn:{n}" for read in partner.log) for n in range(5)]
    first_shown = list(partner.shown)
    assert by_story[int(first_shown[0][-1])] == max(by_story)


def test_where_nothing_is_shown_nobody_reads(house: House) -> None:
    with Partner(f"{house.server.address}/feed") as empty:
        assert load(empty, visits(1, MONTHS, 10)) == Loaded()
