"""Rule whether a partner did what a play asked of it, from what was seen of it.

What nobody can know is not held against it: of a document that was fetched again and again only
the first and the last time are kept.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from rules import obey_page, play
from rules.obey_page import Page
from schemas.play import Play, Ruling, Verdict
from schemas.publication import LogLine, Shown


class Given(NamedTuple):
    """The newest document, or what changed in it, as one client got it."""

    client: str
    """A token that is live."""
    format: str
    as_of: int
    """The number of the log that it stands at."""
    first_at: datetime
    last_at: datetime
    served: int
    confirmed: int
    """Answers 304."""
    is_push: bool


class Facts(NamedTuple):
    """All that is known of a partner in a play."""

    play: Play
    now: datetime
    formats: Sequence[str]
    """Those agreed."""
    telling: Sequence[str]
    """Those that tell of removals."""
    given: Sequence[Given]
    """What was given since the play began."""
    log: Sequence[LogLine]
    """What the sandbox did since the play began."""
    acknowledged: Mapping[str, datetime]
    """By story that is removed: when its partner said that it is taken down."""
    refresh_hours: int | None
    """The shortest duty in force to fetch again."""
    subscribed: frozenset[str]
    """Clients with a subscription that holds."""
    page: Page | str | None
    """What the partner's page shows, or why it cannot be read; None where there is none."""
    credits: Sequence[str] = ()
    """Lines to be shown with the stories."""
    beacons: Mapping[str, str] = {}
    """By story the address of its image; empty where none is agreed."""

    @property
    def is_over(self) -> bool:
        """Say whether nothing more is asked."""
        return self.now >= self.play.ends_at

    @property
    def clients(self) -> list[str]:
        """List who was given anything."""
        return sorted({one.client for one in self.given})

    def of(self, client: str) -> list[Given]:
        """List what one client was given, in order of time."""
        return sorted((g for g in self.given if g.client == client), key=lambda g: g.first_at)


def judge(facts: Facts) -> list[Ruling]:
    """Rule on everything that a play asks; nothing is passed before nothing more can be asked."""
    edits, removals = _moves(facts)
    within = f"within {_length(play.patience(facts.play))}"
    refresh = [_refresh(facts, facts.refresh_hours)] if facts.refresh_hours else []
    return [
        *(_fetch(facts, name) for name in facts.formats),
        _come_back(facts),
        *refresh,
        _timely(facts, Moves("edits", f"fetch each edit {within}", edits, _told(facts))),
        _timely(facts, Moves("removals", f"fetch each removal {within}", removals, _gone(facts))),
        _acknowledge(facts),
        *obey_page.judge(
            facts.play, facts.now, facts.log, facts.page, facts.credits, facts.beacons
        ),
    ]


Told = Callable[[LogLine, Given], bool]
"""Says whether a document tells of a change."""


class Moves(NamedTuple):
    """Changes that a client must fetch."""

    rule: str
    asked: str
    lines: Sequence[LogLine]
    told: Told


def _told(_: Facts) -> Told:
    return lambda line, given: given.as_of >= line.seq


def _gone(facts: Facts) -> Told:
    return lambda line, given: given.as_of >= line.seq and given.format in facts.telling


def _moves(facts: Facts) -> tuple[list[LogLine], list[LogLine]]:
    """Find what came anew (edited, or back), and what went; that something is new is neither."""
    edits: list[LogLine] = []
    removals: list[LogLine] = []
    known: set[str] = set()
    for line in facts.log:
        if line.story_id in known:
            (removals if line.state is Shown.OUT else edits).append(line)
        known.add(line.story_id)
    return edits, removals


def _ruling(facts: Facts, rule: str, asked: str, seen: str, *, fine: bool | None) -> Ruling:
    """Rule on what is fine, or not, or (None) not known before the end."""
    if fine is None and facts.is_over:
        fine = False
    verdict = {True: Verdict.PASSED, False: Verdict.FAILED, None: Verdict.NOT_YET}[fine]
    return Ruling(rule=rule, asked=asked, seen=seen, verdict=verdict)


def _fetch(facts: Facts, name: str) -> Ruling:
    given = [one for one in facts.given if one.format == name]
    pushes = sum(one.confirmed for one in given if one.is_push)
    fetches = sum(one.served + one.confirmed for one in given if not one.is_push)
    seen = f"{fetches} fetches, {pushes} pushes"
    return _ruling(facts, f"fetch {name}", f"fetch .{name}", seen, fine=True if given else None)


