"""Keep what was given to partners."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from schemas.delivery import Delivery
from store import deliveries, tokens
from store.database import Engine, writing


def flush(engine: Engine, given: Sequence[Delivery], used: Mapping[str, datetime]) -> None:
    """Keep deliveries, and when each token (by id) was last used: all of it, or none."""
    with writing(engine) as connection:
        deliveries.add(connection, given)
        tokens.note_use(connection, used)
