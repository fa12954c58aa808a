"""Rule whether a partner's page shows what it was given, and no more."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from rules import play as plays
from schemas.play import Play, Ruling, Verdict
from schemas.publication import LogLine, Shown


class Page(NamedTuple):
    """A page, as a reader without scripts gets it."""

    text: str
    addresses: frozenset[str]
    """Whatever stands in an attribute."""

    def says(self, line: str) -> bool:
        """Say whether a line stands in the text, in any case and with any spaces."""
        return _plain(line) in _plain(self.text)


class _Titles(NamedTuple):
    """A story that a page must show, or must not."""

    id: str
    now: str
    before: frozenset[str]
    """Titles that were corrected."""

    def on(self, page: Page) -> bool:
        return any(page.says(title) for title in (self.now, *self.before))


class _Line(NamedTuple):
    """One thing that is asked of a page."""

    rule: str
    asked: str
    of: int
    """How many there are to look at."""
    faults: list[str]


def judge(
    play: Play,
    now: datetime,
    log: Sequence[LogLine],
    page: Page | str | None,
    credits_: Sequence[str],
    beacons: Mapping[str, str],
) -> list[Ruling]:
    """Rule on the page as it is now; what changed lately may still be as it was before."""
    if page is None:
        return []
    if isinstance(page, str):
        asked = "be there to read"
        return [Ruling(rule="page", asked=asked, seen=page, verdict=Verdict.FAILED)]
    shown, gone = _settled(play, log, now - plays.patience(play))
    over = now >= play.ends_at
    return [_ruled(line, over=over) for line in _lines(page, shown, gone, credits_, beacons)]


def _lines(
    page: Page,
    shown: Sequence[_Titles],
    gone: Sequence[_Titles],
    credits_: Sequence[str],
    beacons: Mapping[str, str],
) -> Iterator[_Line]:
    there = [one for one in shown if one.on(page)]
    lacking = [one.now for one in shown if not one.on(page)]
    yield _Line("page: stories", "show each story", len(shown), lacking)
    still = [one.now for one in gone if one.on(page)]
    yield _Line("page: removed", "show no story that was removed", len(gone), still)
    edited = [one for one in there if one.before]
    old = [one.now for one in edited if not _is_current(page, one)]
    yield _Line("page: edits", "show what was corrected, as corrected", len(edited), old)
    uncredited = [line for line in credits_ if there and not page.says(line)]
    yield _Line("page: attribution", "show the attribution", len(there), uncredited)
    if beacons:
        unseen = [one.now for one in there if beacons[one.id] not in page.addresses]
        yield _Line("page: beacon", "leave each story's image in place", len(there), unseen)


def _is_current(page: Page, story: _Titles) -> bool:
    return page.says(story.now) and not any(map(page.says, story.before))


def _ruled(line: _Line, *, over: bool) -> Ruling:
    fine = not line.faults and line.of > 0
    if line.faults:
        verdict = Verdict.FAILED
    elif not over:
        verdict = Verdict.NOT_YET
    else:
        verdict = Verdict.PASSED if fine else Verdict.FAILED
    seen = f"not so: {', '.join(line.faults)}" if line.faults else f"{line.of} looked at"
    return Ruling(rule=line.rule, asked=line.asked, seen=seen, verdict=verdict)


def _settled(
    play: Play, log: Iterable[LogLine], until: datetime
) -> tuple[list[_Titles], list[_Titles]]:
    """List what a page must show, and must not, of what has not changed lately."""
    known = plays.revisions(play)
    shown: list[_Titles] = []
    gone: list[_Titles] = []
    for line in {line.story_id: line for line in log}.values():
        if line.at > until:
            continue
        title = known[line.story_id, line.revision].title
        told = {known[line.story_id, n].title for n in range(1, line.revision)}
        found = _Titles(line.story_id, title, frozenset(told - {title}))
        (shown if line.state is Shown.IN else gone).append(found)
    return shown, gone


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
