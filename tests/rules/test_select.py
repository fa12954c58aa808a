from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules import lineage, select
from rules.lineage import Ground
from schemas.organisation import Organisation, Parent, Population, Successor
from schemas.partner import Agreement, Edition, Partner
from schemas.publication import Desire, Shown
from schemas.story import Rights, Story
from tests import make

NOON = make.NOON
DAY = timedelta(days=1)
OPEN = {"opinion": Rights(may_syndicate=True)}
NO_GROUND = lineage.ground((), NOON.date())
FREE = make.RIGHTS | {"retention_days": None}


def _organisation(code: str, *parents: str, region: str | None = None) -> Organisation:
    edges = tuple(Parent(id=parent) for parent in parents)
    return Organisation(id=code, name=code, parents=edges, region=region)


def _agreement(**fields: Any) -> Agreement:
    return Agreement.model_validate({"id": "a", "partner": "paper"} | fields)


def _edition(**scope: Any) -> Edition:
    return Edition.model_validate(
        {"id": "north", "partner": "paper", "title": "North", "scope": scope}
    )


def _partner(**fields: Any) -> Partner:
    return Partner.model_validate({"id": "paper", "name": "The Paper"} | fields)


def _allowed(
    story: Story,
    *agreements: Agreement,
    edition: Edition | None = None,
    partner: Partner | None = None,
    rights: Mapping[str, Rights] = OPEN,
    ground: Ground = NO_GROUND,
    now: datetime = NOON,
) -> Desire:
    return select.allowed(
        story, edition or _edition(), partner or _partner(), agreements, rights, ground, now
    )


def _is_in(scope: dict[str, Any], story: Story, ground: Ground = NO_GROUND) -> bool:
    desire = _allowed(story, _agreement(), edition=_edition(**scope), ground=ground)
    assert desire.reason == ("allowed" if desire.state is Shown.IN else "scope")
    return desire.state is Shown.IN


def test_a_story_that_everything_allows_is_in() -> None:
    assert _allowed(make.story(revision=3), _agreement()) == Desire(
        story_id=make.story().id, revision=3, state=Shown.IN, reason="allowed", month="2026-01"
    )


def test_the_first_obstacle_is_the_reason_why_a_story_is_out() -> None:
    given: dict[str, Any] = {
        "story": {
            "status": "removed",
            "reason": "merged",
            "rights": Rights(),
            "publishers": ("paper",),
            "language": "cy",
        },
        "partner": {"suspended": True, "live": False},
        "agreement": {"valid_to": date(2025, 1, 1), "embargo_days": 9, "retention_days": 1},
    }
    cures: Sequence[tuple[str, str, dict[str, Any]]] = (
        ("merged", "story", {"status": "published", "reason": None}),
        ("suspended", "partner", {"suspended": False}),
        ("not_live", "partner", {"live": True}),
        ("right", "story", {"rights": FREE}),
        ("loop", "story", {"publishers": ()}),
        ("agreement", "agreement", {"valid_to": None}),
        ("embargo", "agreement", {"embargo_days": 0}),
        ("expired", "agreement", {"retention_days": None}),
        ("scope", "story", {"language": "en"}),
        ("allowed", "story", {}),
    )
    seen = []
    for _, whose, cure in cures:
        desire = _allowed(
            make.story(published_at=NOON - 2 * DAY, **given["story"]),
            _agreement(**given["agreement"]),
            edition=_edition(languages=("en",)),
            partner=_partner(**given["partner"]),
        )
        seen.append(desire.reason)
        assert (desire.state is Shown.IN) == (desire.reason == "allowed")
        given[whose] |= cure
    assert seen == [reason for reason, _, _ in cures]


@pytest.mark.parametrize("status", ["received", "held", "removed", "rejected"])
@pytest.mark.parametrize("reason", [None, "withdrawn", "allowed"])
def test_only_published_stories_reach_a_partner(status: str, reason: str | None) -> None:
    desire = _allowed(make.story(status=status, reason=reason), _agreement())
    assert (desire.state, desire.reason) == (Shown.OUT, reason or status)


@pytest.mark.parametrize(
    ("own", "channels"),
    [
        pytest.param(False, True, id="the story forbids it"),
        pytest.param(True, False, id="the channel no longer allows it"),
        pytest.param(True, None, id="the channel is no longer configured"),
        pytest.param(False, None, id="nobody allows it"),
    ],
)
def test_a_right_must_be_the_storys_and_its_channels_both(own: bool, channels: bool | None) -> None:  # noqa: FBT001
    rights = {} if channels is None else {"opinion": Rights(may_syndicate=channels)}
    story = make.story(rights=Rights(may_syndicate=own))
    assert _allowed(story, _agreement(), rights=rights).reason == "right"


