"""All that steps need at hand, opened once by whichever door was used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from connectors._http import Http, Limits, open_http
from schemas.config import Config
from steps.press import Press
from steps.runs import Clock
from store.database import Engine, open_engine
from store.hits import Hits, open_hits


def now() -> datetime:
    """Read the clock, in UTC."""
    return datetime.now(UTC)


def epoch() -> str:
    """Make a name for an edition's epoch that none had before."""
    return uuid4().hex


@dataclass(frozen=True)
class House:
    """An installation, open for work."""

    config: Config
    engine: Engine
    http: Http
    hits: Hits
    press: Press
    operator: str
    summaries_dir: Path
    """Where stories in summary are written."""
    clock: Clock = field(default=now)

    @property
    def now(self) -> datetime:
        """Read the clock."""
        return self.clock()


@contextmanager
def open_house(
    config: Config,
    limits: Limits,
    *,
    database_url: str,
    state_dir: Path,
    public_url: str,
    key: bytes,
    operator: str,
) -> Iterator[House]:
    """Open the store, the network and the beacon's file, and close them again."""
    engine = open_engine(database_url, key)
    hits = open_hits(state_dir / "beacon.db")
    try:
        with open_http(limits) as http:
            press = Press(config, public_url, key)
            yield House(config, engine, http, hits, press, operator, state_dir / "summaries")
    finally:
        hits.close()
        engine.dispose()
