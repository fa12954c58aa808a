"""How letters of a mailbox are kept as one payload: each byte for byte, with its length before it.

A page begins with a line of its own; then comes, for each letter, a line as `message 17 2048`
(its UID and its bytes), the letter, and a line break. Of a `head` only the head was read; an
`unread` one is there and the server does not give it: at most its head follows.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, cast

Part = Literal["message", "head", "unread"]
"""How much of a letter there is."""

MEDIA_TYPE = "application/vnd.retold.mailbox"
"""Of a page of letters."""

_BEGINNING = b"retold mailbox 1\n"
_FRAME = re.compile(rb"(message|head|unread) ([0-9]{1,10}) ([0-9]{1,12})\n")


class Letter(NamedTuple):
    """One message as the server gave it."""

    uid: int
    raw: bytes
    part: Part = "message"


def write(letters: Iterable[Letter]) -> bytes:
    """Put letters into one payload."""
    return b"".join([_BEGINNING, *map(_framed, letters)])


def read(payload: bytes) -> list[Letter]:
    """Take the letters out of a payload again; what is none is a ValueError."""
    if not payload.startswith(_BEGINNING):
        raise ValueError("it does not begin as a page of letters does")
    letters = list(_letters(payload))
    if not letters:
        raise ValueError("it holds no letter")
    return letters


def _framed(letter: Letter) -> bytes:
    head = f"{letter.part} {letter.uid} {len(letter.raw)}\n"
    return b"%s%s\n" % (head.encode(), letter.raw)


def _letters(payload: bytes) -> Iterator[Letter]:
    place = len(_BEGINNING)
    while place < len(payload):
        frame = _FRAME.match(payload, place)
        if frame is None:
            raise ValueError(f"no letter begins at byte {place}")
        end = frame.end() + int(frame[3])
        if payload[end : end + 1] != b"\n":
            raise ValueError(f"the letter at byte {place} is not as long as it says")
        part = cast("Part", frame[1].decode())
        yield Letter(int(frame[2]), payload[frame.end() : end], part)
        place = end + 1
