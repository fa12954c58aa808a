"""The base of every record."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A fact: frozen once made, and closed to fields nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")
