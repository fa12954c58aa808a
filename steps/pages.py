"""Write the pages for people: what an edition is and how to take it, and whose house this is.

They stand here and not in the web, because an edition that is written as files has its page too.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined

import feeds
from rules import packing, text
from schemas.config import Config
from schemas.partner import Edition, Partner
from schemas.publication import Document
from schemas.story import Kind
from schemas.tables import EPOCH
from steps.documents import MOST_REMOVED, TOMBSTONE_HORIZON

_ROOM = Path(__file__).parent
_EXCERPT = 260
"""Characters shown of an entry."""

ENTRIES_SHOWN = 20

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

PAGE = ""
"""The format of the page for people: its address has no ending."""

CSS = "text/css; charset=utf-8"

HTML = "text/html; charset=utf-8"

_FORMATS = {
    "atom": ("Atom", "Says all there is to say, removals included. Take this one if you can."),
    "json": ("JSON Feed", "The same, for programs that would rather read JSON."),
    "jsonld": (
        "JSON-LD",
        "Reviews in the words of schema.org, removals included, for who links what is known.",
    ),
    "activity": (
        "Activity Streams",
        "Each change as an activity, removals included, for programs of the social web.",
    ),
    "google": (
        "Google merchant reviews",
        "Rated stories alone, removals included; add the organisations' addresses for Google.",
    ),
    "rss": ("RSS", "For readers that know nothing else. It cannot say that a story is gone."),
}
"""By their endings, the one to recommend first; a format not named here stands after them."""

STYLE = (_ROOM / "static" / "retold.css").read_bytes()

STYLE_PATH = f"/static/retold.{sha256(STYLE).hexdigest()[:12]}.css"
"""Moves with the style: whoever holds this address may hold what it names for ever."""


def day(moment: date) -> str:
    """Write a day as people do. `strftime` would ask the machine for the words of its tongue."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def month(name: str) -> str:
    """Write a month that is named `2026-10` as people do."""
    year, _, number = name.partition("-")
    return f"{_MONTHS[int(number) - 1]} {year}"


def minute(moment: datetime) -> str:
    """Write a minute as people do, in UTC."""
    return f"{day(moment)}, {moment.hour:02}:{moment.minute:02} UTC"


_templates = Environment(
    loader=FileSystemLoader(_ROOM / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["style_path"] = STYLE_PATH
_templates.filters["day"] = day
_templates.filters["minute"] = minute
_templates.filters["month"] = month


class Way(NamedTuple):
    """A format in which an edition can be taken."""

    ending: str
    name: str
    media_type: str
    url: str
    about: str


class Region(NamedTuple):
    """An edition of the same partner for a region."""

    title: str
    url: str
    locale: str
    name: str
    is_here: bool
    is_asked: bool
    """Whether its readers are asked if they meant this one."""


class Line(NamedTuple):
    """An entry as the page shows it."""

    title: str
    url: str | None
    language: str
    author: str
    excerpt: str
    published_at: datetime
    organisations: tuple[str, ...]
    responses: int
    is_post: bool
    comments: str
    """`open` or `closed`, of a post whose channel says so; else blank."""


def home(config: Config) -> bytes:
    """Say whose house this is, and nothing of who comes to it."""
    return render("home.html", config=config)


def render(name: str, **values: Any) -> bytes:
    """Fill in one of the templates; what is filled in is never markup."""
    return _templates.get_template(name).render(values).encode()


def edition(
    config: Config,
    edition: Edition,
    documents: Mapping[str, Document],
    public_url: str,
    *,
    beside: Sequence[Edition] = (),
    asked: str = "",
) -> Document:
    """Show an edition to the people of its partner: never a token, never another's name.

    `documents` are its newest, by the ending of their addresses; `beside` are its partner's
    editions for regions, this one too, of which it asks whether `asked` was meant.
    """
    moved_at = max((d.last_modified for d in documents.values()), default=EPOCH)
    home_url = f"{public_url}/feeds/{edition.key}"
    newest = _read(documents.get("json"))
    page = render(
        "edition.html",
        config=config,
        edition=edition,
        partner=_partner(config, edition),
        public_url=public_url,
        home_url=home_url,
        partner_url=_partner_url(config, edition, public_url),
        ways=ways(edition, documents, public_url),
        newest=newest,
        endings=documents.keys(),
        refresh_hours=_refresh_hours(config, edition),
        horizon_days=TOMBSTONE_HORIZON.days,
        most_removed=MOST_REMOVED,
        moved_at=moved_at,
        regions=[_region(one, edition, asked, public_url) for one in beside],
    )
    return _as_document(edition, page, moved_at)


def _region(one: Edition, here: Edition, asked: str, public_url: str) -> Region:
    assert one.site is not None  # noqa: S101 -- `rules.regions.beside` lists no others
    return Region(
        title=one.title,
        url=f"{public_url}/feeds/{one.key}",
        locale=one.site.locale,
        name=one.site.region,
        is_here=one.key == here.key,
        is_asked=one.id == asked,
    )


def _by_merit(names: Iterable[str]) -> list[str]:
    order = list(_FORMATS)
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order))


