"""Bring each edition to what it ought to show, and make the documents that say so."""

import gzip
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any

import feeds
from feeds import Format
from rules import beacon, entries, select
from schemas.config import Config
from schemas.errors import UnknownKindError
from schemas.feed import Head, Slot, Tombstone
from schemas.partner import Agreement, Edition, Partner
from schemas.publication import Desire, Document, EditionState, Published, Shown
from schemas.story import Rights
from schemas.tables import EPOCH
from steps import runs
from steps.runs import Clock
from store import publication, stories
from store.database import Connection, Engine, one_writer, reading, writing
from store.publication import EntryRow

_BATCH = 2000
"""Stories looked at in one transaction."""

TOMBSTONE_HORIZON = timedelta(days=400)
"""How long a document goes on saying that a story is gone."""


@dataclass(frozen=True)
class Press:
    """All that an edition's documents depend on beside the store."""

    config: Config
    public_url: str
    """Where partners reach us, without a slash at its end."""
    key: bytes
    """For the beacon addresses."""

    @cached_property
    def names(self) -> dict[str, str]:
        """Name every organisation."""
        return {o.id: o.name for o in self.config.organisations}

    @cached_property
    def ground(self) -> select.Ground:
        """Lay out which organisation stands below which, and where."""
        return select.ground(self.config.organisations)

    @cached_property
    def rights(self) -> dict[str, Rights]:
        """Look up what each channel now allows."""
        return {c.id: c.rights for c in self.config.channels}

    def agreements(self, edition: Edition) -> tuple[Agreement, ...]:
        """List the agreements of an edition's partner."""
        return tuple(a for a in self.config.agreements if a.partner == edition.partner)

    def partner(self, edition: Edition) -> Partner:
        """Find an edition's partner."""
        partner = self.config.partner(edition.partner)
        if partner is None:  # a checked configuration has it
            raise UnknownKindError(f"edition {edition.key} names no known partner")
        return partner

    def formats(self, edition: Edition) -> dict[str, Format]:
        """List the formats that its agreements allow, by the ending of their addresses."""
        allowed = {f for a in self.agreements(edition) for f in a.formats}
        every = (feeds.format_named(name) for name in feeds.names())
        return {f.EXTENSION: f for f in every if f.EXTENSION in allowed}

    def selection_digest(self, edition: Edition) -> str:
        """Digest all that decides which stories the edition shows."""
        partner = self.partner(edition)
        return _digest(
            [partner.publisher_name, partner.suspended, partner.zone],
            edition.scope.model_dump(mode="json"),
            [a.model_dump(mode="json") for a in self.agreements(edition)],
            {c: r.model_dump(mode="json") for c, r in self.rights.items()},
            [[o.id, o.region, *o.parents] for o in self.config.organisations],
        )

    def names_digest(self, format_: Format) -> str:
        """Digest all that decides a fragment beside its story."""
        return _digest(format_.VERSION, sorted(self.names.items()))

    def document_digest(self, edition: Edition, format_: Format) -> str:
        """Digest all that decides a document beside the edition's log."""
        partner = self.partner(edition)
        return _digest(
            self.names_digest(format_),
            [edition.title, edition.page_size, partner.name, partner.beacon, self.public_url],
            [a.attribution for a in self.agreements(edition)],
            sha256(self.key).hexdigest() if partner.beacon else "",
        )


def publish(
    engine: Engine,
    press: Press,
    edition: Edition,
    clock: Clock,
    epoch: Callable[[], str],
    *,
    flow_run_id: str | None = None,
) -> Published:
    """Log every difference between what an edition shows and what it ought to. Twice is once."""
    done = Published(edition=edition.key)
    with runs.recorded(engine, "publish", edition.key, clock, flow_run_id) as run:
        state = _begin(engine, press, edition, clock(), epoch)
        ended = False
        while not ended:
            state, batch, ended = _advance(engine, press, edition, state, clock())
            done = _sum(done, batch)
            run.counts = done.model_dump(exclude={"edition"})
        for name in press.formats(edition):
            document(engine, press, edition, name, 0)
    return done


def _begin(
    engine: Engine, press: Press, edition: Edition, now: datetime, epoch: Callable[[], str]
) -> EditionState:
    """Find where the edition stands; look at everything again where its rules have changed."""
    digest = press.selection_digest(edition)
    with writing(engine) as connection:
        one_writer(connection, edition.key)
        state = publication.state(connection, edition.key)
        if state is None:
            state = EditionState(key=edition.key, epoch=epoch(), moved_at=now)
        due = state.due_at is not None and state.due_at <= now
        if due or state.digest != digest:
            state = state.model_copy(update={"digest": digest, "mark": 0, "due_at": None})
        publication.save_state(connection, state)
    return state


def _advance(
    engine: Engine, press: Press, edition: Edition, state: EditionState, now: datetime
) -> tuple[EditionState, Published, bool]:
    """Look at the next stories that changed; say whether those were the last."""
    choose = select.selector(
        edition,
        press.partner(edition),
        press.agreements(edition),
        press.rights,
        press.ground,
        now,
    )
    with writing(engine) as connection:
        one_writer(connection, edition.key)
        state = publication.state(connection, edition.key) or state
        found, mark = stories.changed_since(connection, state.mark, _BATCH)
        desires = [choose(story) for story in found]
        shown = publication.shown(connection, edition.key, [s.id for s in found])
        changes = select.difference(desires, shown)
        moved = publication.log(connection, state, changes, now)
        moved = moved.model_copy(
            update={"mark": mark, "due_at": _due(state.due_at, map(choose.due, found))}
        )
        if moved != state:
            publication.save_state(connection, moved)
        if changes:
            publication.drop_documents(connection, edition.key)
    return moved, _counted(edition, desires, changes, shown), len(found) < _BATCH


