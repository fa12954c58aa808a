"""Prove that what a partner holds is what its edition shows, by the edition's manifest.

This is a partner's tool: it asks over HTTP like anybody, and knows no store. A month whose sum is
right is not looked into; of any other its list is asked for.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson
from lxml import etree, html

from connectors._http import Http
from feeds import atom
from rules import manifest
from schemas._record import Record
from schemas.errors import GarbledError, UnfitError
from schemas.publication import Held, Sum

WHO = "verify"

_ATOM = "{http://www.w3.org/2005/Atom}"
_DELETED = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
_REPLY = f"{{{atom.THREADS}}}in-reply-to"
_REVISION = "{urn:retold:feed}revision"

MOST_ARCHIVES = 100_000


class Verified(Record):
    """What came of comparing."""

    shown: int
    """Stories that the edition shows."""
    held: int
    lacking: tuple[str, ...] = ()
    """Shown, and not held."""
    outdated: tuple[str, ...] = ()
    """Held in another revision than the one shown."""
    to_remove: tuple[str, ...] = ()
    """Held, and not shown: take them down."""
    requests: int = 0

    @property
    def holds(self) -> bool:
        """Say whether exactly what is shown is held."""
        return not (self.lacking or self.outdated or self.to_remove)


class _Place:
    """An edition as its partner reaches it."""

    def __init__(self, http: Http, address: str, token: str) -> None:
        parts = urlsplit(address)
        folder, _, name = parts.path.rpartition("/")
        stem, _, self.ending = name.partition(".")
        self.home = f"{parts.scheme}://{parts.netloc}{folder}/{stem}"
        self.requests = 0
        self._http = http
        self._secret = {"Authorization": f"Bearer {token}"}

    def read(self, part: str) -> Any:
        """Ask for a part as JSON."""
        body = self.ask(part, "application/json")
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise GarbledError(
                WHO, f"{self.home}{part} is no JSON: is it the address of an edition?"
            ) from error

    def ask(self, part: str, accept: str) -> bytes:
        """Ask for a part, by what stands behind the edition's own address.

        Whatever addresses a document names: only where we began is shown the token.
        """
        self.requests += 1
        url = f"{self.home}{part}"
        return self._http.get(WHO, url, secret_headers=self._secret, accept=accept).body


def verify(http: Http, address: str, token: str, held: Iterable[Held] | None = None) -> Verified:
    """Compare what is held with what an edition shows; without `held`, what its feed adds up to.

    `address` is the edition's page or any of its feeds. OutsideError where it cannot be asked,
    UnfitError where nothing is held and no feed can be walked.
    """
    place = _Place(http, address, token)
    ours = {one.story_id: one for one in (_walked(place) if held is None else held)}
    told = place.read("/manifest.json")
    try:
        months = {one["month"]: Sum(one["shown"], one["digest"]) for one in told["months"]}
    except (KeyError, TypeError) as error:
        raise GarbledError(WHO, "this is no manifest: is it the address of an edition?") from error
    sums = manifest.sums(ours.values())
    doubtful = {
        month for month in {*months, *sums} if months.get(month, Sum()) != sums.get(month, Sum())
    }
    theirs = {
        story_id: revision
        for month in sorted(doubtful & months.keys())
        for story_id, revision in place.read(f"/manifest-{month}.json")["stories"]
    }
    return _compared(place, told["shown"], ours, theirs, doubtful)


def _compared(
    place: _Place,
    shown: int,
    ours: Mapping[str, Held],
    theirs: Mapping[str, int],
    doubtful: Iterable[str],
) -> Verified:
    looked_into = set(doubtful)
    mine = {one.story_id for one in ours.values() if one.month in looked_into}
    return Verified(
        shown=shown,
        held=len(ours),
        lacking=tuple(sorted(theirs.keys() - ours.keys())),
        outdated=tuple(sorted(s for s in theirs.keys() & ours if ours[s].revision != theirs[s])),
        to_remove=tuple(sorted(mine - theirs.keys())),
        requests=place.requests,
    )


def _walked(place: _Place) -> list[Held]:
    """Walk the feed that was named, or that the page offers, by its archives; merge by id."""
    ending = place.ending or _offered(place)
    read = _READERS.get(ending)
    if read is None:
        raise UnfitError(
            "not_walked",
            f"{f'.{ending} is no feed' if ending else 'the page offers no feed'} that can be walked"
            " for all that is shown and gone: name the feed in JSON or Atom, if that is agreed,"
            " or say what you show by --held",
        )
    found: list[_Document] = []
    part = f".{ending}"
    while part and len(found) < MOST_ARCHIVES:
        try:
            found.append(read(place.ask(part, "*/*")))
        except (LookupError, TypeError, ValueError, AttributeError, etree.XMLSyntaxError) as error:
            what = f"{place.home}{part} is no feed of ours: is it the address of an edition?"
            raise GarbledError(WHO, what) from error
        before = found[-1].before
        part = f"/{before.rpartition('/')[2]}" if before else ""
    held: dict[str, Held] = {}
    for document in reversed(found):
        for gone in document.gone:
            held.pop(gone, None)
        held |= {one.story_id: one for one in document.shown}
    return list(held.values())


def _offered(place: _Place) -> str:
    """Say by which ending of those that a page offers a walk goes best; blank for none."""
    try:
        page = html.document_fromstring(place.ask("", "text/html"))
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise GarbledError(WHO, f"{place.home} is no page of an edition") from error
    links = [link.get("href", "") for link in page.iterfind(".//link[@rel='alternate']")]
    there = {href.rpartition(".")[2] for href in links}
    return next((ending for ending in _READERS if ending in there), "")


class _Document(NamedTuple):
    """What one document of a feed says."""

    shown: list[Held]
    gone: list[str]
    before: str
    """The address of the archive before it; blank where there is none."""


def _held(story_id: str, revision: int, published: str) -> Held:
    moment = datetime.fromisoformat(published).astimezone(UTC)
    return Held(story_id, revision, manifest.month(moment))


def _read_json(body: bytes) -> _Document:
    told = orjson.loads(body)
    ours = told["_retold"]
    shown = [
        _held(one["id"], one["_retold"]["revision"], one["date_published"]) for one in told["items"]
    ]
    return _Document(
        shown, [one["id"] for one in ours["removed"]], ours.get("prev_archive_url") or ""
    )


def _read_atom(body: bytes) -> _Document:
    """Read a document strictly; replies are no stories of their own.

    Spec: https://www.rfc-editor.org/rfc/rfc4287, https://www.rfc-editor.org/rfc/rfc6721
    """
    root = etree.fromstring(body, _parser())
    if root.tag != f"{_ATOM}feed":
        raise ValueError(root.tag)
    stories = [one for one in root.findall(f"{_ATOM}entry") if one.find(_REPLY) is None]
    shown = [
        _held(_text(one, f"{_ATOM}id"), int(_text(one, _REVISION)), _text(one, f"{_ATOM}published"))
        for one in stories
    ]
    before = root.find(f"{_ATOM}link[@rel='prev-archive']")
    gone = [str(one.attrib["ref"]) for one in root.findall(_DELETED)]
    return _Document(shown, gone, "" if before is None else str(before.attrib["href"]))


def _text(entry: etree._Element, name: str) -> str:
    found = entry.findtext(name)
    if not found:
        raise ValueError(name)
    return found


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)


_READERS: Mapping[str, Callable[[bytes], _Document]] = {"json": _read_json, "atom": _read_atom}
"""Of the formats that tell of every removal and can be walked, the lighter first."""


def read_held(lines: Iterable[str]) -> list[Held]:
    """Read CSV of `id,revision,month`, a header or none; UnfitError names the line."""
    found = []
    for number, cells in enumerate(csv.reader(lines), 1):
        if not cells or (number == 1 and cells[0].strip() == "id"):
            continue
        try:
            story_id, revision, month = (cell.strip() for cell in cells)
            datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
            found.append(Held(story_id, int(revision), month))
        except ValueError as error:
            what = f"line {number}: {','.join(cells)[:60]!r} is not `id,revision,month`"
            raise UnfitError("bad_line", f"{what}, as `urn:uuid:…,3,2026-10`") from error
    return found
