"""What the tests of the web may ask for."""

import logging
from collections.abc import Iterator

import pytest

from store.database import Engine
from tests.web.browser import Browser, program
from tests.web.published import Published
from tests.web.rig import Rig


@pytest.fixture
def rig(sqlite_engine: Engine) -> Iterator[Rig]:
    """Give an installation to ask things of."""
    rig = Rig(sqlite_engine)
    yield rig
    rig.runner.close()


@pytest.fixture
def published(sqlite_engine: Engine) -> Iterator[Published]:
    """Give one whose documents are those of the publish step."""
    rig = Published(sqlite_engine)
    yield rig
    rig.runner.close()


@pytest.fixture(autouse=True)
def _unbound_logs() -> Iterator[None]:
    """Undo what a server does to the loggers: its handlers hold on to this test's streams."""
    yield
    for name in ("uvicorn", "web"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give the browser of this machine; it starts once."""
    browser = Browser(program())
    yield browser
    browser.close()
