"""Run the web application in a process of its own."""

import logging
import re
from typing import Any

import uvicorn

from web import protocol
from web.app import make_app
from web.house import House

_TOKEN = re.compile(r"\brt_(feed|report)_[A-Za-z0-9_-]+")

GRACE_S = 10
"""Seconds that answers under way may take when the house closes."""

MOST_AT_ONCE = 1000
"""Connections beyond which we say 503, rather than slow down for all."""


class Redacted(logging.Formatter):
    """A line of the log, traceback and all, without any token in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the line."""
        return _TOKEN.sub(r"rt_\1_...", super().format(record))


_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "redacted": {
            "()": f"{__name__}.{Redacted.__name__}",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {
        "lines": {
            "class": "logging.StreamHandler",
            "formatter": "redacted",
            "stream": "ext://sys.stderr",
        }
    },
    "loggers": {
        name: {"handlers": ["lines"], "level": "INFO", "propagate": False}
        for name in ("uvicorn", "web")
    },
}


def make_server(
    house: House, host: str, port: int, forwarded_allow_ips: str = "127.0.0.1"
) -> uvicorn.Server:
    """Make a server that is not running yet.

    Only the proxies at `forwarded_allow_ips`, divided by commas, may say for whom they ask.
    """
    app = make_app(house)
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="uvloop",
            http=protocol.speaking(app.at_once),
            ws="none",
            lifespan="on",
            log_config=_LOGGING,
            access_log=False,  # an address may bear a token
            server_header=False,
            forwarded_allow_ips=forwarded_allow_ips,
            limit_concurrency=MOST_AT_ONCE,
            timeout_graceful_shutdown=GRACE_S,
        )
    )


def serve(house: House, host: str, port: int, forwarded_allow_ips: str = "127.0.0.1") -> None:
    """Serve until told to stop; then finish what is under way, and keep what was counted."""
    make_server(house, host, port, forwarded_allow_ips).run()
