"""Prove that what a partner holds is what its edition shows, by the edition's manifest.

This is a partner's tool: it asks over HTTP like anybody, and knows no store. A month whose sum is
right is not looked into; of any other its list is asked for.
"""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from connectors._http import Http
from rules import manifest
from schemas._record import Record
from schemas.errors import GarbledError, UnfitError
from schemas.publication import Held, Sum

WHO = "verify"

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
        self.home = f"{parts.scheme}://{parts.netloc}{folder}/{name.partition('.')[0]}"
        self.requests = 0
        self._http = http
        self._secret = {"Authorization": f"Bearer {token}"}

    def read(self, part: str) -> Any:
        """Ask for a part as JSON, by what stands behind the edition's own address.

        Whatever addresses a document names: only where we began is shown the token.
        """
        url = f"{self.home}{part}"
        self.requests += 1
        answer = self._http.get(WHO, url, secret_headers=self._secret, accept="application/json")
        try:
            return orjson.loads(answer.body)
        except orjson.JSONDecodeError as error:
            raise GarbledError(
                WHO, f"{url} is no JSON: is it the address of an edition?"
            ) from error


def verify(http: Http, address: str, token: str, held: Iterable[Held] | None = None) -> Verified:
    """Compare what is held with what an edition shows; without `held`, what its feed adds up to.

    `address` is the edition's page or any of its feeds. OutsideError where it cannot be asked.
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
    """Walk the edition's JSON feed through its archives, and merge by id."""
    documents: list[Any] = []
    part = ".json"
    while part and len(documents) < MOST_ARCHIVES:
        documents.append(place.read(part))
        before = documents[-1].get("_retold", {}).get("prev_archive_url")
        part = f"/{before.rpartition('/')[2]}" if before else ""
    found: dict[str, Held] = {}
    for document in reversed(documents):
        for gone in document["_retold"]["removed"]:
            found.pop(gone["id"], None)
        for entry in document["items"]:
            published = datetime.fromisoformat(entry["date_published"]).astimezone(UTC)
            revision = entry["_retold"]["revision"]
            found[entry["id"]] = Held(entry["id"], revision, manifest.month(published))
    return list(found.values())


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
