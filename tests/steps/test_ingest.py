"""A channel is read whole; what cannot be understood waits, and is tried again after a fix."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from connectors._table_options import Opts
from connectors.channels import feed
from schemas.channel import Channel, Faulty, Quarantined, Saved, Stage
from schemas.config import Config
from schemas.errors import GarbledError, UnknownError
from schemas.run import Outcome
from schemas.story import Rights
from steps import ingest, quarantine, runs
from store import landings, stories
from store import quarantine as kept
from store import runs as acts
from store.database import Engine, reading, writing
from store.quarantine import Refused
from tests import make
from tests.connectors import near
from tests.tell import MONDAY

ROWS = """\
id,text,date,fft
1,Kind staff,2026-01-02T09:00:00Z,1
2,Long wait,31/01/2026,2
3,Good food,2026-01-04T09:00:00Z,Splendid
4,,2026-01-05T09:00:00Z,3
5,Clean ward,2026-01-06T09:00:00Z,5
"""
"""The second has a date that is none yet, the third an answer that is none, the fourth no text."""

BRITISH = {"formats": ("%d/%m/%Y", "iso"), "zone": "Europe/London"}
SPLENDID = {"Splendid": 1, "1": 1, "2": 2, "3": 3, "5": 5}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "survey.csv"
    path.write_text(ROWS)
    return path


def survey(path: Path, **options: Any) -> Channel:
    columns = {"id": "id", "body": "text", "submitted_at": "date", "fft": "fft"}
    given = {"path": str(path), "columns": columns} | options
    return Channel(
        id="survey",
        kind="table",
        options=Opts.model_validate(given),
        rights=Rights(may_syndicate=True),
    )


def bring(engine: Engine, channel: Channel, **asked: Any) -> Saved:
    with near.opened() as http:
        return ingest.ingest(engine, http, channel, lambda: MONDAY, **asked)


def replay(engine: Engine, configured: Channel, **chosen: Any) -> Saved:
    later = MONDAY + timedelta(hours=1)
    return quarantine.replay(engine, Config(channels=(configured,)), "ash", later, **chosen)


def waiting(engine: Engine) -> dict[str | None, tuple[Stage, str]]:
    return {w.external_id: (w.stage, w.code) for w in quarantine.listing(engine)}


def waits(engine: Engine, external_id: str) -> Quarantined:
    return next(w for w in quarantine.listing(engine) if w.external_id == external_id)


def published(engine: Engine) -> int:
    with reading(engine) as connection:
        return stories.counts(connection).get("published", 0)


def expire(engine: Engine) -> None:
    with writing(engine) as connection:
        assert landings.expire(connection, MONDAY + timedelta(days=1)) == 1


def test_a_record_that_cannot_be_understood_stops_no_other(engine: Engine, path: Path) -> None:
    saved = bring(engine, survey(path))
    assert saved == Saved(new=2, quarantined=2, skipped=1)
    assert saved.fetched == 5
    assert published(engine) == 2
    assert waiting(engine) == {
        "2": (Stage.NORMALISE, "bad_date"),
        "3": (Stage.PARSE, "bad_fft"),
    }


def test_a_second_run_changes_nothing(engine: Engine, path: Path) -> None:
    bring(engine, survey(path))
    assert bring(engine, survey(path)) == Saved()
    path.write_text(ROWS + "\n")
    assert bring(engine, survey(path)) == Saved(unchanged=2, quarantined=2, skipped=1)
    assert len(quarantine.listing(engine)) == 2
    assert published(engine) == 2


def test_a_corrected_file_changes_the_row_that_was_corrected_and_no_other(
    engine: Engine, path: Path
) -> None:
    rows = [f"{n},Kind staff {n},2026-01-02T09:00:00Z,1\n" for n in range(1, 6)]
    header = "id,text,date,fft\n"
    path.write_text(header + "".join(rows))
    assert bring(engine, survey(path)) == Saved(new=5)
    rows[2] = rows[2].replace("Kind", "Very kind")
    path.write_text(header + "".join(reversed(rows)))
    assert bring(engine, survey(path)) == Saved(changed=1, unchanged=4)
    assert published(engine) == 5


def test_progress_is_told_after_each_page(sqlite_engine: Engine, path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    channel = survey(path, rows_per_page=2)
    bring(sqlite_engine, channel, progress=lambda saved, total: told.append((saved.fetched, total)))
    assert told == [(2, None), (4, None), (5, None)]


def test_what_failed_half_way_keeps_the_pages_before(sqlite_engine: Engine, path: Path) -> None:
    stop = UnknownError("stop")

    def fail(saved: Saved, _: int | None) -> None:
        if saved.fetched == 4:
            raise stop

    channel = survey(path, rows_per_page=2)
    with pytest.raises(UnknownError):
        bring(sqlite_engine, channel, progress=fail, flow_run_id="f1")
    (run,) = runs.latest(sqlite_engine)
    assert (run.outcome, run.error, run.flow_run_id) == (Outcome.FAILED, "stop", "f1")
    assert run.counts == Saved(new=1, quarantined=2, skipped=1).model_dump()
    assert bring(sqlite_engine, channel) == Saved(new=1)


def test_a_draft_that_waited_before_stories_could_expire_waits_once(
    sqlite_engine: Engine, path: Path
) -> None:
    bring(sqlite_engine, survey(path))
    shown = quarantine.show(sqlite_engine, waits(sqlite_engine, "2").id)
    digest = sha256(shown.payload).hexdigest()
    assert digest == "a940b81f6bc28c1c8ee57c965765ca8a3ec63d0527b6ee100b0ffc9383eca430"


def test_a_channel_that_cannot_be_read_is_a_run_that_failed(
    sqlite_engine: Engine, path: Path
) -> None:
    path.write_text("name\nx\n")
    with pytest.raises(GarbledError, match="no column"):
        bring(sqlite_engine, survey(path))
    (run,) = runs.latest(sqlite_engine)
    assert run.outcome is Outcome.FAILED
    assert "no column" in str(run.error)


def test_what_waits_is_listed_and_shown_with_its_bytes(sqlite_engine: Engine, path: Path) -> None:
    bring(sqlite_engine, survey(path))
    assert {w.channel for w in quarantine.listing(sqlite_engine, "survey")} == {"survey"}
    assert quarantine.listing(sqlite_engine, "another") == []
    shown = quarantine.show(sqlite_engine, waits(sqlite_engine, "3").id)
    assert b"Splendid" in shown.payload
    assert "Splendid" in shown.record.reason
    with pytest.raises(UnknownError, match="the number 99: see `quarantine list`"):
        quarantine.show(sqlite_engine, 99)


def test_a_replay_without_a_fix_leaves_everything_waiting(
    sqlite_engine: Engine, path: Path
) -> None:
    bring(sqlite_engine, survey(path))
    assert replay(sqlite_engine, survey(path)) == Saved(quarantined=2)
    assert len(quarantine.listing(sqlite_engine)) == 2
    with reading(sqlite_engine) as connection:
        assert acts.acts(connection) == []


def test_a_replay_after_a_fix_brings_the_stories_in_and_is_on_record(
    engine: Engine, path: Path
) -> None:
    bring(engine, survey(path))
    fixed = survey(path, dates=BRITISH, fft_values=SPLENDID)
    assert replay(engine, fixed) == Saved(new=2)
    assert waiting(engine) == {}
    assert published(engine) == 4
    assert replay(engine, fixed) == Saved()
    with reading(engine) as connection:
        found = acts.acts(connection)
        assert acts.broken_act(connection) is None
    assert [(a.who, a.action, a.subject.split("/")[0]) for a in found] == [
        ("ash", "replay", "survey")
    ] * 2
    assert bring(engine, fixed) == Saved(unchanged=4, skipped=1)


def test_a_replay_by_number_leaves_the_others(sqlite_engine: Engine, path: Path) -> None:
    bring(sqlite_engine, survey(path))
    number = waits(sqlite_engine, "3").id
    fixed = survey(path, dates=BRITISH, fft_values=SPLENDID)
    assert replay(sqlite_engine, fixed, channel="another") == Saved()
    assert replay(sqlite_engine, fixed, channel="survey", numbers=[number]) == Saved(new=1)
    assert {*waiting(sqlite_engine)} == {"2"}


def test_a_replay_needs_no_landing_for_a_row_that_was_kept_whole(
    sqlite_engine: Engine, path: Path
) -> None:
    bring(sqlite_engine, survey(path))
    expire(sqlite_engine)
    assert replay(sqlite_engine, survey(path, fft_values=SPLENDID)) == Saved(new=1, quarantined=1)
    assert {*waiting(sqlite_engine)} == {"2"}


def refused_draft(engine: Engine, landing: int | None = None) -> None:
    """Keep a draft that an older version could not normalise, and this one can."""
    draft = make.draft(external_id="77")
    payload = draft.model_dump_json().encode()
    faulty = Faulty(
        payload=payload,
        media_type=ingest.DRAFT_MEDIA_TYPE,
        code="bad_ext",
        reason="a rule that is mended",
        external_id="77",
    )
    with writing(engine) as connection:
        kept.add(connection, "survey", [Refused(Stage.NORMALISE, faulty)], landing, MONDAY)


def test_a_draft_is_replayed_as_kept_once_its_landing_has_expired(
    engine: Engine, path: Path
) -> None:
    bring(engine, survey(path))
    refused_draft(engine, landing=1)
    expire(engine)
    number = waits(engine, "77").id
    assert replay(engine, survey(path), numbers=[number]) == Saved(new=1)
    assert published(engine) == 3


def test_a_draft_that_its_landing_no_longer_tells_is_replayed_as_kept(
    sqlite_engine: Engine, path: Path
) -> None:
    bring(sqlite_engine, survey(path))
    refused_draft(sqlite_engine, landing=1)
    number = waits(sqlite_engine, "77").id
    assert replay(sqlite_engine, survey(path), numbers=[number]) == Saved(new=1)


def test_a_landing_that_the_channel_can_no_longer_read_leaves_its_draft_waiting(
    sqlite_engine: Engine, path: Path
) -> None:
    bring(sqlite_engine, survey(path))
    columns = {"id": "number", "body": "text", "submitted_at": "date"}
    assert replay(sqlite_engine, survey(path, columns=columns)) == Saved(quarantined=2)
    as_feed = Channel(
        id="survey", kind="feed", options=feed.OPTIONS.model_validate({"url": "https://a.example"})
    )
    assert replay(sqlite_engine, as_feed) == Saved(quarantined=2)
    assert len(quarantine.listing(sqlite_engine)) == 2


def test_what_waits_of_a_channel_that_is_gone_needs_the_channel_back(
    sqlite_engine: Engine, path: Path
) -> None:
    bring(sqlite_engine, survey(path))
    with pytest.raises(UnknownError, match="channel survey is no longer configured: put it back"):
        quarantine.replay(sqlite_engine, Config(), "ash", MONDAY)
    assert len(quarantine.listing(sqlite_engine)) == 2
