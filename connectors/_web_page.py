"""Tell a web page from what was promised, and read one that was.

Errors and logins come as HTML, with status 200.
"""

import re
from typing import NamedTuple

from lxml import etree, html

_BEGINNING = 4_000
_PAGE = re.compile(
    rb"""(?:\s|(?><!--.*?-->)|<\?xml[^>]*>)*+  # whatever may stand in front, read one way only
         <(?:!doctype\s+html\b|html\b|head\b|body\b)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


def is_one(payload: bytes) -> bool:
    """Say whether a payload begins as a web page does."""
    beginning = payload[:_BEGINNING].removeprefix(b"\xef\xbb\xbf")
    return _PAGE.match(beginning) is not None


class Reading(NamedTuple):
    """What a page says to who runs no scripts."""

    text: str
    addresses: frozenset[str]
    """Whatever stands in an attribute: of links, of images."""


def read(payload: bytes, charset: str | None) -> Reading | None:
    """Read what a page shows; None where it cannot be read as one."""
    try:
        parser = html.HTMLParser(encoding=charset, remove_comments=True, remove_pis=True)
        page = html.document_fromstring(payload, parser=parser)
    except (etree.LxmlError, LookupError, ValueError):  # empty, or of no known charset
        return None
    etree.strip_elements(page, "script", "style", "template", with_tail=False)
    return Reading(
        "".join(map(str, page.itertext())),
        frozenset(str(v) for one in page.iter() for v in one.values()),
    )
