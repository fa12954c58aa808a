"""Make the documents of editions, each at most once for each state of it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import orjson

from feeds import Format
from rules import beacon, entries, manifest, packing
from schemas import months
from schemas.errors import UnknownError, WithdrawnError
from schemas.feed import Entry, Head, Slot, Tombstone
from schemas.partner import Edition
from schemas.publication import NEWEST, Document, EditionState, Part, PartKind, Shown, Sum
from schemas.story import Story
from schemas.tables import EPOCH
from steps import plays
from steps import press as presses
from steps.press import MANIFEST, Press
from store import manifests, publication, stories
from store.database import Connection, Engine, one_writer, reading, writing
from store.publication import Bounds, EntryRow, Page

TOMBSTONE_HORIZON = timedelta(days=400)
"""How long the newest documents go on saying that a story is gone."""

BUCKET = 500
"""Entries in one archive. Another number would renumber every archive there is."""

MOST_IN_DELTA = 1000
"""Changes in one delta; who missed more is better served by archives."""

MOST_REMOVED = 500
"""Removals in one document: as many as an archive has entries, 80 kB of Atom. What narrows an
agreement may remove a million at once, and every change after it would tell of them all again."""


def document(
    engine: Engine, press: Press, edition: Edition, ending: str, part: Part = NEWEST
) -> Document | None:
    """Give one document of an edition, by the ending of its address.

    None where the format is not agreed, or where the edition has no such part; a WithdrawnError
    where it is of a story that the edition shows no more.
    """
    with reading(engine) as connection:
        state = publication.state(connection, edition.key)
        if state is None or _is_ending(connection, press, edition):
            return None
        if part.kind is PartKind.MANIFEST:
            if ending != MANIFEST:
                return None
            return _manifest(connection, press, edition, state, part)
        format_ = press.formats(edition).get(ending)
        seq = None if format_ is None else _stands_at(connection, edition, state, part)
        if format_ is None or seq is None:
            return None
        etag = press.etag(edition, format_, state, part, seq)
        kept = publication.document(connection, edition.key, ending, part.name)
        if kept is not None and kept.etag == etag:
            return kept
    with writing(engine) as connection:
        one_writer(connection, edition.key)
        state = publication.state(connection, edition.key) or state
        made = _make(connection, press, edition, format_, state, part)
        if made is not None and _is_kept(connection, edition, part):
            publication.keep_document(connection, made)
    return made


class Standing(NamedTuple):
    """Which archives and months an edition has at one number of its log."""

    seq: int
    """The number."""
    parts: tuple["Tagged", ...]


class Tagged(NamedTuple):
    """A document that may be had, and the tag it bears."""

    ending: str
    part: Part
    etag: str


def _is_ending(connection: Connection, press: Press, edition: Edition) -> bool:
    """Say whether an edition was taken out, and publishing has yet to say that all is gone."""
    if not press.is_ended(edition):
        return False
    return bool(publication.showing_any(connection, [edition.key]))


def standing(engine: Engine, press: Press, edition: Edition) -> Standing:
    """List the archives, the oldest first, and the months of an edition, with their tags.

    An UnknownError where it was never published.
    """
    with reading(engine) as connection:
        state = publication.state(connection, edition.key)
        if state is None:
            raise UnknownError(f"{edition.key} was never published; run `retold publish`")
        buckets = publication.newest_by_bucket(connection, edition.key, BUCKET)
        known = manifests.months(connection, edition.key)
    tagged: list[Tagged] = []
    for ending, format_ in press.formats(edition).items():
        tag = press.tagger(edition, format_, state)
        parts = ((Part(PartKind.ARCHIVE, number), seq) for number, seq in buckets.items())
        tagged += (Tagged(ending, part, tag(part, seq)) for part, seq in parts)
    for name, sum_ in known.items():
        part = Part(PartKind.MANIFEST, months.numbered(name))
        tagged.append(Tagged(MANIFEST, part, _month_etag(press, state, part, sum_)))
    return Standing(state.seq, tuple(tagged))


class Told:
    """The entries of the last document, for the same part in another format."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], Entry] = {}

    def entries(
        self,
        connection: Connection,
        press: Press,
        edition: Edition,
        wanted: Sequence[tuple[str, int]],
    ) -> dict[tuple[str, int], Entry]:
        """Make entries of revisions, where the last document did not show just these."""
        if self._kept.keys() != set(wanted):
            told = _told(connection, edition, wanted)
            self._kept = {(s.id, s.revision): entries.entry(s, press.names) for s in told}
        return self._kept


def fresh(
    engine: Engine, press: Press, edition: Edition, ending: str, part: Part, told: Told
) -> Document | None:
    """Give an archive or a month as `document` does, and keep nothing of it in the store."""
    format_ = press.formats(edition).get(ending)
    with reading(engine) as connection:
        state = publication.state(connection, edition.key)
        if state is None:
            return None
        if part.kind is PartKind.MANIFEST:
            return _manifest(connection, press, edition, state, part)
        if format_ is None:
            return None
        return _make(connection, press, edition, format_, state, part, told)