@pytest.mark.parametrize(
    ("story", "partner"),
    [
        ({"publishers": ("a.example", "paper")}, {}),
        ({"publishers": ("Paper.Example",)}, {"publisher": "paper.example"}),
        ({"publishers": ()}, {"publisher": "OPINION.example"}),
    ],
)
def test_no_story_goes_back_to_a_publisher_it_came_from(
    story: dict[str, Any], partner: dict[str, Any]
) -> None:
    desire = _allowed(make.story(**story), _agreement(), partner=_partner(**partner))
    assert desire.reason == "loop"


def test_nothing_is_agreed_by_another_partners_agreement_or_by_none() -> None:
    assert _allowed(make.story()).reason == "agreement"
    assert _allowed(make.story(), _agreement(partner="radio")).reason == "agreement"
    assert _allowed(make.story(), _agreement(scope={"kinds": ["thanks"]})).reason == "agreement"


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        # British summer time: midnight in London is 23:00 in UTC.
        ("2026-06-09T22:59:59Z", "agreement"),
        ("2026-06-09T23:00:00Z", "allowed"),
        ("2026-06-20T22:59:59Z", "allowed"),
        ("2026-06-20T23:00:00Z", "agreement"),
    ],
)
def test_an_agreement_is_in_force_for_whole_days_where_the_partner_is(
    now: str, reason: str
) -> None:
    agreement = _agreement(valid_from=date(2026, 6, 10), valid_to=date(2026, 6, 20))
    story = make.story(rights=FREE)
    assert _allowed(story, agreement, now=datetime.fromisoformat(now)).reason == reason


def test_a_day_that_lacks_its_midnight_begins_when_the_clocks_have_changed() -> None:
    agreement, beirut = _agreement(valid_from=date(2026, 3, 29)), _partner(zone="Asia/Beirut")
    start = datetime(2026, 3, 28, 22, tzinfo=UTC)
    for now, reason in ((start - timedelta(seconds=1), "agreement"), (start, "allowed")):
        assert _allowed(make.story(), agreement, partner=beirut, now=now).reason == reason


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Etc/GMT-14", "Etc/GMT+12", "Europe/London"])
def test_terms_without_end_do_no_harm(zone: str) -> None:
    agreement = _agreement(
        valid_from=date.min, valid_to=date.max, embargo_days=0, retention_days=10**12
    )
    story, partner = make.story(), _partner(zone=zone)
    assert _allowed(story, agreement, partner=partner).reason == "allowed"
    never = agreement.model_copy(update={"embargo_days": 10**12})
    assert _allowed(story, never, partner=partner).reason == "embargo"
    ended = agreement.model_copy(update={"valid_to": date.min})
    assert _allowed(story, ended, partner=partner).reason == "agreement"
    begun = agreement.model_copy(update={"valid_from": date.max})
    assert _allowed(story, begun, partner=partner).reason == "agreement"


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (timedelta(0), "embargo"),
        (3 * DAY - timedelta(microseconds=1), "embargo"),
        (3 * DAY, "allowed"),
        (10 * DAY - timedelta(microseconds=1), "allowed"),
        (10 * DAY, "expired"),
    ],
)
def test_a_story_waits_out_its_embargo_and_leaves_when_its_time_is_over(
    after: timedelta, reason: str
) -> None:
    agreement = _agreement(embargo_days=3, retention_days=10)
    assert _allowed(make.story(), agreement, now=NOON + after).reason == reason


def test_a_story_of_tomorrow_is_not_shown_today() -> None:
    assert _allowed(make.story(published_at=NOON + DAY), _agreement()).reason == "embargo"


