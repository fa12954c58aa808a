"""An installation whose documents are those of the publish step."""

from dataclasses import replace
from datetime import timedelta

from schemas.partner import Edition
from steps.press import Press
from steps.publish import publish
from tests import make
from tests.web.rig import CONFIG, KEY, Rig
from web.house import House
from web.press import Documents


class Published(Rig):
    """A rig with nothing made up: what is told is what is published and served."""

    def __post_init__(self) -> None:
        self.documents = Documents(self.engine, self.public_url, KEY)
        super().__post_init__()
        self.config = CONFIG.model_copy(update={"channels": (make.channel(),)})

    def house(self) -> House:
        return replace(super().house(), document=self.documents)

    def publish(self, edition: Edition = CONFIG.editions[0]) -> None:
        self.now += timedelta(seconds=1)
        press = Press(self.config, self.public_url, KEY)
        publish(self.engine, press, edition, lambda: self.now, lambda: "e1")
        self.now += timedelta(seconds=1)
