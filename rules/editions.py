"""Which editions there are: those that are configured, and those that were taken out since.

For one that was taken out nothing is agreed any more, so all that it showed goes out, and is owed
until it is acknowledged. A sandbox falls out by itself, and owes nobody anything.
"""

from collections.abc import Iterable

from schemas.config import Config
from schemas.partner import Edition, Partner


def known(config: Config, keys: Iterable[str]) -> list[Edition]:
    """List the configured editions, and of these keys those that were taken out, in order.

    `keys` are of editions that were published once, as `partner/edition`.
    """
    return [*config.editions, *ended(config, keys)]


def ended(config: Config, keys: Iterable[str]) -> list[Edition]:
    """Make an edition of each of these keys that was taken out: all that is known of it."""
    configured = {edition.key for edition in config.editions}
    found = (key.split("/") for key in sorted(set(keys) - configured))
    made = (Edition(id=id_, partner=partner, title=f"{partner}/{id_}") for partner, id_ in found)
    return [edition for edition in made if not edition.is_sandbox]


def partner(config: Config, partner_id: str) -> Partner:
    """Find a partner; of one that was taken out nothing is known but its id."""
    return config.partner(partner_id) or Partner(id=partner_id, name=partner_id)
