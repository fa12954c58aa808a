"""What a channel of tables may be told: where they are, and what their columns mean."""

import codecs
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from connectors import _table_where
from schemas._record import Record
from schemas.channel import Options
from schemas.story import Kind

Format = Literal["auto", "csv", "tsv", "xlsx", "jsonl"]

NO_ANSWER = (
    "NULL",
    "#NAME?",
    "#N/A",
    "NA",
    "N/A",
    "NaN",
    "???",
    "Did not answer",
    "-",
    ".",
)
"""What stands in exports where nobody answered."""


_OTHER_WAYS = 2
"""Of path, url and place one is named, and these are not."""

_PROBE = ' ,;|"\t\r\nA1'


class _Told(Record):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Columns(_Told):
    """Which column holds what, by its name in the header."""

    id: str | None = None
    """The row's own id."""
    title: str | None = None
    """A title."""
    body: str | None = None
    """The text; where `question` is set, the answer to it."""
    question: str | None = None
    """The question that the row answers: one row for each answer of a respondent."""
    question_type: str | None = None
    """What sort of question that is: `what_good`, `could_improve`, `nonspecific`."""
    experienced_at: str | None = None
    """When it happened: a month, or any date in it."""
    submitted_at: str | None = None
    """When it was handed in."""
    published_at: str | None = None
    """When it was published."""
    updated_at: str | None = None
    """When it was last changed."""
    expires_at: str | None = None
    """From when on nobody may show it; of a day alone, from where it begins."""
    organisation: str | None = None
    """The code of the organisation that it is about, as `RXX` or `ods:RXX`."""
    organisation_name: str | None = None
    """The name of that organisation."""
    fft: str | None = None
    """The answer to the Friends and Family Test question."""
    rating: str | None = None
    """A rating; `scale` says on which one."""
    criticality: str | None = None
    """How critical it is, 0 to 5."""
    sentiment: str | None = None
    """A sentiment, as a number."""
    tags: str | None = None
    """Tags, with `tag_separator` between them, or a list in JSON."""
    language: str | None = None
    """The language that it is told in."""
    url: str | None = None
    """Where it can be read."""
    author_name: str | None = None
    """What the author wants to be called."""
    author_role: str | None = None
    """Who the author is: `patient`, `relative`, `carer`, …"""
    author_age: str | None = None
    """The author's age band."""
    author_area: str | None = None
    """Where the author is from, in words that point at nobody."""
    response: str | None = None
    """What the organisation replied."""
    response_at: str | None = None
    """When it replied."""
    responder: str | None = None
    """Who replied, by name."""

    def named(self) -> tuple[str, ...]:
        """List every column that is named."""
        return tuple(filter(None, self.model_dump().values()))


class PartColumn(_Told):
    """A column that holds the answers to one question."""

    column: str
    """Its name in the header."""
    question: str
    """What was asked."""
    question_type: str | None = None
    """What sort of question that is: `what_good`, `could_improve`, `nonspecific`."""


class Dates(_Told):
    """A way of writing times."""

    formats: tuple[str, ...] = ("iso",)
    """`iso`, `rfc822` or a strptime pattern, tried in this order; `iso` always, last."""
    zone: str | None = None
    """The zone of times that name none, as `Europe/London`; without it they are refused."""


class Scale(_Told):
    """A scale of ratings."""

    scheme: str = "stars"
    """What it is called."""
    question: str | None = None
    """What was asked."""
    min: float = 1
    """Its lowest value."""
    max: float = 5
    """Its highest value."""
    values: dict[str, float] = Field(default={})
    """What words on it stand for: `{ five = 5 }`."""


