"""Bring each edition to what it ought to show."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from rules import entries, manifest, select
from schemas._record import Record
from schemas.partner import Edition
from schemas.publication import Desire, EditionState, Held, Published, Shown
from schemas.story import Story
from steps import documents, plays, runs
from steps.press import Press
from steps.runs import Clock
from store import dues, manifests, publication, stories
from store.database import Connection, Engine, one_writer, reading, writing

_BATCH = 2000
"""Stories looked at in one transaction."""


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
        for look in _looks(press, edition, clock()):
            ended = False
            while not ended:
                state, batch, ended = _advance(engine, edition, state, look, clock())
                done = _sum(done, batch)
                run.counts = done.model_dump(exclude={"edition"})
        for name in press.formats(edition):
            documents.document(engine, press, edition, name)
    return done


class Difference(Record):
    """What publishing an edition now would change of it."""

    edition: str
    come_in: tuple[str, ...] = ()
    """Stories that it would show, and does not."""
    revised: int = 0
    go_out: Mapping[str, tuple[str, ...]] = {}
    """Stories that it would show no more, by the reason."""
    unchanged: int = 0


def preview(engine: Engine, press: Press, edition: Edition, now: datetime) -> Difference:
    """Say what publishing would change, under the configuration as it now reads; write nothing."""
    look, *_ = _looks(press, edition, now)  # from its beginning on, all changed
    come_in: list[str] = []
    go_out: dict[str, list[str]] = defaultdict(list)
    revised = unchanged = mark = 0
    with reading(engine) as connection:
        while True:
            seen = look(connection, mark)
            desires, mark = seen.desires, seen.mark
            shown = publication.shown(connection, edition.key, [d.story_id for d in desires])
            changes = select.difference(desires, shown)
            unchanged += len(desires) - len(changes)
            for change in changes:
                if change.state is Shown.OUT:
                    go_out[change.reason].append(change.story_id)
                elif shown.get(change.story_id, (0, Shown.OUT))[1] is Shown.IN:
                    revised += 1
                else:
                    come_in.append(change.story_id)
            if seen.is_last:
                break
    return Difference(
        edition=edition.key,
        come_in=tuple(come_in),
        revised=revised,
        go_out={reason: tuple(ids) for reason, ids in sorted(go_out.items())},
        unchanged=unchanged,
    )


class _Seen(NamedTuple):
    """What an edition ought to do about the next stories."""

    desires: list[Desire]
    mark: int
    """What the edition's mark becomes."""
    dues: Mapping[str, datetime | None]
    """When time alone next moves each of them; None for never."""
    is_last: bool


_Look = Callable[[Connection, int], _Seen]
"""Looks at the next stories; those up to the mark have been looked at."""


def _looks(press: Press, edition: Edition, now: datetime) -> list[_Look]:
    """Prepare to look: at those that changed, then at those whose time has come.

    A sandbox is shown what is played to its partner, and no story of ours.
    """
    if edition.is_sandbox:
        partner = press.partner(edition)
        return [lambda c, mark: _Seen(plays.desires(c, partner, now), mark, {}, is_last=True)]
    choose = _selector(press, edition, now)

    def seen(found: list[Story], mark: int, waited: Sequence[str] = (), *, is_last: bool) -> _Seen:
        again = dict.fromkeys(waited) | {story.id: choose.due(story) for story in found}
        return _Seen([choose(story) for story in found], mark, again, is_last)

    def changed(connection: Connection, mark: int) -> _Seen:
        found, mark = stories.changed_since(connection, mark, _BATCH)
        return seen(found, mark, is_last=len(found) < _BATCH)

    def come_due(connection: Connection, mark: int) -> _Seen:
        waited = dues.come(connection, edition.key, now, _BATCH)
        found = stories.by_ids(connection, waited)
        return seen(found, mark, waited, is_last=len(waited) < _BATCH)

    return [changed, come_due]


def _selector(press: Press, edition: Edition, now: datetime) -> select.Selector:
    return select.selector(
        edition,
        press.partner(edition),
        press.agreements(edition),
        press.rights,
        press.ground(press.day(edition, now)),
        now,
    )


def _begin(
    engine: Engine, press: Press, edition: Edition, now: datetime, epoch: Callable[[], str]
) -> EditionState:
    """Find where the edition stands; look at everything again where its rules have changed."""
    digest = press.selection_digest(edition, press.day(edition, now))
    with writing(engine) as connection:
        one_writer(connection, edition.key)
        state = publication.state(connection, edition.key)
        if state is None:
            state = EditionState(key=edition.key, epoch=epoch(), moved_at=now)
        elif not manifests.is_noted(connection, edition.key):
            _add_up_anew(connection, edition)
        if state.digest != digest:
            state = state.model_copy(update={"digest": digest, "mark": 0})
        publication.save_state(connection, state)
    return state


def _advance(
    engine: Engine, edition: Edition, state: EditionState, look: _Look, now: datetime
) -> tuple[EditionState, Published, bool]:
    """Look at the next stories; say whether those were the last."""
    with writing(engine) as connection:
        one_writer(connection, edition.key)
        state = publication.state(connection, edition.key) or state
        seen = look(connection, state.mark)
        shown = publication.shown(connection, edition.key, [d.story_id for d in seen.desires])
        changes = select.difference(seen.desires, shown)
        _add_up(connection, edition.key, changes)
        moved = publication.log(connection, state, changes, shown.keys(), now)
        moved = moved.model_copy(update={"mark": seen.mark})
        dues.put(connection, edition.key, seen.dues)
        if moved != state:
            publication.save_state(connection, moved)
        if changes:
            publication.drop_documents(connection, edition.key)
    return moved, _counted(edition, seen.desires, changes, shown), seen.is_last


def take_out(
    connection: Connection, gone: Mapping[str, int], reason: str, now: datetime
) -> list[str]:
    """Log at once, in every edition that shows one of these stories, that it is gone.

    `gone` has the revision of each that says so. Return the editions, in order. Whoever calls
    this is let in alone to every edition.
    """
    shown_by = publication.showing(connection, list(gone))
    for key, held in shown_by.items():
        state = publication.state(connection, key)
        assert state is not None  # noqa: S101 -- an edition that shows something has one
        changes = [
            Desire(
                story_id=one.story_id,
                revision=gone[one.story_id],
                state=Shown.OUT,
                reason=reason,
                month=one.month,
            )
            for one in held
        ]
        if manifests.is_noted(connection, key):  # else the next publication adds all up
            _add_up(connection, key, changes)
        moved = publication.log(connection, state, changes, gone.keys(), now)
        publication.save_state(connection, moved)
    return list(shown_by)


def _add_up(connection: Connection, key: str, changes: Sequence[Desire]) -> None:
    """Let the months of the edition's manifest follow its changes."""
    if not changes:
        return
    gone = publication.held(connection, key, [c.story_id for c in changes])
    come = [Held(c.story_id, c.revision, c.month) for c in changes if c.state is Shown.IN]
    known = manifests.months(connection, key)
    moved = manifest.moved(known, gone=gone.values(), come=come)
    manifests.put(connection, key, moved)


def _add_up_anew(connection: Connection, edition: Edition) -> None:
    """Add up an edition that an earlier version published, which kept no manifest."""
    held = manifests.held(connection, edition.key)
    told = stories.at_revisions(connection, [(h.story_id, h.revision) for h in held])
    found = {s.id: manifest.month(entries.told_at(s) or entries.UNDATED) for s in told}
    manifests.set_months(connection, edition.key, found)
    sums = manifest.sums(h._replace(month=found[h.story_id]) for h in held)
    manifests.put(connection, edition.key, sums)


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
