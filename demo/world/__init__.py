"""The outside world of the demo: two channels, a survey folder, and partners who republish.

It runs on real loopback HTTP, is the same for the same seed, and knows nothing of the house.
"""

import tempfile
from pathlib import Path
from typing import Any, Self

from demo.world import forum_feed, population, readership, stories, survey
from demo.world.careopinion import CareOpinion
from demo.world.forum_feed import Forum
from demo.world.partner import READS, Partner
from demo.world.records import Story

__all__ = ["World"]


class World:
    """Everything outside the house, started on entering and gone on leaving.

    A `scale` below 1 makes a smaller world with the same percentages; the 48 % are exact to
    the whole percent from a scale of 0.04 on.
    """

    def __init__(
        self,
        seed: int = 2012,
        scale: float = 1.0,
        *,
        folder: Path | None = None,
        per_second: int = 500,
    ) -> None:
        self.seed = seed
        self.scale = scale
        self.stories = stories.told(seed, scale)
        views = readership.own_site(self.stories, seed, scale)
        self.careopinion = CareOpinion(self.stories, views, per_second=per_second)
        self.forum = Forum(forum_feed.posts(seed, self.stories, scale))
        self.partners: list[Partner] = []
        self._temporary = tempfile.TemporaryDirectory() if folder is None else None
        self.folder = Path(self._temporary.name) if self._temporary else Path(str(folder))
        self.survey_folder = self.folder / "survey"
        self.organisations_path = self.folder / "organisations.csv"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Write the files and begin to serve."""
        survey.write(self.survey_folder, self.seed, self.scale)
        self.organisations_path.write_bytes(population.organisations_file())
        self.careopinion.start()
        self.forum.start()

    def stop(self) -> None:
        """End every server and take a folder of its own away; a second call changes nothing."""
        servers: list[CareOpinion | Forum | Partner] = [self.careopinion, self.forum]
        for server in servers + self.partners:
            server.stop()
        if self._temporary is not None:
            self._temporary.cleanup()

    def remove(self, story_id: int) -> None:
        """Take a story off its channel; KeyError if it is not shown."""
        self.careopinion.remove(story_id)

    def edit(self, story_id: int, *, title: str | None = None, body: str | None = None) -> Story:
        """Change a story on its channel; KeyError if it is not shown."""
        return self.careopinion.edit(story_id, title=title, body=body)

    def laid(self, trap: str) -> tuple[Story, ...]:
        """List the stories laid as a trap: `three services` or `personal`."""
        return tuple(story for story in self.stories if story.trap == trap)

    def partner(
        self,
        feed_url: str,
        token: str | None = None,
        report_url: str = "",
        report_token: str = "",
        **options: Any,
    ) -> Partner:
        """Open a partner's site; it ends with the world. Options are those of `Partner`."""
        reads = options.pop("reads", stories.scaled(READS, self.scale))
        partner = Partner(
            feed_url, token, report_url, report_token, seed=self.seed, reads=reads, **options
        )
        partner.start()
        self.partners.append(partner)
        return partner
