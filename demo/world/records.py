"""What the channel keeps of a story: its tags, its origin, its replies."""

from dataclasses import dataclass
from datetime import datetime

SITE = "https://www.careopinion.example"
"""The public face of the channel; nothing answers there."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of a story."""

    name: str
    group: str
    """`good`, `improve` or `feel`."""
    polarity: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an imported story was first published."""

    publisher: str
    reference: str
    url: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What an organisation wrote under a story."""

    id: int
    organisation: str
    """The code of who replies."""
    author: str
    role: str
    body: str
    """Markdown."""
    submitted: datetime
    published: datetime
    change: str | None
    """The channel's words for what will be different, if the reply says so."""
    script: int | None
    """Which of the organisation's scripts it was pasted from; None if somebody wrote it."""


@dataclass(frozen=True, slots=True)
class Story:
    """One story as the channel shows it."""

    id: int
    title: str
    body: str
    """Markdown."""
    submitted: datetime
    published: datetime
    experienced: str
    """The month, `2012-05`."""
    criticality: str | None
    role: str
    age: str | None
    tags: tuple[Tag, ...]
    services: tuple[str, ...]
    """Codes of the organisations and sites it is about, the main one first."""
    origin: Origin | None = None
    replies: tuple[Reply, ...] = ()
    trap: str = ""
    """`three services` or `personal` where the story was laid as one."""

    @property
    def url(self) -> str:
        """Say where people read it."""
        return f"{SITE}/{self.id}"
