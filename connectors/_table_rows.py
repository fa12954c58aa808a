"""Read the rows of a table as drafts, by what its options say of its columns."""

import hashlib
import math
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import orjson

from connectors._table_options import Columns, Opts
from schemas.channel import Skipped
from schemas.errors import UnfitError
from schemas.story import Draft, Service

Row = Mapping[str, Any]
"""One row by column name: texts, or what JSON holds."""

_OF_DRAFT = (
    "title",
    "language",
    "url",
    "experienced_at",
    "submitted_at",
    "published_at",
    "updated_at",
    "expires_at",
)
_OF_AUTHOR = {
    "author_name": "display_name",
    "author_role": "role",
    "author_age": "age_band",
    "author_area": "area",
}
_CODE = re.compile(r"([a-z]+):(\S+)")
_LARGEST = 1e15
"""Numbers beyond are not what was typed: a cell of a workbook holds no more digits."""


def plain(value: Any) -> str:
    """Say a cell as text: a number as it was typed, not as it is stored."""
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
        return str(int(value))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


class RowReader:
    """Reads rows by one channel's options. The same row always makes the same draft.

    It remembers what rows say over and over, and so is meant for one page.
    """

    def __init__(self, options: Opts) -> None:
        columns = options.columns
        self._options = options
        self._columns = columns
        self._id = options.id or columns.id
        self._missing = {word.casefold() for word in (*options.no_answer, options.suppressed, "")}
        self._longest = max(map(len, self._missing))
        self._texts = options.texts()
        self._types = {_folded(words): kind for words, kind in options.type_values.items()}
        self._questions: dict[tuple[str, str], dict[str, Any]] = {}
        self._parts = [
            (part.column, {"question": part.question, "question_type": part.question_type})
            for part in options.parts
        ]
        self._plain = _named(columns, {name: name for name in _OF_DRAFT})
        self._author = _named(columns, _OF_AUTHOR)
        # Without `ext` it would be copied from its default with deepcopy, dearer than all else.
        self._constant: dict[str, Any] = {"kind": options.kind, "ext": {}}
        if options.service:
            self._constant["services"] = [_service(options.service, "", "")]
        self._fft = _Numbers(options.fft_values, range(1, 7), "bad_fft")
        self._criticality = _Numbers(options.criticality_values, range(6), "bad_criticality")
        self._rarer = tuple(self._wanted())

    def _wanted(self) -> Iterator[Callable[[dict[str, Any], Row], None]]:
        """Give what is to be read of each row, and leave out what no option names."""
        columns, options = self._columns, self._options
        if columns.fft:
            yield self._take_fft
        if columns.organisation or options.service_columns:
            yield self._take_services
        if columns.tags:
            yield self._take_tags
        if columns.rating or columns.criticality or columns.sentiment:
            yield self._take_numbers
        if self._author:
            yield self._take_author
        if columns.response:
            yield self._take_response
        if options.keep:
            yield self._take_rest

    def external_id(self, row: Row) -> str:
        """Say by what a row is known; blank where it has nothing to be known by."""
        if self._id:
            return self._text(row.get(self._id))
        told = [plain(row.get(column)) for column in self._options.id_from]
        return hashlib.sha256(orjson.dumps(told)).hexdigest() if any(told) else ""

    def read(self, row: Row, external_id: str) -> Draft | Skipped:
        """Make a draft of a row; one without any answer is skipped.

        UnfitError says what keeps it from being understood.
        """
        words = self._words(row)
        if not words:
            if not any(column in row for column in self._texts):
                raise UnfitError(
                    "no_columns", f"it has none of the columns {', '.join(self._texts)}"
                )
            return Skipped(code="no_answer", external_id=external_id or None)
        if not external_id:
            raise UnfitError("no_id", "it has no id; name columns that make one up, as id_from")
        fields = self._constant | words
        fields["external_id"] = external_id
        for name, column in self._plain:
            text = self._text(row.get(column))
            if text:
                fields[name] = text
        for take in self._rarer:
            take(fields, row)
        return Draft.model_validate(fields)

    def _text(self, value: Any) -> str:
        text = value.strip() if type(value) is str else plain(value)
        return "" if len(text) <= self._longest and text.casefold() in self._missing else text

    def _answer(self, value: Any) -> str:
        """Take what somebody wrote; a single character is no answer."""
        text = self._text(value)
        return text if len(text) > 1 else ""

    def _words(self, row: Row) -> dict[str, Any]:
        """Take all that somebody wrote; where the questions are known, as parts."""
        words: dict[str, Any] = {}
        columns = self._columns
        if columns.title and (title := self._answer(row.get(columns.title))):
            words["title"] = title
        parts = [
            part | {"text": text}
            for column, part in self._parts
            if (text := self._answer(row.get(column)))
        ]
        if columns.body and (body := self._answer(row.get(columns.body))):
            if columns.question:
                parts.append(self._question(row) | {"text": body})
            else:
                words["body"] = body
        if parts:
            words["parts"] = parts
        return words

    def _question(self, row: Row) -> dict[str, Any]:
        columns = self._columns
        asked = plain(row.get(columns.question or ""))
        stated = self._text(row.get(columns.question_type)) if columns.question_type else ""
        known = self._questions.get((asked, stated))
        if known is None:
            question = " ".join(asked.split())
            kind = self._types.get(_folded(stated or question), stated or None)
            known = {"question": question, "question_type": kind}
            self._questions[asked, stated] = known
        return known

    def _take_fft(self, fields: dict[str, Any], row: Row) -> None:
        text = self._text(row.get(self._columns.fft or ""))
        if text:
            fields["fft"] = self._fft.read(text)

    def _take_services(self, fields: dict[str, Any], row: Row) -> None:
        columns, options = self._columns, self._options
        services = list(fields.get("services", ()))
        if columns.organisation and (code := self._text(row.get(columns.organisation))):
            named = columns.organisation_name
            name = self._text(row.get(named)) if named else ""
            services.append(_service(code, options.scheme, name))
        for column, scheme in options.service_columns.items():
            value = self._text(row.get(column))
            if value:
                services.append(_service(value, scheme, value))
        fields["services"] = services

    def _take_tags(self, fields: dict[str, Any], row: Row) -> None:
        told = row.get(self._columns.tags or "")
        several = told if isinstance(told, list) else plain(told).split(self._options.tag_separator)
        names = dict.fromkeys(filter(None, map(self._text, several)))
        fields["tags"] = [{"name": name} for name in names]

    def _take_numbers(self, fields: dict[str, Any], row: Row) -> None:
        columns = self._columns
        if rating := self._text(row.get(columns.rating or "")):
            fields["ratings"] = [self._rating(rating)]
        if criticality := self._text(row.get(columns.criticality or "")):
            fields["criticality"] = self._criticality.read(criticality)
        if sentiment := self._text(row.get(columns.sentiment or "")):
            fields["sentiment"] = _number(sentiment, "bad_sentiment")

    def _rating(self, text: str) -> dict[str, Any]:
        scale = self._options.scale
        words = {_folded(word): value for word, value in scale.values.items()}
        value = words.get(_folded(text))
        label = text if value is not None else None
        if value is None:
            value = _number(text, "bad_rating")
        if not scale.min <= value <= scale.max:
            raise UnfitError("bad_rating", f"{text[:40]!r} is not on the scale of {scale.scheme}")
        return scale.model_dump(exclude={"values"}) | {"value": value, "label": label}

    def _take_author(self, fields: dict[str, Any], row: Row) -> None:
        told = {name: self._text(row.get(column)) for name, column in self._author}
        fields["author"] = {name: text for name, text in told.items() if text}

    def _take_response(self, fields: dict[str, Any], row: Row) -> None:
        columns = self._columns
        body = self._answer(row.get(columns.response or ""))
        if body:
            fields["responses"] = [
                {
                    "body": body,
                    "published_at": self._text(row.get(columns.response_at or "")) or None,
                    "organisation_name": self._text(row.get(columns.responder or "")) or None,
                }
            ]

    def _take_rest(self, fields: dict[str, Any], row: Row) -> None:
        told = {column: self._text(row.get(column)) for column in self._options.keep}
        fields["ext"] = {column: text for column, text in told.items() if text}


