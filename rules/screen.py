"""Find what may tell who somebody is, and take it out.

Spec: https://www.datadictionary.nhs.uk/attributes/nhs_number.html (the check digit),
https://www.gov.uk/government/publications/bulk-data-transfer-for-sponsors-xml-schema (postcodes)
and https://www.ofcom.org.uk/phones-and-broadband/phone-numbers/numbers-for-drama

It flags for a person to look; it does not make anonymous: names it does not find.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

import phonenumbers

REMOVED = {
    "email": "[email removed]",
    "nhs_number": "[NHS number removed]",
    "phone": "[phone removed]",
    "postcode": "[postcode removed]",
}
"""What stands where each sort of personal data stood."""

_EMAIL = re.compile(
    r"mailto:[^\s\"'<>?]+|[\w.%+'-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}", re.IGNORECASE
)

# What people write between the digits of a number; never a slash, which is a date's, nor the
# end of a line.
_GAP = r"(?:[^\S\n]|[().\u2010-\u2015-])"
_SIGN = re.compile(rf"\d(?:(?:{_GAP}{{0,3}}\d){{8}}|[A-Za-z]{{2}}(?![A-Za-z0-9]))")
"""Nine digits close together, or what a postcode ends in: without it no number is looked for."""
_ZEROS = "0\u0660\u06f0\u09e6\uff10"
_PHONE = re.compile(rf"(?<!\d)\(?[{_ZEROS}+\uff0b](?:{_GAP}{{0,3}}\d){{8,15}}")
_PLUS = re.compile("[+\uff0b]")
_DIGIT = re.compile(r"\d")
MOST_RUNS = 1000
"""Runs of digits in one text that are tried as phone numbers, as each try takes 0.1 ms."""

_NOT_DIGIT = re.compile(r"\D")
_NOT_DIGIT = re.compile(r"\D")
_UK = 44
_FOR_DRAMA = {7_700_900, 1_632_960}
"""Ofcom's ranges for fiction that are not valid by their form; the last three digits are free."""

_NHS_GAP = r"(?:[^\S\n]|[.\u2010-\u2015-])"
_NHS_NUMBER = re.compile(
    r"(?<!\d)(?:\d{3}(GAP?)\d{3}\1\d{4}|(?<!\dGAP)\d(?:GAP?\d){9}(?!GAP?\d))(?!\d)".replace(
        "GAP", _NHS_GAP
    )
)

_AREA = (
    r"(?:A[BL]|B[ABDFHLNRST]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]"
    r"|I[GMPV]|JE|K[ATWY]|L[ADELNSU]?|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]"
    r"|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]|UB|W[ACDFNRSV]?|YO|ZE)"
)
_POSTCODE = re.compile(
    rf"(?<![A-Z0-9]){_AREA}\d[A-Z0-9]?[^\S\n]{{0,2}}(\d[ABD-HJLNP-UW-Z]{{2}})(?![A-Z0-9])",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"\d(?:st|nd|rd|th)")

_LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_TAG = re.compile(r"(</?(?:a|b|blockquote|br|em|i|li|ol|p|strong|ul)(?: [^<>]*)?>)")
_INLINE = re.compile(r"</?(?:a|b|em|i|strong)[ >]")


class Find(NamedTuple):
    """Where something personal stands in a text."""

    start: int
    end: int
    sort: str


def screen(*texts: str) -> tuple[str, ...]:
    """Name the sorts of personal data that texts hold, sorted; a link to write to is one too."""
    text = "\n".join(texts)
    if not _is_worth_a_look(text):
        return ()
    return tuple(sorted({find.sort for find in _finds(text)}))


def redact(text: str) -> str:
    """Take personal data out of a text or of clean HTML, and say where it was.

    What comes out holds none; of clean HTML it is clean HTML still, and a link that held some
    is plain text.
    """
    while (redacted := _redacted(text)) != text:
        text = redacted
    return text


