"""Which stories an edition ought to show, and what must be logged to bring it there.

Everything is out unless all of these let it in, and the first that does not is the reason: a
story that is not published is out for its own reason; then `suspended`, `not_live`, `right`,
`loop`, `agreement`, `embargo`, `expired`, `scope`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rules import lineage, manifest
from rules.entries import UNDATED, told_at
from rules.lineage import Ground
from schemas.partner import Agreement, Edition, Partner, Scope
from schemas.publication import Desire, Shown
from schemas.story import Rights, Status, Story, overall

ALLOWED = "allowed"
"""Why a story is in."""

_ALWAYS = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)
_DAY = timedelta(days=1)
_MOST_DAYS = timedelta.max.days
_FIRST_DAY, _LAST_DAY = date.min + _DAY, date.max - _DAY
"""Beyond these a day has no beginning, or no end, in some zone."""

_KINDEST_FIRST = (None, "embargo", "expired")
_NOT_SHOWN = (0, Shown.OUT, "")
_NO_RIGHTS = Rights()

Holds = Callable[[Story], bool]
"""A test whether a story is one of those meant."""

Span = tuple[datetime, datetime]
"""From a moment up to another, which is no longer in it."""


Ends = Callable[[Story], datetime]
"""Says until when a story is one of those meant: the beginning of time where it never is."""


class _Term(NamedTuple):
    """One agreement, when it is in force, and until when it is about a story."""

    agreement: Agreement
    force: Span
    ends: Ends


class Selector:
    """What one edition ought to do about any story at one moment: made once, asked often."""

    def __init__(
        self,
        edition: Edition,
        partner: Partner,
        agreements: Sequence[Agreement],
        rights: Mapping[str, Rights],
        ground: Ground,
        now: datetime,
    ) -> None:
        self._barred = barred(partner)
        self._name = partner.publisher_name.casefold()
        self._rights = rights
        self._now = now
        self._scope_ends = _ending(edition.scope, ground)
        self._terms = [
            _Term(agreement, force(agreement, partner.zone), _ending(agreement.scope, ground))
            for agreement in agreements
            if agreement.partner == partner.id
        ]

    def __call__(self, story: Story) -> Desire:
        """Say whether the edition ought to show a story, and why."""
        obstacle = self._lasting(story) or self._passing(story)
        if not obstacle and self._now >= self._scope_ends(story):
            obstacle = "scope"
        return Desire(
            story_id=story.id,
            revision=story.revision,
            state=Shown.OUT if obstacle else Shown.IN,
            reason=obstacle or ALLOWED,
            month=manifest.month(told_at(story) or UNDATED),
        )

    def due(self, story: Story) -> datetime | None:
        """Say when time alone may next change the answer for a story; None for never."""
        if self._lasting(story):
            return None
        spans = [(_ALWAYS, self._scope_ends(story))]
        for term in self._terms:
            end = term.ends(story)
            if self._now < end:  # a story only grows older: it will not be about it again
                window = _window(term.agreement, story, self._rights)
                spans += ((_ALWAYS, end), term.force, window)
        return _next(spans, self._now)

    def _lasting(self, story: Story) -> str | None:
        """Say what keeps a story out whatever the time is."""
        if story.status is not Status.PUBLISHED:
            return story.reason or str(story.status)
        if self._barred:
            return self._barred
        channel = self._rights.get(story.source.channel, _NO_RIGHTS)
        if not (story.rights.may_syndicate and channel.may_syndicate):
            return "right"
        publishers = (story.origin.publisher, *story.publishers)
        return "loop" if self._name in [name.casefold() for name in publishers] else None

    def _passing(self, story: Story) -> str | None:
        """Say what keeps a story out for now; one agreement that lets it in suffices."""
        verdicts = [
            self._verdict(term.agreement, story)
            for term in self._terms
            if within(term.force, self._now) and self._now < term.ends(story)
        ]
        return min(verdicts, key=_KINDEST_FIRST.index, default="agreement")

    def _verdict(self, agreement: Agreement, story: Story) -> str | None:
        opens, closes = _window(agreement, story, self._rights)
        if self._now < opens:
            return "embargo"
        return "expired" if self._now >= closes else None


def barred(partner: Partner) -> str | None:
    """Say why a partner may be shown nothing real; None where it may."""
    if partner.suspended:
        return "suspended"
    return None if partner.live else "not_live"


def selector(
    edition: Edition,
    partner: Partner,
    agreements: Sequence[Agreement],
    rights: Mapping[str, Rights],
    ground: Ground,
    now: datetime,
) -> Selector:
    """Prepare to choose for one edition; `rights` are each channel's, as configured now."""
    return Selector(edition, partner, agreements, rights, ground, now)


def allowed(
    story: Story,
    edition: Edition,
    partner: Partner,
    agreements: Sequence[Agreement],
    rights: Mapping[str, Rights],
    ground: Ground,
    now: datetime,
) -> Desire:
    """Say whether an edition ought to show one story, and why."""
    return Selector(edition, partner, agreements, rights, ground, now)(story)


def due(
    story: Story,
    partner: Partner,
    editions: Sequence[Edition],
    agreements: Sequence[Agreement],
    rights: Mapping[str, Rights],
    now: datetime,
) -> datetime | None:
    """Say when time alone may next change the answer, in any of the partner's `editions`.

    Never later than `Selector.due`, which also knows what is out for good.
    """
    ours = [agreement for agreement in agreements if agreement.partner == partner.id]
    shown = [edition for edition in editions if edition.partner == partner.id]
    forces = [force(agreement, partner.zone) for agreement in ours]
    windows = [_window(agreement, story, rights) for agreement in ours]
    scopes = (*(one.scope for one in ours), *(one.scope for one in shown))
    ages = [(_ALWAYS, _outgrown(story, scope)) for scope in scopes]
    return _next((*forces, *windows, *ages), now)


