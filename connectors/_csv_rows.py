"""Cut CSV into records without trusting its quotes.

A quote that is never closed would swallow every row behind it, and still look like one good row.
So quotes are read strictly, a record may only go on for so many lines, and what turns out badly
costs its first line alone: reading begins anew on the next.
Spec: https://www.rfc-editor.org/rfc/rfc4180
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from typing import IO, NamedTuple

LINE_LIMIT = 1 << 20
"""Bytes of one line; a longer one is read as several, none of which will fit."""
LINES_LIMIT = 500
"""Lines that one record may go on for."""
DELIMITERS = (",", ";", "\t", "|")
"""Looked for, in this order, where nobody says which one it is."""

# The field limit of the csv module belongs to the process. Its own, 128 KiB, is less than people
# paste into a survey.
csv.field_size_limit(LINE_LIMIT)


class Record(NamedTuple):
    """One record: its bytes as they came, and its cells."""

    raw: bytes
    cells: list[str]
    fault: str | None = None
    """`bad_quotes` or `bad_columns`; None where all is well."""


def lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Read raw lines with their ends; no line is ever longer than `LINE_LIMIT`."""
    return iter(partial(stream.readline, LINE_LIMIT), b"")


def delimiter_of(header: bytes) -> str:
    """Tell what stands between the cells of a header line."""
    counts = [header.count(delimiter.encode()) for delimiter in DELIMITERS]
    return DELIMITERS[counts.index(max(counts))]


class _Source:
    """Lines for the csv module, remembered until a record is whole, so that they can go back."""

    def __init__(self, raw: Iterable[bytes], encoding: str) -> None:
        self._raw = iter(raw)
        self._back: deque[bytes] = deque()
        self._encoding = encoding
        self._taken: list[bytes] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self._taken) >= LINES_LIMIT:
            raise csv.Error("a quote is not closed")
        line = self._back.popleft() if self._back else next(self._raw)
        self._taken.append(line)
        return line.decode(self._encoding, "surrogateescape")

    def take(self) -> bytes:
        """Give the bytes of the record that has just become whole."""
        taken, self._taken = self._taken, []
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def take_first(self) -> bytes:
        """Give the first line alone; the others will be read again."""
        first, *others = self._taken
        self._back.extendleft(reversed(others))
        self._taken = []
        return first

    def took_several(self) -> bool:
        return len(self._taken) > 1


def cut(
    raw: Iterable[bytes], delimiter: str, width: int | None = None, encoding: str = "utf-8"
) -> Iterator[Record]:
    """Cut lines into records of `width` cells; together their bytes are the lines' bytes.

    Blank lines come as records without cells.
    """
    source = _Source(raw, encoding)
    going = True
    while going:
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                fits = width is None or not cells or len(cells) == width
                if not fits and source.took_several():
                    # Two rows that a stray quote has joined, more often than one long row.
                    yield Record(source.take_first(), [], "bad_quotes")
                    break
                yield Record(source.take(), cells, None if fits else "bad_columns")
            else:
                going = False
        except csv.Error:
            yield Record(source.take_first(), [], "bad_quotes")
