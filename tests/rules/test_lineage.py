"""Who stands below whom, and when."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rules import lineage
from schemas.organisation import Organisation, Parent, Population
from tests import make

TODAY = make.NOON.date()
APRIL = date(2013, 4, 1)
MARCH = APRIL - timedelta(days=1)


def organisation(code: str, *parents: str | Parent, **fields: object) -> Organisation:
    edges = [Parent(id=parent) if isinstance(parent, str) else parent for parent in parents]
    return Organisation.model_validate({"id": code, "name": code, "parents": edges} | fields)


HOSPITALS = (
    organisation("NHS"),
    organisation("NORTH", "NHS", region="north"),
    organisation("MENTAL", "NHS"),
    organisation("RXX", "NORTH", "MENTAL"),
    organisation("WARD", "RXX"),
    organisation("SOUTH", "NHS", region="south"),
)
MOVED = (
    *HOSPITALS[:3],
    organisation("RXX", Parent(id="NORTH", until=MARCH), Parent(id="SOUTH", since=APRIL)),
    *HOSPITALS[4:],
)
"""The trust went from the north to the south in April 2013."""


def test_an_organisation_stands_below_itself_and_all_above_it_by_every_parent() -> None:
    found = lineage.lineage(HOSPITALS, TODAY)
    assert found["WARD"] == {"WARD", "RXX", "NORTH", "MENTAL", "NHS"}
    assert found["NHS"] == {"NHS"}


def test_an_edge_holds_from_its_first_day_to_its_last() -> None:
    assert lineage.lineage(MOVED, MARCH)["WARD"] == {"WARD", "RXX", "NORTH", "NHS"}
    assert lineage.lineage(MOVED, APRIL)["WARD"] == {"WARD", "RXX", "SOUTH", "NHS"}
    assert lineage.regions(MOVED, MARCH)["WARD"] == {"north"}
    assert lineage.regions(MOVED, APRIL)["WARD"] == {"south"}


def test_the_edges_of_its_last_day_go_on_for_an_organisation_that_is_no_more() -> None:
    gone = organisation(
        "RXX",
        Parent(id="NORTH", until=MARCH),
        Parent(id="SOUTH", until=MARCH - timedelta(days=1)),
        valid_to=MARCH,
    )
    assert lineage.lineage((gone,), TODAY)["RXX"] == {"RXX", "NORTH"}


def test_circles_and_unknown_parents_do_no_harm() -> None:
    circle = (organisation("A", "B"), organisation("B", "A", "gone"))
    assert lineage.lineage(circle, TODAY) == {"A": {"A", "B", "gone"}, "B": {"A", "B", "gone"}}
    assert lineage.regions(circle, TODAY) == {"A": frozenset(), "B": frozenset()}
    assert lineage.within(["gone"], circle) == dict.fromkeys("AB", lineage.ALWAYS) | {
        "gone": lineage.ALWAYS
    }


def test_an_organisation_lies_where_it_says_or_where_the_nearest_above_it_lies() -> None:
    found = lineage.regions(
        (
            organisation("TOP", region="land"),
            organisation("MID", "TOP", region="north"),
            organisation("OTHER", region="south"),
            organisation("LEAF", "MID", "TOP"),
            organisation("BOTH", "MID", "OTHER"),
            organisation("FAR", "LEAF"),
        ),
        TODAY,
    )
    assert found["MID"] == {"north"}
    assert found["LEAF"] == {"north", "land"}
    assert found["BOTH"] == {"north", "south"}
    assert found["FAR"] == {"north", "land"}


def test_what_stands_within_is_said_with_its_days() -> None:
    assert lineage.within(["NORTH"], MOVED) == {
        "NORTH": lineage.ALWAYS,
        "RXX": ((date.min, MARCH),),
        "WARD": ((date.min, MARCH),),
    }
    assert lineage.within(["NHS"], MOVED)["WARD"] == lineage.ALWAYS


DAYS = st.dates(date(2020, 1, 1), date(2020, 1, 9)) | st.none()


@given(
    st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from("ABCD"), DAYS, DAYS), max_size=9),
    st.dates(date(2020, 1, 1), date(2020, 1, 9)),
)
def test_within_says_of_every_day_what_the_lineage_of_that_day_says(
    edges: list[tuple[str, str, date | None, date | None]], day: date
) -> None:
    told = [
        organisation(
            code, *(Parent(id=up, since=a, until=b) for low, up, a, b in edges if low == code)
        )
        for code in "ABCD"
    ]
    inside = {o for o, spans in lineage.within(["A"], told).items() if lineage.holds(spans, day)}
    assert inside == {o for o, above in lineage.lineage(told, day).items() if "A" in above}


def test_a_story_is_about_those_that_its_organisation_belonged_to_on_its_day() -> None:
    ward = ({"scheme": "ods", "code": "WARD", "name": None, "role": "provider"},)
    below = (
        organisation("ods:NORTH"),
        organisation("ods:WARD", Parent(id="ods:NORTH", since=date(2010, 1, 1), until=MARCH)),
    )
    north = lineage.within(["ods:NORTH"], below)
    now = make.story(services=ward)
    then = make.story(services=ward, published_at="2013-03-31T23:59:00Z")
    undated = make.story(services=ward, published_at=None, updated_at=None, submitted_at=None)
    assert [lineage.is_about(story, north) for story in (then, now, undated)] == [
        True,
        False,
        False,
    ]


OCTOBER = date(2021, 10, 1)
SPLIT = (
    organisation("RM3"),
    organisation("R0A", Parent(id="QOP", until=OCTOBER)),
    organisation("QOP"),
    organisation("RW601", "RW6"),
    organisation("RW6", successors=[{"id": "RM3", "on": OCTOBER}, {"id": "R0A", "on": OCTOBER}]),
    organisation("RM2", successors=[{"id": "RW6"}]),
)
"""A trust, itself made of another, split into two."""


def test_a_successor_has_nothing_of_its_predecessors_unless_it_is_asked_for() -> None:
    assert lineage.within(["RM3"], SPLIT).keys() == {"RM3"}
    wider = lineage.within(["RM3"], SPLIT, with_predecessors=True)
    assert wider == dict.fromkeys(["RM3", "RW6", "RW601", "RM2"], lineage.ALWAYS)


def test_who_had_left_before_a_succession_brings_no_predecessor_along() -> None:
    def board(until: date) -> set[str]:
        left = organisation("R0A", Parent(id="QOP", until=until))
        return set(lineage.within(["QOP"], (left, *SPLIT[2:]), with_predecessors=True))

    assert board(OCTOBER - timedelta(days=1)) == {"QOP", "R0A"}
    assert board(OCTOBER) == {"QOP", "R0A", "RW6", "RW601", "RM2"}


def test_an_edition_may_be_meant_with_predecessors_from_the_day_of_the_succession() -> None:
    before = lineage.ground(SPLIT, OCTOBER - timedelta(days=1))
    after = lineage.ground(SPLIT, OCTOBER)
    assert lineage.below(after, ["RM3"]) == {"RM3"}
    assert lineage.below(before, ["RM3"], with_predecessors=True) == {"RM3"}
    assert lineage.below(after, ["RM3"], with_predecessors=True) == {"RM3", "RW6", "RW601", "RM2"}


def test_a_circle_of_successions_does_no_harm() -> None:
    circle = (
        organisation("A", successors=[{"id": "B"}]),
        organisation("B", successors=[{"id": "A"}]),
    )
    assert lineage.within(["A"], circle, with_predecessors=True).keys() == {"A", "B"}
    ground = lineage.ground(circle, TODAY)
    assert lineage.below(ground, ["A"], with_predecessors=True) == {"A", "B"}


BOARD = (
    organisation("QOP", type="icb"),
    organisation("ACUTE", Parent(id="QOP", since=APRIL), type="acute"),
    organisation("SITE", "ACUTE", type="site"),
    organisation("MENTAL", "QOP", type="mental_health", successors=[{"id": "ACUTE"}]),
    organisation("ELSEWHERE", type="acute"),
)


def members(**fields: object) -> dict[str, lineage.Spans]:
    given = {"id": "p", "name": "P"} | fields
    return lineage.members(Population.model_validate(given), BOARD)


def test_a_population_is_all_below_an_organisation_while_it_stands_there() -> None:
    since = ((APRIL, date.max),)
    assert members(below=["QOP"]) == {"ACUTE": since, "SITE": since, "MENTAL": lineage.ALWAYS}
    assert members(below=["ACUTE"]) == {"SITE": lineage.ALWAYS}


def test_types_narrow_a_population_to_some_with_all_below_these() -> None:
    assert members(below=["QOP"], types=["acute"]).keys() == {"ACUTE", "SITE"}
    assert members(below=["QOP"], types=["site", "mental_health"]).keys() == {"SITE", "MENTAL"}


def test_a_population_adds_up_what_it_names_and_what_stands_below() -> None:
    both = members(below=["QOP"], types=["mental_health"], organisations=["ELSEWHERE", "ACUTE"])
    assert both == dict.fromkeys(["MENTAL", "ELSEWHERE", "ACUTE", "SITE"], lineage.ALWAYS)


def test_a_population_may_count_predecessors_in() -> None:
    acute = {"below": ["QOP"], "types": ["acute"]}
    assert "MENTAL" not in members(**acute)
    assert members(**acute, with_predecessors=True)["MENTAL"] == lineage.ALWAYS


@given(
    day=st.dates(APRIL - timedelta(days=2), APRIL + timedelta(days=2)),
    below=st.lists(st.sampled_from(["QOP", "ACUTE"]), max_size=2),
    types=st.lists(st.sampled_from(["acute", "site", "mental_health"]), max_size=2),
    named=st.lists(st.sampled_from(["QOP", "MENTAL", "ELSEWHERE"]), max_size=2),
)
def test_the_ground_of_a_day_has_those_that_belonged_to_a_population_on_it(
    day: date, below: list[str], types: list[str], named: list[str]
) -> None:
    population = Population(
        id="p",
        name="P",
        below=tuple(below),
        types=tuple(types),
        organisations=tuple(named),
    )
    spans = lineage.members(population, BOARD)
    there = {one for one, days in spans.items() if lineage.holds(days, day)}
    assert lineage.ground(BOARD, day, [population]).populations == {"p": there}


def test_the_ground_of_a_day_has_predecessors_of_a_population_from_the_succession_on() -> None:
    new = Population(id="new", name="New", organisations=("RM3",), with_predecessors=True)
    before = lineage.ground(SPLIT, OCTOBER - timedelta(days=1), [new])
    after = lineage.ground(SPLIT, OCTOBER, [new])
    assert before.populations["new"] == {"RM3"}
    assert after.populations["new"] == {"RM3", "RW6", "RW601", "RM2"}
