from datetime import timedelta

from schemas.delivery import Delivery
from store import deliveries
from store.database import Connection
from tests.make import NOON

LATER = NOON + timedelta(hours=1)

FIRST = Delivery(
    token="abcdefgh",
    edition="nhs/all",
    format="atom",
    part="",
    as_of=9,
    etag="e1",
    seq_from=1,
    seq_to=50,
    first_at=NOON,
    last_at=NOON,
    served=1,
    confirmed=0,
)


def test_a_delivery_is_read_back_as_it_was_kept(connection: Connection) -> None:
    deliveries.add(connection, [FIRST])
    assert deliveries.of(connection, "nhs/all") == [FIRST]
    assert deliveries.of(connection, "nhs/other") == []


def test_a_repeated_delivery_adds_to_the_row_that_is_there(connection: Connection) -> None:
    deliveries.add(connection, [FIRST])
    deliveries.add(connection, [FIRST._replace(first_at=LATER, last_at=LATER, confirmed=3)])
    deliveries.add(connection, [FIRST._replace(served=0, confirmed=1)])
    deliveries.add(connection, [])
    expected = FIRST._replace(last_at=LATER, served=2, confirmed=4)
    assert deliveries.of(connection, "nhs/all") == [expected]


def test_another_token_edition_format_page_or_state_is_another_delivery(
    connection: Connection,
) -> None:
    others = [
        FIRST,
        FIRST._replace(token="bcdefghi"),
        FIRST._replace(format="rss"),
        FIRST._replace(part="below-50"),
        FIRST._replace(etag="e2"),
    ]
    deliveries.add(connection, [*others, FIRST._replace(edition="nhs/some")])
    assert sorted(deliveries.of(connection, "nhs/all")) == sorted(others)
