from collections.abc import Iterator

import pytest

from store import migrations
from store.database import Engine, open_engine, reading


@pytest.fixture
def empty(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def test_an_empty_database_is_brought_to_the_tables_that_are_declared(empty: Engine) -> None:
    with reading(empty) as connection:
        assert migrations.current(connection) is None
    assert migrations.upgrade(empty) == migrations.newest()
    with reading(empty) as connection:
        assert migrations.current(connection) == migrations.newest()
        assert migrations.differences(connection) == []


def test_upgrading_twice_changes_nothing(empty: Engine) -> None:
    assert migrations.upgrade(empty) == migrations.upgrade(empty)