@pytest.mark.parametrize(
    ("agreed", "told", "channels"), [(5, 9, None), (None, 5, 9), (9, None, 5), (5, None, None)]
)
def test_the_shortest_retention_counts(
    agreed: int | None, told: int | None, channels: int | None
) -> None:
    story = make.story(rights=make.RIGHTS | {"retention_days": told})
    rights = {"opinion": Rights(may_syndicate=True, retention_days=channels)}
    agreement = _agreement(retention_days=agreed)
    for days, reason in ((5 * DAY - timedelta(seconds=1), "allowed"), (5 * DAY, "expired")):
        assert _allowed(story, agreement, rights=rights, now=NOON + days).reason == reason


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({}, "allowed"),
        ({"embargo_days": 1}, "embargo"),
        ({"retention_days": 1}, "expired"),
    ],
)
def test_a_story_that_bears_no_time_stays_out_where_time_decides(
    terms: dict[str, int], reason: str
) -> None:
    story = make.story(published_at=None, updated_at=None, submitted_at=None, rights=FREE)
    assert _allowed(story, _agreement(**terms)).reason == reason
    assert select.due(story, _partner(), [_edition()], [_agreement(**terms)], OPEN, NOON) is None


def test_of_several_agreements_any_one_suffices_and_else_the_kindest_speaks() -> None:
    waits, over = _agreement(id="w", embargo_days=9), _agreement(id="o", retention_days=1)
    elsewhere, yes = _agreement(id="e", scope={"languages": ["cy"]}), _agreement(id="y")
    now = NOON + 2 * DAY
    assert _allowed(make.story(), over, waits, yes, elsewhere, now=now).reason == "allowed"
    assert _allowed(make.story(), over, waits, elsewhere, now=now).reason == "embargo"
    assert _allowed(make.story(), over, elsewhere, now=now).reason == "expired"
    assert _allowed(make.story(), elsewhere, now=now).reason == "agreement"


HOSPITALS = lineage.ground(
    (
        _organisation("ods:NHS"),
        _organisation("ods:NORTH", "ods:NHS", region="north"),
        _organisation("ods:MENTAL", "ods:NHS"),
        _organisation("ods:RXX", "ods:NORTH", "ods:MENTAL"),
        _organisation("ods:WARD", "ods:RXX"),
        _organisation("ods:SOUTH", "ods:NHS", region="south"),
    ),
    NOON.date(),
    (
        Population(id="trusts", name="Trusts", below=("ods:NORTH", "ods:MENTAL")),
        Population(id="wards", name="Wards", organisations=("ods:WARD",)),
    ),
)


@pytest.mark.parametrize(
    ("scope", "inside"),
    [
        pytest.param({}, True, id="left open"),
        pytest.param({"organisations": ["ods:RXX"]}, True, id="itself"),
        pytest.param({"organisations": ["ods:NHS"]}, True, id="all below the top"),
        pytest.param({"organisations": ["ods:SOUTH", "ods:MENTAL"]}, True, id="any of several"),
        pytest.param({"organisations": ["ods:WARD"]}, False, id="not what stands above"),
        pytest.param({"organisations": ["ods:SOUTH"]}, False, id="not beside"),
        pytest.param({"regions": ["north"]}, True, id="the region of one above"),
        pytest.param({"regions": ["south"]}, False, id="another region"),
        pytest.param({"kinds": ["story", "thanks"]}, True, id="a kind"),
        pytest.param({"kinds": ["thanks"]}, False, id="another kind"),
        pytest.param({"tags": ["food", "Staff"]}, True, id="any tag in any case"),
        pytest.param({"tags": ["food"]}, False, id="another tag"),
        pytest.param({"languages": ["cy", "EN"]}, True, id="a language without its country"),
        pytest.param({"languages": ["en-gb"]}, True, id="a language with its country"),
        pytest.param({"languages": ["en-US"]}, False, id="another country"),
        pytest.param({"languages": ["e"]}, False, id="half a language"),
        pytest.param({"populations": ["trusts"]}, True, id="a population"),
        pytest.param({"populations": ["wards"]}, False, id="another population"),
        pytest.param({"populations": ["wards", "trusts"]}, True, id="any of several populations"),
        pytest.param({"populations": ["nobody"]}, False, id="a population of nobody"),
        pytest.param({"age_bands": ["18-34", "35-44"]}, True, id="the age of who told it"),
        pytest.param({"age_bands": ["18-34"]}, False, id="another age"),
        pytest.param({"rating_from": 4}, True, id="rated just so well"),
        pytest.param({"rating_from": 4.01}, False, id="not rated so well"),
        pytest.param({"rating_to": 4}, True, id="rated no better"),
        pytest.param({"rating_to": 3.99}, False, id="rated better"),
        pytest.param({"rating_from": 1, "rating_to": 5}, True, id="rated at all"),
        pytest.param({"newest_days": 1}, True, id="no older than that"),
        pytest.param({"regions": ["north"], "kinds": ["thanks"]}, False, id="not both"),
    ],
)
def test_an_edition_shows_what_its_scope_holds(scope: dict[str, Any], inside: bool) -> None:  # noqa: FBT001
    assert _is_in(scope, make.story(), HOSPITALS) is inside


