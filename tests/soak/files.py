"""Write a large edition as files in a process of its own, so that its memory can be told.

`python -m tests.soak.files STORE FOLDER` writes it, and prints the peak in megabytes.
"""

import sys
from datetime import datetime

from bench import clock
from connectors import _places
from schemas.config import Config
from schemas.partner import Agreement, Edition, Partner
from schemas.publication import Written
from schemas.story import Rights
from steps import publish, write
from steps.press import Press
from store.database import Engine, open_engine
from tests import make
from tests.tell import MONDAY

EDITION = Edition(id="all", partner="voice", title="All", paged=False)
CONFIG = Config(
    channels=(make.channel(rights=Rights(may_syndicate=True)),),
    partners=(Partner(id="voice", name="Voice", publisher="voice.example"),),
    agreements=(Agreement(id="a", partner="voice", public=True),),
    editions=(EDITION,),
)
PRESS = Press(CONFIG, "https://retold.example", b"k" * 32)


def now() -> datetime:
    return MONDAY


def bring(engine: Engine) -> None:
    """Publish the edition, without its files."""
    publish.publish(engine, PRESS, EDITION, now, lambda: "e1")


def written(engine: Engine, folder: str) -> Written:
    """Write the edition's files."""
    with _places.opened(folder) as place:
        return write.write(engine, PRESS, EDITION, place, now)


if __name__ == "__main__":
    store = open_engine(sys.argv[1])
    written(store, sys.argv[2])
    store.dispose()
    print(clock.peak_mb())  # noqa: T201
