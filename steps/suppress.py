"""Let nothing in that tells what was erased: neither its stories, nor the bytes they came in."""

from collections.abc import Sequence
from typing import NamedTuple

from rules import erasure, normalise
from schemas.channel import Channel
from schemas.config import Config
from schemas.story import Telling
from steps.walk import Page
from store import quarantine, stories, suppressions
from store.database import Connection
from store.suppressions import Name


class Sifted(NamedTuple):
    """A page without what was erased."""

    page: Page
    erased: bool
    """Whether it told such a thing, so that its bytes may not be kept either."""


def sift(connection: Connection, channel: Channel, page: Page) -> Sifted:
    """Skip what was erased: by its names, and by its words under names that nobody knows yet."""
    if suppressions.is_empty(connection):
        return Sifted(page, erased=False)
    ids = [one.faulty.external_id for one in page.refused]
    ids += [one.external_id for one in page.removals]
    ids += page.passed_over
    own = {one: normalise.name(channel, one) for one in ids if one}
    told = {name for telling in page.tellings for name in names(telling)}
    barred = suppressions.among(connection, sorted(told.union(filter(None, own.values()))))
    said = _said(connection, page.tellings)
    left = page._replace(
        tellings=[t for t in page.tellings if t not in said and barred.isdisjoint(names(t))],
        # A record of a removal may tell all the same what was removed.
        removals=[one for one in page.removals if own.get(one.external_id) not in barred],
        refused=[
            one for one in page.refused if own.get(one.faulty.external_id or "") not in barred
        ],
    )
    fewer = page.records - left.records
    # What is no story for us may hold its words all the same.
    erased = fewer > 0 or any(own.get(one) in barred for one in page.passed_over)
    return Sifted(left._replace(skipped=page.skipped + fewer), erased)


def waiting(connection: Connection, config: Config) -> list[int]:
    """Number the records in quarantine that bear the name of what was erased."""
    named: dict[Name, list[int]] = {}
    for number, channel_id, external_id in quarantine.named(connection):
        name = name_of(config, channel_id, external_id)
        if name:
            named.setdefault(name, []).append(number)
    barred = suppressions.among(connection, sorted(named))
    return sorted(number for name in barred for number in named[name])


def name_of(config: Config, channel_id: str, external_id: str) -> Name | None:
    """Name what a channel's record is of; None where the id is blank, or the channel is gone."""
    channel = config.channel(channel_id)
    return normalise.name(channel, external_id) if channel else None


def names(telling: Telling) -> list[Name]:
    """List the names that a telling gives its story."""
    return [(one.publisher, one.external_id) for one in telling.references]


def _said(connection: Connection, tellings: Sequence[Telling]) -> list[Telling]:
    """Find the tellings that say what was erased word for word, of no story that is kept."""
    texts = [erasure.words(telling.content.body_text) for telling in tellings]
    barred = suppressions.among_texts(connection, {t for t in texts if erasure.is_long(t)})
    said = [telling for telling, text in zip(tellings, texts, strict=True) if text in barred]
    known = stories.by_name(connection, [name for one in said for name in names(one)])
    return [one for one in said if known.keys().isdisjoint(names(one))]