def test_a_story_about_several_services_is_in_by_any_of_them() -> None:
    services = [{"scheme": "ods", "code": code} for code in ("SOUTH", "RXX")]
    story = make.story(services=services)
    assert _is_in({"organisations": ["ods:SOUTH"]}, story, HOSPITALS)
    assert _is_in({"regions": ["north"]}, story, HOSPITALS)


def test_an_organisation_that_no_file_names_is_still_itself() -> None:
    story = make.story()
    assert _is_in({"organisations": ["ods:RXX"]}, story)
    assert not _is_in({"organisations": ["ods:NHS"]}, story)
    assert not _is_in({"regions": ["north"]}, story)


def test_a_scope_on_a_successor_holds_what_it_succeeded_only_where_it_says_so() -> None:
    trust = Organisation(id="ods:RXX", name="Old", successors=(Successor(id="ods:RNEW"),))
    ground = lineage.ground((trust, _organisation("ods:RNEW")), NOON.date())
    assert not _is_in({"organisations": ["ods:RNEW"]}, make.story(), ground)
    wider = {"organisations": ["ods:RNEW"], "with_predecessors": True}
    assert _is_in(wider, make.story(), ground)


@pytest.mark.parametrize("populations", [False, True], ids=["its own", "in a population"])
def test_a_population_has_predecessors_where_it_or_the_scope_says_so(populations: bool) -> None:  # noqa: FBT001
    heir = Successor(id="ods:RNEW", on=NOON.date())
    trusts = (
        Organisation(id="ods:RXX", name="Old", successors=(heir,)),
        _organisation("ods:RNEW"),
    )
    new = Population(
        id="new", name="New", organisations=("ods:RNEW",), with_predecessors=populations
    )
    scope = {"populations": ["new"]}
    today = lineage.ground(trusts, NOON.date(), [new])
    before = lineage.ground(trusts, NOON.date() - DAY, [new])
    assert _is_in(scope, make.story(), today) is populations
    assert _is_in(scope | {"with_predecessors": True}, make.story(), today)
    assert not _is_in(scope | {"with_predecessors": True}, make.story(), before)


def _rated(value: float, least: float, most: float, question: str | None = None) -> dict[str, Any]:
    return {"scheme": "s", "question": question, "value": value, "min": least, "max": most}


@pytest.mark.parametrize(
    ("ratings", "inside"),
    [
        pytest.param([], False, id="none"),
        pytest.param([_rated(7.5, 0, 10)], True, id="of another scale"),
        pytest.param([_rated(7.4, 0, 10)], False, id="less on another scale"),
        pytest.param([_rated(-1, -2, 2), _rated(5, 1, 5, "Food")], False, id="of the whole"),
        pytest.param([_rated(5, 1, 5, "Food"), _rated(5, 1, 5, "Staff")], False, id="of parts"),
        pytest.param([_rated(5, 5, 5)], False, id="on a scale of one"),
        pytest.param([_rated(9, 1, 5)], False, id="beyond its scale"),
    ],
)
def test_a_scope_by_rating_holds_stories_rated_as_a_whole_on_any_scale(
    ratings: list[dict[str, Any]],
    inside: bool,  # noqa: FBT001
) -> None:
    story = make.story(ratings=ratings)
    assert _is_in({"rating_from": 4}, story) is inside
    assert _is_in({"rating_from": 1}, story) >= inside


@pytest.mark.parametrize("whose", ["edition", "agreement"])
def test_a_story_grows_too_old_for_a_scope_by_time_alone(whose: str) -> None:
    scope = {"newest_days": 2}
    edition = _edition(**scope if whose == "edition" else {})
    agreement = _agreement(scope=scope if whose == "agreement" else {})
    end = NOON + 2 * DAY
    out = "scope" if whose == "edition" else "agreement"
    story, late = make.story(rights=FREE), end - timedelta(microseconds=1)
    for now, reason, due in ((NOON, "allowed", end), (late, "allowed", end), (end, out, None)):
        choose = select.selector(edition, _partner(), [agreement], OPEN, NO_GROUND, now)
        assert (choose(story).reason, choose.due(story)) == (reason, due)
        assert select.due(story, _partner(), [edition], [agreement], OPEN, now) == due


