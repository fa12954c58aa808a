"""Months as the ledger counts them: whole numbers in a row, `year * 12 + month - 1`."""

from datetime import date, timedelta

_DAY = timedelta(days=1)


def number(day: date) -> int:
    """Number the month a day is in; the next month has the next number."""
    return day.year * 12 + day.month - 1


def numbered(name: str) -> int:
    """Number a month by its name, `2026-10`."""
    return number(date.fromisoformat(f"{name}-01"))


def name(number: int) -> str:
    """Name a numbered month, `2026-10`."""
    return f"{number // 12:04}-{number % 12 + 1:02}"


def first_day(number: int) -> date:
    """Give the first day of a numbered month."""
    return date(number // 12, number % 12 + 1, 1)


def touched(t0: date, t1: date) -> range:
    """Number the months that a stretch of days touches; `t1` is the day after its last."""
    return range(number(t0), number(t1 - _DAY) + 1)
