"""What one changed story costs in an edition that removed many at once, and in one that did not."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench import _house, change, texts
from bench.figure import Figure, compared
from store.database import create_tables, open_engine

_URL = "https://retold.example"
_PAGE = 5_000


class Size(NamedTuple):
    """How many stories an edition removes at once, and how many change before it, and after."""

    removed: int
    changes: int


FULL, TINY = Size(20_000, 25), Size(60, 2)


def figures(size: Size, folder: Path) -> Iterator[Figure]:
    """Change stories one by one, and publish after each, before the removals and after them."""
    engine = open_engine(f"sqlite:///{folder}/removed.db")
    create_tables(engine)
    told = list(texts.stories(size.removed + 2 * size.changes))
    gone = told[2 * size.changes :]
    for at in range(0, len(told), _PAGE):
        _house.tell(engine, told[at : at + _PAGE])
    _house.bring_out(engine, _URL)
    before = change.rate(engine, told[: size.changes])
    for at in range(0, len(gone), _PAGE):
        _house.take_back(engine, gone[at : at + _PAGE])
    _house.bring_out(engine, _URL)
    after = change.rate(engine, told[size.changes : 2 * size.changes])
    engine.dispose()
    yield compared(
        f"removed.{size.removed:,}/0",
        "changes/CPU s",
        after,
        before,
        at_least=2 / 3,
        note="stories removed before",
    )
