"""Parsing what every kind of channel brings: kept bytes in, drafts out."""

from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from typing import NamedTuple

import orjson
from lxml import etree

from bench import clock
from bench.figure import Figure, at_least, compared
from connectors import channels
from kit.stages import stages
from kit.trial import LIMITS, open_trial
from schemas.channel import Fetched


class Size(NamedTuple):
    """How much is parsed."""

    stories: int
    repeats: int


FULL, TINY = Size(2_000, 9), Size(4, 1)

LEAST = 5_000
"""Stories a CPU second."""

SLOW = frozenset({"mailbox"})
"""Kinds that are held to no rate: a message is decoded part by part."""


_PATIENT = LIMITS.model_copy(update={"read_timeout_s": 20, "deadline_s": 60})


def figures(size: Size, folder: Path) -> Iterator[Figure]:
    """Parse what the kit's stages show, each kind beside a bare reading of the same bytes."""
    for kind in stages():
        module = channels.connector(kind)
        with open_trial(kind, folder / kind) as trial:
            trial.world.add(size.stories)
            channel, pages = trial.channel, trial.fetch(limits=_PATIENT)
        drafts = sum(len(module.parse(channel, page).drafts) for page in pages)
        spent = clock.medians(
            {
                "ours": lambda: [module.parse(channel, page) for page in pages],  # noqa: B023
                "bare": lambda: [_bare(page) for page in pages],  # noqa: B023 -- called in this turn
            },
            size.repeats,
        )
        rate = {side: drafts / seconds for side, seconds in spent.items()}
        unit = "stories/CPU s"
        if kind in SLOW:
            yield compared(f"kinds.{kind}", unit, rate["ours"], rate["bare"])
            continue
        ratio = rate["ours"] / rate["bare"]
        yield at_least(f"kinds.{kind}", unit, rate["ours"], LEAST, f"{ratio:.2f}x a bare reading")


def _bare(page: Fetched) -> object:
    """Read the same bytes into what the library gives, and make nothing of it."""
    read: Callable[[bytes], object] = bytes.splitlines
    if "json" in page.media_type:
        read = orjson.loads
    elif "xml" in page.media_type:
        read = etree.fromstring
    elif page.media_type.startswith("message/"):
        read = message_from_bytes
    return read(page.payload)
