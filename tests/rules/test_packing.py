"""A document is packed in every coding, the same way every time."""

import gzip

import brotli
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from rules.packing import pack


@given(st.binary(max_size=2000))
def test_what_is_packed_is_unpacked_to_the_same_bytes_whenever_it_is_packed(body: bytes) -> None:
    packed = pack(body)
    assert gzip.decompress(packed.gzip) == body
    assert brotli.decompress(packed.br) == body
    assert zstandard.decompress(packed.zstd) == body
    assert pack(body) == packed


def test_no_clock_enters_the_bytes() -> None:
    assert pack(b"words").gzip[4:8] == bytes(4)
