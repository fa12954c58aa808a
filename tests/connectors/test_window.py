"""What is new since the last walk is given once, and a walk that broke off steps on nowhere."""

from collections.abc import Iterator

import pytest

from connectors._window import Seen, Window, check, is_passed, utc

DAYS = [f"2026-03-{day:02}T00:00:00+00:00" for day in range(1, 31)]


def walk(*pages: dict[str, int]) -> list[Seen]:
    """Write pages: each record by its name, with a check of what it says."""
    return [
        Seen(" ".join(page).encode(), page, DAYS[number]) for number, page in enumerate(pages, 1)
    ]


def news(cursor: str | None, *pages: dict[str, int]) -> tuple[list[bytes], str | None]:
    given = list(Window(cursor).news(walk(*pages)))
    return [payload for payload, _ in given], given[-1][1] if given else cursor


def test_a_first_walk_gives_every_page_and_a_second_none() -> None:
    payloads, cursor = news(None, {"a": 1}, {"b": 1})
    assert payloads == [b"a", b"b"]
    assert news(cursor, {"a": 1}, {"b": 1}) == ([], cursor)


def test_a_page_with_one_record_that_says_something_else_is_given() -> None:
    _, cursor = news(None, {"a": 1, "b": 1}, {"c": 1})
    payloads, cursor = news(cursor, {"a": 1, "b": 2}, {"c": 1})
    assert payloads == [b"a b"]
    assert news(cursor, {"a": 1, "b": 2}, {"c": 1})[0] == []


def test_only_a_walk_that_came_to_its_end_steps_on() -> None:
    given = [cursor for _, cursor in Window(None).news(walk({"a": 1}, {"b": 1}, {"c": 1}))]
    assert [Window(cursor).since for cursor in given] == ["", "", DAYS[3]]


def test_a_page_that_was_kept_before_a_walk_broke_off_is_not_given_again() -> None:
    _, cursor = next(Window(None).news(walk({"a": 1}, {"b": 1})))
    assert news(cursor, {"a": 1}, {"b": 1})[0] == [b"b"]


def test_what_a_whole_walk_did_not_meet_is_forgotten() -> None:
    _, cursor = news(None, {"a": 1}, {"b": 1})
    _, cursor = news(cursor, {"b": 2})
    assert news(cursor, {"a": 1}, {"b": 2})[0] == [b"a"]


def test_what_was_known_and_did_not_come_by_is_missing() -> None:
    _, cursor = news(None, {"b": 1, "a": 1}, {"c": 1})
    assert Window(cursor).missing({"c"}) == ["a", "b"]
    assert Window(None).missing({"c"}) == []


def test_a_page_that_is_news_by_itself_is_given_though_it_holds_no_record() -> None:
    _, cursor = news(None, {"a": 1})
    page = Seen(b"gone", {}, "", is_news=True)
    ((payload, _),) = Window(cursor).news([*walk({"a": 1}), page])
    assert payload == b"gone"


def test_a_walk_starts_so_many_days_before_the_newest() -> None:
    assert Window(None).start(9) == ""
    _, cursor = news(None, *({str(n): 1} for n in range(20)))
    assert Window(cursor).start(9) == DAYS[20 - 9]


def test_a_page_is_asked_for_no_sooner_than_it_is_wanted() -> None:
    asked = []

    def pages() -> Iterator[Seen]:
        for page in walk({"a": 1}, {"b": 1}, {"c": 1}):
            asked.append(page.payload)
            yield page

    next(Window(None).news(pages()))
    assert asked == [b"a", b"b"]


def test_a_check_is_of_what_a_record_says_and_of_the_list_it_stands_in() -> None:
    assert check({"a": 1, "b": 2}) == check({"b": 2, "a": 1})
    assert check({"a": 1}) != check({"a": 2})
    assert check({"a": 1}, "removed") != check({"a": 1}, "published")


@pytest.mark.parametrize(
    ("dates", "start", "passed"),
    [
        (DAYS[4:6], DAYS[5], True),
        (DAYS[5:7], DAYS[5], False),
        (["", *DAYS[5:7]], DAYS[5], False),
        (["", DAYS[4]], DAYS[5], True),
        ([], DAYS[5], False),
        (DAYS[:2], "", False),
    ],
)
def test_a_date_that_cannot_be_read_says_nothing_of_how_far_a_walk_has_come(
    dates: list[str], start: str, *, passed: bool
) -> None:
    assert is_passed(dates, start) is passed


@pytest.mark.parametrize(
    ("told", "time"),
    [
        ("2026-03-29T02:30:00+01:00", "2026-03-29T01:30:00+00:00"),
        ("2026-03-29T01:30:00Z", "2026-03-29T01:30:00+00:00"),
        ("2026-03-29", "2026-03-29T00:00:00+00:00"),
        ("Tuesday", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_a_time_is_written_in_utc_or_not_at_all(told: object, time: str) -> None:
    assert utc(told) == time
