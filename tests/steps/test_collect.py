from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa

from connectors._http import Http, Limits, open_http
from schemas.config import Config, OwnSite, ReportPull
from schemas.errors import OutsideError, RefusedError
from schemas.partner import Partner
from schemas.views import Hit
from steps import collect, runs
from steps.collect import Collected
from steps.house import open_house
from store import reports
from store.database import Engine, reading
from store.hits import Hits, open_hits
from tests import make
from tests.reports import svr

NOVEMBER = datetime(2026, 11, 3, 9, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"
GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

CONFIG = Config(
    channels=(make.channel(),),
    own_sites=(OwnSite(channel="opinion"),),
    partners=(Partner(id="nhs", name="NHS", beacon=True),),
)


@pytest.fixture
def hits(tmp_path: Path) -> Iterator[Hits]:
    with open_hits(tmp_path / "beacon.db") as opened:
        yield opened


def send(engine: Engine, payload: bytes, media_type: str = "application/json") -> collect.Received:
    return collect.receive(engine, "nhs", "report", payload, media_type, NOVEMBER)


def observations(engine: Engine) -> list[tuple[str, str, str, str, int]]:
    query = sa.text(
        "SELECT v.method, i.ref, o.metric, o.access, o.count FROM observations o"
        " JOIN view_reports v ON v.id = o.report_id JOIN item_refs i ON i.id = o.item_ref_id"
        ' ORDER BY v.id, o."row"'
    )
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(query)]


def heads(engine: Engine) -> list[tuple[str, str, int, str | None]]:
    query = sa.text("SELECT status, report_id, revision, reason FROM view_reports ORDER BY id")
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_bytes_are_kept_at_once_and_understood_later(engine: Engine, hits: Hits) -> None:
    payload = svr(("a", 5), ("b", 7), report_id="nhs/2026-10", revision=2)
    got = send(engine, payload)
    assert not got.duplicate
    assert heads(engine) == [("received", "", 0, None)]
    done = collect.collect(engine, CONFIG, "nhs", hits, NOVEMBER)
    assert done == Collected(applied=1, observations=2)
    assert heads(engine) == [("applied", "nhs/2026-10", 2, None)]
    with reading(engine) as connection:
        assert reports.kept(connection, [got.id])[got.id].payload == payload


def test_the_same_bytes_again_have_no_effect(engine: Engine, hits: Hits) -> None:
    first = send(engine, svr(("a", 5)))
    collect.collect(engine, CONFIG, "nhs", hits, NOVEMBER)
    before = observations(engine)
    again = send(engine, svr(("a", 5)))
    assert (again.duplicate, again.id, again.sha256) == (True, first.id, first.sha256)
    assert collect.collect(engine, CONFIG, "nhs", hits, NOVEMBER) == Collected()
    assert observations(engine) == before


def test_the_same_bytes_of_another_counter_are_another_report(engine: Engine) -> None:
    send(engine, svr(("a", 5)))
    other = collect.receive(engine, "nhs", "log", svr(("a", 5)), "application/json", NOVEMBER)
    assert not other.duplicate


def test_a_report_that_cannot_be_understood_is_refused_with_its_reason_and_kept(
    engine: Engine, hits: Hits
) -> None:
    send(engine, b"<html>Please sign in</html>", "text/csv")
    got = send(engine, b'{"svr": "2.0", "rows": []}')
    send(engine, svr(("a", 5)))
    done = collect.collect(engine, CONFIG, "nhs", hits, NOVEMBER)
    assert done == Collected(applied=1, refused=2, observations=1)
    (web_page, version, _) = heads(engine)
    assert (web_page[0], version[0]) == ("refused", "refused")
    assert "unknown_form" in str(web_page[3])
    with reading(engine) as connection:
        assert reports.kept(connection, [got.id])[got.id].payload == b'{"svr": "2.0", "rows": []}'
    assert collect.collect(engine, CONFIG, "nhs", hits, NOVEMBER) == Collected()


def test_a_row_that_cannot_be_understood_spoils_no_other_and_a_star_is_no_zero(
    engine: Engine, hits: Hits
) -> None:
    send(engine, svr(("a", "*"), ("b", 2), ("c", 10**13)))
    done = collect.collect(engine, CONFIG, "nhs", hits, NOVEMBER)
    assert done == Collected(applied=1, observations=1, faulty=2)
    assert [row[1] for row in observations(engine)] == ["b"]


def test_another_platforms_reports_are_left_to_it(engine: Engine, hits: Hits) -> None:
    send(engine, svr(("a", 5)))
    assert collect.collect(engine, CONFIG, "opinion", hits, NOVEMBER) == Collected()


def hit(at: datetime, story: str = "s1", agent: str = FIREFOX) -> Hit:
    return Hit(partner="nhs", story_id=story, at=at, visitor="v", agent=agent)


