"""A configuration under test: what it is read from, and its faults as text."""

import base64
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Self

import pytest
from pydantic import ConfigDict, Field, field_validator, model_validator

from rules import configure
from rules.configure import Source
from schemas.channel import Options
from schemas.config import Config
from schemas.errors import ConfigError

HOWTO = Path(__file__).parents[2] / "docs" / "howto"


class Auth(Options):
    user: str


class Opinions(Options):
    model_config = ConfigDict(use_attribute_docstrings=True)

    base_url: str
    """The site; its
    API stands below."""
    pages: int = Field(default=1, ge=1)
    wait_s: float = 0.5
    auth: Auth | None = None
    since: date | None = None
    columns: dict[str, str | int] = Field(default_factory=dict)

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if "://" not in value:
            raise ValueError("is no address")
        return value


EXAMPLE = (HOWTO / "retold.example.toml").read_text(encoding="utf-8")


class Either(Options):
    file: str | None = None
    url: str | None = None

    @model_validator(mode="after")
    def _is_told_one(self) -> Self:
        if self.file is None and self.url is None:
            raise ValueError("names neither a file nor an address")
        return self


KINDS: Mapping[str, type[Options]] = {"careopinion": Opinions, "webfeed": Options, "survey": Either}
SECRETS = {"careopinion": ("key",), "webfeed": ()}
WHSEC = "whsec_" + base64.b64encode(b"k-4 and twenty bytes more").decode()
ENVIRON = {
    "CAREOPINION_KEY": "k-1",
    "CAREOPINION_READS": "k-2",
    "NORTHERN_VOICE_WEBHOOK": WHSEC,
    "HOLLOW": " ",
}
ORGANISATIONS = (HOWTO / "organisations.csv").read_bytes()


def source(toml: str, organisations: str | bytes = ORGANISATIONS) -> Source:
    payload = organisations if isinstance(organisations, bytes) else organisations.encode()
    return Source(
        path="conf/retold.toml",
        toml=toml.encode(),
        files={"organisations.csv": payload},
        environ=ENVIRON,
        secret_files={"/run/secrets/key": "k-3\n", "/run/secrets/hollow": "\n"},
    )


def read(toml: str, organisations: str | bytes = ORGANISATIONS) -> Config:
    return configure.read(source(toml, organisations), KINDS, SECRETS)


def faults(toml: str, organisations: str | bytes = ORGANISATIONS) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(toml, organisations)
    return [str(fault).removeprefix("conf/") for fault in caught.value.faults]


CHANNEL = '[[channels]]\nid = "a"\nkind = "webfeed"\n'
PARTNER = '[[partners]]\nid = "p"\nname = "P"\n'
AGREEMENT = '[[agreements]]\nid = "a"\npartner = "p"\n'
EDITION = '[[editions]]\nid = "e"\npartner = "p"\ntitle = "E"\n'
REPORT = '[[reports]]\nplatform = "p"\nurl = "reads.csv"\nsince = 2012-01-01\n'
OPINIONS = '[[channels]]\nid = "c"\nkind = "careopinion"\nsecrets.key.env = "CAREOPINION_KEY"\n'
FILE = 'organisations = ["organisations.csv"]\n'
POPULATION = '[[populations]]\nid = "n"\nname = "N"\n'
