"""An edition whose every document is asked for: to be read by what others wrote."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import pytest

from feeds import names
from rules import identity
from schemas.partner import Agreement, Edition
from steps import documents
from store.database import create_tables, open_engine
from tests.web.published import Published
from tests.web.rig import CONFIG

EDITION = Edition(id="all", partner="nhs", title="Everything", page_size=3)
ALL = "/feeds/nhs/all"
CREDIT = "By kind permission of <all> & sundry"
"""What the agreement asks every entry to say."""


def urn(number: int) -> str:
    return identity.mint(("opinion.example", str(number)))


@contextmanager
def opened() -> Iterator[Published]:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patching:
        patching.setattr(documents, "BUCKET", 4)
        engine = open_engine(f"sqlite:///{folder}/retold.db")
        create_tables(engine)
        rig = Published(engine)
        agreement = Agreement(id="a1", partner="nhs", formats=tuple(names()), attribution=CREDIT)
        rig.config = rig.config.model_copy(
            update={"agreements": (agreement, *CONFIG.agreements[1:]), "editions": (EDITION,)}
        )
        try:
            yield rig
        finally:
            rig.runner.close()
            engine.dispose()


def documents_of(
    rig: Published, ending: str, since: str, stories: Iterable[str]
) -> Iterator[tuple[str, bytes]]:
    """Ask for every document of the edition in one format, and in Atom each story; newest first."""
    token = rig.issue("nhs")
    kind, query, below = "newest", "", 10**9
    while below:
        reply = rig.ask(f"{ALL}.{ending}{query}", token)
        assert reply.status == 200
        yield kind, reply.body
        named = [int(n) for n in re.findall(rb"\?below=(\d+)", reply.body)]
        below = min((n for n in named if n < below), default=0)
        kind, query = "page", f"?below={below}"
    for number in (1, 2, 3):
        archive = rig.ask(f"{ALL}/archive-{number}.{ending}", token)
        if archive.status == 200:
            yield "archive", archive.body
    delta = rig.ask(f"{ALL}.{ending}", token, headers={"a-im": "feed", "if-none-match": since})
    assert delta.status == 226
    yield "delta", delta.body
    for story in stories if ending == "atom" else ():
        alone = rig.ask(f"{ALL}/story/{story.removeprefix('urn:uuid:')}", token)
        assert alone.status == 200
        yield "story", alone.body
