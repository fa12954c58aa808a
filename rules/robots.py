"""Tell people from robots, and both from machines that read for a person, by the user agent.

Robots are never counted. Machines, the assistants and feed readers, are counted apart: they
fetch because somebody asked, but nobody has been seen to read.

List: https://github.com/atmire/COUNTER-Robots (as PyPI's counter-robots)
List: https://github.com/monperrus/crawler-user-agents
Rule: https://cop5.countermetrics.org/en/5.1.1/07-processing/08-internet-robots-and-crawlers.html
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

import counter_robots
import re2
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

_AGENT_CHARACTERS = 512
"""Nothing that names an agent comes later, and a cache must not be filled with long lies."""

_MEMORY = 256 << 20
"""Bytes the automaton may take before it starts over; it takes about a tenth of them."""

_MACHINES = (
    "AmazonBuyForMe",
    "Amzn-User",
    "ChatGPT-User",
    "Claude-User",
    "Claude-Web",
    "Cloudflare-AutoRAG",
    "CommaFeed",
    "DuckAssistBot",
    "Feedbin",
    "FreshRSS",
    "Gemini-Deep-Research",
    "Google-Agent",
    "GoogleAgent",
    "Google-NotebookLM",
    "Google-Read-Aloud",
    "inoreader",
    "IsonAI-User",
    "kagi-fetcher",
    "Liferea",
    "Manus-User",
    "meta-externalfetcher",
    "Miniflux",
    "MistralAI-User",
    "NetNewsWire",
    "NewsBlur",
    "Newsboat",
    "Perplexity-?User",
    "QuiteRSS",
    "Reeder/",
    "SimplePie",
    "Thunderbird",
    "Tiny Tiny RSS",
    r"Vienna/\d",
)
"""Assistants that fetch when asked, and feed readers, beside those the lists call so."""

_ROBOTS = (
    "anthropic-ai",
    "claudebot",
    "cohere-",
    "FeedValidator",
    "GPTBot",
    "meta-externalagent",
    "OAI-SearchBot",
    "Prometheus",
    "UptimeRobot",
    "W3C_Validator",
)
"""Fetchers for nobody in particular that the lists have missed at one time or another."""

_PEOPLE = (
    r"\bCUBOT\b|\bCUBOT_",  # a make of telephone
    r"\bMetaIAB Facebook",  # the browser inside an app
    r"\blibwww-FM\b",  # Lynx, a browser for those who cannot see
)
"""What the lists take for robots and is people; struck out before anything is looked up."""


class Category(StrEnum):
    """Who reads."""

    HUMAN = "human"
    ROBOT = "robot"
    MACHINE = "machine"
    """An assistant or a feed reader: never in the human total."""


def _counter_patterns() -> list[str]:
    texts = ((files(counter_robots) / "data" / name).read_text("utf-8") for name in _COUNTER_FILES)
    return [line for text in texts for line in text.splitlines() if line]


def _crawlers(*, machines: bool) -> list[str]:
    return [
        crawler["pattern"]
        for crawler in CRAWLER_USER_AGENTS_DATA
        if ("feed-reader" in crawler.get("tags", ())) is machines
    ]


_COUNTER_FILES = ("robot.txt", "machine.txt")
_MACHINE_PATTERNS = (*_MACHINES, *_crawlers(machines=True))
_ROBOT_PATTERNS = (*_ROBOTS, *_counter_patterns(), *_crawlers(machines=False))


def _digest(patterns: Iterable[str]) -> str:
    return sha256("\n".join(patterns).encode()).hexdigest()[:12]


VERSION = (
    f"counter-robots {counter_robots.__version__}, {len(_MACHINE_PATTERNS + _ROBOT_PATTERNS)}"
    f" patterns, {_digest((*_MACHINE_PATTERNS, *_ROBOT_PATTERNS, *_PEOPLE))}"
)
"""Two installations that say the same here decide the same."""


def category(agent: str) -> Category:
    """Say who reads with a user agent; none at all is a robot's."""
    return _category(agent[:_AGENT_CHARACTERS])


def is_robot(agent: str) -> bool:
    """Say whether an agent is anything but a person's: a robot's, or a machine's."""
    return category(agent) is not Category.HUMAN


@lru_cache(maxsize=8192)
def _category(agent: str) -> Category:
    patterns, people = _automata()
    # What is no text is a header that no browser sends; it must be looked up all the same.
    told = people.sub("", agent.encode("utf-8", "replace").decode()).strip()
    found = patterns.Match(told) or ()
    if any(index < len(_MACHINE_PATTERNS) for index in found):
        return Category.MACHINE
    return Category.ROBOT if found else Category.HUMAN


@cache
def _automata() -> tuple[Any, Any]:
    """Build once, when the first agent is looked up: one automaton for all patterns."""
    options = re2.Options()
    options.case_sensitive = False
    options.max_mem = _MEMORY
    patterns = re2.Set.SearchSet(options)
    for pattern in (*_MACHINE_PATTERNS, *_ROBOT_PATTERNS):
        patterns.Add(pattern)
    patterns.Compile()
    return patterns, re2.compile("|".join(_PEOPLE), options)
