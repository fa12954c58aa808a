"""A partner that begins with nothing walks the archives of a large edition, and has all of it.

`RETOLD_SOAK_STORIES=20000 make soak ARGS=tests/soak/test_walk.py` makes it smaller.
"""

import os
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from bench import clock
from rules import identity
from schemas.partner import Edition
from store.database import create_tables, open_engine
from tests.tell import tell, telling
from tests.web import followers
from tests.web.followers import Walker
from tests.web.published import Published
from tests.web.rig import CONFIG, Reply

STORIES = int(os.environ.get("RETOLD_SOAK_STORIES", "100000"))
PAGE = 2_000
EDITION = Edition(id="all", partner="nhs", title="Everything")


class Counting(Walker):
    """It counts how often each story came in an archive."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.came: Counter[str] = Counter()

    def read(self, reply: Reply) -> followers.Read:
        found = super().read(reply)
        if self.asked > 1:
            self.came.update(found.shown)
        return found


@pytest.mark.soak
def test_whoever_begins_with_nothing_gets_all_each_once(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'walk.db'}")
    create_tables(engine)
    for at in range(0, STORIES, PAGE):
        tell(engine, *(telling(str(n)) for n in range(at, min(at + PAGE, STORIES))))
    rig = Published(engine)
    rig.config = CONFIG.model_copy(update={"channels": rig.config.channels, "editions": (EDITION,)})
    rig.publish(EDITION)
    token = rig.issue("nhs")

    def ask(path: str, headers: Mapping[str, str]) -> Reply:
        reply = rig.ask(path, token, headers=headers)
        while reply.status == 429:
            rig.now += timedelta(seconds=int(reply["retry-after"]) + 1)
            reply = rig.ask(path, token, headers=headers)
        assert reply.status == 200, (path, reply.status)
        return reply

    began = time.monotonic()
    walker = Counting(ask, "json")
    walker.follow()
    took = time.monotonic() - began
    assert walker.held.keys() == {
        identity.mint(("opinion.example", str(n))) for n in range(STORIES)
    }
    assert set(walker.came.values()) == {1}
    assert walker.proof()[0]
    print(  # noqa: T201
        f"\n{STORIES:,} stories in {walker.asked - 1} documents, {took:.0f} s,"
        f" at most {clock.peak_mb():.0f} MB with the store's telling and the partner's own"
    )
    rig.runner.close()
    engine.dispose()
