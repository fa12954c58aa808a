"""What a channel of a REST API is told, so that no code is needed to read one.

A *path* leads into a record: `comment.text`; of `a|b` the first that holds something is taken. A
*template* is text with paths in braces: `ods:{comment.odsCode}`; `{id:lower}` is in lower case,
`{visit.month:02}` a number of two digits. Where a path of it leads nowhere, there is no text.
"""

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from schemas._record import Record
from schemas.channel import Options
from schemas.story import BodyFormat, Kind


class _Told(Record):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Auth(_Told):
    """How the secret `key` is shown to the service; never in an address, which is logged."""

    way: Literal["none", "header", "bearer", "basic"] = "none"
    """`header`: as it is, in the header `name`. `bearer`: as RFC 6750 says. `basic`: as RFC 7617
    says, the key being `user:password`."""
    name: str = "Authorization"
    """The header, for `header`."""


class Paging(_Told):
    """How the service cuts a list into pages."""

    style: Literal["none", "page", "offset", "cursor", "next", "link"] = "none"
    """`page`: by number; `offset`: by records to pass over; `cursor`: by a word that each page
    gives for the next; `next`: by an address in the page; `link`: by one in the `Link` header."""
    param: str = "page"
    """The parameter that takes the number, the offset or the cursor."""
    first: int = 1
    """The number of the first page."""
    size_param: str | None = None
    """The parameter that takes how many records are asked for."""
    size: int = Field(default=100, ge=1)
    """How many that are."""
    overlap: int = Field(default=10, ge=0)
    """Records that pages by offset share, so that nothing is missed when some vanish."""
    path: str = "next"
    """Where a page has the next cursor or address."""

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        if self.style == "offset" and self.overlap >= self.size:
            raise ValueError("overlap must be less than size")
        return self


class Since(_Told):
    """How the service is asked for what changed since a time."""

    param: str
    """The parameter."""
    format: Literal["date", "datetime"] = "datetime"
    """`date`: 2026-10-31; `datetime`: as ISO 8601, in UTC."""


class List(_Told):
    """One list of records that the service has."""

    params: dict[str, str] = Field(default={})
    """What is added to the address for it."""
    removed: bool = False
    """Whether it is of records that were taken down."""


class Removed(_Told):
    """How a record says that it was taken down."""

    path: str
    """What says so."""
    values: tuple[str, ...] = ("true",)
    """What stands there then."""


class RatingOf(_Told):
    """A rating, or several."""

    each: str | None = None
    """The path of a list of them; without it there is one, in the record itself."""
    value: str
    """The path of its value."""
    scheme: str
    """What the scale is called."""
    question: str | None = None
    """The path of what was asked."""
    min: float = 1
    """The lowest value of the scale."""
    max: float = 5
    """The highest value of the scale."""


class ResponseOf(_Told):
    """The replies of an organisation."""

    each: str
    """The path of one reply, or of a list of them."""
    body: str
    """The path of its text, within the reply."""
    id: str | None = None
    """The path of its id, within the reply."""
    organisation: str | None = None
    """Who replied, as a template over the record: `ods:{code}`."""
    name: str | None = None
    """The path of the name of who replied, within the reply."""
    published_at: str | None = None
    """The path of when it was given, within the reply."""
    updated_at: str | None = None
    """The path of when it was changed, within the reply."""


class OriginOf(_Told):
    """Where a story was first told, if that was elsewhere."""

    publisher: str
    """The path of who published it."""
    names: dict[str, str] = Field(default={})
    """Publishers as channels name them, by what stands there; others are passed over."""
    external_id: str
    """The path of its id there."""


class Fields(_Told):
    """Which path of a record holds what."""

    id: str
    """A template of what it is known by: `{id}`."""
    url: str | None = None
    """A template of where it can be read."""
    title: str | None = None
    """Its title."""
    body: str | None = None
    """Its text."""
    language: str | None = None
    """The language that it is told in."""
    author_name: str | None = None
    """What its author wants to be called."""
    author_role: str | None = None
    """Who its author is: `patient`, `relative`, …"""
    experienced_at: str | None = None
    """A template of when it happened: a month, or a date in it."""
    submitted_at: str | None = None
    """When it was handed in."""
    published_at: str | None = None
    """When it was published."""
    updated_at: str | None = None
    """When it was last changed."""
    expires_at: str | None = None
    """From when on nobody may show it; of a day alone, from where it begins."""
    services: tuple[str, ...] = ()
    """Templates of the organisations that it is about: `ods:{code}`."""
    references: tuple[str, ...] = ()
    """Paths of further names that the publisher knows it by."""
    tags: str | None = None
    """A list of tags."""


class CountsTo(_Told):
    """How the service takes reads: POST of JSON, a list of objects, one for a story and month.

    A count is a total, and takes the place of the one before. The same request bears the same
    `Idempotency-Key`.
    """

    url: str
    """The address that takes them."""
    list: str = "counts"
    """Under which name the list stands; empty where the body is the list."""
    id: str = "id"
    """What the story's id is called."""
    month: str = "month"
    """What the month is called: `2026-10`."""
    reads: str = "reads"
    """What the number of reads is called."""
    at_once: int = Field(default=500, ge=1)
    """Stories in one request."""


class Recorded(Options):
    """What is told of any source of records: where in each its parts are."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    fields: Fields
    """Where in a record its parts are; only an id is needed."""
    needs: tuple[str, ...] = ()
    """Paths that every record must have; one without them is set aside."""
    ratings: tuple[RatingOf, ...] = ()
    """Its ratings."""
    responses: ResponseOf | None = None
    """The replies to it."""
    origin: OriginOf | None = None
    """Where it was first told."""
    removed: Removed | None = None
    """How a record says that it was taken down."""
    ext: dict[str, str] = Field(default={})
    """What else is kept with a story: paths, by the name under which it is kept."""
    kind: Kind = Kind.REVIEW
    """What sort of feedback the records are."""
    body_format: BodyFormat = BodyFormat.TEXT
    """In what markup its text is told."""
    date_formats: tuple[str, ...] = ("iso",)
    """How times are written: `iso`, `rfc822` or a strptime pattern, tried in this order."""
    zone: str | None = None
    """The zone of times that name none, as `Europe/London`; without it they are refused."""


class Opts(Recorded):
    """What a channel of a REST API may be told."""

    url: str
    """The address of the list of records."""
    params: dict[str, str] = Field(default={})
    """What is added to it."""
    format: Literal["json", "xml"] = "json"
    """What the service answers with; XML becomes records of its elements' names, with attributes
    as `@name` and text beside them as `#text`."""
    records: str = ""
    """The path of the list of records in an answer; empty where the answer is the list."""
    auth: Auth = Auth()
    """How the secret `key` is shown."""
    lists: tuple[List, ...] = Field(default=(List(),), min_length=1)
    """The lists that are read, in this order."""
    paging: Paging = Paging()
    """How a list is cut into pages."""
    newest_first: bool = False
    """Whether a list begins with what is newest: then it is read only as far as is needed."""
    since: Since | None = None
    """How to ask for what changed since a time, if that can be asked."""
    look_back_days: int = Field(default=14, ge=1)
    """Days before the newest known change that are read again."""
    per_second: float = Field(default=5, gt=0)
    """Requests a second that the service allows."""
    counts: CountsTo | None = None
    """Where it takes back how often its stories were read at partners."""
