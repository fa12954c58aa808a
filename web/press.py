"""How the web comes by its documents."""

from schemas.config import Config
from schemas.partner import Edition
from schemas.publication import Document, Part
from steps import documents
from steps.press import Press
from store.database import Engine


class Documents:
    """Documents as the publish step makes them, under whatever configuration is present."""

    def __init__(self, engine: Engine, public_url: str, key: bytes) -> None:
        self._engine = engine
        self._public_url = public_url
        self._key = key
        self._press: Press | None = None

    def __call__(
        self, config: Config, edition: Edition, ending: str, part: Part
    ) -> Document | None:
        """Give one document of an edition; None where there is none."""
        press = self._press
        if press is None or press.config is not config:
            press = self._press = Press(config, self._public_url, self._key)
        return documents.document(self._engine, press, edition, ending, part)
