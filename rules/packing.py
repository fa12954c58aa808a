"""Pack a document for the wire, in every coding that is offered.

Spec: https://www.rfc-editor.org/rfc/rfc9110 (8.4.1 gzip), https://www.rfc-editor.org/rfc/rfc7932
(br), https://www.rfc-editor.org/rfc/rfc8878 (zstd)
"""

import gzip
from typing import NamedTuple

import brotli
import zstandard

_GZIP_LEVEL = 6
_BROTLI_QUALITY = 5
_ZSTD_LEVEL = 9
"""Packed once and sent many times, but made while somebody waits. Of 500 entries (943 kB) gzip made
39.8 kB in 9 ms, br 34.6 kB in 8 ms, zstd 34.5 kB in 18 ms."""


class Packed(NamedTuple):
    """The same bytes in every coding."""

    gzip: bytes
    br: bytes
    zstd: bytes


def pack(body: bytes) -> Packed:
    """Pack bytes. The same bytes always give the same: no clock may enter them."""
    return Packed(
        gzip=gzip.compress(body, _GZIP_LEVEL, mtime=0),
        br=brotli.compress(body, quality=_BROTLI_QUALITY),
        zstd=zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body),
    )
