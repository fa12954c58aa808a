"""Read times as channels write them.

Spec: https://www.rfc-editor.org/rfc/rfc3339 and https://www.rfc-editor.org/rfc/rfc5322#section-3.3

Nothing is guessed: a time that names no zone is read in the zone its channel is said to write
in, and refused where none is said. Where clocks go back an hour is told twice, and the first is
meant; where they go forward an hour is never told, and a time in it counts on from the hour
before (01:30 in London that night is 02:30 summer time).
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.channel import DateReading
from schemas.errors import UnfitError

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""What lies outside is a slip of somebody's software, and refused."""

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_COMMENT = re.compile(r"\s*\([^()]*\)$")
_COLON_IN_OFFSET = re.compile(r"(?<=[+-]\d\d):(?=\d\d$)", re.ASCII)
_NO_ZONE = re.compile(r"\d:\d\d(?: \d{4})?$", re.ASCII)
_ZONE_NAME = re.compile(r"\d ?([A-Za-z]{2,5})$", re.ASCII)


def read(text: str, reading: DateReading) -> datetime:
    """Read a point in time, in UTC. A date alone is the midnight that it begins with.

    Raise UnfitError `bad_date` where no format fits, `no_zone` where no zone is known.
    """
    told = _told(text, reading)
    if told.tzinfo is None:
        told = told.replace(tzinfo=_zone(text, reading))
    return told.astimezone(UTC)


def month(text: str, reading: DateReading) -> str:
    """Read a calendar month, `2012-05`, of a month or of any date in it.

    The month is the one that was told: in its own zone, and needing none.
    """
    stripped = text.strip()
    if (found := _MONTH.fullmatch(stripped)) and FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return stripped
    return _told(text, reading).strftime("%Y-%m")


def _told(text: str, reading: DateReading) -> datetime:
    """Read a time by the first format that fits; without a zone where it names none."""
    stripped = text.strip()
    for form in reading.formats:
        try:
            told = _by(form, stripped, reading)
        # The mail parser is lenient, and so trips in more ways than one.
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        if FIRST_YEAR <= told.year <= LAST_YEAR:
            return told
    raise UnfitError(
        "bad_date",
        f"{text[:40]!a} is no time from {FIRST_YEAR} to {LAST_YEAR} by {', '.join(reading.formats)}"
        "; correct it at its source, or name its format",
    )


def _by(form: str, text: str, reading: DateReading) -> datetime:
    if form == "iso":
        return datetime.fromisoformat(text)
    if form == "rfc822":
        return _by_mail(text, reading)
    if "%Z" in form:
        raise ValueError("which zone names %Z knows depends on the machine; use %z")
    return datetime.strptime(text, form)  # noqa: DTZ007 - `read` refuses or adds the zone


def _by_mail(text: str, reading: DateReading) -> datetime:
    """Read a time as mail, HTTP and asctime write it, or as feeds do that try to."""
    text = _COLON_IN_OFFSET.sub("", _COMMENT.sub("", text))
    told = parsedate_to_datetime(text)
    if told.tzinfo is not None or _NO_ZONE.search(text):
        return told
    if text.endswith("-0000"):  # UTC, from one who does not say where
        return told.replace(tzinfo=UTC)
    if (named := _ZONE_NAME.search(text)) and (name := named[1].upper()) not in {"AM", "PM"}:
        return _in_named_zone(told, name, _zone(text, reading))
    raise ValueError("the parser passes over what it does not know, as PM")


def _in_named_zone(told: datetime, name: str, zone: ZoneInfo) -> datetime:
    """Take a zone's name, as BST, only where the channel's own zone bears it at that time."""
    for fold in (0, 1):
        local = told.replace(tzinfo=zone, fold=fold)
        if local.tzname() == name:
            return local
    raise UnfitError("no_zone", f"{name} is not what {zone.key} is called then; write an offset")


def _zone(text: str, reading: DateReading) -> ZoneInfo:
    if reading.zone is None:
        raise UnfitError(
            "no_zone", f"{text[:40]!a} names no zone; say in the channel's options which it means"
        )
    try:
        return ZoneInfo(reading.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UnfitError(
            "no_zone", f"there is no zone {reading.zone!a}; name one as Europe/London"
        ) from error
