"""Whether a partner obeyed is ruled from what was seen of it, and from nothing else."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from rules import obey, play
from rules.obey import Facts, Given
from rules.obey_page import Page
from schemas.play import Play, Ruling, Verdict
from schemas.publication import LogLine, Shown
from tests.make import NOON

HOUR = Play(partner="nhs", started_at=NOON, length_s=3600)
MINUTE = timedelta(minutes=1)
KNOWN = play.revisions(HOUR)
NAMED = next(id_ for (id_, _), s in KNOWN.items() if "Wrongname" in s.title)
GOING = next(id_ for (id_, _), s in KNOWN.items() if "This must be taken down" in s.title)
LONG = next(id_ for (id_, _), s in KNOWN.items() if "long" in s.title)
PASSED, FAILED, NOT_YET = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_YET


def line(seq: int, minute: int, story_id: str, revision: int = 1, state: str = "in") -> LogLine:
    return LogLine(
        seq=seq,
        story_id=story_id,
        revision=revision,
        state=Shown(state),
        reason="r",
        at=NOON + minute * MINUTE,
    )


LOG = [
    line(1, 0, LONG),
    line(2, 3, NAMED),
    line(3, 3, GOING),
    line(4, 21, NAMED, 2),
    line(5, 33, GOING, 2, "out"),
]


def got(minute: int, as_of: int, **fields: Any) -> Given:
    at = NOON + minute * MINUTE
    given: dict[str, Any] = {
        "client": "t",
        "format": "atom",
        "as_of": as_of,
        "first_at": at,
        "last_at": at,
        "served": 1,
        "confirmed": 0,
        "is_push": False,
    }
    return Given(**given | fields)


OBEYED = [got(4, 3), got(22, 4), got(34, 5, last_at=NOON + 59 * MINUTE, confirmed=9)]


def facts(*given: Given, minute: int = 61, **fields: Any) -> Facts:
    known: dict[str, Any] = {
        "play": HOUR,
        "now": NOON + minute * MINUTE,
        "formats": ("atom",),
        "telling": ("atom", "json"),
        "given": given,
        "log": LOG,
        "acknowledged": {GOING: NOON + 35 * MINUTE},
        "refresh_hours": None,
        "subscribed": frozenset(),
        "page": None,
    }
    return Facts(**known | fields)


def judge(*given: Given, minute: int = 61, **fields: Any) -> dict[str, Ruling]:
    return {one.rule: one for one in obey.judge(facts(*given, minute=minute, **fields))}


def verdicts(*given: Given, minute: int = 61, **fields: Any) -> dict[str, Verdict]:
    return {rule: one.verdict for rule, one in judge(*given, minute=minute, **fields).items()}


def test_who_did_all_passes_all_and_not_before_the_end() -> None:
    assert set(verdicts(*OBEYED).values()) == {PASSED}
    early = verdicts(*OBEYED, minute=59)
    assert early == {
        "fetch atom": PASSED,
        "come back": PASSED,
        "edits": NOT_YET,
        "removals": NOT_YET,
        "acknowledge": NOT_YET,
    }


def test_of_who_was_never_seen_nothing_is_known_until_the_end_and_then_all_fails() -> None:
    for minute, verdict in ((59, NOT_YET), (60, FAILED)):
        found = judge(minute=minute, acknowledged={}, refresh_hours=6)
        assert {one.verdict for one in found.values()} == {verdict}
    assert found["refresh"].seen == "never fetched"


@pytest.mark.parametrize(("minute", "verdict"), [(31, PASSED), (32, FAILED)])
def test_an_edit_is_fetched_within_a_sixth_of_the_play(minute: int, verdict: Verdict) -> None:
    given = [got(4, 3), got(minute, 4), OBEYED[-1]]
    assert verdicts(*given)["edits"] is verdict


def test_an_edit_that_is_late_fails_at_once_and_one_that_may_come_does_not() -> None:
    assert verdicts(got(4, 3), minute=31)["edits"] is NOT_YET
    found = judge(got(4, 3), minute=32)
    assert (found["edits"].verdict, found["edits"].seen) == (FAILED, "0 of 1; t: 1 late or missed")


def test_one_that_may_still_come_after_the_end_is_waited_for() -> None:
    log = [*LOG, line(6, 58, NAMED, 2)]
    assert verdicts(*OBEYED, log=log)["edits"] is FAILED
    assert verdicts(*OBEYED, log=log, minute=59)["edits"] is NOT_YET


def test_a_removal_counts_only_where_the_format_tells_of_it() -> None:
    deaf = [one._replace(format="rss") for one in OBEYED]
    found = verdicts(*deaf, formats=("rss",))
    assert (found["edits"], found["removals"]) == (PASSED, FAILED)


def test_who_comes_when_all_has_happened_has_shown_nothing() -> None:
    found = judge(got(50, 5, confirmed=1))
    assert (found["edits"].verdict, found["removals"].verdict) == (FAILED, FAILED)
    assert found["edits"].seen == "0 of 0; t: came too late"


def test_every_client_must_obey_and_the_one_that_does_not_is_named() -> None:
    found = judge(*OBEYED, got(4, 3, client="old"))
    assert [one.rule for one in found.values() if one.verdict is FAILED] == [
        "come back",
        "edits",
        "removals",
    ]
    assert found["edits"].seen == "1 of 2; old: 1 late or missed"
    assert found["come back"].seen == "9 answers were 304; none to old"


PUSHED = [got(3, 3, is_push=True, confirmed=1), got(22, 5, is_push=True, confirmed=1)]


@pytest.mark.parametrize(
    ("fetched", "verdict"),
    [([], PASSED), ([got(1, 1)], PASSED), ([got(1, 1, served=2)], FAILED)],
)
def test_who_takes_pushes_need_not_come_back_unless_it_asks_the_same_twice(
    fetched: Sequence[Given], verdict: Verdict
) -> None:
    assert verdicts(*fetched, *PUSHED)["come back"] is verdict


def test_fetches_and_pushes_are_told_apart() -> None:
    assert judge(*OBEYED, *PUSHED)["fetch atom"].seen == "12 fetches, 2 pushes"


@pytest.mark.parametrize(
    ("again", "hours", "verdict"),
    [
        ([got(150, 2, last_at=NOON + 230 * MINUTE)], 1, PASSED),
        ([got(151, 2, last_at=NOON + 230 * MINUTE)], 1, FAILED),
        ([], 2, FAILED),
        ([], 3, PASSED),
    ],
)
def test_who_must_fetch_so_often_does(again: Sequence[Given], hours: int, verdict: Verdict) -> None:
    longer = HOUR.model_copy(update={"length_s": 4 * 3600})
    first = got(1, 1, last_at=NOON + 90 * MINUTE)
    found = verdicts(first, *again, play=longer, minute=240, refresh_hours=hours)
    assert found["refresh"] is verdict


def test_a_gap_longer_than_agreed_fails_at_once_and_a_subscription_has_none() -> None:
    day = HOUR.model_copy(update={"length_s": 86_400})
    found = judge(got(1, 1), play=day, minute=130, refresh_hours=2)
    assert (found["refresh"].verdict, found["refresh"].seen) == (FAILED, "longest wait 2 h")
    quiet = judge(got(1, 1), play=day, minute=100, refresh_hours=2)
    assert (quiet["refresh"].verdict, quiet["refresh"].seen) == (NOT_YET, "longest wait 99 min")
    pushed = judge(got(1, 1), play=day, minute=1440, refresh_hours=2, subscribed=frozenset({"t"}))
    assert (pushed["refresh"].verdict, pushed["refresh"].seen) == (PASSED, "pushed")


@pytest.mark.parametrize(
    ("at", "verdict", "seen"),
    [
        (NOON + 60 * MINUTE, PASSED, "1 of 1"),
        (NOON + 61 * MINUTE, FAILED, "1 of 1; 1 after the end"),
        (None, FAILED, "0 of 1"),
    ],
    ids=str,
)
def test_each_removal_is_acknowledged_before_the_end(
    at: datetime | None, verdict: Verdict, seen: str
) -> None:
    found = judge(*OBEYED, acknowledged={} if at is None else {GOING: at})
    assert (found["acknowledge"].verdict, found["acknowledge"].seen) == (verdict, seen)


def test_where_nothing_was_published_nothing_is_passed() -> None:
    found = verdicts(*OBEYED, log=[], page=page())
    assert [found[rule] for rule in ("edits", "removals", "acknowledge", "page: stories")] == (
        [FAILED] * 4
    )


GOOD = "[Test]\n A long STORY, with tea & toast at 3 < 4 Credit [Test] Thank you, Nurse Rightname"


def page(text: str = GOOD, *addresses: str) -> Page:
    return Page(text, frozenset(addresses))


def page_verdicts(given: Page | str, minute: int = 61, **fields: Any) -> dict[str, Verdict]:
    found = verdicts(*OBEYED, minute=minute, page=given, credits=["Credit"], **fields)
    return {rule: one for rule, one in found.items() if rule.startswith("page")}


def failing(given: Page | str, minute: int = 61, **fields: Any) -> list[str]:
    found = page_verdicts(given, minute, **fields)
    return [rule for rule, verdict in found.items() if verdict is FAILED]


def test_a_page_that_shows_what_it_should_passes_in_any_case_and_with_any_spaces() -> None:
    assert set(page_verdicts(page()).values()) == {PASSED}
    assert set(page_verdicts(page(), minute=50).values()) == {NOT_YET}


@pytest.mark.parametrize(
    ("given", "rules"),
    [
        ("It cannot be reached.", ["page"]),
        (page(GOOD.replace("STORY", "")), ["page: stories"]),
        (page(GOOD + "[Test] This must be taken down"), ["page: removed"]),
        (page(GOOD.replace("Right", "Wrong")), ["page: edits"]),
        (page(GOOD + "[Test] Thank you, Nurse Wrongname"), ["page: edits"]),
        (page(GOOD.replace("Credit", "")), ["page: attribution"]),
    ],
)
def test_each_fault_of_a_page_is_its_own(given: Page | str, rules: list[str]) -> None:
    assert failing(given) == rules


def test_what_changed_lately_may_still_be_as_it_was() -> None:
    old = page(GOOD.replace("Right", "Wrong") + "[Test] This must be taken down")
    assert failing(old, minute=30) == []
    assert failing(old, minute=31) == ["page: edits"]
    assert failing(old, minute=43) == ["page: removed", "page: edits"]


def test_the_image_of_each_story_must_be_left_in_place_where_one_is_agreed() -> None:
    beacons = {LONG: "https://retold.example/b/1", NAMED: "https://retold.example/b/2"}
    assert failing(page(GOOD, *beacons.values()), beacons=beacons) == []
    assert failing(page(GOOD, beacons[LONG]), beacons=beacons) == ["page: beacon"]
