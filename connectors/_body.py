"""Reading an answer's body, no further than we mean to.

Spec: https://www.rfc-editor.org/rfc/rfc9110#section-8.4 (content codings),
https://www.rfc-editor.org/rfc/rfc1952 (gzip)
"""

import zlib
from collections.abc import Iterator

from urllib3 import BaseHTTPResponse

CODING = "gzip"
"""The one content coding that we ask for."""
_PIECE = 1 << 16
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_GZIP_FIRST_BYTE = b"\x1f"


class GarbageError(Exception):
    """The body is not what it should be; the text says how."""


def read(raw: BaseHTTPResponse, coding: str, max_bytes: int) -> bytes:
    """Read a body and decode it; stop as soon as it is larger than `max_bytes`, either way.

    A body that breaks off raises EOFError, or whatever the transport raises.
    """
    if (raw.length_remaining or 0) > max_bytes:
        raise _too_large(max_bytes)
    stream = _stream(coding)
    parts: list[bytes] = []
    received = size = 0
    # read1, not read: it returns with what there is, so that a drip cannot hide in the call.
    while chunk := raw.read1(_PIECE, decode_content=False):
        received += len(chunk)
        for part in stream.feed(chunk):
            parts.append(part)
            size += len(part)
            if size > max_bytes:
                raise _too_large(max_bytes)
        if received > max_bytes:
            raise _too_large(max_bytes)
    stream.end()
    return b"".join(parts)


def _too_large(max_bytes: int) -> GarbageError:
    return GarbageError(
        f"its answer is larger than {max_bytes} bytes; ask for less at a time, or raise max_bytes"
    )


class _Plain:
    def feed(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk

    def end(self) -> None:
        """Take whatever came for the whole: the transport has counted it."""


class _Gunzip:
    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._begun = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        self._begun = True
        while True:
            if self._member.eof:
                if not chunk.startswith(_GZIP_FIRST_BYTE):
                    return  # padding after the last member: gzip itself overlooks it
                self._member = zlib.decompressobj(_GZIP_WINDOW)
            part = self._piece(chunk)
            if part:
                yield part
            chunk = self._member.unconsumed_tail or self._member.unused_data
            if not chunk:
                return

    def _piece(self, chunk: bytes) -> bytes:
        try:
            return self._member.decompress(chunk, _PIECE)
        except zlib.error:
            raise GarbageError(
                "its answer says gzip but cannot be unpacked; tell whoever runs it"
            ) from None

    def end(self) -> None:
        if self._begun and not self._member.eof:
            raise EOFError


def _stream(coding: str) -> _Plain | _Gunzip:
    named = coding.strip().lower()
    if named in {"", "identity"}:
        return _Plain()
    if named in {CODING, "x-gzip"}:
        return _Gunzip()
    raise GarbageError("its answer is packed in a way we did not ask for; we asked for gzip")
