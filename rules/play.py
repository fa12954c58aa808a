"""Which made-up stories there are at a moment of a play: the same play and moment, the same."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from rules import manifest, normalise, select, synthetic
from rules._play_script import CREDIT, SCRIPT, SITE, TEST, Acts, Gone, Told
from rules.entries import UNDATED, told_at
from schemas.channel import Channel, DateReading
from schemas.partner import SANDBOX, Agreement, Edition, Partner
from schemas.play import Play
from schemas.publication import Desire, Held, Shown
from schemas.story import BodyFormat, Draft, Rights, Source, Status, Story

__all__ = ["CREDIT", "TEST", "desires", "editions", "patience", "revisions", "standing"]

_CHANNEL = Channel(
    id=SANDBOX,
    kind=SANDBOX,
    publisher="stories.example",
    rights=Rights(
        licence="CC0-1.0", may_syndicate=True, attribution_text=CREDIT, attribution_url=SITE
    ),
)
_PATIENCE = 6
"""A partner has a sixth of a play for whatever it is asked."""


class _Moment(NamedTuple):
    """A revision of a story, and from when it stands."""

    at: datetime
    story: Story


def editions(partners: Iterable[Partner], agreements: Sequence[Agreement]) -> list[Edition]:
    """Make the sandbox of each partner that has an agreement, and is not live or says it is.

    Who was let in by a written `live = true` keeps an empty one, which tells what went.
    """
    agreed = {agreement.partner for agreement in agreements}
    return [
        Edition(id=SANDBOX, partner=partner.id, title=f"{TEST} Sandbox of {partner.name}")
        for partner in partners
        if partner.id in agreed and (not partner.live or "live" in partner.model_fields_set)
    ]


def patience(play: Play) -> timedelta:
    """Say how long a partner has for whatever it is asked."""
    return timedelta(seconds=play.length_s / _PATIENCE)


def standing(play: Play, now: datetime) -> list[Story]:
    """List every story that was told by now, as it stands; none of a play that was stopped."""
    if play.stopped_at is not None and now >= play.stopped_at:
        return []
    begun = [[one.story for one in moments if one.at <= now] for moments in _moments(play)]
    return [stories[-1] for stories in begun if stories]


def revisions(play: Play) -> dict[tuple[str, int], Story]:
    """Find every story that a play ever tells, by id and revision."""
    stories = [one.story for moments in _moments(play) for one in moments]
    return {(story.id, story.revision): story for story in stories}


def desires(
    play: Play | None, partner: Partner, shown: Iterable[Held], now: datetime
) -> list[Desire]:
    """Say what a sandbox ought to do about every story of the play, and about all that it shows.

    Agreements decide on formats alone: what is played fits no scope. A partner that is live or
    suspended is played nothing.
    """
    barred = "suspended" if partner.suspended else "live" if partner.live else None
    told = standing(play, now) if play is not None else []
    known = {story.id for story in told}
    ended = [
        Desire(story_id=h.story_id, revision=h.revision, state=Shown.OUT, reason=why, month=h.month)
        for h in shown
        if h.story_id not in known
        for why in [barred or "ended"]
    ]
    return ended + [_desire(story, barred) for story in told]


def _desire(story: Story, barred: str | None) -> Desire:
    obstacle = story.reason or barred
    return Desire(
        story_id=story.id,
        revision=story.revision,
        state=Shown.OUT if obstacle else Shown.IN,
        reason=obstacle or select.ALLOWED,
        month=manifest.month(told_at(story) or UNDATED),
    )


@lru_cache(maxsize=16)  # read at every document
def _moments(play: Play) -> list[list[_Moment]]:
    return [_of(play, name, acts) for name, acts in SCRIPT.items()]


def _of(play: Play, name: str, acts: Acts) -> list[_Moment]:
    made: list[_Moment] = []
    for act in acts:
        at = _at(play, act.at)
        if isinstance(act, Gone):
            story = _gone(made[-1].story, at)
        else:
            story = _told(play, name, _draft(play, name, acts, act), len(made) + 1)
        made.append(_Moment(at, story))
    return made


def _at(play: Play, share: float) -> datetime:
    return play.started_at + share * timedelta(seconds=play.length_s)


def _gone(story: Story, at: datetime) -> Story:
    gone = {"status": Status.REMOVED, "reason": "withdrawn", "removed_at": at}
    return story.model_copy(update=gone | {"revision": story.revision + 1})


def _draft(play: Play, name: str, acts: Acts, act: Told) -> Draft:
    answered = [a.at for a in acts if isinstance(a, Told) and "responses" in a.fields]
    first = min(answered, default=act.at)
    times = {"published_at": _iso(play, first), "updated_at": _iso(play, act.at)}
    replies = [reply.model_copy(update=times) for reply in act.fields.get("responses", ())]
    given = act.fields | {
        "external_id": name,
        "url": f"{SITE}/{play.partner}/{name.replace(' ', '-')}",
        "body_format": BodyFormat.MARKDOWN,
        "published_at": _iso(play, acts[0].at),
        "updated_at": _iso(play, act.at),
        "responses": tuple(replies),
    }
    return Draft(**given)


def _iso(play: Play, share: float) -> str:
    return _at(play, share).isoformat()


def _told(play: Play, name: str, draft: Draft, revision: int) -> Story:
    """Understand a story as one of a channel is understood: what is tried is what will be."""
    told = normalise.normalise(draft, _CHANNEL, DateReading()).content
    return Story(
        **vars(told),
        id=synthetic.mint(play.partner, play.started_at.isoformat(), name),
        revision=revision,
        source=Source(channel=SANDBOX, external_id=name, url=told.url),
        status=Status.PUBLISHED,
        publishers=(_CHANNEL.publisher_name,),
    )
