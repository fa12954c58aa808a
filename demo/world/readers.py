"""Those who read at the partner: people, people who click twice, and robots."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from demo.world.partner import TIME_HEADER, Partner
from demo.world.subscription import image_addresses

PEOPLE = (
    "Mozilla/5.0 (Windows NT 6.1; rv:17.0) Gecko/20100101 Firefox/17.0",
    (
        "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.11 (KHTML, like Gecko) Chrome/23.0.1271.64 "
        "Safari/537.11"
    ),
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)",
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_8_2) AppleWebKit/536.26.17 (KHTML, like Gecko) "
        "Version/6.0.2 Safari/536.26.17"
    ),
    (
        "Mozilla/5.0 (iPad; CPU OS 6_0 like Mac OS X) AppleWebKit/536.26 (KHTML, like Gecko) "
        "Version/6.0 Mobile/10A403 Safari/8536.25"
    ),
)
"""Browsers of 2012."""

ROBOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Wget/1.13.4 (linux-gnu)",
)

_ROBOT_SHARE = 0.15
_DOUBLE_SHARE = 0.1
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Visit:
    """One page that somebody means to load."""

    at: datetime
    """In the world's time, not ours."""
    address: str
    """On the loopback network, so that the connection really comes from there."""
    agent: str
    place: float
    """Which story: 0 is the first that the partner shows, just under 1 the last."""
    robot: bool = False
    again: bool = False
    """Whether it is the second click of a double one."""
    images: bool = True
    """Whether what the page shows is loaded too; many robots do not bother."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the visits came to."""

    pages: int = 0
    beacons: int = 0
    """Beacons that answered 200."""
    people: int = 0
    """Pages less robots and first clicks of double ones: what a careful counter makes of it."""


def visits(seed: int, months: Sequence[str], count: int = 300) -> tuple[Visit, ...]:
    """Plan so many visits over the months; about one in seven by robots, some clicked twice."""
    rng = random.Random(f"{seed}/readers")
    planned: list[Visit] = []
    while len(planned) < count:
        planned += _planned(rng, months, len(planned))
    return tuple(planned[:count])


def load(partner: Partner, planned: Sequence[Visit]) -> Loaded:
    """Load the pages, each with its beacon, from the visitor's own loopback address.

    Half of the robots forge an `X-Forwarded-For` header, for nobody should believe it.
    """
    shown = list(partner.shown.values())
    pages = beacons = people = 0
    for visit in planned if shown else ():
        with _browser(visit) as browser:
            url = shown[int(visit.place * len(shown))]
            page = browser.get(url, headers={TIME_HEADER: visit.at.isoformat()})
            pages += page.ok
            people += page.ok and not visit.robot and not visit.again
            beacons += sum(_show(browser, image, url) for image in _images(visit, page))
    return Loaded(pages, beacons, people)


def _planned(rng: random.Random, months: Sequence[str], number: int) -> Iterator[Visit]:
    year, month = (int(part) for part in rng.choice(months).split("-"))
    at = datetime(year, month, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(27 * 86_400))
    robot = rng.random() < _ROBOT_SHARE
    visit = Visit(
        at=at,
        address=f"127.{10 + number // 60_000}.{number // 250 % 240}.{number % 250 + 2}",
        agent=rng.choice(ROBOTS if robot else PEOPLE),
        place=rng.random() ** 2,
        robot=robot,
        images=not robot or rng.random() < 0.5,  # noqa: PLR2004
    )
    yield visit
    if not robot and rng.random() < _DOUBLE_SHARE:
        yield replace(visit, at=at + timedelta(seconds=rng.randrange(2, 28)), again=True)


class _From(HTTPAdapter):
    """Connects from one address of this machine."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=(self._address, 0))


def _browser(visit: Visit) -> requests.Session:
    browser = requests.Session()
    browser.headers.update({"User-Agent": visit.agent, "Accept-Language": "en-GB,en;q=0.8"})
    if visit.robot and visit.images:
        browser.headers["X-Forwarded-For"] = "203.0.113.9"
    browser.mount("http://", _From(visit.address))
    return browser


def _images(visit: Visit, page: requests.Response) -> list[str]:
    return image_addresses(page.text) if page.ok and visit.images else []


def _show(browser: requests.Session, image: str, referer: str) -> bool:
    headers = {"Accept": "image/png,image/*;q=0.8,*/*;q=0.5", "Referer": referer}
    return browser.get(image, headers=headers, timeout=_TIMEOUT_S).ok
