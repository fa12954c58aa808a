from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import counts
from connectors.counts import svr
from schemas.errors import UnfitError, UnknownKindError
from schemas.views import ParsedReport

SVR_JSON = b'{"svr":"1.0","period":"2026-10-01/2026-11-01","rows":[{"item":"A","count":3}]}'
SVR_CSV = b"\xef\xbb\xbfItem;Count\nA;3\n"


@pytest.mark.parametrize("kind", counts.kinds())
def test_every_counter_names_its_media_types(kind: str) -> None:
    types = counts.counter(kind).MEDIA_TYPES

    assert types
    assert all(counts.plain_type(name) == name for name in types)


@pytest.mark.parametrize("kind", counts.kinds())
def test_every_counter_refuses_a_web_page(kind: str) -> None:
    with pytest.raises(UnfitError):
        counts.counter(kind).parse(b"<html><body>Sorry</body></html>", "text/html")


@pytest.mark.parametrize("kind", counts.kinds())
@given(payload=st.one_of(st.binary(), st.text().map(str.encode)))
def test_every_counter_reads_or_refuses_whatever_it_is_sent(kind: str, payload: bytes) -> None:
    assert isinstance(_read(counts.counter(kind).parse, payload), (ParsedReport, UnfitError))


def _read(parse: Callable[[bytes, str], ParsedReport], payload: bytes) -> ParsedReport | UnfitError:
    try:
        return parse(payload, "application/octet-stream")
    except UnfitError as error:
        return error


def test_a_module_is_a_counter_by_what_it_has() -> None:
    found: counts.Counter = svr

    assert counts.counter("svr") is found


def test_an_unknown_form_names_those_there_are() -> None:
    with pytest.raises(UnknownKindError, match=r"no counts module 'abacus'; there are: .*svr"):
        counts.counter("abacus")


@pytest.mark.parametrize(
    ("media_type", "payload"),
    [
        ("application/json", SVR_JSON),
        ("application/json; charset=utf-8", SVR_JSON),
        ("application/x-ndjson", b'{"item": "A", "count": 3}'),
        ("Text/CSV", SVR_CSV),
        ("text/csv", b"# svr: 1.0\nitem,count\n"),
        ("text/csv", b'"item","from","to","count"\r\n'),
        ("application/x-www-form-urlencoded", SVR_CSV),
        ("", SVR_JSON),
    ],
)
def test_a_report_is_recognised_by_its_beginning(media_type: str, payload: bytes) -> None:
    assert counts.recognise(media_type, payload) == "svr"


@pytest.mark.parametrize(
    ("media_type", "payload"),
    [
        ("application/json", b'{"Report_Header": {}}'),
        ("text/csv", b"story,views\nA,3\n"),
        ("application/pdf", b"%PDF-1.7"),
        ("", b""),
    ],
)
def test_what_nobody_recognises_is_refused_with_the_forms_there_are(
    media_type: str, payload: bytes
) -> None:
    with pytest.raises(UnfitError, match=r"send one of: .*svr") as caught:
        counts.recognise(media_type, payload)

    assert caught.value.code == "unknown_form"