def _redacted(text: str) -> str:
    unlinked = _LINK.sub(lambda link: link[2] if _finds(link[1]) else link[0], text)
    pieces = _TAG.split(unlinked)
    # A number may stand partly in bold, so it is looked for where no tags are; and for whoever
    # does not take tags away, in each piece too.
    told = [_told(piece) if place % 2 else piece for place, piece in enumerate(pieces)]
    offsets = accumulate(map(len, told), initial=0)
    finds = _finds("".join(told))
    return "".join(
        _bared(piece) if place % 2 else _alone(_cut(piece, offset, finds))
        for place, (piece, offset) in enumerate(zip(pieces, offsets, strict=False))
    )


def _told(tag: str) -> str:
    """Say what a tag is to a reader: the end of a line, or nothing."""
    return "" if _INLINE.match(tag) else "\n"


def _bared(tag: str) -> str:
    """Drop a tag that holds something personal: a link that does not end, as in a plain text."""
    return "" if _finds(tag) else tag


def _cut(piece: str, offset: int, finds: list[Find]) -> str:
    """Cut finds out of the piece that begins at an offset; each is named where it begins."""
    first = bisect_right(finds, offset, key=lambda find: find.end)
    beyond = bisect_left(finds, offset + len(piece), key=lambda find: find.start)
    kept, at = [], 0
    for start, end, sort in finds[first:beyond]:
        kept += [piece[at : max(start - offset, 0)], REMOVED[sort] if start >= offset else ""]
        at = end - offset
    return "".join([*kept, piece[at:]])


def _alone(piece: str) -> str:
    return _cut(piece, 0, _finds(piece))


def _finds(text: str) -> list[Find]:
    """Find personal data in order; of what overlaps, what begins first."""
    finds: list[Find] = []
    for find in sorted(_candidates(text), key=lambda find: find.start):
        if not finds or finds[-1].end <= find.start:
            finds.append(find)
    return finds


def _is_worth_a_look(text: str) -> bool:
    """Pass over what holds neither an address to write to nor a digit, in 1 µs."""
    if "@" in text or "mailto:" in text or any(map(text.__contains__, "0123456789")):
        return True
    return not text.isascii() and _DIGIT.search(text) is not None


def _candidates(text: str) -> Iterator[Find]:
    """Look for each sort only behind a sign of it that is cheap to see."""
    if "@" in text or "mailto:" in text:
        for email in _EMAIL.finditer(text):
            yield Find(*email.span(), "email")
    if not _SIGN.search(text):
        return
    yield from _phones(text)
    for number in _NHS_NUMBER.finditer(text):
        if _is_nhs_number(number[0]):
            yield Find(*number.span(), "nhs_number")
    for postcode in _POSTCODE.finditer(text):
        if not _ORDINAL.fullmatch(postcode[1]):
            yield Find(*postcode.span(), "postcode")


def _phones(text: str) -> Iterator[Find]:
    at = 0
    for _ in range(MOST_RUNS):
        run = _PHONE.search(text, at)
        if not run:
            return
        end = next((end for end in _ends(run) if _is_phone(text[run.start() : end])), None)
        if end:
            yield Find(run.start(), end, "phone")
        at = end or run.start() + 1


def _ends(run: re.Match[str]) -> Iterator[int]:
    """Say where a phone number may end that begins a run of digits, the longest first."""
    digits = [digit.start() for digit in _DIGIT.finditer(run.string, *run.span())]
    first, second = (run.string[place] for place in digits[:2])
    fewest, most = (8, 15) if _PLUS.search(run[0]) else (11, 16) if first == second else (10, 11)
    for place in reversed(digits[fewest - 1 : most]):
        if not run.string[place + 1 : place + 2].isdigit():
            yield place + 1


def _is_phone(told: str) -> bool:
    try:
        number = phonenumbers.parse(told, "GB")
    except phonenumbers.NumberParseException:
        return False
    drama = number.country_code == _UK and (number.national_number or 0) // 1000 in _FOR_DRAMA
    return drama or phonenumbers.is_valid_number(number)


def _is_nhs_number(told: str) -> bool:
    """Check the check digit, and that at most one sort of gap parts the digits."""
    digits = [int(digit) for digit in _DIGIT.findall(told)]
    if len(set(digits)) == 1 or len(set(_NOT_DIGIT.findall(told))) > 1:
        return False
    return sum(digit * (10 - place) for place, digit in enumerate(digits)) % 11 == 0
