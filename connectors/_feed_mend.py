"""Make XML well-formed that all but is, so that few feeds need the slow and forgiving reader.

What is mended loses no text: names of characters that HTML knows and XML does not, a bare `&`,
bytes in another encoding than was said, and whatever stands in front of or behind the feed.
Spec: https://www.w3.org/TR/xml/#NT-Char
"""

import codecs
import html.entities
import re
from collections.abc import Iterator
from typing import cast

_START = re.compile(rb"<(?:\?xml|!DOCTYPE|!--|[A-Za-z])")
_WHOLE = re.compile(rb".*</(?:rss|feed|(?:[A-Za-z]\w*:)?RDF)\s*>", re.DOTALL)
_ELSEWHERE = re.compile(
    rb"""(<!DOCTYPE\s+[^\s\[>]+)\s+(?:PUBLIC\s+("|')[^>]*?\2|SYSTEM)\s*(?:("|')[^>]*?\3)?"""
)
"""A document type kept elsewhere: we never fetch it, and lxml refuses to go on without."""
_PROLOGUE = 10_000
_CDATA, _CDATA_END = b"<![CDATA[", b"]]>"
_REFERENCE = re.compile(rb"&(?:#(?:([0-9]+)|[xX]([0-9a-fA-F]+));|([A-Za-z][A-Za-z0-9_.-]*);)?")
_DECLARED = re.compile(rb"<!ENTITY\s+([A-Za-z][A-Za-z0-9_.-]*)")
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_XML_NAMES = frozenset({b"amp", b"apos", b"gt", b"lt", b"quot"})
_FALLBACK = "retold-cp1252"


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    found = cast("UnicodeDecodeError", error)
    return found.object[found.start : found.end].decode("cp1252", "replace"), found.end


codecs.register_error(_FALLBACK, _as_windows)


def to_utf8(payload: bytes) -> bytes:
    """Read what is no UTF-8 in it as Windows-1252, as which it mostly was written."""
    return payload.decode("utf-8", _FALLBACK).encode()


def mend(payload: bytes) -> bytes:
    """Give the feed alone, with every `&` and every character one that XML knows."""
    start = _START.search(payload)
    payload = payload[start.start() :] if start else payload
    whole = _WHOLE.match(payload)
    payload = _FORBIDDEN.sub(b"", whole[0] if whole else payload)
    prologue = _ELSEWHERE.sub(rb"\1", payload[:_PROLOGUE], count=1)
    payload = prologue + payload[_PROLOGUE:]
    known = _XML_NAMES.union(_DECLARED.findall(payload))

    def spell(found: re.Match[bytes]) -> bytes:
        return _spell(found, known)

    return b"".join(
        part if part.startswith(_CDATA) else _REFERENCE.sub(spell, part) for part in _parts(payload)
    )


def _parts(payload: bytes) -> Iterator[bytes]:
    """Take CDATA and what stands between apart, in one pass however often it is opened."""
    at, start = 0, payload.find(_CDATA)
    while start >= 0:
        end = payload.find(_CDATA_END, start)
        if end < 0:
            break
        yield payload[at:start]
        at = end + len(_CDATA_END)
        yield payload[start:at]
        start = payload.find(_CDATA, at)
    yield payload[at:]


def _spell(found: re.Match[bytes], known: frozenset[bytes]) -> bytes:
    decimal, hexadecimal, name = found.groups()
    if name:
        return found[0] if name in known else _by_number(name)
    if decimal or hexadecimal:
        code = int(decimal) if decimal else int(hexadecimal, 16)
        return found[0] if _is_character(code) else b""
    return b"&amp;"


def _by_number(name: bytes) -> bytes:
    characters = html.entities.html5.get(f"{name.decode()};")
    if characters is None:
        return b"&amp;" + name + b";"
    return "".join(f"&#{ord(character)};" for character in characters).encode()


def _is_character(code: int) -> bool:
    return (
        code in {0x9, 0xA, 0xD}
        or 0x20 <= code <= 0xD7FF  # noqa: PLR2004 - as the specification writes them
        or 0xE000 <= code <= 0xFFFD  # noqa: PLR2004
        or 0x10000 <= code <= 0x10FFFF  # noqa: PLR2004
    )
