"""Find which clients are behind with fetching what their partner agreed to fetch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from rules import refresh
from rules.refresh import Client, Duty, Seen
from schemas.config import Config
from schemas.partner import Partner, Token
from store import deliveries, publication, subscribers, tokens
from store.database import Engine, reading


class Standing(NamedTuple):
    """A client, and the edition that it must fetch."""

    edition: str
    client: Client


def standing(engine: Engine, config: Config, now: datetime) -> list[Standing]:
    """List every client that must fetch so often, and how it stands to that, by edition.

    Left out are editions that never showed a story, sandboxes, and partners that are suspended.
    """
    owed = _owed(config, now)
    if not owed:
        return []
    with reading(engine) as connection:
        first = publication.first_at(connection, owed.keys())
        fetched = deliveries.last_at(connection, owed.keys())
        fresh = subscribers.fresh_at(connection, now)
        known = [one.token for one in tokens.every(connection) if one.token.use == "feed"]
    return [
        Standing(key, client)
        for key, duties in owed.items()
        if key in first
        for client in refresh.clients(duties, _seen(key, known, fetched, fresh), first[key], now)
    ]


def _owed(config: Config, now: datetime) -> dict[str, list[Duty]]:
    partners = [partner for partner in config.partners if not partner.suspended]
    by_partner = {partner.id: _duties(config, partner, now) for partner in partners}
    found = {e.key: by_partner.get(e.partner, []) for e in config.editions if not e.is_sandbox}
    return {key: duties for key, duties in found.items() if duties}


def _duties(config: Config, partner: Partner, now: datetime) -> list[Duty]:
    return refresh.duties(config.agreements_of(partner.id), partner.zone, now)


def _seen(
    key: str,
    known: Sequence[Token],
    fetched: Mapping[tuple[str, str], datetime],
    fresh: Mapping[tuple[str, str], datetime],
) -> list[Seen]:
    partner = key.partition("/")[0]
    return [
        Seen(token, fetched.get((key, token.id)), fresh.get((key, token.id)))
        for token in known
        if token.partner == partner
    ]
