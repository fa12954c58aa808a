"""Decide which story each telling is of, and what it changes.

The decider is handed all facts that bear on a page and returns what is to be written. It knows
no store: the same facts and tellings always give the same plan.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

import orjson

from rules import erasure
from schemas.channel import Removal, Saved
from schemas.errors import ConflictError
from schemas.story import Status, Telling

_NAMESPACE = UUID("5f0e6f3c-7a3b-5d8e-9d5b-2f1c7e0a4b19")
_SEPARATOR = "\x1f"  # ASCII unit separator: the text gate lets it into no name

HOLD, WITHDRAW, RELEASE, ERASE = "hold", "withdraw", "release", "erase"
MERGED, PERSON = "merged", "by_person"

Name = tuple[str, str]
"""A publisher, and the id by which it knows a story."""

Key = tuple[str, str]
"""A channel, and its external id: one source."""


def mint(name: Name) -> str:
    """Name a story for ever, from its first telling; the same on every machine."""
    return uuid5(_NAMESPACE, _SEPARATOR.join(name)).urn


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is kept of one source of a story."""

    key: Key
    is_origin: bool
    told_at: datetime | None
    first_landing: int
    landing: int
    fingerprint: str
    ended: str | None = None
    content: str | None = None
    """Its latest telling where that was never shown, or where the facts were asked for it."""


@dataclass(frozen=True, slots=True)
class StoryState:
    """What is kept of one story, its sources apart."""

    id: str
    revision: int
    fingerprint: str
    status: str
    reason: str | None
    decision: str | None
    shown: Key
    born: int
    alias_of: str | None = None


class Known(NamedTuple):
    """All that the store knows of the stories a page bears on."""

    names: Mapping[Name, str] = {}
    """Story by name; aliases already followed."""
    stories: Mapping[str, StoryState] = {}
    sources: Mapping[str, Sequence[SourceState]] = {}
    """Of each story, in the order of their first landing; with content where there are several."""
    suppressed: AbstractSet[Name] = frozenset()
    """Names of erased stories: no telling brings them back."""


class NewRevision(NamedTuple):
    """One revision to write."""

    story_id: str
    revision: int
    fingerprint: str
    status: str
    reason: str | None
    content: str | None
    """None where an earlier revision has it."""
    shown: Key
    by: str


class Plan(NamedTuple):
    """What is to be written, and what it amounts to."""

    saved: Saved
    moved: Sequence[StoryState]
    """Every story that gets a new `changed`, in order; `born` is 0 for those not yet born."""
    contents: Mapping[str, str]
    """The content now shown, of each story whose content moved."""
    revisions: Sequence[NewRevision]
    sources: Sequence[tuple[str, SourceState]]
    """Each with the story it now belongs to."""
    names: Sequence[tuple[Name, str]]
    merged: Sequence[tuple[str, str]]
    """(younger, older): everything of the younger now belongs to the older."""


@dataclass(slots=True)
class _Case:
    """One story while a page is being decided."""

    state: StoryState
    sources: dict[Key, SourceState]
    moved: bool = False
    contents: dict[str, str] = field(default_factory=dict)
    """Content by fingerprint, as far as this page or the facts tell it."""