def _is_kept(connection: Connection, edition: Edition, part: Part) -> bool:
    """A walk begins pages where entries stand; whatever else somebody asks is not kept."""
    if part.kind is PartKind.PAGE:
        return publication.stands_at(connection, edition.key, part.number)
    return part.kind not in {PartKind.DELTA, PartKind.STORY}


def last_archive(connection: Connection, edition: Edition) -> int:
    """Number the newest archive of an edition; 0 where it never showed anything."""
    return -(-publication.last_ordinal(connection, edition.key) // BUCKET)


def _ordinals(part: Part) -> tuple[int, int]:
    return (part.number - 1) * BUCKET + 1, part.number * BUCKET


def _stands_at(
    connection: Connection, edition: Edition, state: EditionState, part: Part
) -> int | None:
    """Say at which number of the log a part stands; None where there is no such part."""
    match part.kind:
        case PartKind.ARCHIVE:
            newest = publication.newest_between(connection, edition.key, *_ordinals(part))
            return newest.seq if newest else None
        case PartKind.STORY:
            row = _shown(connection, edition, part)
            return row.seq if row else None
        case PartKind.PAGE:
            there = edition.paged and 0 < part.number <= state.seq + 1
            return state.seq if there else None
        case PartKind.DELTA:
            return state.seq if part.number < state.seq else None
    return state.seq


def _shown(connection: Connection, edition: Edition, part: Part) -> EntryRow | None:
    """Read the entry of one story; refuse one that was shown, and is no more."""
    row = publication.entry(connection, edition.key, part.story_id)
    if row is not None and row.state is Shown.OUT:
        raise WithdrawnError(f"{edition.key} shows {part.story_id} no more: take it down")
    return row


def _make(
    connection: Connection,
    press: Press,
    edition: Edition,
    format_: Format,
    state: EditionState,
    part: Part,
    told: Told | None = None,
) -> Document | None:
    """Make a document; what it is made of is kept in the store, or else in `told`."""
    found = _rows(connection, edition, state, part)
    if found is None:
        return None
    rows, gone = found.shown, found.gone
    seq = max((r.seq for r in (*rows, *gone)), default=state.seq)
    moved_at = state.moved_at or EPOCH
    if part.kind in {PartKind.ARCHIVE, PartKind.STORY}:
        moved_at = max(r.at for r in (*rows, *gone))
    else:
        seq = state.seq
    head = _head(press, edition, format_, part).model_copy(
        update={"updated_at": moved_at, "seq": seq}
        | _ways(connection, press, edition, format_, part, found)
    )
    tombstones = [Tombstone(id=r.story_id, reason=r.reason, at=r.at) for r in gone]
    slots = _slots(connection, press, edition, format_, rows, told)
    body = format_.document(head, slots, tombstones)
    seqs = [r.seq for r in (*rows, *gone)]
    return Document(
        edition=edition.key,
        format=format_.EXTENSION,
        part=part.name,
        media_type=format_.MEDIA_TYPE,
        etag=press.etag(edition, format_, state, part, seq),
        last_modified=moved_at,
        body=body,
        **packing.pack(body)._asdict(),
        seq_from=min(seqs, default=0),
        seq_to=max(seqs, default=0),
        as_of=state.seq,
    )


def _rows(connection: Connection, edition: Edition, state: EditionState, part: Part) -> Page | None:
    """Read what stands in a part; None where there is no such part."""
    key = edition.key
    if part.kind is PartKind.STORY:
        row = _shown(connection, edition, part)
        return Page([row], []) if row else None
    if part.kind is PartKind.ARCHIVE:
        found = publication.between(connection, key, *_ordinals(part))
    elif part.kind is PartKind.DELTA:
        found = publication.since(connection, key, part.number, MOST_IN_DELTA + 1)
    else:
        horizon = (state.moved_at or EPOCH) - TOMBSTONE_HORIZON
        most = Bounds(edition.page_size, MOST_REMOVED, horizon)
        return publication.page(connection, key, part.number, most)
    if not found or (part.kind is PartKind.DELTA and len(found) > MOST_IN_DELTA):
        return None
    shown = [row for row in found if row.state is Shown.IN]
    return Page(shown, [row for row in found if row.state is Shown.OUT])


def _ways(
    connection: Connection,
    press: Press,
    edition: Edition,
    format_: Format,
    part: Part,
    page: Page,
) -> dict[str, object]:
    """Say what a document says of those beside it."""

    def at(kind: PartKind, number: int) -> str:
        return press.address(edition, format_.EXTENSION, Part(kind, number))

    if part.kind is PartKind.ARCHIVE:
        before = part.number - 1
        return {"is_archive": True} | (
            {"prev_archive_url": at(PartKind.ARCHIVE, before)} if before else {}
        )
    if part.kind in {PartKind.DELTA, PartKind.STORY}:
        return {}
    ways: dict[str, object] = {"is_complete": page.is_all}
    if page.after and edition.paged:
        ways["next_url"] = at(PartKind.PAGE, page.after)
    # Behind a complete document there may be removals: who takes no notice of the one needs those.
    if page.after and part.kind is PartKind.NEWEST:
        last = last_archive(connection, edition)
        ways["prev_archive_url"] = at(PartKind.ARCHIVE, last)
    return ways


def _slots(
    connection: Connection,
    press: Press,
    edition: Edition,
    format_: Format,
    rows: Sequence[EntryRow],
    told: Told | None,
) -> list[Slot]:
    wanted = [(r.story_id, r.revision) for r in rows]
    digest = press.names_digest(format_)
    kept = publication.kept_fragments(connection, wanted, format_.EXTENSION, digest)
    missing = [key for key in wanted if key not in kept]
    found = (told or Told()).entries(connection, press, edition, missing)
    made = dict(zip(found, format_.fragments(list(found.values())), strict=True))
    if told is None:
        publication.keep_fragments(connection, made, format_.EXTENSION, digest)
    kept |= made
    partner = press.partner(edition)
    return [
        Slot(
            fragment=kept[key],
            beacon_url=press.public_url + beacon.path(partner.id, key[0], press.key)
            if partner.beacon
            else None,
        )
        for key in wanted
    ]


def _told(
    connection: Connection, edition: Edition, wanted: Sequence[tuple[str, int]]
) -> list[Story]:
    if edition.is_sandbox:
        return plays.at_revisions(connection, edition.partner, wanted)
    return stories.at_revisions(connection, wanted)


def _head(press: Press, edition: Edition, format_: Format, part: Part) -> Head:
    first = press.address(edition, format_.EXTENSION)
    credits_ = [a.attribution for a in press.agreements(edition) if a.attribution]
    partner = press.partner(edition)
    named = NEWEST if part.kind in {PartKind.NEWEST, PartKind.DELTA} else part
    return Head(
        id=feed_id(edition),
        title=edition.title,
        partner=partner.name,
        home_url=press.home(edition),
        self_url=press.address(edition, format_.EXTENSION, named),
        first_url=first,
        manifest_url=press.address(edition, MANIFEST, Part(PartKind.MANIFEST)),
        hub_url=press.hub_url if named is NEWEST else None,
        updated_at=EPOCH,
        beacon=partner.beacon,
        credit=" ".join(dict.fromkeys(credits_)) or None,
    )


def feed_id(edition: Edition) -> str:
    """Name an edition for ever."""
    return f"urn:retold:edition:{edition.partner}:{edition.id}"


def _manifest(
    connection: Connection, press: Press, edition: Edition, state: EditionState, part: Part
) -> Document | None:
    """Say what an edition comes to; of a month, which revisions of which stories it shows."""
    known = manifests.months(connection, edition.key)
    head = {"id": feed_id(edition), "method": manifest.METHOD}
    if part.number:
        name = months.name(part.number)
        if name not in known:
            return None
        sum_ = known[name]
        held = manifests.held(connection, edition.key, name)
        told: dict[str, object] = {
            "month": name,
            "stories": [[one.story_id, one.revision] for one in held],
        }
        etag = _month_etag(press, state, part, sum_)
    else:
        sum_ = manifest.whole(known.values())
        told = {
            "updated_at": state.moved_at or EPOCH,
            "seq": state.seq,
            "months": [
                {"month": name, **one._asdict(), "url": _month_url(press, edition, name)}
                for name, one in known.items()
            ],
        }
        stamp = presses.digest(state.epoch, part.name, press.public_url)[:24]
        etag = f"{stamp}-{state.seq}"
    body = orjson.dumps(head | sum_._asdict() | told, option=_WRITTEN)
    return Document(
        edition=edition.key,
        format=PartKind.MANIFEST,
        part=part.name,
        media_type="application/json",
        etag=etag,
        last_modified=state.moved_at or EPOCH,
        body=body,
        **packing.pack(body)._asdict(),
        seq_from=0,
        seq_to=0,
        as_of=state.seq,
    )


def _month_etag(press: Press, state: EditionState, part: Part, sum_: Sum) -> str:
    stamp = presses.digest(state.epoch, part.name, press.public_url, *sum_)[:24]
    return f"{stamp}-{sum_.shown}"


_WRITTEN = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z


def _month_url(press: Press, edition: Edition, name: str) -> str:
    return press.address(edition, MANIFEST, Part(PartKind.MANIFEST, months.numbered(name)))
