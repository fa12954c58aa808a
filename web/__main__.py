"""Serve the installation that the environment describes: `retold serve` starts this."""

import logging
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress

import settings
from schemas.config import Config
from schemas.errors import RetoldError
from steps import collect, receive
from web.house import House
from web.pace import Rate
from web.press import Documents
from web.serve import serve

_LOOK_EVERY_S = 0.5
"""How long an edit of retold.toml may go unseen: a suspended partner is refused at once."""

_log = logging.getLogger("web")


class Present:
    """The present configuration: read anew when its file changes, kept when that has faults."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._path = settings.read_settings(environ).config
        self._config = settings.read_config(environ)
        self._seen = self._stamp()
        self._looked = time.monotonic()

    def __call__(self) -> Config:
        """Give it."""
        if time.monotonic() - self._looked >= _LOOK_EVERY_S:
            self._looked = time.monotonic()
            self._look()
        return self._config

    def _look(self) -> None:
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._config = settings.read_config(self._environ)
        except RetoldError as error:
            _log.error("the configuration has faults, and the one before stands: %s", error)
        else:
            _log.info("read %s anew", self._path)

    def _stamp(self) -> tuple[int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_size)


def main(environ: Mapping[str, str]) -> int:
    """Serve until told to stop; 2 where the configuration is not fit to run."""
    try:
        given = settings.read_settings(environ)
        present = Present(environ)
        with settings.open_house(environ) as opened:
            documents = Documents(opened.engine, opened.press.public_url, opened.press.key)
            house = House(
                engine=opened.engine,
                config=present,
                public_url=opened.press.public_url,
                key=opened.press.key,
                hits=opened.hits,
                now=opened.clock,
                receive=collect.receive,
                deliver=receive.receive,
                document=documents,
                feed_rate=Rate(given.feed_rate, given.feed_burst),
            )
            sys.stderr.write(f"Serving {given.public_url} on {given.host}:{given.port}\n")
            # By then the server has ended in order; it only passes Ctrl-C on.
            with suppress(KeyboardInterrupt):
                serve(house, given.host, given.port)
    except RetoldError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