@pytest.mark.parametrize(
    "scope",
    [
        *({field: ["north"]} for field in ("organisations", "regions", "tags", "languages")),
        {"populations": ["trusts"]},
        {"age_bands": ["north"]},
        {"rating_from": 1},
        {"newest_days": 9},
    ],
    ids=lambda scope: next(iter(scope)),
)
def test_a_story_that_does_not_say_is_held_by_no_scope_that_asks(scope: dict[str, Any]) -> None:
    silent = make.story(
        services=(),
        tags=(),
        language=None,
        author={},
        ratings=(),
        published_at=None,
        updated_at=None,
        submitted_at=None,
        rights=FREE,
    )
    assert not _is_in(scope, silent, HOSPITALS)


def test_one_selector_answers_as_often_as_it_is_asked() -> None:
    choose = select.selector(_edition(), _partner(), [_agreement()], OPEN, NO_GROUND, NOON)
    stories = [make.story(), make.story(status="held"), make.story()]
    assert [choose(story).reason for story in stories] == ["allowed", "held", "allowed"]


@pytest.mark.parametrize(
    ("now", "moment"),
    [
        ("2026-01-01T12:00:00Z", "2026-01-02T00:00:00Z"),
        ("2026-01-02T00:00:00Z", "2026-01-05T12:00:00Z"),
        ("2026-01-05T12:00:00Z", "2026-01-12T12:00:00Z"),
        ("2026-01-12T12:00:00Z", "2026-01-21T00:00:00Z"),
        ("2026-01-21T00:00:00Z", None),
    ],
    ids=["the term begins", "the embargo ends", "it expires", "the term ends", "never again"],
)
def test_the_next_change_is_due_when_time_alone_brings_it(now: str, moment: str | None) -> None:
    terms = _agreement(
        valid_from=date(2026, 1, 2), valid_to=date(2026, 1, 20), embargo_days=3, retention_days=10
    )
    moments = datetime.fromisoformat(now)
    expected = datetime.fromisoformat(moment) if moment else None
    assert select.due(make.story(), _partner(), [_edition()], [terms], OPEN, moments) == expected
    choose = select.selector(_edition(), _partner(), [terms], OPEN, NO_GROUND, moments)
    assert choose.due(make.story()) == expected


def test_nothing_is_due_for_what_is_out_for_good() -> None:
    terms = [_agreement(embargo_days=3, scope={"languages": ["en"]})]
    choose = select.selector(_edition(), _partner(), terms, OPEN, NO_GROUND, NOON)
    assert choose.due(make.story(rights=FREE)) == NOON + 3 * DAY
    assert choose.due(make.story(rights=FREE, status="held")) is None
    assert choose.due(make.story(rights=FREE, language="cy")) is None
    young, radio = _edition(newest_days=1), _partner(id="radio")
    assert select.due(make.story(rights=FREE), radio, [young], terms, OPEN, NOON) is None


near_days = st.none() | st.dates(date(2025, 12, 25), date(2026, 1, 10))
near = st.datetimes(datetime(2025, 12, 25), datetime(2026, 1, 10), timezones=st.just(UTC))  # noqa: DTZ001
few = st.none() | st.integers(1, 5)
terms_of = st.builds(
    lambda begins, ends, embargo, keeps, scope: _agreement(
        valid_from=begins, valid_to=ends, embargo_days=embargo, retention_days=keeps, scope=scope
    ),
    near_days,
    near_days,
    st.integers(0, 5),
    few,
    st.builds(
        lambda languages, newest: {"languages": languages, "newest_days": newest},
        st.sampled_from([[], ["en"], ["cy"]]),
        few,
    ),
)
partners = st.builds(
    lambda zone: _partner(zone=zone),
    st.sampled_from(["Europe/London", "Pacific/Kiritimati", "America/St_Johns"]),
)
stories = st.builds(
    lambda published, told, retention, language: make.story(
        published_at=published,
        submitted_at=told,
        updated_at=None,
        language=language,
        rights=make.RIGHTS | {"retention_days": retention},
    ),
    st.none() | near,
    st.none() | near,
    few,
    st.sampled_from(["en", "cy"]),
)


