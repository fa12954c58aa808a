"""Turn the beacon's hits into view reports: one for each partner and day, restated as it grows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import orjson

from rules import clicks
from schemas.partner import Partner
from schemas.views import Coverage, CoverageState, Hit, Method, ParsedReport, ReportHead
from store import reports
from store.database import Connection, Engine, one_writer, reading, writing
from store.hits import Hits
from store.reports import Last

MEDIA_TYPE = "application/vnd.retold.hits+jsonl"

KEPT_DAYS = 1
"""Whole days for which hits are kept after they were counted: one may come late."""

_DAY = timedelta(days=1)


class Drained(NamedTuple):
    """What draining came to."""

    days: int = 0
    """Days that were counted anew."""
    hits: int = 0
    observations: int = 0


def drain(engine: Engine, partner: Partner, hits: Hits, now: datetime) -> Drained:
    """State each day anew on which the beacon saw more, or which is over; forget what is counted.

    From the first day on, a day without a hit is stated too: nobody came is not nobody looked.
    """
    zone = ZoneInfo(partner.zone)
    today = now.astimezone(zone).date()
    seen = hits.of(partner.id)
    by_day: dict[date, list[Hit]] = defaultdict(list)
    for _, hit in seen:
        by_day[hit.at.astimezone(zone).date()].append(hit)
    with reading(engine) as connection:
        last = reports.last_day(connection, partner.id, str(Method.BEACON), _name(partner, ""))
    done = Drained()
    for day in _days(last, by_day, today):
        with writing(engine) as connection:
            one_writer(connection, "observations")  # first: a report that is sent must not wait
            number = _restate(connection, partner, day, by_day[day], now, over=day < today)
        if number is not None:
            done = Drained(done.days + 1, done.hits + len(by_day[day]), done.observations + number)
    midnight = datetime.combine(today - KEPT_DAYS * _DAY, time(), zone).astimezone(UTC)
    hits.forget(partner.id, midnight, max((number for number, _ in seen), default=0))
    return done


def _name(partner: Partner, day: object) -> str:
    return f"beacon/{partner.id}/{day}"


def _days(last: date | None, seen: Iterable[date], today: date) -> list[date]:
    """List the days from the last that was stated, or the first that was seen, to today."""
    begun = min([*seen, *([last] if last else [])], default=None)
    if begun is None:
        return []
    return [begun + n * _DAY for n in range((today - begun).days + 1)]


def _restate(
    connection: Connection,
    partner: Partner,
    day: date,
    seen: Sequence[Hit],
    now: datetime,
    *,
    over: bool,
) -> int | None:
    """Count one day, where it has more hits or is over; say how many rows that made."""
    name = _name(partner, day)
    last = reports.last(connection, partner.id, str(Method.BEACON), name)
    if not _is_news(last, len(seen), over=over):
        return None
    kept, _ = reports.keep(
        connection, partner.id, str(Method.BEACON), MEDIA_TYPE, _lines(name, seen, over=over), now
    )
    state = CoverageState.COMPLETE if over else CoverageState.PARTIAL
    head = ReportHead(
        report_id=name,
        t0=day,
        t1=day + _DAY,
        coverage=(Coverage(t0=day, t1=day + _DAY, state=state),),
        zone=partner.zone,
    )
    rows = tuple(clicks.stated(clicks.count(seen, {partner.id: partner.zone})))
    reports.apply(
        connection,
        kept.id,
        ParsedReport(head=head, rows=rows),
        revision=0 if last is None else last.revision + 1,
        rows=len(seen),
    )
    return len(rows)


def _is_news(last: Last | None, hits: int, *, over: bool) -> bool:
    if last is None:
        return hits > 0 or over
    return hits > last.rows or (hits == last.rows and over and not last.complete)


def _lines(name: str, seen: Iterable[Hit], *, over: bool) -> bytes:
    """Write a day's hits as they are kept for the record: no address was ever in them."""
    head = orjson.dumps({"report_id": name, "over": over})
    return b"\n".join([head, *(_line(hit) for hit in seen)]) + b"\n"


def _line(hit: Hit) -> bytes:
    told = hit.model_dump(mode="json")
    return orjson.dumps(told | {"agent": hit.agent.encode("utf-8", "replace").decode()})
