"""Where things stand: the tokens and the editions, as the store had them a moment ago."""

from typing import NamedTuple

from rules import editions
from schemas.config import Config
from schemas.partner import Edition
from schemas.publication import EditionState
from store import publication, tokens
from store.database import Engine, reading
from web.keys import Keyring


class Stamp(NamedTuple):
    """What moves whenever any document of an edition may have."""

    epoch: str
    seq: int
    digest: str


class Standing(NamedTuple):
    """All that is asked of the store at every request, read at once."""

    keyring: Keyring
    stamps: dict[str, Stamp]
    """By edition, as `partner/edition`; one that was never published is not in it."""

    def editions(self, config: Config, partner_id: str) -> dict[str, Edition]:
        """Find a partner's editions, by `partner/edition`: those that were taken out too.

        Who is no partner any more has none.
        """
        if config.partner(partner_id) is None:
            return {}
        every = editions.known(config, self.stamps)
        return {edition.key: edition for edition in every if edition.partner == partner_id}


def read(engine: Engine) -> Standing:
    """Read where things stand."""
    with reading(engine) as connection:
        known = tokens.every(connection)
        states = publication.states(connection)
    return Standing(
        Keyring(one.token for one in known),
        {key: _stamp(state) for key, state in states.items()},
    )


def _stamp(state: EditionState) -> Stamp:
    return Stamp(state.epoch, state.seq, state.digest)
