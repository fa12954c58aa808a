"""What is erased leaves digests that only we can make, and nothing in any file."""

import time
from pathlib import Path

import pytest

from store import database, suppressions
from store.database import Engine, open_engine, reading, writing
from tests.tell import MONDAY, tell, telling

TEXT = "many words"


def test_words_are_known_again_by_the_same_key_alone(sqlite_engine: Engine) -> None:
    url = sqlite_engine.url.render_as_string(hide_password=False)
    ours, theirs = open_engine(url, b"ours"), open_engine(url, b"theirs")
    with writing(ours) as connection:
        suppressions.add(connection, [], "erased", MONDAY, [TEXT])
        assert suppressions.among_texts(connection, {TEXT, "others"}) == {TEXT}
    with reading(theirs) as connection:
        assert suppressions.among_texts(connection, {TEXT}) == set()
        assert suppressions.among(connection, [("opinion.example", "1")]) == set()
    for engine in (ours, theirs):
        engine.dispose()


def test_what_was_overwritten_leaves_the_log_once_nobody_reads_it(sqlite_engine: Engine) -> None:
    log = Path(f"{sqlite_engine.url.database}-wal")
    tell(sqlite_engine, telling("1"))
    with reading(sqlite_engine) as connection:
        suppressions.is_empty(connection)  # from here on it reads
        tell(sqlite_engine, telling("2"))
        began = time.monotonic()
        assert not database.wipe(sqlite_engine, patience_s=0)
        assert time.monotonic() - began < 10
        assert log.stat().st_size
    assert database.wipe(sqlite_engine)
    assert not log.stat().st_size


def test_stories_under_suppressed_names_are_found(engine: Engine) -> None:
    tell(engine, telling("1"), telling("2"))
    with writing(engine) as connection:
        assert suppressions.known(connection) == {}
        suppressions.add(connection, [("opinion.example", "2")], "author_request", MONDAY)
        [why] = suppressions.known(connection).values()
        assert why == ("author_request", MONDAY)


@pytest.mark.parametrize("several", [("voice/a",), ("voice/a", "voice/b", "voice/b")])
def test_one_is_let_in_alone_to_several_at_once(engine: Engine, several: tuple[str, ...]) -> None:
    with writing(engine) as connection:
        database.one_writer(connection, "stories", *several)