class Opts(Options):
    """What a channel of tables may be told."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    path: str | None = None
    """A file, a folder of files, or a pattern as `exports/*.csv`."""
    url: str | None = None
    """The address of one file, where it is not on this machine."""
    place: str | None = None
    """A file, folder or pattern on an SFTP server (`sftp://user@host:22/exports/*.csv`) or in S3
    (`s3://bucket/exports/*.csv`). Its secrets are `password` or `private_key`, and for S3
    `access_key` and `secret_key`."""
    host_key: str | None = None
    """The SFTP server's host key, as `ssh-ed25519 AAAA…` or `SHA256:…`; another is refused."""
    endpoint: str | None = None
    """The address of an S3-compatible store, where it is not Amazon's own."""
    region: str | None = Field(default=None, pattern=r"^[0-9a-z-]+$")
    """The region of the bucket, as `eu-west-2`; `us-east-1` where left out."""
    format: Format = "auto"
    """`csv`, `tsv`, `xlsx` or `jsonl`; `auto` goes by the file's name, then by its content. An
    OpenDocument sheet is told as `xlsx`."""
    encoding: str = "utf-8"
    """Of text files; a row that is not in it is quarantined, and can be read again with another."""
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    """Between cells; where left out, what is commonest in the header."""
    sheet: str | None = None
    """The sheet of a workbook; the first where left out."""
    skip_rows: int = Field(default=0, ge=0)
    """Lines that stand above the header."""
    rows_per_page: int = Field(default=1000, ge=1, le=10_000)
    """How many rows are kept at a time."""
    id: str | None = None
    """The column of the row's own id; the same as `columns.id`."""
    id_from: tuple[str, ...] = ()
    """Columns that together tell rows apart, where there is no id: it is made of all of them."""
    columns: Columns = Columns()
    """Which column holds what."""
    parts: tuple[PartColumn, ...] = ()
    """Columns that each answer a question: one row for each respondent."""
    type_values: dict[str, str] = Field(default={})
    """The type of each question, by its words: `{ "What was good?" = "what_good" }`."""
    fft_values: dict[str, Annotated[int, Field(ge=1, le=6)]] = Field(default={})
    """What is said for 1 to 6, from very good to don't know: `{ "Very good" = 1 }`. Where it is
    left out, those numbers themselves."""
    criticality_values: dict[str, Annotated[int, Field(ge=0, le=5)]] = Field(default={})
    """What is said for 0 to 5. Where it is left out, those numbers themselves."""
    scale: Scale = Scale()
    """The scale of the rating column."""
    tag_separator: str = Field(default=";", min_length=1)
    """What stands between tags."""
    no_answer: tuple[str, ...] = NO_ANSWER
    """What stands where nobody answered, in any case of letters; so does a single character."""
    suppressed: str = "*"
    """What stands for a value that is hidden: it is missing, never zero."""
    service: str | None = Field(default=None, pattern=r"^[^:\s]+:\S+$")
    """The organisation that every row is about, as `ods:RXX`."""
    scheme: str = "ods"
    """What codes in the organisation column are of, where they do not say."""
    service_columns: dict[str, str] = Field(default={})
    """Further columns that name services, each with what its values are of:
    `{ ward = "local" }`."""
    keep: tuple[str, ...] = ()
    """Columns to keep as they are, under `ext`."""
    kind: Kind = Kind.SURVEY_COMMENT
    """What sort of feedback the rows are."""
    dates: Dates = Dates()
    """How times are written."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if [self.path, self.url, self.place].count(None) != _OTHER_WAYS:
            raise ValueError("name one of path, url and place")
        if fault := _table_where.fault(self.place, self.model_dump()):
            raise ValueError(fault)
        if [bool(self.id), bool(self.columns.id), bool(self.id_from)].count(True) != 1:
            raise ValueError("name the column of the id, or in id_from those that make one up")
        if not self.texts():
            raise ValueError("name a column that holds text: body, title or parts")
        if self.columns.question and not self.columns.body:
            raise ValueError("name the column of the answers too, as body")
        return self

    @field_validator("place")
    @classmethod
    def _is_a_place(cls, place: str | None) -> str | None:
        if place is not None:
            _table_where.where(place)
        return place

    @field_validator("host_key")
    @classmethod
    def _is_a_key(cls, told: str | None) -> str | None:
        if told is not None:
            _table_where.host_key(told)
        return told

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, told: str | None) -> str | None:
        if told is not None:
            _table_where.endpoint(told)
        return told

    @field_validator("encoding")
    @classmethod
    def _holds_ascii(cls, encoding: str) -> str:
        if _PROBE.encode(codecs.lookup(encoding).name) != _PROBE.encode("ascii"):
            raise ValueError(f"{encoding} is no encoding of bytes; save the file as CSV UTF-8")
        return encoding

    def texts(self) -> tuple[str, ...]:
        """List the columns that hold what somebody wrote."""
        named = (self.columns.title, self.columns.body, *(part.column for part in self.parts))
        return tuple(filter(None, named))

    def used(self) -> tuple[str, ...]:
        """List every column that is read, each once."""
        return tuple(
            dict.fromkeys(
                (
                    *filter(None, (self.id,)),
                    *self.id_from,
                    *self.columns.named(),
                    *(part.column for part in self.parts),
                    *self.service_columns,
                    *self.keep,
                )
            )
        )
