"""Take in what is said of reads: reports that were sent or are fetched, and the beacon's hits.

Bytes are kept first, whatever they hold; then each report is understood, or refused with its
reason. Taking the same bytes in twice changes nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from connectors import counts
from connectors._http import Http
from rules import fit
from schemas import months
from schemas._record import Record
from schemas.config import Config, ReportPull
from schemas.errors import OutsideError, RefusedError, UnfitError
from schemas.views import Method
from steps import beacon, runs
from steps.house import House
from store import reports
from store.database import Engine, reading, writing
from store.hits import Hits

RESTATED = timedelta(days=92)
"""How long after its end a month's report is fetched again: COUNTER's time to correct errors."""

_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
}
_DAY = timedelta(days=1)


class Received(Record):
    """What became of bytes that were sent or fetched."""

    id: int
    sha256: str
    duplicate: bool


class Collected(Record):
    """What collecting from one platform came to."""

    new: int = 0
    """Reports that were not there yet."""
    duplicates: int = 0
    applied: int = 0
    refused: int = 0
    observations: int = 0
    faulty: int = 0
    """Rows that could not be understood, in reports that could."""
    hits: int = 0
    """Hits of the beacon in days that were counted anew."""

    def __add__(self, other: "Collected") -> "Collected":
        """Add two counts up."""
        mine, theirs = self.model_dump(), other.model_dump()
        return Collected(**{name: mine[name] + theirs[name] for name in mine})


def receive(
    engine: Engine, platform: str, method: str, payload: bytes, media_type: str, now: datetime
) -> Received:
    """Keep a report as it came; it is understood by the next `collect`."""
    with writing(engine) as connection:
        kept, known = reports.keep(connection, platform, method, media_type, payload, now)
    return Received(id=kept.id, sha256=kept.sha256, duplicate=known)


def recorded(house: House, platform: str, flow_run_id: str | None = None) -> Collected:
    """Collect from one platform, and keep a run of it."""
    with runs.recorded(house.engine, "collect", platform, house.clock, flow_run_id) as run:
        done = collect(house.engine, house.config, platform, house.hits, house.now, house.http)
        run.counts = done.model_dump()
    return done


def collect(
    engine: Engine,
    config: Config,
    platform: str,
    hits: Hits,
    now: datetime,
    http: Http | None = None,
) -> Collected:
    """Take in all that is said of the reads at one platform.

    A report that cannot be fetched stops no other; the first such error is raised at the end.
    """
    done, error = _fetch_all(engine, config, platform, now, http)
    partner = config.partner(platform)
    if partner is not None and Method.BEACON in partner.counters:
        drained = beacon.drain(engine, partner, hits, now)
        done += Collected(
            new=drained.days,
            applied=drained.days,
            observations=drained.observations,
            hits=drained.hits,
        )
    done += _understand(engine, platform)
    if error is not None:
        raise error
    return done


class _Fetched(NamedTuple):
    payload: bytes
    media_type: str


def _fetch_all(
    engine: Engine, config: Config, platform: str, now: datetime, http: Http | None
) -> tuple[Collected, OutsideError | None]:
    done, first = Collected(), None
    for pull in config.reports:
        if pull.platform != platform:
            continue
        for month in _due(engine, pull, now):
            try:
                fetched = _fetch(pull, month, http)
            except OutsideError as error:
                first = first or error
                continue
            if fetched is None:
                continue  # not there yet: a gap, which the coverage shows
            got = receive(engine, platform, str(pull.method), *fetched, now)
            done += Collected(new=not got.duplicate, duplicates=got.duplicate)
    return done, first


def _due(engine: Engine, pull: ReportPull, now: datetime) -> Iterator[int]:
    """Number the closed months whose report is not there, or may still be corrected."""
    with reading(engine) as connection:
        covered = reports.covered(connection, pull.platform, str(pull.method))
    last = min(now.date().replace(day=1) - _DAY, pull.until or date.max)
    for month in range(months.number(pull.since), months.number(last) + 1):
        if month not in covered or months.first_day(month + 1) + RESTATED >= now.date():
            yield month


def _fetch(pull: ReportPull, month: int, http: Http | None) -> _Fetched | None:
    place = pull.url.replace("{month}", months.name(month))
    if not place.startswith(("http://", "https://")):
        path = Path(place)
        media_type = _MEDIA_TYPES.get(path.suffix.lower(), "")
        return _Fetched(path.read_bytes(), media_type) if path.is_file() else None
    if http is None:
        raise RefusedError(pull.platform, f"{pull.url} needs the network; collect with it open")
    secret = {pull.header: pull.secret} if pull.header and pull.secret else {}
    answer = http.get(
        pull.platform, place, secret_headers=secret, allow_status=(HTTPStatus.NOT_FOUND,)
    )
    if answer.status == HTTPStatus.NOT_FOUND:
        return None
    return _Fetched(answer.body, answer.media_type)


def _understand(engine: Engine, platform: str) -> Collected:
    """Read every report that nobody has read yet; one that cannot be read is refused and kept."""
    with reading(engine) as connection:
        waiting = reports.waiting(connection, platform)
    return _sum(_apply(engine, number) for number in waiting)


def _apply(engine: Engine, number: int) -> Collected:
    with reading(engine) as connection:
        kept = reports.kept(connection, [number])[number]
    try:
        form = counts.recognise(kept.report.media_type, kept.payload)
        told = counts.counter(form).parse(kept.payload, kept.report.media_type)
        parsed = fit.fit(told, kept.report.received_at.date())
    except UnfitError as error:
        with writing(engine) as connection:
            reports.refuse(connection, number, f"{error.code}: {error}")
        return Collected(refused=1)
    with writing(engine) as connection:
        reports.apply(connection, number, parsed)
    return Collected(applied=1, observations=len(parsed.rows), faulty=len(parsed.faulty))


def _sum(counted: Iterable[Collected]) -> Collected:
    return sum(counted, start=Collected())
