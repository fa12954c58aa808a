"""What a reader of Care Opinion remembers between runs: small, whatever the number of stories."""

import base64
import struct
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import orjson

_PAIR = struct.Struct(">QI")


class Cursor(NamedTuple):
    """How far the channel has been read."""

    published: str = ""
    """The publication of the newest story that is kept."""
    responded: str = ""
    """The submission of the newest response that is kept."""
    known: Mapping[int, int] = MappingProxyType({})
    """A check of every story that is kept, by id: equal means that it reads as it did."""


def read(text: str | None) -> Cursor:
    """Read a cursor; none is the beginning."""
    if text is None:
        return Cursor()
    fields = orjson.loads(text)
    packed = zlib.decompress(base64.b64decode(fields["known"]))
    return Cursor(fields["published"], fields["responded"], dict(_PAIR.iter_unpack(packed)))


def write(cursor: Cursor) -> str:
    """Write a cursor; the same cursor always gives the same text."""
    packed = b"".join(_PAIR.pack(*pair) for pair in sorted(cursor.known.items()))
    fields = {
        "published": cursor.published,
        "responded": cursor.responded,
        "known": base64.b64encode(zlib.compress(packed)).decode(),
    }
    return orjson.dumps(fields).decode()


def check(opinion: object) -> int:
    """Digest an opinion as the list shows it."""
    return zlib.crc32(orjson.dumps(opinion, option=orjson.OPT_SORT_KEYS))
