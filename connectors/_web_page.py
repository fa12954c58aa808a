"""Tell a web page from what was promised: errors and logins come as HTML, with status 200."""

import re

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
