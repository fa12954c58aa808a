"""Gather what was seen of a partner in a play, and rule whether it obeys."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import feeds
from connectors import _web_page
from connectors._http import Http
from rules import beacon, obey, refresh
from rules import play as rule
from rules.obey import Facts, Given
from rules.obey_page import Page
from schemas.delivery import PUSH, Delivery
from schemas.errors import OutsideError
from schemas.partner import SANDBOX, Edition, Partner
from schemas.play import Judged, Play
from schemas.publication import LogLine, PartKind
from steps import plays
from steps.house import House
from steps.press import Press
from store import deliveries, holders, publication, subscribers, tokens
from store.database import Engine, reading


def judged(house: House, partner: str) -> Judged:
    """Rule on a partner's latest play, as things stand now; UnknownError where there is none.

    Where it gives the address of its page, that is read now.
    """
    found = plays.known_partner(house.config, partner)
    play = plays.latest(house.engine, partner)
    edition = Edition(id=SANDBOX, partner=partner, title="")
    seen = _seen(house.engine, edition, play, house.now)
    facts = _facts(house.press, edition, play, seen, house.now)
    return Judged(
        play=play, rulings=tuple(obey.judge(facts._replace(page=_page(house.http, found))))
    )


class _Seen(NamedTuple):
    """What the store knows of a partner in a play."""

    given: list[Delivery]
    live: set[str]
    """Tokens that open feeds."""
    log: list[LogLine]
    acknowledged: dict[str, datetime]
    subscribed: frozenset[str]


def _seen(engine: Engine, edition: Edition, play: Play, now: datetime) -> _Seen:
    key = edition.key
    with reading(engine) as connection:
        known = [k.token for k in tokens.every(connection)]
        removed = holders.removed(connection, key)
        return _Seen(
            given=deliveries.of(connection, key),
            live={t.id for t in known if t.use == "feed" and t.is_live(now)},
            log=publication.lines(connection, key, play.started_at, play.ends_at),
            acknowledged={r.story_id: r.acknowledged_at for r in removed if r.acknowledged_at},
            subscribed=frozenset(
                token for of, token in subscribers.fresh_at(connection, now) if of == key
            ),
        )


def _facts(press: Press, edition: Edition, play: Play, seen: _Seen, now: datetime) -> Facts:
    partner = press.partner(edition)
    told = rule.revisions(play)
    agreements = press.agreements(edition)
    owed = refresh.duties(agreements, partner.zone, now)
    return Facts(
        play=play,
        now=now,
        formats=tuple(press.formats(edition)),
        telling=feeds.telling(),
        given=list(_given(seen.given, play, seen.live)),
        log=[line for line in seen.log if (line.story_id, line.revision) in told],
        acknowledged=seen.acknowledged,
        refresh_hours=min((duty.hours for duty in owed), default=None),
        subscribed=seen.subscribed,
        page=None,
        credits=[rule.CREDIT, *(a.attribution for a in agreements if a.attribution)],
        beacons={one: press.public_url + beacon.path(partner.id, one, press.key) for one, _ in told}
        if partner.beacon
        else {},
    )


def _given(given: Iterable[Delivery], play: Play, live: set[str]) -> Iterable[Given]:
    """Choose what tells a client how the sandbox stands; a push counts once it was taken."""
    for one in given:
        newest = not one.part or one.part.startswith(f"{PartKind.DELTA}-")
        lately = one.last_at >= play.started_at and one.first_at <= play.ends_at
        if one.token in live and newest and lately and one.came:
            yield Given(
                one.token,
                one.format,
                one.as_of,
                one.came_at,  # one that failed told nothing
                one.last_at,
                one.served,
                one.confirmed,
                one.how == PUSH,
            )


def _page(http: Http, partner: Partner) -> Page | str | None:
    """Read the page where a partner shows stories, or say why that cannot be done."""
    if partner.page_url is None:
        return None
    try:
        answer = http.get(partner.id, partner.page_url, accept="text/html")
    except OutsideError as error:
        return error.reason
    read = _web_page.read(answer.body, answer.charset)
    return Page(*read) if read else "it is no page of HTML"
