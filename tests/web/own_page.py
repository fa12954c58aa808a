"""Ask for a partner's own page, post its forms, and read what it says."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

from lxml import html

from rules import identity
from store.database import Engine
from tests.tell import tell, telling
from tests.web.published import Published
from tests.web.rig import Reply

PAGE = "/partners/nhs"
OUTLINE = "/partners/nhs.opml"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def urn(name: str) -> str:
    return identity.mint(("opinion.example", name))


def said(element: Any) -> str:
    return " ".join(element.text_content().split())


def read(reply: Reply) -> Any:
    assert reply.status == 200, reply.body
    return html.fromstring(reply.body)


def rows(page: Any, section: str) -> list[list[str]]:
    """Read the tables of a section, a line each."""
    lines = page.xpath(f"//section[@aria-labelledby='{section}']//tbody/tr")
    return [[said(cell) for cell in line] for line in lines]


def loose(page: Any, words: str) -> list[str]:
    """List texts of the page that hold words which could turn about what stands beside them."""
    held = "self::*[ancestor-or-self::bdi or ancestor-or-self::*[@dir='auto']]"
    return [
        text
        for text in page.xpath("//body//text()")
        if words in text and not text.getparent().xpath(held)
    ]


def figures(page: Any) -> dict[str, str]:
    return {
        said(one.find("dt")): said(one.find("dd"))
        for one in page.xpath("//dl[@class='figures']/div")
    }


def opened(engine: Engine) -> Iterator[Published]:
    made = Published(engine)
    tell(engine, telling("1"), telling("2"), telling("3"))
    made.publish()
    with closing(made.runner):
        yield made


def post(rig: Published, token: str, headers: dict[str, str] | None = None, **said_: Any) -> Reply:
    body = urlencode(said_, doseq=True).encode()
    return rig.ask(PAGE, token, method="POST", headers=FORM | (headers or {}), body=body)


def remove(rig: Published, *names: str) -> None:
    tell(rig.engine, removed=[("opinion", name) for name in names])
    rig.publish()
