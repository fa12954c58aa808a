"""What a Story Views Report says of itself, and so for which days its silence means zero.

Spec of the exceptions: https://cop5.projectcounter.org/en/5.1/appendices/d-handling-errors-and-exceptions.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from schemas.errors import UnfitError
from schemas.views import Coverage, CoverageState, ReportHead, Temporality

DAY = timedelta(days=1)
_LONGEST = timedelta(days=3_700)
"""A report of more than ten years is a slip of the pen, not a report."""

_NO_USAGE, _NOT_READY, _NO_LONGER, _PARTIAL = 3030, 3031, 3032, 3040
_STATES = {
    _NO_USAGE: CoverageState.COMPLETE,
    _NOT_READY: CoverageState.NONE,
    _NO_LONGER: CoverageState.NONE,
    _PARTIAL: CoverageState.PARTIAL,
}
_FAILURES = range(1000, _NO_USAGE)
"""Exceptions that say: this is no report, ask again."""

_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}(?:-\d{2})?(?![\d-])")
_YEARS = range(1990, 3000)
_BIGGEST = 2**63 - 1


class Period(NamedTuple):
    """From the first day to the day after the last."""

    t0: date
    t1: date


def day(text: Any) -> date:
    """Read `2026-10-01`; UnfitError where it is no such day."""
    try:
        found = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except (TypeError, ValueError):
        found = None
    if found is None or found.year not in _YEARS:
        raise UnfitError("bad_date", f"{text!r} is no date; write it as 2026-10-01")
    return found


def period(stated: Mapping[str, Any]) -> Period | None:
    """Read the period a head states: `{from, to}`, `from/to`, or `from` and `to` by themselves."""
    told = stated.get("period")
    if isinstance(told, str):
        first, _, after = told.partition("/")
        told = {"from": first.strip(), "to": after.strip()}
    if told is None and ("from" in stated or "to" in stated):
        told = stated
    if told is None:
        return None
    if not isinstance(told, Mapping):
        raise UnfitError("bad_period", 'write the period as {"from": first day, "to": day after}')
    found = Period(day(told.get("from")), day(told.get("to")))
    if not DAY <= found.t1 - found.t0 <= _LONGEST:
        raise UnfitError(
            "bad_period",
            f"a period from {found.t0} to {found.t1} cannot be; `to` is the day after the last",
        )
    return found


def head(stated: Mapping[str, Any], whole: Period) -> ReportHead:
    """Read a head; what is left out is what a careful reader would assume."""
    version = str(stated.get("svr", "1.0"))
    if version.partition(".")[0] != "1":
        raise UnfitError("unknown_version", f"SVR {version} is not known here; send SVR 1.0")
    method = stated.get("method") or {}
    if not isinstance(method, Mapping):
        method = {"told": method}
    return ReportHead(
        report_id=_text(stated, "report_id"),
        revision=_whole(stated, "revision") or 0,
        t0=whole.t0,
        t1=whole.t1,
        temporality=_temporality(stated),
        coverage=tuple(_coverage(stated, whole)),
        zone=_text(stated, "timezone"),
        declared_total=_whole(stated, "total"),
        method={str(name): str(value) for name, value in method.items()},
    )


def _text(stated: Mapping[str, Any], key: str) -> str | None:
    told = stated.get(key)
    return None if told in (None, "") else str(told)


def _whole(stated: Mapping[str, Any], key: str) -> int | None:
    told = _text(stated, key)
    if told is None:
        return None
    if not (told.isascii() and told.isdigit() and int(told) <= _BIGGEST):
        raise UnfitError("bad_head", f"{key} is {told!r}; write a whole number")
    return int(told)


def _temporality(stated: Mapping[str, Any]) -> Temporality:
    told = str(stated.get("temporality", Temporality.INTERVAL))
    if told not in set(Temporality):
        raise UnfitError("bad_head", f"temporality is {told!r}; write {' or '.join(Temporality)}")
    return Temporality(told)


class _Claim(NamedTuple):
    state: CoverageState
    reason: str | None


def _coverage(stated: Mapping[str, Any], whole: Period) -> Iterator[Coverage]:
    """Lay every claim over the days of the period, later ones on top; join what is alike."""
    span = (whole.t1 - whole.t0).days
    days = [_Claim(CoverageState.PARTIAL, None)] * span
    for stretch, claim in _claims(stated, whole):
        first, after = (stretch.t0 - whole.t0).days, (stretch.t1 - whole.t0).days
        days[first:after] = [claim] * (after - first)
    at = whole.t0
    for claim, alike in groupby(days):
        after_these = at + DAY * len(tuple(alike))
        yield Coverage(t0=at, t1=after_these, state=claim.state, reason=claim.reason)
        at = after_these


def _claims(stated: Mapping[str, Any], whole: Period) -> Iterator[tuple[Period, _Claim]]:
    told = stated.get("coverage", CoverageState.PARTIAL)
    stretches = told if isinstance(told, list) else [{"state": told}]
    for stretch in stretches:
        if not isinstance(stretch, Mapping) or stretch.get("state") not in set(CoverageState):
            raise UnfitError("bad_head", f"coverage is {told!r}; write {', '.join(CoverageState)}")
        within = period(stretch) or whole
        if within.t0 < whole.t0 or within.t1 > whole.t1:
            raise UnfitError("bad_period", "the coverage speaks of days outside of the period")
        yield within, _Claim(CoverageState(stretch["state"]), _text(stretch, "reason"))
    for exception in _exceptions(stated):
        code = _whole(exception, "code")
        message = " ".join(filter(None, (_text(exception, "message"), _text(exception, "data"))))
        if code in _FAILURES:
            raise UnfitError("exception", f"it is no report but exception {code}: {message}")
        if code in _STATES:
            within = whole if code == _NO_USAGE else _days_named(message, whole)
            yield within, _Claim(_STATES[code], f"{code} {message}".strip())


def _exceptions(stated: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    told = stated.get("exceptions") or []
    if not isinstance(told, list) or not all(isinstance(one, Mapping) for one in told):
        raise UnfitError("bad_head", 'write exceptions as [{"code": 3040, "message": "…"}]')
    return told


def _days_named(text: str, whole: Period) -> Period:
    """Take the days that a text names, first to last; the whole period where it names none."""
    try:
        named = [_stretch(found) for found in _DATE.findall(text)]
    except ValueError:
        return whole
    if not named:
        return whole
    return _clip(Period(min(named).t0, max(stretch.t1 for stretch in named)), whole)


def _stretch(text: str) -> Period:
    if len(text) == len("2026-10-01"):
        first = date.fromisoformat(text)
        return Period(first, first + DAY)
    first = date.fromisoformat(f"{text}-01")
    return Period(first, (first + 31 * DAY).replace(day=1))


def _clip(stretch: Period, whole: Period) -> Period:
    clipped = Period(max(stretch.t0, whole.t0), min(stretch.t1, whole.t1))
    return clipped if clipped.t0 < clipped.t1 else whole
