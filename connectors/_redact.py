"""Keeping secrets out of what people read: errors, logs and reprs."""

import logging
from urllib.parse import urlsplit

_SHOWN = 200
"""As many characters of an address as a message bears."""


def address(url: str) -> str:
    """Show an address that was found fit, without its query, where keys are kept."""
    split = urlsplit(url)
    query = "?..." if split.query else ""
    return f"{split.scheme}://{split.netloc.rpartition('@')[2]}{split.path}"[:_SHOWN] + query


class _Quiet(logging.Filter):
    """Cuts the query off every address that urllib3 logs: it logs them whole, warnings too."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args
            )
        return True


_QUIET = _Quiet()


def hush_urllib3() -> None:
    """See to it that urllib3 logs no query; doing so twice changes nothing."""
    for name in ("urllib3.connection", "urllib3.connectionpool"):
        logging.getLogger(name).addFilter(_QUIET)