def _due(before: datetime | None, dues: Iterable[datetime | None]) -> datetime | None:
    return min((d for d in (before, *dues) if d is not None), default=None)


def _counted(
    edition: Edition,
    desires: Sequence[Desire],
    changes: Sequence[Desire],
    shown: dict[str, tuple[int, Shown, str]],
) -> Published:
    went_out = sum(c.state is Shown.OUT for c in changes)
    revised = sum(
        c.state is Shown.IN and shown.get(c.story_id, (0, Shown.OUT, ""))[1] is Shown.IN
        for c in changes
    )
    return Published(
        edition=edition.key,
        came_in=len(changes) - went_out - revised,
        revised=revised,
        went_out=went_out,
        unchanged=len(desires) - len(changes),
    )


def _sum(one: Published, other: Published) -> Published:
    a, b = one.model_dump(exclude={"edition"}), other.model_dump(exclude={"edition"})
    return Published(edition=one.edition, **{name: a[name] + b[name] for name in a})


def document(
    engine: Engine, press: Press, edition: Edition, format_name: str, below: int
) -> Document | None:
    """Give one document of an edition, made at most once for each state of it.

    None where the format is not agreed, or `below` lies outside the edition's log.
    """
    format_ = press.formats(edition).get(format_name)
    if format_ is None:
        return None
    with reading(engine) as connection:
        state = publication.state(connection, edition.key)
        if state is None or not 0 <= below <= state.seq + 1:
            return None
        etag = _etag(press, edition, format_, state, below)
        kept = publication.document(connection, edition.key, format_name, below)
        if kept is not None and kept.etag == etag:
            return kept
    with writing(engine) as connection:
        one_writer(connection, edition.key)
        state = publication.state(connection, edition.key) or state
        made = _make(connection, press, edition, format_name, state, below)
        # A walk begins pages where entries stand; whatever else somebody asks is not kept.
        if below == 0 or publication.stands_at(connection, edition.key, below):
            publication.keep_document(connection, made)
    return made


def _make(
    connection: Connection,
    press: Press,
    edition: Edition,
    format_name: str,
    state: EditionState,
    below: int,
) -> Document:
    format_ = press.formats(edition)[format_name]
    moved_at = state.moved_at or EPOCH
    rows, gone, more = publication.page(
        connection, edition.key, below, edition.page_size, moved_at - TOMBSTONE_HORIZON
    )
    slots = _slots(connection, press, edition, format_name, rows)
    tombstones = [Tombstone(id=r.story_id, reason=r.reason, at=r.at) for r in gone]
    head = _head(press, edition, format_, moved_at, below, rows[-1].seq if more else 0)
    body = format_.document(head, slots, tombstones)
    seqs = [r.seq for r in (*rows, *gone)]
    return Document(
        edition=edition.key,
        format=format_name,
        below=below,
        media_type=format_.MEDIA_TYPE,
        etag=_etag(press, edition, format_, state, below),
        last_modified=moved_at,
        body=body,
        gzip=gzip.compress(body, 6, mtime=0),  # no clock may enter the bytes
        seq_from=min(seqs, default=0),
        seq_to=max(seqs, default=0),
    )


def _slots(
    connection: Connection,
    press: Press,
    edition: Edition,
    format_name: str,
    rows: Sequence[EntryRow],
) -> list[Slot]:
    format_ = press.formats(edition)[format_name]
    wanted = [(r.story_id, r.revision) for r in rows]
    digest = press.names_digest(format_)
    kept = publication.kept_fragments(connection, wanted, format_name, digest)
    missing = [key for key in wanted if key not in kept]
    made = {
        (story.id, story.revision): format_.fragment(entries.entry(story, press.names))
        for story in stories.at_revisions(connection, missing)
    }
    publication.keep_fragments(connection, made, format_name, digest)
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


def _head(
    press: Press, edition: Edition, format_: Format, moved_at: datetime, below: int, after: int
) -> Head:
    home = f"{press.public_url}/feeds/{edition.key}"
    first = f"{home}.{format_.EXTENSION}"
    credits_ = [a.attribution for a in press.agreements(edition) if a.attribution]
    partner = press.partner(edition)
    return Head(
        id=f"urn:retold:edition:{edition.partner}:{edition.id}",
        title=edition.title,
        partner=partner.name,
        home_url=home,
        self_url=f"{first}?below={below}" if below else first,
        next_url=f"{first}?below={after}" if after else None,
        first_url=first,
        updated_at=moved_at,
        beacon=partner.beacon,
        credit=" ".join(dict.fromkeys(credits_)) or None,
    )


def _etag(press: Press, edition: Edition, format_: Format, state: EditionState, below: int) -> str:
    digest = press.document_digest(edition, format_)
    return _digest(state.epoch, state.seq, format_.EXTENSION, below, digest)[:32]


def _digest(*parts: Any) -> str:
    return sha256(repr(parts).encode()).hexdigest()
