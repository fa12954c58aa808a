"""What a played source holds: pieces, and how they change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)
"""The first piece is of the evening before the clocks go forward in London."""

STEP = timedelta(hours=7)
"""Between two pieces: wider than any look-back when there are a hundred."""


@dataclass(frozen=True)
class Piece:
    """One story as its source holds it."""

    id: str
    """Digits only: some sources number their stories."""
    text: str
    title: str
    told_at: datetime
    changed_at: datetime
    gone: bool = False
    reply: str | None = None
    broken: bool = False
    """Told so that no story can be made of it, by a fault that this kind of source may have."""

    @property
    def stars(self) -> int:
        """Give a rating from 1 to 5."""
        return int(self.id) % 5 + 1


@dataclass(frozen=True)
class Delivery:
    """What a source sends us: one POST."""

    headers: Mapping[str, str]
    body: bytes


@dataclass
class World:
    """The pieces of one source, by id, in the order of their publication."""

    pieces: dict[str, Piece] = field(default_factory=dict)
    now: datetime = START

    def add(self, count: int = 1, **told: object) -> list[Piece]:
        """Publish so many pieces, each a step after the last."""
        added = []
        for _ in range(count):
            self.now += STEP
            number = str(len(self.pieces) + 1001)
            piece = Piece(
                number,
                f"The nurse on ward {number} listened, and explained every step of it to me.",
                f"Ward {number} was kind",
                self.now,
                self.now,
            )
            self.pieces[number] = replace(piece, **told)  # type: ignore[arg-type]
            added.append(self.pieces[number])
        return added

    def edit(self, number: str, **told: object) -> Piece:
        """Change a piece now, an hour after whatever came last."""
        self.now += timedelta(hours=1)
        self.pieces[number] = replace(
            self.pieces[number],
            changed_at=self.now,
            **told,  # type: ignore[arg-type]
        )
        return self.pieces[number]

    def remove(self, number: str) -> Piece:
        """Take a piece down."""
        return self.edit(number, gone=True)

    def put_back(self, number: str) -> Piece:
        """Show a piece again that was taken down."""
        return self.edit(number, gone=False)

    def shown(self) -> Iterator[Piece]:
        """Go through what the source shows, the oldest first."""
        return (piece for piece in self.pieces.values() if not piece.gone)

    def gone(self) -> Iterator[Piece]:
        """Go through what was taken down."""
        return (piece for piece in self.pieces.values() if piece.gone)
