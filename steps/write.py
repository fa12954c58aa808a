"""Write an edition as files that any web server may serve, under the addresses we serve it at.

Beside the files of an edition stands an index of ours, `partner/edition/.retold.json`: every file
that was ever begun, and the tag of the state it is of. It names a file before the file is
written, so that whatever kills a run, the next one knows all that may lie there.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import orjson

from connectors._place import File, Place
from rules import packing, regions
from schemas.errors import ConflictError, GarbledError
from schemas.partner import Edition
from schemas.publication import NEWEST, Document, Part, PartKind, Written
from steps import documents, pages, runs
from steps.press import MANIFEST, Press
from steps.runs import Clock
from store.database import Engine

INDEX = "/.retold.json"
"""The end of the name of an edition's index."""

PAGE = "/index.html"
"""The end of the name of the page for people."""

CODINGS: Mapping[str, str] = {".gz": "gzip", ".br": "br", ".zst": "zstd"}
"""What stands beside each document: by the end of its name, the coding."""

_BATCH = 100
"""Documents that are written between two looks at the index."""

_ROUNDS = 20
"""How often an edition may move while it is written, before we give up."""

_ENDINGS = re.compile(r"\.[a-z]+|/[a-z0-9-]+\.[a-z]+")
"""The ends of names that we give: what else an index says is none of ours, and is left alone."""


def write(
    engine: Engine,
    press: Press,
    edition: Edition,
    place: Place,
    clock: Clock,
    *,
    flow_run_id: str | None = None,
) -> Written:
    """Bring an edition's files to what it shows; only what changed is written. Twice is once.

    Of a suspended partner everything is taken away. A ConflictError says why an edition may not
    stand there; it is taken away too, for nobody would keep its files up. A sandbox never stands
    there, and that is no fault.
    """
    with runs.recorded(engine, "write", edition.key, clock, flow_run_id) as run:
        copy = _Copy(place, edition.key)
        if _may_stand(press, edition):
            _style(place)
            _bring(engine, press, edition, copy)
        else:
            copy.clear()
        run.counts = copy.done.model_dump(exclude={"edition"})
        fault = _fault(press, edition)
        if fault and not (edition.is_sandbox or press.is_ended(edition)):
            raise ConflictError(f"{edition.key} {fault}")
    return copy.done


def _fault(press: Press, edition: Edition) -> str | None:
    if not press.is_public(edition):
        return (
            "is not public: write public = true in every [[agreements]] of"
            f" {edition.partner}, if that is what was agreed, or write another edition"
        )
    if edition.paged:
        return (
            "is paged, and `?below=` leads nowhere among files:"
            " write paged = false in its [[editions]]"
        )
    return None


def _may_stand(press: Press, edition: Edition) -> bool:
    return not press.partner(edition).suspended and _fault(press, edition) is None


def is_open(press: Press, edition: Edition) -> bool:
    """Say whether an edition is everybody's, as its agreements and its partner stand."""
    return press.is_public(edition) and not press.partner(edition).suspended


def strays(press: Press, place: Place) -> list[str]:
    """List the editions that have files in a place where they may have none, `partner/edition`."""
    may = {e.key for e in press.config.editions if _may_stand(press, e)}
    return [k for k in place.folders() if k not in may and place.read(k + INDEX) is not None]


def clear(engine: Engine, place: Place, key: str, clock: Clock) -> Written:
    """Take an edition's files away. Twice is once."""
    with runs.recorded(engine, "write", key, clock) as run:
        copy = _Copy(place, key)
        copy.clear()
        run.counts = copy.done.model_dump(exclude={"edition"})
    return copy.done


def _bring(engine: Engine, press: Press, edition: Edition, copy: "_Copy") -> None:
    """Write what others are led to before what leads there."""
    told = documents.Told()
    for _ in range(_ROUNDS):
        standing = documents.standing(engine, press, edition)
        parts = {one.part.suffix(one.ending): one for one in standing.parts}
        moved = [one for name, one in parts.items() if not copy.holds(name, one.etag)]
        # The formats of one part stand together, for they show the same entries.
        moved.sort(key=lambda one: (one.part.kind, one.part.number))
        for at in range(0, len(moved), _BATCH):
            batch = moved[at : at + _BATCH]
            copy.announce(one.part.suffix(one.ending) for one in batch)
            for one in batch:
                document = documents.fresh(engine, press, edition, one.ending, one.part, told)
                if document is not None:  # a month may have gone meanwhile
                    copy.put(one.part.suffix(one.ending), document)
        last = _last(engine, press, edition)
        if all(document.as_of in {standing.seq, 0} for document in last.values()):
            break
    else:
        raise ConflictError(f"{edition.key} is published all the while; write it once that is done")
    moving = {n: d for n, d in last.items() if not copy.holds(n, d.etag)}
    copy.announce(moving)
    for name, document in moving.items():
        copy.put(name, document)
    copy.keep_only({*parts, *last})


