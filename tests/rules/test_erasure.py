"""What was erased is known by many words and never by few, however they are marked."""

import json

import pytest

from rules import erasure
from schemas.errors import ConflictError
from tests import make

TEXT = (
    "It was Ada who came by night and sat with me until the morning, and I wish that everybody"
    " on the ward could know what that has meant."
)
MARKED = (
    "<p>It was <b>ADA</b> who came by&nbsp;night &amp; sat with me until the morning, and I"
    "\n wish&#32;that everybody on the ward could know what that has meant!</p>"
).replace("&amp;", "and")


def test_markup_signs_and_capitals_tell_no_two_texts_apart() -> None:
    assert erasure.words("It was\n ADA\u2014truly.") == erasure.words("it was Ada, truly")


def test_only_a_long_text_is_known_by_its_words() -> None:
    short = " ".join(["word"] * (erasure.LONG - 1))
    contents = [make.content(body_text=text).model_dump_json() for text in (TEXT, short)]
    assert erasure.texts(contents) == {erasure.words(TEXT)}
    assert erasure.is_long(f"{short} word")
    assert not erasure.is_long(short)


@pytest.mark.parametrize(
    "payload",
    [
        TEXT.encode(),
        MARKED.encode(),
        json.dumps({"text": TEXT.replace(" by ", "\tby\u00a0")}).encode(),
        f"Before. {TEXT} After.".encode(),
        f"Quoted by nobody: {TEXT.partition('Ada')[2]}".encode(),
        f"{TEXT.rpartition('ward')[0]} bus".encode(),
        b"\xff\xfe" + TEXT.encode(),
    ],
    ids=["plain", "marked", "escaped", "within", "its end", "its beginning", "no UTF-8"],
)
def test_a_text_is_found_by_any_long_part_of_it(payload: bytes) -> None:
    assert erasure.says(payload, erasure.runs([erasure.words(TEXT)]))


@pytest.mark.parametrize("payload", [b"", b"It was Ada who came by night", TEXT[4:40].encode()])
def test_a_few_words_of_it_are_anybodys(payload: bytes) -> None:
    assert not erasure.says(payload, erasure.runs([erasure.words(TEXT)]))
    assert not erasure.says(payload, erasure.runs([]))


def test_a_run_is_found_wherever_a_long_text_was_cut() -> None:
    told = " ".join(f"w{n}" for n in range(3 * erasure.LONG + 1))
    runs = erasure.runs([told])
    assert {len(run.split()) for run in runs} == {erasure.LONG}
    assert len(runs) == 4
    assert erasure.says(" ".join(told.split()[-erasure.LONG :]).encode(), runs)


@pytest.mark.parametrize("told", ["", "Author", "a b", "x" * 41, "1st", "mrs.smith"])
def test_a_reason_that_could_name_somebody_is_no_code(told: str) -> None:
    with pytest.raises(ConflictError, match="is no code"):
        erasure.code(told)
    assert erasure.code("author_request") == "author_request"


def test_runs_that_others_have_too_are_common() -> None:
    foot = " ".join(f"foot{n}" for n in range(erasure.LONG))
    own = " ".join(f"own{n}" for n in range(erasure.LONG))
    told = [f'{{"body_text": "Hello! {text}"}}' for text in (foot.upper(), "Another.", foot)]
    assert erasure.common({foot, own}, told) == {foot}
    assert erasure.common({foot}, told) == {foot}
    assert erasure.common((), told) == set()
