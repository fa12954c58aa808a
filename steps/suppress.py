"""Let nothing in that tells what was erased: neither its stories, nor the bytes they came in."""

from collections.abc import Sequence
from typing import NamedTuple

from rules import erasure, normalise
from schemas.channel import Channel
from schemas.story import Telling
from steps.walk import Page
from store import stories, suppressions
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
    own = [normalise.name(channel, one.faulty.external_id or "") for one in page.refused]
    names = [_names(telling) for telling in page.tellings]
    every = {name for some in names for name in some}.union(filter(None, own))
    barred = suppressions.among(connection, sorted(every))
    said = _said(connection, page.tellings)
    told = [t for t in page.tellings if t not in said and barred.isdisjoint(_names(t))]
    refused = [one for one, name in zip(page.refused, own, strict=True) if name not in barred]
    fewer = len(page.tellings) - len(told) + len(page.refused) - len(refused)
    skipped = page.skipped + fewer
    return Sifted(page._replace(tellings=told, refused=refused, skipped=skipped), fewer > 0)


def _names(telling: Telling) -> list[Name]:
    return [(one.publisher, one.external_id) for one in telling.references]


def _said(connection: Connection, tellings: Sequence[Telling]) -> list[Telling]:
    """Find the tellings that say what was erased word for word, of no story that is kept."""
    texts = [erasure.words(telling.content.body_text) for telling in tellings]
    barred = suppressions.among_texts(connection, {t for t in texts if erasure.is_long(t)})
    said = [telling for telling, text in zip(tellings, texts, strict=True) if text in barred]
    known = stories.by_name(connection, [name for one in said for name in _names(one)])
    return [one for one in said if known.keys().isdisjoint(_names(one))]
