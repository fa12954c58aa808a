import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import StoreBusyError
from schemas.tables import sequences as table
from store import _sets, sequences
from store.database import Connection, Engine, open_engine, reading, writing

COLUMNS = ("name", "value")


def rows(connection: Connection) -> dict[str, int]:
    return {row[0]: row[1] for row in connection.execute(table.select())}


def test_a_set_is_inserted_and_a_guarded_upsert_changes_only_what_it_may(
    connection: Connection,
) -> None:
    _sets.insert(connection, table, COLUMNS, [("a", 1), ("b", 2)])
    _sets.insert(connection, table, COLUMNS, [], _sets.OnConflict(["name"]))
    _sets.insert(connection, table, COLUMNS, [("a", 9), ("c", 3)], _sets.OnConflict(["name"]))
    assert rows(connection) == {"a": 1, "b": 2, "c": 3}
    guarded = _sets.OnConflict(["name"], ["value"], "sequences.value < excluded.value")
    _sets.insert(connection, table, COLUMNS, [("a", 5), ("b", 1)], guarded)
    assert rows(connection) == {"a": 5, "b": 2, "c": 3}


def test_numbers_are_drawn_in_a_row(connection: Connection) -> None:
    assert sequences.last(connection, "x") == 0
    assert [sequences.draw(connection, "x", n) for n in (1, 5, 2)] == [1, 2, 7]
    assert sequences.last(connection, "x") == 8


@given(names=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1))
def test_any_text_is_a_key(sqlite_memory: Engine, names: list[str]) -> None:
    with reading(sqlite_memory) as connection:
        wanted = _sets.keys(connection, "k", a=names, b=names[::-1])
        found = connection.exec_driver_sql(
            f"SELECT a, b FROM {wanted.sql.replace(':k', '?')}", tuple(wanted.params.values())
        )
        assert [tuple(row) for row in found] == list(zip(names, names[::-1], strict=True))


@pytest.fixture(scope="module")
def sqlite_memory() -> Engine:
    return open_engine("sqlite://")


def test_a_second_writer_waits_no_longer_than_it_is_told_and_says_who_is_in_the_way(
    sqlite_engine: Engine,
) -> None:
    impatient = open_engine(sqlite_engine.url.render_as_string())
    with (
        writing(sqlite_engine),
        impatient.connect() as connection,
    ):
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        connection.close()
        with pytest.raises(StoreBusyError, match="somebody else"), writing(impatient):
            pass
    impatient.dispose()
