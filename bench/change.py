"""What one changed story costs, told and brought out, in a small and a large edition."""

import statistics
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from bench import _house, clock, texts
from bench.figure import Figure, compared
from schemas.story import Story
from store.database import Engine, create_tables, open_engine

_URL = "https://retold.example"
_PAGE = 5_000


class Size(NamedTuple):
    """How many stories the editions show, and how many of them change one after another."""

    small: int
    large: int
    changes: int


FULL, TINY = Size(1_000, 100_000, 25), Size(20, 60, 2)


def figures(size: Size, folder: Path) -> Iterator[Figure]:
    """Change stories one by one, and publish after each, in both editions."""
    rates = [_rate(folder, stories, size.changes) for stories in (size.small, size.large)]
    yield compared(
        f"change.{size.large:,}/{size.small:,}",
        "changes/CPU s",
        rates[1],
        rates[0],
        at_least=2 / 3,
        note="stories in the edition",
    )


def _rate(folder: Path, stories: int, changes: int) -> float:
    engine = open_engine(f"sqlite:///{folder}/{stories}.db")
    create_tables(engine)
    coming = iter(texts.stories(stories))
    changing: list[Story] = []
    while page := list(islice(coming, _PAGE)):
        changing += page[: max(1, changes * len(page) // stories)]
        _house.tell(engine, page)
    _house.bring_out(engine, _URL)
    measured = rate(engine, changing)
    engine.dispose()
    return measured


def rate(engine: Engine, changing: Iterable[Story]) -> float:
    """Change these stories one by one, and publish after each; give changes a CPU second."""
    return 1 / statistics.median(clock.cpu_s(partial(_change, engine, one)) for one in changing)


def _change(engine: Engine, story: Story) -> None:
    _house.tell(engine, [story.model_copy(update={"title": "Told anew"})])
    _house.bring_out(engine, _URL)