class _Numbers:
    """Reads whole numbers of a range, told in figures or in a channel's own words."""

    def __init__(self, values: Mapping[str, int], allowed: range, code: str) -> None:
        self._values = {_folded(words): number for words, number in values.items()}
        self._allowed = allowed
        self._code = code
        self._known: dict[str, int] = {}

    def read(self, text: str) -> int:
        number = self._known.get(text)
        if number is None:
            number = self._known[text] = self._find(text)
        return number

    def _find(self, text: str) -> int:
        number = self._values.get(_folded(text))
        if not self._values:
            figures = _number(text, self._code)
            number = int(figures) if figures in self._allowed else None
        if number is None:
            raise UnfitError(self._code, f"{text[:40]!r} is no answer to this question")
        return number


def _number(text: str, code: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UnfitError(code, f"{text[:40]!r} is no number")
    return number


def _folded(words: str) -> str:
    """Make words equal that differ in blanks and in the case of letters alone."""
    return " ".join(words.split()).casefold()


def _named(columns: Columns, fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """List which field comes from which column, for those that a channel names."""
    found = ((field, getattr(columns, name)) for name, field in fields.items())
    return [(field, column) for field, column in found if column]


@lru_cache(maxsize=10_000)
def _service(code: str, scheme: str, name: str) -> Service:
    """Make each service once: many rows are about the same."""
    stated = _CODE.fullmatch(code)
    if stated:
        scheme, code = stated.groups()
    return Service(scheme=scheme, code=code, name=name or None)