class _Decider:
    def __init__(self, known: Known, landing: int) -> None:
        self.known = known
        self.landing = landing
        self.cases: dict[str, _Case] = {}
        self.names = dict(known.names)
        self.new_names: dict[Name, str] = {}
        self.touched: dict[Key, str] = {}
        self.revisions: list[NewRevision] = []
        self.merged: list[tuple[str, str]] = []
        self.shown_contents: dict[str, str] = {}

    def erase(self, story_id: str, by: str) -> None:
        """Leave of a story that it is no more: neither words, nor sources, nor names."""
        state = self.known.stories[story_id]
        case = _Case(
            replace(
                state,
                revision=state.revision + 1,
                fingerprint=erasure.BLANK_FINGERPRINT,
                status=Status.REMOVED,
                reason=erasure.ERASED,
                decision=ERASE,
                shown=(state.shown[0], ""),
            ),
            {},
            moved=True,
        )
        self.cases[story_id] = case
        self.shown_contents[story_id] = erasure.BLANK
        self._revise(case.state, erasure.BLANK, by)

    def case(self, story_id: str) -> _Case:
        found = self.cases.get(story_id)
        if found is None:
            state = self.known.stories[story_id]
            if state.decision == ERASE:
                raise ConflictError(f"{story_id} was erased: nothing of it is left to act on")
            sources = self.known.sources.get(story_id, ())
            found = _Case(state, {s.key: s for s in sources})
            found.contents = {s.fingerprint: s.content for s in sources if s.content}
            self.cases[story_id] = found
        return found

    def tell(self, telling: Telling) -> str:
        """Take in one telling; say which of the counts it belongs to."""
        wanted = [(r.publisher, r.external_id) for r in telling.references]
        if any(name in self.known.suppressed for name in wanted):
            return "skipped"
        key = (telling.channel, telling.external_id)
        ids = {self.names[name] for name in wanted if name in self.names}
        if not ids:
            self._bear(telling, key, wanted)
            return "new"
        case = self.merge(sorted(ids), "identity")
        moved = self._learn_names(case, wanted) or len(ids) > 1
        source = case.sources.get(key)
        if source is not None and _is_older(telling, source):
            return "changed" if moved else "unchanged"
        if source is None or source.ended or source.fingerprint != telling.fingerprint:
            case.contents[telling.fingerprint] = telling.canonical
            self._note(case, _source(telling, key, self.landing, source))
            moved |= self._settle(case, telling.channel)
        return "changed" if moved else "unchanged"

    def remove(self, key: Key, story_id: str, reason: str) -> str:
        """Take in that a source is no more."""
        case = self.case(story_id)
        source = case.sources[key]
        if source.ended:
            return "unchanged"
        self._note(case, replace(source, ended=reason, landing=self.landing))
        self._settle(case, key[0])
        return "removed"

    def decide(self, story_id: str, decision: str | None, by: str) -> bool:
        """Take in what a person decided; say whether anything moved."""
        case = self.case(story_id)
        if decision == RELEASE:
            decision = f"{RELEASE} {case.state.fingerprint}"
        if case.state.decision == decision:
            return False
        case.state = replace(case.state, decision=decision)
        case.moved = True
        self._settle(case, by)
        return True

    def merge(self, ids: Sequence[str], by: str) -> _Case:
        """Make one story of several: the younger become aliases of the oldest."""
        if len(ids) == 1:
            return self.case(ids[0])
        cases = sorted((self.case(i) for i in ids), key=lambda c: c.state.born or 1 << 62)
        oldest, *younger = list({c.state.id: c for c in cases}.values())
        for case in younger:
            self._absorb(oldest, case, by)
        if younger:
            oldest.moved = True
            self._settle(oldest, by)
        return oldest

    def _bear(self, telling: Telling, key: Key, wanted: Sequence[Name]) -> None:
        story_id = mint(wanted[0])
        state = StoryState(story_id, 0, "", "", None, None, key, 0)
        case = _Case(state, {})
        case.contents[telling.fingerprint] = telling.canonical
        self.cases[story_id] = case
        for name in wanted:
            self.names[name] = self.new_names[name] = story_id
        self._note(case, _source(telling, key, self.landing, None))
        self._settle(case, telling.channel, telling)

    def _learn_names(self, case: _Case, wanted: Sequence[Name]) -> bool:
        unknown = [name for name in wanted if name not in self.names]
        for name in unknown:
            self.names[name] = self.new_names[name] = case.state.id
        if unknown:  # a publisher more: the loop guard must look again
            case.moved = True
        return bool(unknown)

    def _note(self, case: _Case, source: SourceState) -> None:
        case.sources[source.key] = source
        self.touched[source.key] = case.state.id

    def _absorb(self, older: _Case, younger: _Case, by: str) -> None:
        state = younger.state
        self.merged.append((state.id, older.state.id))
        for source in younger.sources.values():
            older.sources.setdefault(source.key, source)
            self.touched[source.key] = older.state.id
        older.contents |= younger.contents
        for name, story_id in list(self.names.items()):
            if story_id == state.id:
                self.names[name] = older.state.id
                if name in self.new_names:
                    self.new_names[name] = older.state.id
        younger.sources = {}
        younger.moved = True
        younger.state = replace(
            state,
            revision=state.revision + 1,
            status=Status.REMOVED,
            reason=MERGED,
            alias_of=older.state.id,
        )
        self._revise(younger.state, None, by)

    def _settle(self, case: _Case, by: str, telling: Telling | None = None) -> bool:
        """Work out what the story now shows; write a revision where that is something else."""
        state = case.state
        source = _shown(case.sources)
        content = case.contents.get(source.fingerprint)
        codes = _codes(content) if telling is None else telling.content.moderation.codes
        status, reason = _status(case.sources, state.decision, source.fingerprint, codes)
        if (source.fingerprint, status, reason) == (state.fingerprint, state.status, state.reason):
            if source.key != state.shown:
                case.state = replace(state, shown=source.key)
                case.moved = True
            return case.moved
        case.state = StoryState(
            state.id,
            state.revision + 1,
            source.fingerprint,
            status,
            reason,
            state.decision,
            source.key,
            state.born,
        )
        case.moved = True
        told_anew = source.fingerprint != state.fingerprint
        if told_anew and content is not None:
            self.shown_contents[state.id] = content
        self._revise(case.state, content if told_anew else None, by)
        return True

    def _revise(self, state: StoryState, content: str | None, by: str) -> None:
        self.revisions.append(
            NewRevision(
                state.id,
                state.revision,
                state.fingerprint,
                state.status,
                state.reason,
                content,
                state.shown,
                by,
            )
        )

    def plan(self, saved: Saved) -> Plan:
        moved = [c.state for c in self.cases.values() if c.moved]
        shown = {r.fingerprint for r in self.revisions}
        sources = [
            (story_id, self._kept(self.case(story_id), key, shown))
            for key, story_id in self.touched.items()
        ]
        return Plan(
            saved,
            moved,
            self.shown_contents,
            self.revisions,
            sources,
            list(self.new_names.items()),
            self.merged,
        )

    def _kept(self, case: _Case, key: Key, shown: AbstractSet[str]) -> SourceState:
        """Keep with a source the telling that no revision has."""
        source = case.sources[key]
        if source.fingerprint in shown or source.fingerprint == case.state.fingerprint:
            return replace(source, content=None) if source.content else source
        return replace(source, content=case.contents.get(source.fingerprint))