def names(endings: Iterable[str]) -> dict[str, str]:
    """Name formats by their endings, the one to recommend first."""
    return {ending: _FORMATS.get(ending, (ending, ""))[0] for ending in _by_merit(endings)}


def ways(edition: Edition, names: Iterable[str], public_url: str) -> list[Way]:
    """List the formats in which an edition can be taken, the one to recommend first."""
    return [_way(edition, name, public_url) for name in _by_merit(names)]


def _way(edition: Edition, name: str, public_url: str) -> Way:
    title, about = _FORMATS.get(name, (name, ""))
    media_type = feeds.format_named(name).MEDIA_TYPE.partition(";")[0]
    return Way(name, title, media_type, f"{public_url}/feeds/{edition.key}.{name}", about)


def _partner_url(config: Config, edition: Edition, public_url: str) -> str | None:
    """Say where the partner's page is; None where everybody may see the edition, as files too."""
    public = config.is_public(edition.partner)
    return None if public else partner_home(edition.partner, public_url)


def partner_home(partner_id: str, public_url: str) -> str:
    """Say where a partner's own page is."""
    return f"{public_url}/partners/{partner_id}"


def _partner(config: Config, edition: Edition) -> Partner:
    found = config.partner(edition.partner)
    assert found is not None  # noqa: S101 -- a checked configuration has it
    return found


def _refresh_hours(config: Config, edition: Edition) -> int | None:
    """Find the shortest duty of all agreements: a page must not change with the day alone."""
    agreed = (agreement.refresh_hours for agreement in config.agreements_of(edition.partner))
    return min((hours for hours in agreed if hours), default=None)


class _Newest(NamedTuple):
    """What the newest document says, as the page shows it."""

    lines: list[Line]
    gone: int
    """Removals that it tells of."""
    is_complete: bool


def _read(document: Document | None) -> _Newest:
    """Read the newest entries, and how many removals there are, from what partners read."""
    if document is None:
        return _Newest([], 0, is_complete=False)
    feed = orjson.loads(document.body)
    ours = feed["_retold"]
    lines = [_line(entry) for entry in feed["items"][:ENTRIES_SHOWN]]
    return _Newest(lines, len(ours["removed"]), ours["complete"])


def _line(entry: dict[str, Any]) -> Line:
    ours, author = entry["_retold"], entry["authors"][0]["name"]
    about = (one["name"] for one in ours["organisations"])
    return Line(
        title=entry["title"],
        url=entry.get("url"),
        language=entry.get("language", ""),
        author=author,
        excerpt=_excerpt(entry["content_html"]),
        published_at=datetime.fromisoformat(entry["date_published"]),
        organisations=tuple(name for name in about if name != author),
        responses=len(ours["responses"]),
        is_post=ours["kind"] == Kind.POST,
        comments=ours.get("comments", ""),
    )


def _excerpt(html: str) -> str:
    """Cut out the beginning of a story as text, without the responses that follow it."""
    words = " ".join(text.plain(html.partition("<section>")[0]).split())
    if len(words) <= _EXCERPT:
        return words
    # Not every script puts blanks between words.
    whole = words[:_EXCERPT].rpartition(" ")[0]
    cut = whole if len(whole) > _EXCERPT // 2 else words[:_EXCERPT]
    return cut.rstrip(" ,;:.") + " \N{HORIZONTAL ELLIPSIS}"


def _as_document(edition: Edition, body: bytes, moved_at: datetime) -> Document:
    return Document(
        edition=edition.key,
        format=PAGE,
        part="",
        media_type=HTML,
        etag=sha256(body).hexdigest()[:32],
        last_modified=moved_at,
        body=body,
        **packing.pack(body)._asdict(),
        seq_from=0,
        seq_to=0,
        as_of=0,
    )