def _last(engine: Engine, press: Press, edition: Edition) -> dict[str, Document]:
    """Make what leads to the rest, in the order in which it is to be written."""
    whole = Part(PartKind.MANIFEST)
    summed = documents.document(engine, press, edition, MANIFEST, whole)
    newest = {
        ending: found
        for ending in press.formats(edition)
        if (found := documents.document(engine, press, edition, ending)) is not None
    }
    made = {} if summed is None else {whole.suffix(MANIFEST): summed}
    made |= {NEWEST.suffix(ending): document for ending, document in newest.items()}
    # A file knows nothing of who reads it: it lists the regions, and asks nobody.
    written = [one for one in press.config.editions if not one.paged]
    beside = regions.beside(edition, written)
    made[PAGE] = pages.edition(press.config, edition, newest, press.public_url, beside=beside)
    return made


def _style(place: Place) -> None:
    """Put there the style that pages name."""
    name = pages.STYLE_PATH.removeprefix("/")
    if place.read(name) is None:
        packed = packing.pack(pages.STYLE)._asdict()
        for ending, coding in CODINGS.items():
            place.write(File(f"{name}{ending}", packed[coding], pages.CSS, coding))
        place.write(File(name, pages.STYLE, pages.CSS))


class _Copy:
    """The files of an edition in a place, by the ends of their names, and the index of them."""

    def __init__(self, place: Place, key: str) -> None:
        self._place = place
        self._key = key
        self._saved = place.read(key + INDEX)
        told = _read(self._saved, key)
        self._tags = told.files
        self._codings = {*told.codings, *CODINGS}
        if told.codings != sorted(CODINGS):  # another version of ours wrote them
            self._tags = dict.fromkeys(self._tags, "")
        self._written: set[str] = set()
        self._removed = 0

    @property
    def done(self) -> Written:
        """Count files by what became of them."""
        each = 1 + len(CODINGS)
        kept = len(self._tags) - len(self._written & self._tags.keys())
        return Written(
            edition=self._key,
            written=len(self._written) * each,
            unchanged=kept * each,
            removed=self._removed * each,
        )

    def holds(self, name: str, etag: str) -> bool:
        """Say whether a document stands there in this state."""
        return self._tags.get(name) == etag

    def announce(self, names: Iterable[str]) -> None:
        """Note what has been written, and what is about to be: nobody knows its state till then."""
        self._tags |= dict.fromkeys(names, "")
        self._save()

    def put(self, name: str, document: Document) -> None:
        """Write a document in each of its codings."""
        path, media_type = self._key + name, document.media_type
        if outdated := self._codings - CODINGS.keys():
            self._place.remove([path + ending for ending in outdated])
        for ending, coding in CODINGS.items():
            packed: bytes = getattr(document, coding)
            self._place.write(File(path + ending, packed, media_type, coding))
        self._place.write(File(path, document.body, media_type))
        self._tags[name] = document.etag
        self._written.add(name)

    def keep_only(self, names: Iterable[str]) -> None:
        """Take away everything else, and note what stands there."""
        kept = set(names)
        self._remove([name for name in self._tags if name not in kept])
        self._codings = set(CODINGS)
        self._save()

    def clear(self) -> None:
        """Take everything away, what leads to the rest first, and at last the index."""
        if self._saved is not None:
            leads = [name for name in self._tags if name == PAGE or name.startswith(".")]
            self._remove(leads)
            self._remove(list(self._tags))
            self._place.remove([self._key + INDEX])

    def _remove(self, names: Sequence[str]) -> None:
        paths = (self._key + name for name in names)
        self._place.remove([path + end for path in paths for end in ("", *self._codings)])
        self._removed += len(names)
        for name in names:
            del self._tags[name]

    def _save(self) -> None:
        told = {"codings": sorted(self._codings), "files": self._tags}
        payload = orjson.dumps(told, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
        if payload != self._saved:
            self._place.write(File(self._key + INDEX, payload, "application/json"))
            self._saved = payload


class _Index(NamedTuple):
    files: dict[str, str]
    """The tag of each document, by the end of its name; blank while it is being written."""
    codings: list[str]


def _read(payload: bytes | None, key: str) -> _Index:
    if payload is None:
        return _Index({}, sorted(CODINGS))
    try:
        told = orjson.loads(payload)
        files = {name: str(tag) for name, tag in told["files"].items() if _ENDINGS.fullmatch(name)}
        codings = sorted(c for c in told["codings"] if _ENDINGS.fullmatch(c))
    except (ValueError, LookupError, TypeError, AttributeError):
        what = "is no index of ours; take away all files of this edition there, and run again"
        raise GarbledError(key + INDEX, what) from None
    return _Index(files, codings)