def test_the_beacons_hits_become_a_report_a_day_restated_as_it_grows(
    engine: Engine, hits: Hits
) -> None:
    hits.add([hit(NOVEMBER - timedelta(hours=1)), hit(NOVEMBER, agent=GOOGLE)])
    first = collect.collect(engine, CONFIG, "nhs", hits, NOVEMBER)
    assert first == Collected(new=1, applied=1, observations=2, hits=2)
    assert collect.collect(engine, CONFIG, "nhs", hits, NOVEMBER) == Collected()
    hits.add([hit(NOVEMBER, "s2")])
    second = collect.collect(engine, CONFIG, "nhs", hits, NOVEMBER)
    assert second == Collected(new=1, applied=1, observations=4, hits=3)
    assert [(name, revision) for _, name, revision, _ in heads(engine)] == [
        ("beacon/nhs/2026-11-03", 0),
        ("beacon/nhs/2026-11-03", 1),
    ]


def coverage(engine: Engine) -> list[tuple[str, int, date, str]]:
    query = sa.text(
        "SELECT v.report_id, v.revision, c.t0, c.state FROM coverage c"
        " JOIN view_reports v ON v.id = c.report_id ORDER BY c.t0, v.revision"
    )
    with reading(engine) as connection:
        return [
            (name, revision, date.fromordinal(t0), state)
            for name, revision, t0, state in connection.execute(query)
        ]


def test_a_day_that_is_over_is_complete_even_where_nobody_came(engine: Engine, hits: Hits) -> None:
    hits.add([hit(NOVEMBER)])
    collect.collect(engine, CONFIG, "nhs", hits, NOVEMBER)
    later = NOVEMBER + timedelta(days=2)
    done = collect.collect(engine, CONFIG, "nhs", hits, later)
    assert done == Collected(new=2, applied=2, observations=2, hits=1)
    assert [(day.day, revision, state) for _, revision, day, state in coverage(engine)] == [
        (3, 0, "partial"),
        (3, 1, "complete"),
        (4, 0, "complete"),
    ]
    assert collect.collect(engine, CONFIG, "nhs", hits, later) == Collected()


def test_the_day_is_the_partners_own(engine: Engine, hits: Hits) -> None:
    before_midnight = datetime(2026, 10, 24, 22, 59, tzinfo=UTC)
    hits.add([hit(before_midnight), hit(before_midnight + timedelta(minutes=1))])
    now = datetime(2026, 10, 25, 1, tzinfo=UTC)
    collect.collect(engine, CONFIG, "nhs", hits, now)
    assert [(day.day, state) for _, _, day, state in coverage(engine)] == [
        (24, "complete"),
        (25, "partial"),
    ]


def test_counted_hits_are_forgotten_a_day_late_and_a_late_one_is_counted(
    engine: Engine, hits: Hits
) -> None:
    hits.add([hit(NOVEMBER)])
    tomorrow = NOVEMBER + timedelta(days=1)
    collect.collect(engine, CONFIG, "nhs", hits, tomorrow)
    assert len(hits.of("nhs")) == 1
    hits.add([hit(NOVEMBER, "s2")])
    done = collect.collect(engine, CONFIG, "nhs", hits, tomorrow)
    assert (done.applied, done.hits) == (1, 2)
    collect.collect(engine, CONFIG, "nhs", hits, tomorrow + timedelta(days=1))
    assert hits.of("nhs") == []
    assert ("beacon/nhs/2026-11-03", 1, date(2026, 11, 3), "complete") in coverage(engine)


def test_a_hit_that_comes_when_its_day_is_forgotten_takes_nothing_away(
    engine: Engine, hits: Hits
) -> None:
    hits.add([hit(NOVEMBER), hit(NOVEMBER, "s2")])
    later = NOVEMBER + timedelta(days=3)
    collect.collect(engine, CONFIG, "nhs", hits, later)
    hits.add([hit(NOVEMBER, "s3")])
    assert collect.collect(engine, CONFIG, "nhs", hits, later) == Collected()


def test_the_bytes_of_the_beacons_report_are_the_hits_themselves(
    engine: Engine, hits: Hits
) -> None:
    hits.add([hit(NOVEMBER, agent="caf\udce9")])
    collect.collect(engine, CONFIG, "nhs", hits, NOVEMBER)
    with reading(engine) as connection:
        kept = reports.kept(connection, [1])[1]
    assert kept.report.media_type == "application/vnd.retold.hits+jsonl"
    assert kept.payload.splitlines() == [
        b'{"report_id":"beacon/nhs/2026-11-03","over":false}',
        b'{"partner":"nhs","story_id":"s1","at":"2026-11-03T09:00:00Z",%s}'
        % b'"visitor":"v","agent":"caf?"',
    ]


def test_a_beacon_that_nobody_counts_by_is_not_drained(engine: Engine, hits: Hits) -> None:
    partner = CONFIG.partners[0].model_copy(update={"counters": ("report",)})
    hits.add([hit(NOVEMBER)])
    config = CONFIG.model_copy(update={"partners": (partner,)})
    assert collect.collect(engine, config, "nhs", hits, NOVEMBER) == Collected()


