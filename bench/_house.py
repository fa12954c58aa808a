"""A small installation to serve from: `python -m bench._house FOLDER PORT` serves it.

Its token stands in FOLDER/token before it answers.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

from bench import texts
from rules import identity
from schemas.channel import Channel, Fetched, Removal
from schemas.config import Config
from schemas.partner import Agreement, Edition, Partner
from schemas.story import Content, Rights, Story, Telling
from schemas.views import Hit
from steps import publish, tellings, tokens
from steps.press import Press
from store import landings
from store.database import Engine, create_tables, one_writer, open_engine, writing
from web.house import House
from web.pace import Rate
from web.press import Documents
from web.serve import serve

STORIES = 50
EDITION = "nhs/all"
_KEY = b"not a real key, but long enough."

_UNREACHED = Rate(1e9, 1_000_000_000)
"""Is counted like any other, and refuses nobody."""

_CONFIG = Config(
    name="Retold under load",
    channels=(Channel(id="opinion", kind="feed", rights=Rights(may_syndicate=True)),),
    partners=(Partner(id="nhs", name="The Health Site", beacon=True),),
    agreements=(Agreement(id="a1", partner="nhs"),),
    editions=(Edition(id="all", partner="nhs", title="All stories", page_size=STORIES),),
)


def _now() -> datetime:
    return datetime.now(UTC)


class _NoBeacon:
    """Nobody loads an image here."""

    def add(self, rows: Sequence[Hit]) -> None:
        """Refuse: whatever comes is a mistake of the bench."""
        raise AssertionError(rows)


def _refuse(*_: object) -> NoReturn:
    raise AssertionError("nobody reports here")


def furnish(engine: Engine, folder: Path, public_url: str) -> None:
    """Keep stories, publish them to one partner, and give that partner a token."""
    create_tables(engine)
    tell(engine, texts.stories(STORIES))
    bring_out(engine, public_url)
    (folder / "token").write_text(tokens.issue(engine, "nhs", "feed", _now()))


def tell(engine: Engine, told: Iterable[Story]) -> None:
    """Keep one page of stories, as a channel would tell them."""
    _keep(engine, [_telling(story) for story in told], [])


def take_back(engine: Engine, gone: Iterable[Story]) -> None:
    """Keep one page of removals, as a channel would tell them."""
    named = [(story.source.channel, story.source.external_id) for story in gone]
    _keep(engine, [], [(key, Removal(external_id=key[1])) for key in named])


def _keep(
    engine: Engine, page: Sequence[Telling], removals: Sequence[tuple[tuple[str, str], Removal]]
) -> None:
    with writing(engine) as connection:
        one_writer(connection)
        fetched = Fetched(payload=b"", media_type="application/json")
        landing = landings.add(connection, "opinion", "bench/1", fetched, _now())
        known = tellings.known_of(connection, page, [key for key, _ in removals])
        plan = identity.decide_page(page, removals, known, landing)
        tellings.write(connection, plan, landing, _now())


def bring_out(engine: Engine, public_url: str) -> None:
    """Publish the edition."""
    press = Press(_CONFIG, public_url, _KEY)
    publish.publish(engine, press, _CONFIG.editions[0], _now, lambda: "e1")


def _telling(story: Story) -> Telling:
    content = Content(**{name: getattr(story, name) for name in Content.model_fields})
    canonical = content.model_dump_json()
    return Telling(
        channel=story.source.channel,
        external_id=story.source.external_id,
        references=(story.origin,),
        is_origin=True,
        told_at=story.updated_at,
        content=content,
        canonical=canonical,
        fingerprint=sha256(canonical.encode()).hexdigest(),
    )


def main(folder: Path, port: int) -> None:
    """Furnish the installation, and serve it until told to stop."""
    public_url = f"http://127.0.0.1:{port}"
    engine = open_engine(f"sqlite:///{folder}/retold.db")
    furnish(engine, folder, public_url)
    house = House(
        engine=engine,
        config=lambda: _CONFIG,
        public_url=public_url,
        key=_KEY,
        hits=_NoBeacon(),
        now=_now,
        receive=_refuse,
        deliver=_refuse,
        document=Documents(engine, public_url, _KEY),
        feed_rate=_UNREACHED,
    )
    serve(house, "127.0.0.1", port)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
