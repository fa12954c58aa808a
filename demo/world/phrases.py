"""What people in the world have to tell: sentences with choices left open.

`[a|b|c]` leaves a choice, `{word}` is filled in by the teller. `{i}`, `{me}` and `{my}` stand
for whoever was cared for, so all is told in the past tense.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

_OPEN = re.compile(r"\[([^\]]*)\]|\{(\w+)\}")


def say(rng: random.Random, pattern: str, words: Mapping[str, str]) -> str:
    """Close every choice of a pattern and begin it with a capital letter."""

    def close(match: re.Match[str]) -> str:
        choices, word = match.groups()
        return words[word] if word else _OPEN.sub(close, rng.choice(choices.split("|")))

    text = _OPEN.sub(close, pattern)
    return text[0].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that goes well or badly: its sentences, its tags, what a reply may say of it."""

    name: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    good_tag: str
    bad_tag: str
    titles: tuple[str, str]
    """When it went well; when it went badly."""
    answers: tuple[str, ...]
    """What an organisation writes that looked into what went badly."""
    cheers: tuple[str, ...] = ()
    """What it writes where this went well."""