def _is_older(telling: Telling, source: SourceState) -> bool:
    return (
        telling.told_at is not None
        and source.told_at is not None
        and telling.told_at < source.told_at
    )


def _source(telling: Telling, key: Key, landing: int, before: SourceState | None) -> SourceState:
    return SourceState(
        key,
        telling.is_origin,
        telling.told_at,
        before.first_landing if before else landing,
        landing,
        telling.fingerprint,
    )


def _shown(sources: Mapping[Key, SourceState]) -> SourceState:
    """Choose whose telling is shown: the origin's own, else the first that still tells it."""
    if len(sources) == 1:
        return next(iter(sources.values()))
    return min(
        sources.values(),
        key=lambda s: (not s.is_origin, s.ended is not None, s.first_landing, s.key),
    )


def _status(
    sources: Mapping[Key, SourceState],
    decision: str | None,
    fingerprint: str,
    codes: Sequence[str],
) -> tuple[str, str | None]:
    if decision == WITHDRAW:
        return Status.REMOVED, PERSON
    ended = [s for s in sources.values() if s.ended]
    origin_ended = next((s for s in ended if s.is_origin), None)
    if origin_ended:
        return Status.REMOVED, origin_ended.ended
    if len(ended) == len(sources):
        return Status.REMOVED, max(ended, key=lambda s: (s.landing, s.key)).ended
    if decision == HOLD:
        return Status.HELD, PERSON
    if codes and decision != f"{RELEASE} {fingerprint}":
        return Status.HELD, codes[0]
    return Status.PUBLISHED, None


def _codes(content: str | None) -> tuple[str, ...]:
    if content is None or '"codes":[]' in content:
        return ()
    return tuple(orjson.loads(content)["moderation"]["codes"])


def decide_page(
    tellings: Sequence[Telling],
    removals: Sequence[tuple[Key, Removal]],
    known: Known,
    landing: int,
) -> Plan:
    """Decide what a page of tellings and removals changes; tellings first, each in its order."""
    decider = _Decider(known, landing)
    counts = dict.fromkeys(Saved.model_fields, 0)
    for telling in tellings:
        counts[decider.tell(telling)] += 1
    owners = {s.key: story_id for story_id, ss in known.sources.items() for s in ss}
    owners |= decider.touched
    for key, removal in removals:
        story_id = owners.get(key)
        verb = decider.remove(key, story_id, removal.reason) if story_id else "unchanged"
        counts[verb] += 1
    return decider.plan(Saved(**counts))


def decide_act(known: Known, act: Callable[["_Decider"], object]) -> Plan:
    """Decide what a person's act changes."""
    decider = _Decider(known, 0)
    act(decider)
    return decider.plan(Saved())


def hold(known: Known, story_id: str, by: str) -> Plan:
    """Keep a story from every partner until a person releases it."""
    return decide_act(known, lambda d: d.decide(story_id, HOLD, by))


def release(known: Known, story_id: str, by: str) -> Plan:
    """Let a held story out as it now reads; once it reads differently, it is screened anew."""
    return decide_act(known, lambda d: d.decide(story_id, RELEASE, by))


def withdraw(known: Known, story_id: str, by: str) -> Plan:
    """Remove a story for good, whatever its channels go on telling."""
    return decide_act(known, lambda d: d.decide(story_id, WITHDRAW, by))


def erase(known: Known, story_ids: Sequence[str], by: str) -> Plan:
    """Erase stories: of each one revision more, which says that it was erased, and no word."""

    def act(decider: _Decider) -> None:
        for story_id in story_ids:
            decider.erase(story_id, by)

    return decide_act(known, act)


def merge(known: Known, story_ids: Sequence[str], by: str) -> Plan:
    """Make one story of several, as a person says."""
    return decide_act(known, lambda d: d.merge(story_ids, by))
