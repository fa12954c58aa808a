from datetime import timedelta

from schemas.channel import Faulty, Fetched, Stage
from store import landings, quarantine
from store.database import Connection
from store.quarantine import Refused
from tests.tell import MONDAY

FETCHED = Fetched(
    payload=b"\x00raw \xff bytes",
    media_type="text/csv",
    url="https://opinion.example/x.csv",
    charset="latin-1",
    headers={"etag": "1"},
)


def test_a_landing_comes_back_byte_for_byte(connection: Connection) -> None:
    number = landings.add(connection, "opinion", "table/1", FETCHED, MONDAY)
    kept = landings.get(connection, number)
    assert kept is not None
    assert (kept.fetched, kept.received_at, kept.connector) == (FETCHED, MONDAY, "table/1")
    assert landings.get(connection, 999) is None


def test_a_landing_whose_retention_is_over_keeps_only_its_digest(connection: Connection) -> None:
    number = landings.add(connection, "opinion", "table/1", FETCHED, MONDAY)
    assert landings.expire(connection, MONDAY) == 0
    assert landings.expire(connection, MONDAY + timedelta(days=1)) == 1
    assert landings.expire(connection, MONDAY + timedelta(days=1)) == 0
    assert landings.get(connection, number) is None


def test_a_cursor_moves_and_stands(connection: Connection) -> None:
    assert landings.cursor(connection, "opinion") is None
    landings.move_cursor(connection, "opinion", "1", MONDAY)
    landings.move_cursor(connection, "opinion", "2", MONDAY)
    landings.move_cursor(connection, "opinion", "2", MONDAY + timedelta(days=1))
    assert landings.cursor(connection, "opinion") == "2"
    landings.move_cursor(connection, "opinion", None, MONDAY)
    assert landings.cursor(connection, "opinion") is None


def refused(payload: bytes) -> Refused:
    faulty = Faulty(payload=payload, media_type="text/csv", code="no_id", reason="row 3: no id")
    return Refused(Stage.PARSE, faulty)


def test_a_record_waits_once_however_often_it_is_refused(connection: Connection) -> None:
    rows = [refused(b"a"), refused(b"b"), refused(b"a")]
    quarantine.add(connection, "opinion", rows, 1, MONDAY)
    quarantine.add(connection, "opinion", [refused(b"a")], 2, MONDAY + timedelta(days=1))
    quarantine.add(connection, "opinion", [], 3, MONDAY)
    waiting = quarantine.listing(connection)
    assert len(waiting) == 2
    assert waiting[0].last_seen == MONDAY + timedelta(days=1)
    assert waiting[0].first_seen == MONDAY
    assert quarantine.counts(connection) == {"opinion": 2}
    assert quarantine.listing(connection, "elsewhere") == []
    (kept,) = quarantine.kept(connection, [waiting[0].id])
    assert kept.payload == b"a"
    quarantine.close(connection, [waiting[1].id], "replayed")
    quarantine.add(connection, "opinion", [refused(b"b")], 4, MONDAY)
    assert quarantine.counts(connection) == {"opinion": 2}
    quarantine.close(connection, [waiting[0].id], "discarded")
    quarantine.add(connection, "opinion", [refused(b"a")], 4, MONDAY)
    assert quarantine.counts(connection) == {"opinion": 1}