class Site(BaseHTTPRequestHandler):
    """A platform that serves the months it has to whoever knows the key."""

    months: dict[str, bytes]
    asked: list[str]

    def do_GET(self) -> None:
        month = self.path.rpartition("/")[2]
        self.asked.append(month)
        if self.headers["X-Key"] != "open sesame":
            self.send_error(403)
        elif month not in self.months:
            self.send_error(404)
        else:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(self.months[month])))
            self.end_headers()
            self.wfile.write(self.months[month])

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(months: dict[str, bytes]) -> Iterator[tuple[str, list[str], Http]]:
    asked: list[str] = []
    handler = type("TheSite", (Site,), {"months": months, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    limits = Limits(allow=("127.0.0.1",))
    try:
        with open_http(limits, sleep=lambda _: None) as http:
            yield f"http://127.0.0.1:{server.server_port}/views/{{month}}", asked, http
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def pulling(url: str, *, since: date = date(2026, 9, 1), **fields: object) -> Config:
    pull = ReportPull(
        platform="nhs", url=url, since=since, header="X-Key", secret="open sesame"
    ).model_copy(update=fields)
    return CONFIG.model_copy(update={"reports": (pull,)})


def test_closed_months_are_fetched_and_one_that_is_not_there_is_a_gap(
    engine: Engine, hits: Hits
) -> None:
    october = svr(("a", 5))
    with serving({"2026-10": october}) as (url, asked, http):
        done = collect.collect(engine, pulling(url), "nhs", hits, NOVEMBER, http)
        assert done == Collected(new=1, applied=1, observations=1)
        assert asked == ["2026-09", "2026-10"]
        again = collect.collect(engine, pulling(url), "nhs", hits, NOVEMBER, http)
        assert again == Collected(duplicates=1)


def test_a_month_is_fetched_again_while_it_may_be_corrected(engine: Engine, hits: Hits) -> None:
    months = {"2026-10": svr(("a", 5)), "2026-09": svr(("a", 1), month="2026-09")}
    with serving(months) as (url, asked, http):
        collect.collect(engine, pulling(url), "nhs", hits, NOVEMBER, http)
        asked.clear()
        months["2026-10"] = svr(("a", 6))
        spring = datetime(2027, 1, 31, tzinfo=UTC)
        done = collect.collect(engine, pulling(url), "nhs", hits, spring, http)
        assert asked == ["2026-10", "2026-11", "2026-12"]
        assert done == Collected(new=1, applied=1, observations=1)


def test_nothing_is_fetched_after_the_last_month_there_is(engine: Engine, hits: Hits) -> None:
    with serving({}) as (url, asked, http):
        config = pulling(url, until=date(2026, 9, 30))
        collect.collect(engine, config, "nhs", hits, NOVEMBER, http)
        assert asked == ["2026-09"]


def test_a_site_that_says_no_stops_no_other_work_and_is_told_at_the_end(
    engine: Engine, hits: Hits
) -> None:
    send(engine, svr(("a", 5)))
    with serving({}) as (url, asked, http):
        config = pulling(url, secret="guessed")
        with pytest.raises(OutsideError):
            collect.collect(engine, config, "nhs", hits, NOVEMBER, http)
        assert asked == ["2026-09", "2026-10"]
    assert len(observations(engine)) == 1


def test_only_the_platforms_own_reports_are_fetched(engine: Engine, hits: Hits) -> None:
    config = pulling("https://bbc.example/{month}", platform="bbc")
    assert collect.collect(engine, config, "nhs", hits, NOVEMBER) == Collected()


def test_without_the_network_nothing_is_fetched_from_it(engine: Engine, hits: Hits) -> None:
    config = pulling("https://nhs.example/{month}", header=None)
    with pytest.raises(RefusedError, match="needs the network"):
        collect.collect(engine, config, "nhs", hits, NOVEMBER)


def test_reports_are_read_from_a_folder(engine: Engine, hits: Hits, tmp_path: Path) -> None:
    (tmp_path / "2026-10.csv").write_text("item,count\na,5\n# period: 2026-10-01/2026-11-01\n")
    (tmp_path / "2026-09.xyz").write_bytes(b"?")
    config = pulling(str(tmp_path / "{month}.csv"))
    done = collect.collect(engine, config, "nhs", hits, NOVEMBER)
    assert (done.new, done.applied + done.refused) == (1, 1)
    odd = collect.collect(engine, pulling(str(tmp_path / "{month}.xyz")), "nhs", hits, NOVEMBER)
    assert odd == Collected(new=1, refused=1)


def test_a_run_of_it_is_kept(engine: Engine, tmp_path: Path) -> None:
    send(engine, svr(("a", 5)))
    with open_house(
        CONFIG,
        Limits(),
        database_url=engine.url.render_as_string(hide_password=False),
        state_dir=tmp_path / "state",
        public_url="https://retold.example",
        key=b"k" * 32,
        operator="ann",
    ) as house:
        assert collect.recorded(house, "nhs").applied == 1
    (run,) = runs.latest(engine)
    assert (run.step, run.subject, run.counts["applied"]) == ("collect", "nhs", 1)


def test_a_report_of_days_to_come_counts_nothing(engine: Engine, hits: Hits) -> None:
    send(engine, svr(("a", 5), month="2026-12"))
    done = collect.collect(engine, CONFIG, "nhs", hits, NOVEMBER)
    assert (done.observations, done.faulty) == (0, 1)
