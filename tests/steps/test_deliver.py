import pytest

from schemas.errors import StoreError
from steps import deliver, tokens
from store import deliveries
from store.database import Engine, open_engine, reading
from tests.make import NOON
from tests.store.test_deliveries import FIRST, LATER


def test_deliveries_and_last_uses_are_kept_together(sqlite_engine: Engine) -> None:
    clear = tokens.issue(sqlite_engine, "nhs", "feed", NOON)
    given = FIRST._replace(token=clear[8:16])
    deliver.flush(sqlite_engine, [given], {given.token: LATER})
    with reading(sqlite_engine) as connection:
        assert deliveries.of(connection, given.edition) == [given]
    assert tokens.listing(sqlite_engine)[0].last_used_at == LATER


def test_a_store_that_is_not_there_says_so() -> None:
    with pytest.raises(StoreError, match="retold init"):
        deliver.flush(open_engine("sqlite://"), [FIRST], {})
