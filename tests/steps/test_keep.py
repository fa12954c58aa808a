"""Backups, restores and moves keep every row, and no future that was lost."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.errors import ConflictError, StoreError
from schemas.partner import Edition
from steps import keep, tokens
from store import archive, publication, runs, stories, suppressions
from store.database import Engine, open_engine, reading, writing
from tests.steps.test_publish import CONFIG, EDITION, press, run
from tests.tell import MONDAY, tell, telling

PROGRESS: list[tuple[str, int]] = []


def note(table: str, rows: int) -> None:
    PROGRESS.append((table, rows))


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path}/other.db")
    yield engine
    engine.dispose()


def filled(engine: Engine) -> Engine:
    tell(engine, *(telling(str(n)) for n in range(5)))
    run(engine)
    return engine


def test_a_move_brings_every_row_to_the_other_engine(engine: Engine, other: Engine) -> None:
    copied = keep.move(filled(engine), other, note)
    assert copied["stories"].rows == 5
    assert copied["entry_log"].rows == 5
    assert ("stories", 5) in PROGRESS
    with reading(engine) as ours, reading(other) as theirs:
        assert archive.digests(ours) == archive.digests(theirs) == copied


def test_a_move_from_sqlite_to_postgresql_keeps_every_digest(
    sqlite_engine: Engine, postgres_database: str
) -> None:
    target = open_engine(postgres_database)
    copied = keep.move(filled(sqlite_engine), target, note)
    with reading(target) as connection:
        assert archive.digests(connection) == copied
    target.dispose()


def test_a_move_never_mixes_with_what_is_there(sqlite_engine: Engine, other: Engine) -> None:
    keep.set_up(other)
    filled(other)
    with pytest.raises(ConflictError, match="not empty"):
        keep.move(filled(sqlite_engine), other, note)


def test_a_backup_is_restored_but_what_was_erased_stays_erased(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    engine = filled(sqlite_engine)
    path = tmp_path / "backup.db"
    keep.backup(engine, path, note)
    with pytest.raises(ConflictError, match="already"):
        keep.backup(engine, path, note)
    tell(engine, telling("later"))
    with writing(engine) as connection:
        suppressions.add(connection, [("opinion.example", "0")], "erased", MONDAY)
    copied = keep.restore(engine, CONFIG, path, "ash", MONDAY, lambda: "e2", note)
    assert copied["stories"].rows == 5
    with reading(engine) as connection:
        assert stories.counts(connection) == {"published": 4, "removed": 1}
        assert suppressions.among(connection, [("opinion.example", "0")])
        assert publication.states(connection)["voice/north"].epoch == "e2"
        assert [act.action for act in runs.acts(connection)] == ["erase", "restore"]
    assert tell(engine, telling("0", "Back.")).skipped == 1


def test_after_a_restore_no_document_bears_an_etag_of_the_lost_future(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    from steps import documents  # noqa: PLC0415

    engine = filled(sqlite_engine)
    before = documents.document(engine, press(), EDITION, "atom")
    keep.backup(engine, tmp_path / "b.db", note)
    keep.restore(engine, CONFIG, tmp_path / "b.db", "ash", MONDAY, lambda: "e2", note)
    after = documents.document(engine, press(), EDITION, "atom")
    assert before is not None
    assert after is not None
    assert after.etag != before.etag
    assert isinstance(EDITION, Edition)


def test_a_restore_brings_no_revoked_token_back(sqlite_engine: Engine, tmp_path: Path) -> None:
    engine = filled(sqlite_engine)
    clear = tokens.issue(engine, "voice", "feed", MONDAY)
    token_id = clear.split("_")[2]
    keep.backup(engine, tmp_path / "b.db", note)
    tokens.revoke(engine, token_id, MONDAY)
    keep.restore(engine, CONFIG, tmp_path / "b.db", "ash", MONDAY, lambda: "e2", note)
    assert [known.token.revoked_at for known in tokens.listing(engine)] == [MONDAY]


def test_a_restore_gives_no_token_back_the_time_that_a_rotation_took(
    engine: Engine, tmp_path: Path
) -> None:
    far, near = (tokens.issue(engine, "voice", "feed", MONDAY, days=days) for days in (90, 2))
    ever = tokens.issue(engine, "voice", "feed", MONDAY)
    keep.backup(engine, tmp_path / "b.db", note)
    heir = tokens.rotate(engine, "ash", ever[8:16], MONDAY).token.id
    tokens.rotate(engine, "ash", far[8:16], MONDAY)
    keep.restore(engine, CONFIG, tmp_path / "b.db", "ash", MONDAY, lambda: "e2", note)
    ends = {one.token.id: one.token.expires_at for one in tokens.listing(engine)}
    week = MONDAY + timedelta(days=7)
    soon = MONDAY + timedelta(days=2)
    assert ends == {ever[8:16]: week, far[8:16]: week, near[8:16]: soon}
    assert heir not in ends


def test_a_restore_from_nowhere_says_so(sqlite_engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match="no backup"):
        keep.restore(sqlite_engine, CONFIG, tmp_path / "none.db", "ash", MONDAY, lambda: "e", note)


def test_versions_tell_a_store_that_was_never_set_up(other: Engine) -> None:
    current, newest = keep.versions(other)
    assert current is None
    assert keep.set_up(other) == newest
    assert keep.versions(other) == (newest, newest)


def test_a_store_that_was_never_set_up_says_what_to_do(other: Engine) -> None:
    with (
        pytest.raises(StoreError, match="retold init"),
        reading(other) as connection,
    ):
        stories.counts(connection)


def test_an_engine_we_keep_no_store_on_is_refused() -> None:
    with pytest.raises(StoreError, match="mysql"):
        open_engine("mysql://localhost/x")
