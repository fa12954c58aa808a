"""The narrow types that fields are made of."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints


def _to_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time must say its zone")
    return value.astimezone(UTC)


UtcTime = Annotated[datetime, AfterValidator(_to_utc)]
"""A point in time, in UTC. A time without a zone is refused, not guessed."""

Count = Annotated[int, Field(ge=0)]
"""How many; never negative."""

Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
"""A calendar month, `2026-10`."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""An id that an operator chooses: fit for addresses, file names and artifact keys."""
