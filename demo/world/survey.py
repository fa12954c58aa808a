"""A third channel: a folder of survey exports, as untidy as those that trusts really send."""

import csv
import io
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from demo.world import _xlsx, population, specialities, tellers, topics
from demo.world.phrases import say
from demo.world.stories import scaled

COMMENTS = 400
"""How many rows there are in all files together at full scale; never fewer than 80."""

COLUMNS = ("comment_id", "date", "organisation", "fft", "what_good", "could_improve")
"""What every file calls its columns: two questions stand side by side in one row."""

ANSWERS = ("Very good", "Good", "Neither good nor poor", "Poor", "Very poor", "Don't know")
"""How people answer the friends and family question, codes 1 to 6."""

ABOUT = ("ZM101", "ZM102", "ZC1", "ZC101", "ZA1", "ZP1")
"""Who is asked about; never the acute trust."""

UNKNOWN_FFT = "7"
"""A code that the question does not have."""

_FIRST_DAY = date(2012, 1, 2)
_TIMES = ("25/03/2012 01:30", "28/10/2012 01:30", "01/07/2012 00:30")
"""By the clock on the wall: an hour that was skipped, one that came twice, still June in UTC."""


@dataclass(frozen=True, slots=True)
class Comment:
    """One row: a respondent's answers."""

    id: str
    day: date
    told: str
    """The day as the row tells it, where that is not the file's own way."""
    organisation: str
    fft: str
    good: str
    bad: str


def comments(seed: int, scale: float = 1.0) -> tuple[Comment, ...]:
    """Make up all comments in order of day; some hold what a connector must not stumble over."""
    rng = random.Random(f"{seed}/survey")
    count = max(80, scaled(COMMENTS, scale))
    days = sorted(rng.randrange(360) for _ in range(count))
    made = [_comment(rng, n, _FIRST_DAY + timedelta(days=day)) for n, day in enumerate(days, 1)]
    for place, told in zip(range(3, 6), _TIMES, strict=True):
        made[place] = replace(made[place], told=told)
    made[7] = replace(made[7], told="14 January 2012")
    made[8] = replace(made[8], fft=UNKNOWN_FFT)
    made[9] = replace(made[9], fft="*")
    made[10] = replace(made[10], good="", bad="")
    made[11] = replace(made[11], good="Did not answer", bad="Did not answer")
    return tuple(made)


def write(folder: Path, seed: int, scale: float = 1.0) -> tuple[Path, ...]:
    """Write the files of the four quarters; the same seed always writes the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = comments(seed, scale)
    quarter = len(rows) // 4
    written = {
        "comments-1.csv": as_csv(rows[:quarter]),
        "comments-2.tsv": as_tsv(rows[quarter : 2 * quarter]),
        "comments-3.xlsx": as_xlsx(rows[2 * quarter : 3 * quarter]),
        "comments-4.jsonl": as_jsonl(rows[3 * quarter :]),
    }
    for name, document in written.items():
        (folder / name).write_bytes(document)
    return tuple(folder / name for name in written)


def as_csv(rows: Sequence[Comment]) -> bytes:
    """Write dates as 31/01/2012, and the one row that has a comma too many."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    lines.writerows(_cells(row, row.told or f"{row.day:%d/%m/%Y}") for row in rows)
    text.write("S-0000,31/01/2012,ZC1,Good,Kind, quick, and clean,Nothing,at all\r\n")
    return text.getvalue().encode("utf-8-sig")


def as_tsv(rows: Sequence[Comment]) -> bytes:
    """Write dates as 2012-01-31, between tabs."""
    text = io.StringIO()
    lines = csv.writer(text, delimiter="\t", lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerows(_cells(row, row.day.isoformat()) for row in rows)
    return text.getvalue().encode()


def as_xlsx(rows: Sequence[Comment]) -> bytes:
    """Write dates as a spreadsheet keeps them."""
    return _xlsx.workbook([COLUMNS, *(_cells(row, row.day) for row in rows)])


def as_jsonl(rows: Sequence[Comment]) -> bytes:
    """Write dates with the offset of the season, one object a line."""
    lines = (
        json.dumps(dict(zip(COLUMNS, _cells(row, _stamp(row.day)), strict=True))) for row in rows
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _stamp(day: date) -> str:
    summer = date(2012, 3, 25) <= day < date(2012, 10, 28)
    return f"{day.isoformat()}T16:20:00{'+01:00' if summer else '+00:00'}"


def _cells(row: Comment, told: str | date) -> tuple[str | date, ...]:
    return (row.id, told, row.organisation, row.fft, row.good, row.bad)


def _comment(rng: random.Random, number: int, day: date) -> Comment:
    code = rng.choice(ABOUT)
    kind = population.BY_CODE[code].type
    topic = rng.choice((*topics.EVERYWHERE, *specialities.BY_TYPE[kind]))
    ward = rng.choice(specialities.WARDS[kind])
    words = {
        **tellers.TELLERS[0].words,
        "ward": ward,
        "on_ward": f"at {ward}",
        "place": population.BY_CODE[code].name,
    }
    blank = rng.choice(("", "Did not answer", "N/A"))
    good, bad = (say(rng, rng.choice(pool), words) for pool in (topic.good, topic.bad))
    kept = rng.choice(((good, bad), (good, blank), (blank, bad), (good, bad)))
    return Comment(
        id=f"S-{number:04}",
        day=day,
        told="",
        organisation=code,
        fft=rng.choice(ANSWERS[:2] if kept[0] == good else ANSWERS[2:]),
        good=kept[0],
        bad=kept[1],
    )