def _come_back(facts: Facts) -> Ruling:
    asked = "send If-None-Match with what you hold"
    missing = [client for client in facts.clients if not _is_conditional(facts.of(client))]
    seen = f"{sum(g.confirmed for g in facts.given if not g.is_push)} answers were 304"
    if missing:
        seen += f"; none to {', '.join(missing)}"
    fine = True if facts.clients and not missing else None
    return _ruling(facts, "come back", asked, seen, fine=fine)


def _is_conditional(given: Sequence[Given]) -> bool:
    """A client that takes pushes, and never fetched the same twice, had no need to ask."""
    fetched = [one for one in given if not one.is_push]
    if any(one.confirmed for one in fetched):
        return True
    return len(fetched) < len(given) and all(one.served <= 1 for one in fetched)


def _refresh(facts: Facts, hours: int) -> Ruling:
    until = min(facts.now, facts.play.ends_at)
    asked = f"fetch again every {hours} h, or take pushes"
    polling = [client for client in facts.clients if client not in facts.subscribed]
    gaps = {client: _gap(facts.of(client), facts.play.started_at, until) for client in polling}
    longest = max(gaps.values(), default=timedelta())
    seen = f"longest wait {_length(longest)}" if gaps else "pushed"
    if not facts.clients:
        seen, longest = "never fetched", until - facts.play.started_at
    if longest > timedelta(hours=hours):
        fine: bool | None = False
    else:
        fine = True if facts.is_over and facts.clients else None
    return _ruling(facts, "refresh", asked, seen, fine=fine)


def _gap(given: Sequence[Given], since: datetime, until: datetime) -> timedelta:
    """Find the longest time in which a client certainly fetched nothing."""
    longest, known = timedelta(), since
    for one in given:
        longest = max(longest, min(one.first_at, until) - known)
        known = max(known, min(one.last_at, until))
    return max(longest, until - known)


def _timely(facts: Facts, moves: Moves) -> Ruling:
    late: dict[str, int] = {}
    asked = waiting = 0
    for client in facts.clients:
        given = facts.of(client)
        owed = [line for line in moves.lines if line.seq > min(g.as_of for g in given)]
        if not owed and facts.is_over:
            late[client] = 0
        for line in owed:
            told_at = _first(g.first_at for g in given if moves.told(line, g))
            due = line.at + play.patience(facts.play)
            asked += 1
            if told_at is None and facts.now <= due:
                waiting += 1
            elif told_at is None or told_at > due:
                late[client] = late.get(client, 0) + 1
    seen = _seen_of(asked, waiting, late)
    if late:
        return _ruling(facts, moves.rule, moves.asked, seen, fine=False)
    fine = True if facts.is_over and asked and not waiting else None
    return _ruling(facts, moves.rule, moves.asked, seen, fine=fine)


def _seen_of(asked: int, waiting: int, late: Mapping[str, int]) -> str:
    seen = f"{asked - waiting - sum(late.values())} of {asked}"
    for client, missed in late.items():
        seen += f"; {client}: {missed} late or missed" if missed else f"; {client}: came too late"
    return seen


def _first(moments: Iterable[datetime]) -> datetime | None:
    return min(moments, default=None)


def _acknowledge(facts: Facts) -> Ruling:
    removed = list(_removed(facts.log))
    ends_at = facts.play.ends_at
    done = [one for one in removed if one in facts.acknowledged]
    in_time = [one for one in done if facts.acknowledged[one] <= ends_at]
    seen = f"{len(done)} of {len(removed)}"
    if len(in_time) < len(done):
        seen += f"; {len(done) - len(in_time)} after the end"
    fine = True if facts.is_over and removed and len(in_time) == len(removed) else None
    asked = "acknowledge each removal before the end"
    return _ruling(facts, "acknowledge", asked, seen, fine=fine)


def _removed(log: Iterable[LogLine]) -> Iterator[str]:
    standing = {line.story_id: line.state for line in log}
    return (story_id for story_id, state in standing.items() if state is Shown.OUT)


def _length(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"  # noqa: PLR2004 -- to two hours