@given(
    story=stories,
    agreements=st.lists(terms_of, max_size=3),
    partner=partners,
    newest=few,
    now=near,
    way=st.floats(0, 1),
    data=st.data(),
)
def test_until_a_change_is_due_the_answer_stands(
    story: Story,
    agreements: list[Agreement],
    partner: Partner,
    newest: int | None,
    now: datetime,
    way: float,
    data: st.DataObject,
) -> None:
    edition = _edition(languages=("en",), newest_days=newest)

    def choose(moment: datetime) -> select.Selector:
        return select.selector(edition, partner, agreements, OPEN, NO_GROUND, moment)

    soon = select.due(story, partner, [edition], agreements, OPEN, now)
    due = choose(now).due(story)
    assert due is None or (soon is not None and now < soon <= due)
    end = due or now + 60 * DAY
    last = end - timedelta(microseconds=1)
    moment = data.draw(st.sampled_from([now + (last - now) * way, last]))
    assume(now <= moment < end)
    assert choose(moment)(story) == choose(now)(story)


@given(
    hours=st.integers(0, 5 * 24),
    edition=few,
    agreements=st.lists(few, min_size=1, max_size=2),
    way=st.floats(0, 1),
)
def test_however_old_the_scopes_let_a_story_grow_no_change_is_missed(
    hours: int, edition: int | None, agreements: list[int | None], way: float
) -> None:
    now = NOON + timedelta(hours=hours)
    story = make.story(rights=FREE)
    terms = [_agreement(scope={"newest_days": days}) for days in agreements]
    young = _edition(newest_days=edition)

    def choose(moment: datetime) -> select.Selector:
        return select.selector(young, _partner(), terms, OPEN, NO_GROUND, moment)

    soon = select.due(story, _partner(), [young], terms, OPEN, now)
    due = choose(now).due(story)
    assert due is None or (soon is not None and now < soon <= due)
    last = (due or now + 60 * DAY) - timedelta(microseconds=1)
    for moment in (now + (last - now) * way, last):
        assert choose(moment)(story) == choose(now)(story)
    leaves = [day for day in (edition, max(agreements, key=lambda days: days or 99)) if day]
    if choose(now)(story).state is Shown.IN:
        assert due is not None or not leaves
        assert choose(now + 60 * DAY)(story).state is (Shown.OUT if leaves else Shown.IN)


def _desire(story_id: str, revision: int, state: Shown, reason: str = "allowed") -> Desire:
    return Desire(story_id=story_id, revision=revision, state=state, reason=reason)


IN, OUT = Shown.IN, Shown.OUT


@pytest.mark.parametrize(
    ("desire", "said", "logged"),
    [
        pytest.param((1, IN), None, True, id="came in"),
        pytest.param((1, OUT), None, False, id="was never in"),
        pytest.param((1, IN), (1, IN), False, id="stays"),
        pytest.param((2, IN), (1, IN), True, id="was revised"),
        pytest.param((2, OUT), (1, IN), True, id="went out"),
        pytest.param((1, OUT), (1, IN), True, id="went out unrevised"),
        pytest.param((2, OUT), (1, OUT), False, id="is out for another reason"),
        pytest.param((1, IN), (1, OUT), True, id="came back"),
    ],
)
def test_only_what_a_partner_must_hear_is_logged(
    desire: tuple[int, Shown],
    said: tuple[int, Shown] | None,
    logged: bool,  # noqa: FBT001
) -> None:
    wanted = _desire("s", *desire, reason="now")
    shown = {"s": (*said, "then")} if said else {}
    assert select.difference([wanted], shown) == ([wanted] if logged else [])


states = st.sampled_from(Shown)


@given(
    wanted=st.lists(
        st.builds(_desire, st.sampled_from("abcdef"), st.integers(1, 3), states, st.text()),
        unique_by=lambda desire: desire.story_id,
    ),
    shown=st.dictionaries(
        st.sampled_from("abcdefgh"), st.tuples(st.integers(1, 3), states, st.text())
    ),
)
def test_what_is_logged_brings_the_edition_there_once_and_in_order(
    wanted: list[Desire], shown: dict[str, tuple[int, Shown, str]]
) -> None:
    logged = select.difference(wanted, shown)
    assert logged == [desire for desire in wanted if desire in logged]
    after = shown | {d.story_id: (d.revision, d.state, d.reason) for d in logged}
    assert select.difference(wanted, after) == []
    visible = {story: said[0] for story, said in after.items() if said[1] is Shown.IN}
    for desire in wanted:
        expected = desire.revision if desire.state is Shown.IN else None
        assert visible.get(desire.story_id) == expected
    untouched = shown.keys() - {desire.story_id for desire in wanted}
    assert all(after[story] == shown[story] for story in untouched)
