from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from rules import clicks
from rules.clicks import Page, Reads
from schemas.views import REQUESTS, Hit

FIREFOX = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
FEEDLY = "Feedly/1.0 (+https://www.feedly.com/fetcher.html; 12 subscribers)"

NINE = datetime(2026, 10, 6, 9, tzinfo=UTC)
ZONES = {"nhs": "Europe/London", "india": "Asia/Kolkata"}


def hit(
    seconds: float = 0,
    *,
    story: str = "s1",
    visitor: str = "v",
    agent: str = FIREFOX,
    **fields: str,
) -> Hit:
    at = NINE + timedelta(seconds=seconds)
    given_ = {"partner": "nhs"} | fields
    return Hit(story_id=story, at=at, visitor=visitor, agent=agent, **given_)


def total(*hits: Hit) -> Reads:
    counted = clicks.count(hits, ZONES).values()
    return Reads(*(sum(numbers) for numbers in zip(*counted, strict=True)))


def test_counters_known_answer_is_reached() -> None:
    """Appendix E.2.3: 15 pairs of clicks within 30 seconds and 15 further apart."""
    within = [hit(60 * n + gap, story=f"w{n}") for n in range(15) for gap in (0, 20)]
    apart = [hit(1000 + 60 * n + gap, story=f"a{n}") for n in range(15) for gap in (0, 40)]
    found = total(*within, *apart)
    assert (found.requests, found.uniques) == (45, 30)


def test_a_double_click_is_one_reading() -> None:
    assert total(hit(0), hit(30)).requests == 1
    assert total(hit(0), hit(30.000001)).requests == 2


def test_a_chain_of_clicks_is_one_reading_however_long() -> None:
    assert total(*(hit(25 * n) for n in range(20))) == Reads(1, 1)


def test_the_last_click_of_a_chain_is_the_one_that_stands() -> None:
    over_the_hour = [hit(3590), hit(3610), hit(3700)]
    assert total(*over_the_hour) == Reads(requests=2, uniques=1)


def test_another_story_or_another_visitor_is_another_reading() -> None:
    assert total(hit(), hit(1, story="s2"), hit(2, visitor="w")) == Reads(3, 3)


def test_the_same_visitor_is_a_new_session_in_the_next_hour() -> None:
    assert total(hit(), hit(1800), hit(3600)) == Reads(requests=3, uniques=2)


def test_robots_are_out_and_machines_are_counted_apart() -> None:
    hits = [hit(), hit(1, agent=GOOGLE), hit(2, agent=GOOGLE), hit(3, agent=FEEDLY)]
    assert total(*hits, hit(4, agent=FEEDLY), hit(90, agent=FEEDLY)) == Reads(1, 1, 2, 2)


def test_the_day_is_the_partners_own() -> None:
    late = Hit(
        partner="nhs",
        story_id="s1",
        at=datetime(2026, 10, 6, 23, 30, tzinfo=UTC),
        visitor="v",
        agent=FIREFOX,
    )
    counted = clicks.count([late, late.model_copy(update={"partner": "india"})], ZONES)
    assert set(counted) == {
        Page("nhs", "s1", date(2026, 10, 7)),
        Page("india", "s1", date(2026, 10, 7)),
    }
    at = late.model_copy(update={"at": datetime(2026, 10, 6, 18, 29, 59, tzinfo=UTC)})
    earlier = clicks.count([at, at.model_copy(update={"partner": "india"})], ZONES)
    assert {page.day for page in earlier} == {date(2026, 10, 6)}


def test_a_day_of_25_hours_is_one_day_with_25_sessions() -> None:
    midnight = datetime(2026, 10, 25, tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)
    hits = [
        Hit(
            partner="nhs",
            story_id="s1",
            at=midnight + timedelta(minutes=30, hours=n),
            visitor="v",
            agent=FIREFOX,
        )
        for n in range(25)
    ]
    assert clicks.count(hits, ZONES) == {Page("nhs", "s1", date(2026, 10, 25)): Reads(25, 25)}


def test_what_was_counted_is_stated_as_rows_and_a_robot_is_none() -> None:
    counted = clicks.count([hit(), hit(60, agent=FEEDLY), hit(story="s0", agent=GOOGLE)], ZONES)
    assert [(r.item, r.metric, r.access, r.count, r.t0, r.t1) for r in clicks.stated(counted)] == [
        ("s1", REQUESTS, "Regular", 1, date(2026, 10, 6), date(2026, 10, 7)),
        ("s1", clicks.UNIQUES, "Regular", 1, date(2026, 10, 6), date(2026, 10, 7)),
        ("s1", REQUESTS, "Machine", 1, date(2026, 10, 6), date(2026, 10, 7)),
    ]


hits = st.lists(
    st.builds(
        hit,
        st.integers(min_value=0, max_value=4000),
        story=st.sampled_from(("s1", "s2")),
        visitor=st.sampled_from(("v", "w")),
        agent=st.sampled_from((FIREFOX, FIREFOX, GOOGLE, FEEDLY)),
    ),
    min_size=1,
    max_size=30,
)


@given(hits, st.randoms(use_true_random=False))
def test_the_order_of_hits_changes_nothing(found: list[Hit], chance: Random) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert clicks.count(shuffled, ZONES) == clicks.count(found, ZONES)


@given(hits)
def test_uniques_are_never_more_than_requests(found: list[Hit]) -> None:
    for reads in clicks.count(found, ZONES).values():
        assert (reads.uniques > 0) == (reads.requests > 0)
        assert reads.uniques <= reads.requests


@given(hits, hits)
def test_robots_move_no_human_figure(found: list[Hit], others: list[Hit]) -> None:
    crawlers = [h.model_copy(update={"agent": GOOGLE}) for h in others]
    before, after = total(*found), total(*found, *crawlers)
    assert after[:3] == before[:3]
    assert after.robots == before.robots + len(crawlers)