def difference(
    desires: Iterable[Desire], shown: Mapping[str, tuple[int, Shown, str]]
) -> list[Desire]:
    """List what must be logged, in the order given: came in, another revision, went out.

    `shown` is revision, state and reason of what the edition last said of each story. Who was
    told that a story is gone need not hear another reason why.
    """
    return [d for d in desires if _differs(d, shown.get(d.story_id, _NOT_SHOWN))]


def _differs(desire: Desire, said: tuple[int, Shown, str]) -> bool:
    revision, state, _ = said
    if desire.state is not state:
        return True
    return state is Shown.IN and desire.revision != revision


def _ending(scope: Scope, ground: Ground) -> Ends:
    """Make what says until when a scope holds a story."""
    holds = _holding(scope, ground)
    return lambda story: _outgrown(story, scope) if holds(story) else _ALWAYS


def _outgrown(story: Story, scope: Scope) -> datetime:
    """Say when a story is too old for a scope; one that bears no time always was."""
    if scope.newest_days is None:
        return _NEVER
    told = told_at(story)
    return _ALWAYS if told is None else _after(told, scope.newest_days)


def _holding(scope: Scope, ground: Ground) -> Holds:
    """Make the test whether a scope may hold a story; a field left open costs nothing."""
    tests: list[Holds] = [lambda story: scope.takes(story.kind)]
    old = scope.with_predecessors
    if scope.organisations:
        tests.append(_about(lineage.below(ground, scope.organisations, with_predecessors=old)))
    if scope.populations:
        members = [ground.populations.get(one, frozenset[str]()) for one in scope.populations]
        tops = frozenset[str]().union(*members)
        tests.append(_about(lineage.below(ground, tops, with_predecessors=old)))
    if scope.regions:
        tests.append(_about(lineage.reaching(ground.regions, scope.regions)))
    if scope.tags:
        tags = {tag.casefold() for tag in scope.tags}
        tests.append(lambda story: not tags.isdisjoint([tag.name.casefold() for tag in story.tags]))
    if scope.languages:
        ranges = [language.casefold() for language in scope.languages]
        tests.append(lambda story: _speaks(story.language, ranges))
    if scope.age_bands:
        bands = {band.casefold() for band in scope.age_bands}
        tests.append(lambda story: (story.author.age_band or "").casefold() in bands)
    if scope.rating_from is not None or scope.rating_to is not None:
        tests.append(lambda story: _rated(story, scope.rating_from, scope.rating_to))
    if len(tests) == 1:
        return tests[0]
    return lambda story: all(test(story) for test in tests)


def _about(organisations: set[str]) -> Holds:
    return lambda story: not organisations.isdisjoint([s.organisation for s in story.services])


def _rated(story: Story, least: float | None, most: float | None) -> bool:
    """Say whether the rating of a story as a whole lies within; one without any does not."""
    rating = overall(story.ratings)
    stars = None if rating is None else rating.stars
    if stars is None:
        return False
    return (least is None or least <= stars) and (most is None or stars <= most)


def _speaks(language: str | None, ranges: Iterable[str]) -> bool:
    """Match as basic filtering does: `en` takes `en-GB`, and `en-GB` does not take `en`.

    Spec: https://www.rfc-editor.org/rfc/rfc4647#section-3.3.1
    """
    tag = (language or "").casefold()
    return any(tag == wanted or tag.startswith(f"{wanted}-") for wanted in ranges)


def force(agreement: Agreement, zone: str) -> Span:
    """Say from when and until when an agreement is in force: whole days in the partner's zone."""
    first, last = agreement.valid_from, agreement.valid_to
    return (
        _midnight(first, zone) if first else _ALWAYS,
        _midnight(min(last, _LAST_DAY) + _DAY, zone) if last else _NEVER,
    )


@lru_cache(maxsize=4096)  # asked again for every story
def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(max(day, _FIRST_DAY), time(), ZoneInfo(zone)).astimezone(UTC)


def _window(agreement: Agreement, story: Story, rights: Mapping[str, Rights]) -> Span:
    """Say from when and until when an agreement lets a story be shown.

    Of a story that bears no time nobody can say that an embargo is over or that a term is not:
    it stays out. What a story says of its own end no agreement puts off.
    """
    ends = story.expires_at or _NEVER
    told = told_at(story)
    terms = (agreement, story.rights, rights.get(story.source.channel, _NO_RIGHTS))
    days = min([t.retention_days for t in terms if t.retention_days], default=None)
    if told is None:
        return _NEVER if agreement.embargo_days else _ALWAYS, ends if days is None else _ALWAYS
    opens = _after(told, agreement.embargo_days)
    return opens, ends if days is None else min(ends, _after(told, days))


def _after(told: datetime, days: int) -> datetime:
    return told + min(timedelta(days=min(days, _MOST_DAYS)), _NEVER - told)


def within(span: Span, now: datetime) -> bool:
    """Say whether a moment lies in a span."""
    return span[0] <= now < span[1]


def _next(spans: Iterable[Span], now: datetime) -> datetime | None:
    moments = (moment for span in spans for moment in span)
    return min((m for m in moments if now < m < _NEVER), default=None)
