import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import pytest

from schemas.errors import StoreError
from schemas.views import Hit
from store.hits import Hits, open_hits

NOON = datetime(2026, 10, 6, 12, tzinfo=UTC)


def hit(number: int = 0, partner: str = "nhs", agent: str = "Firefox") -> Hit:
    at = NOON + timedelta(seconds=number)
    return Hit(partner=partner, story_id=f"s{number}", at=at, visitor="v", agent=agent)


def stories(hits: Hits, partner: str = "nhs") -> list[str]:
    return [h.story_id for _, h in hits.of(partner)]


def test_a_hit_is_safe_when_add_returns(tmp_path: Path) -> None:
    path = tmp_path / "state" / "beacon.db"
    with open_hits(path) as hits:
        hits.add([hit(1), hit(2)])
        with open_hits(path) as others:
            assert [h for _, h in others.of("nhs")] == [hit(1), hit(2)]


def test_a_file_that_is_opened_again_has_its_hits(tmp_path: Path) -> None:
    for number in range(3):
        with open_hits(tmp_path / "beacon.db") as hits:
            hits.add([hit(number)])
    with open_hits(tmp_path / "beacon.db") as hits:
        assert stories(hits) == ["s0", "s1", "s2"]


def test_each_partner_has_its_own_hits_and_they_are_read_on_from_a_number(tmp_path: Path) -> None:
    with open_hits(tmp_path / "beacon.db") as hits:
        hits.add([hit(1), hit(2, "bbc"), hit(3)])
        ((first, _), (_, last)) = hits.of("nhs")
        assert last == hit(3)
        assert [h for _, h in hits.of("nhs", first)] == [hit(3)]
        assert stories(hits, "bbc") == ["s2"]


def test_hits_of_many_threads_are_all_kept(tmp_path: Path) -> None:
    with open_hits(tmp_path / "beacon.db") as hits, ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda n: hits.add([hit(n)]), range(2000)))
        assert sorted(stories(hits)) == sorted(f"s{n}" for n in range(2000))


def test_a_thousand_hits_a_second_are_no_burden(tmp_path: Path) -> None:
    """The bound is a tenth of what two busy cores do, so that it fails only for a reason."""
    with open_hits(tmp_path / "beacon.db") as hits, ThreadPoolExecutor(40) as pool:
        begun = perf_counter()
        list(pool.map(lambda n: hits.add([hit(n)]), range(3000)))
        assert perf_counter() - begun < 30


def test_only_what_was_counted_is_forgotten(tmp_path: Path) -> None:
    with open_hits(tmp_path / "beacon.db") as hits:
        hits.add([hit(1), hit(2), hit(3, "bbc"), hit(100)])
        counted = hits.of("nhs")[0][0]
        assert hits.forget("nhs", NOON + timedelta(seconds=50), counted) == 1
        assert stories(hits) == ["s2", "s100"]
        assert hits.forget("nhs", NOON + timedelta(seconds=50), 1 << 60) == 1
        assert stories(hits) == ["s100"]
        assert stories(hits, "bbc") == ["s3"]


def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    with open_hits(tmp_path / "beacon.db") as hits:
        hits.add([hit(1)])
        hits.forget("nhs", NOON + timedelta(days=1), 1 << 60)
        hits.add([hit(2)])
        assert hits.of("nhs") == [(2, hit(2))]


def test_an_agent_that_is_no_text_or_without_end_is_kept_all_the_same(tmp_path: Path) -> None:
    with open_hits(tmp_path / "beacon.db") as hits:
        hits.add([hit(1, agent="caf\udce9"), hit(2, agent="a" * 10_000)])
        assert [h.agent for _, h in hits.of("nhs")] == ["caf?", "a" * 512]


def test_nothing_given_is_nothing_kept(tmp_path: Path) -> None:
    with open_hits(tmp_path / "beacon.db") as hits:
        hits.add([])
        assert hits.of("nhs") == []


def test_whoever_shares_a_commit_that_fails_is_told(tmp_path: Path) -> None:
    path = tmp_path / "beacon.db"
    with open_hits(path) as hits:
        raw = sqlite3.connect(path)
        raw.execute(
            "CREATE TRIGGER full BEFORE INSERT ON hits WHEN NEW.story_id = 's13'"
            " BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
        raw.close()
        hits._writing.acquire()
        told: list[str] = []

        def add(number: int) -> None:
            try:
                hits.add([hit(number)])
            except StoreError as error:
                told.append(str(error))

        threads = [threading.Thread(target=add, args=(n,)) for n in (12, 13, 14)]
        for thread in threads:
            thread.start()
        while len(hits._open.rows) < len(threads):
            pass
        hits._writing.release()
        for thread in threads:
            thread.join()
        assert len(told) == 3
        assert all("no room" in text for text in told)
        hits.add([hit(15)])
        assert stories(hits) == ["s15"]


def test_a_hit_that_cannot_be_one_spoils_no_other(tmp_path: Path) -> None:
    with open_hits(tmp_path / "beacon.db") as hits:
        with pytest.raises(TypeError):
            hits.add([hit(1), hit(2).model_copy(update={"agent": None})])
        hits.add([hit(3)])
        assert stories(hits) == ["s3"]


def test_a_closed_file_keeps_nothing(tmp_path: Path) -> None:
    hits = open_hits(tmp_path / "beacon.db")
    hits.close()
    with pytest.raises(StoreError, match="cannot be kept"):
        hits.add([hit(1)])
