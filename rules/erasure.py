"""What is left of a story that was erased, and how it is known again by whoever tells it anew."""

import html
import re
from collections.abc import Iterable, Sequence

import orjson

from rules import normalise
from schemas.errors import ConflictError
from schemas.story import Content, Reference

ERASED = "erased"
"""Why an erased story is shown no more: what every partner is told."""

LONG = 20
"""Words by which a text is known: two people hardly write the same twenty."""

BLANK = normalise.canonical(
    Content(title="", body="", body_text="", origin=Reference(publisher=ERASED, external_id=ERASED))
)
"""The content of an erased story, the same of each."""

BLANK_FINGERPRINT = normalise.fingerprint(BLANK)

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_WORD = re.compile(r"\w+")
_TAG = re.compile(r"<[^<>]*>")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)


def code(told: str) -> str:
    """Check the reason for an erasure: a code, in which nobody can be named."""
    if not _CODE.fullmatch(told):
        raise ConflictError(
            f"{told!r} is no code, and stays for ever: give one as `author_request`,"
            " and keep the words elsewhere"
        )
    return told


def words(text: str) -> str:
    """Reduce a text to its words: markup, signs, spaces and capitals tell no two apart."""
    return " ".join(_WORD.findall(text.casefold()))


def texts(contents: Iterable[str]) -> set[str]:
    """Give the words of each content that is long enough to be known by them."""
    found = {words(orjson.loads(content)["body_text"]) for content in contents}
    return {text for text in found if is_long(text)}


def is_long(text: str) -> bool:
    """Say whether words are enough to know a text by."""
    return text.count(" ") >= LONG - 1


def runs(texts: Iterable[str]) -> set[str]:
    """Cut texts into runs of words, to be found where a part of a text stands too."""
    return {run for text in texts for run in _cut(text.split(" "))}


def common(runs: Iterable[str], contents: Iterable[str]) -> set[str]:
    """Find which runs other contents have too, as the foot of a letter: nobody is known by them."""
    left, found = set(runs), set[str]()
    for content in contents:
        if not left:
            break
        told = f" {words(orjson.loads(content)['body_text'])} "
        met = {run for run in left if f" {run} " in told}
        found |= met
        left -= met
    return found


def _cut(told: Sequence[str]) -> Iterable[str]:
    # The last run ends with the text, and so may overlap the one before.
    places = [*range(0, len(told) - LONG + 1, LONG), max(len(told) - LONG, 0)]
    return (" ".join(told[at : at + LONG]) for at in places)


def says(payload: bytes, wanted: Iterable[str]) -> bool:
    """Say whether bytes hold any of these runs of words, however they are marked and escaped."""
    told = _ESCAPE.sub(_unescaped, payload.decode("utf-8", "ignore"))
    plain = f" {words(_TAG.sub(' ', html.unescape(told)))} "
    return any(f" {run} " in plain for run in wanted)


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else " "
