"""What may differ between two installations; read once, by the doors, from the environment.

`RETOLD_PORT=8080` sets `port`, and so for every field. What an installation has (channels,
partners, agreements) stands in `retold.toml`, which `load_config` reads.
"""

import difflib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from connectors import channels
from connectors._http import Limits
from rules import configure
from schemas.channel import Options
from schemas.config import Config
from schemas.errors import ConfigError, Fault
from steps import house
from steps.house import House

PREFIX = "RETOLD_"
"""What the variables that set a field begin with."""

KEY_FILE = "secret.key"
"""The file in `state_dir` that keeps the secret key."""

_SHORTEST_KEY = 32
_LIKE_OURS = 0.85
"""How near to one of our names a variable with our prefix must be to count as misspelt."""


def _known_store(url: str) -> str:
    scheme, colon, rest = url.partition(":")
    if scheme in {"postgres", "postgresql"}:
        return f"postgresql+psycopg{colon}{rest}"  # the driver that comes with us
    if scheme in {"sqlite", "postgresql+psycopg"}:
        return url
    raise ValueError("is no SQLite or PostgreSQL: sqlite:///retold.db, postgresql://host/retold")


def _store_in(folder: Path) -> str:
    return f"sqlite:///{folder.as_posix()}/retold.db"


def _public_address(url: str) -> str:
    if re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", url) is None:
        raise ValueError("is no address of a site: https://retold.example")
    return url.rstrip("/")


class Settings(BaseSettings):
    """Every setting there is.

    `Settings()` holds the defaults and takes nothing from the process or from a `.env` file;
    `read_settings` takes what the environment says.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    config: Path = Path("retold.toml")
    """The configuration; paths in it are relative to its own folder."""

    state_dir: Path = Path(".retold")
    """The folder for what must outlive a restart beside the store: the beacon's file database,
    backups, the secret key."""

    database_url: Annotated[str, AfterValidator(_known_store)] = Field(
        default_factory=lambda given: _store_in(given["state_dir"]), repr=False
    )
    """The store, as an SQLAlchemy URL: SQLite or PostgreSQL; `retold.db` in `state_dir` where
    left out. It may hold a password: it is in no representation."""

    public_url: Annotated[str, AfterValidator(_public_address)] = "http://127.0.0.1:8180"
    """Where partners reach us, without a slash at the end: every link in a feed begins with it."""

    host: str = "127.0.0.1"
    """The address on which `retold serve` listens; `0.0.0.0` is every one."""

    port: int = Field(default=8180, ge=0, le=65_535)
    """The port on which `retold serve` listens; 0 is any free one."""

    feed_rate: float = Field(default=5.0, ge=0, le=1_000_000, allow_inf_nan=False)
    """Answers a second that each token may have, on the whole; beyond that it is told
    429 and how long to wait. A 304 counts as a tenth. 0 is as often as it likes."""

    feed_burst: int = Field(default=50, ge=1, le=1_000_000)
    """Answers that a token may have at once, after a rest."""

    http_timeout_s: float = Field(default=20.0, gt=0, le=3_600, allow_inf_nan=False)
    """Seconds that a channel may stay silent before we hang up."""

    http_deadline_s: float = Field(default=120.0, gt=0, le=86_400, allow_inf_nan=False)
    """Seconds that one answer may take as a whole, redirects and body included."""

    max_bytes: int = Field(default=64 * 1024 * 1024, ge=1_024)
    """Bytes that one answer may have, unpacked."""

    operator: str = Field(default="operator", min_length=1)
    """Who is typing, for the audit: `USER` where left out."""

    secret_key: str | None = Field(default=None, min_length=_SHORTEST_KEY, repr=False, exclude=True)
    """The key of our MACs (beacon addresses, suppressions), instead of the one in `state_dir`."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is handed over, and nothing that nobody handed over."""
        return (init_settings,)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from an environment; a ConfigError names each variable that is wrong.

    An empty variable counts as left out. One that is nearly called like a setting is a fault:
    it would be passed over in silence. Others with our prefix may be anybody's.
    """
    given: dict[str, Any] = {
        name: environ[variable]
        for name in Settings.model_fields
        if environ.get(variable := PREFIX + name.upper())
    }
    given.setdefault("operator", environ.get("USER") or "operator")
    faults = list(_misspelt(environ))
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise ConfigError([*(_fault(detail) for detail in error.errors()), *faults]) from None
    if faults:
        raise ConfigError(faults)
    return settings


def _misspelt(environ: Iterable[str]) -> Iterable[Fault]:
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in known:
            continue
        for near in difflib.get_close_matches(variable, known, n=1, cutoff=_LIKE_OURS):
            what, remedy = "nothing is set by this name", f"did you mean {near}?"
            yield Fault("environment", 0, variable, what, remedy)


def _fault(detail: Mapping[str, Any]) -> Fault:
    name = str(detail["loc"][0])
    message = str(detail.get("ctx", {}).get("error", detail["msg"]))
    what = message.removeprefix("Input ")
    default = Settings.model_fields[name].default
    remedy = f"the default is {default}" if isinstance(default, int | float | str) else "correct it"
    return Fault("environment", 0, PREFIX + name.upper(), what[:1].lower() + what[1:], remedy)


def load_config(
    settings: Settings,
    options_by_kind: Mapping[str, type[Options]],
    secrets_by_kind: Mapping[str, Collection[str]] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Config:
    """Read `retold.toml` and all that it points to; a ConfigError lists every fault."""
    path = settings.config
    try:
        toml = path.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        remedy = f"write one with `retold init`, or say where it is in {PREFIX}CONFIG"
        raise ConfigError([Fault(str(path), 0, "file", what, remedy)]) from error
    folder = path.parent
    source = configure.Source(
        path=path.as_posix(),
        toml=toml,
        files=dict(_readable(folder, configure.wanted_files(toml))),
        environ=environ,
        secret_files={
            name: payload.decode(errors="replace")
            for name, payload in _readable(folder, configure.wanted_secret_files(toml))
        },
    )
    return configure.read(source, options_by_kind, secrets_by_kind or {})


def _readable(folder: Path, names: Iterable[str]) -> Iterable[tuple[str, bytes]]:
    for name in names:
        try:
            yield name, (folder / name).read_bytes()
        except (OSError, ValueError):  # ValueError: a zero byte in the name
            continue


def read_secret_key(settings: Settings) -> bytes:
    """Give the key of our MACs; a ConfigError says what to do where there is none."""
    if settings.secret_key is not None:
        return settings.secret_key.encode()
    path = settings.state_dir / KEY_FILE
    remedy = f"make one with `retold init`, or set {PREFIX}SECRET_KEY"
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
        raise ConfigError([Fault(str(path), 0, "secret key", what, remedy)]) from error
    if len(key) < _SHORTEST_KEY:
        what = f"is shorter than {_SHORTEST_KEY} bytes"
        remedy = f"put the key back from a backup, or take the file away and {remedy}"
        raise ConfigError([Fault(str(path), 0, "secret key", what, remedy)])
    return key


def keep_secret_key(settings: Settings, key: str) -> bool:
    """Write the key of our MACs to `state_dir`, for its owner alone; never replace one.

    Say whether it was written: a new key would make every address of the beacon a stranger.
    """
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = settings.state_dir / KEY_FILE
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(number, "w", encoding="ascii") as file:
        file.write(f"{key}\n")
    return True


def read_config(environ: Mapping[str, str]) -> Config:
    """Read the configuration that an environment points to; a ConfigError lists every fault."""
    return _config_for(read_settings(environ), environ)


@contextmanager
def open_house(environ: Mapping[str, str]) -> Iterator[House]:
    """Open the installation that an environment describes, and close it again."""
    given = read_settings(environ)
    config = _config_for(given, environ)
    limits = Limits(
        read_timeout_s=given.http_timeout_s,
        deadline_s=given.http_deadline_s,
        max_bytes=given.max_bytes,
        allow=config.http.allow,
        egress_proxy=config.http.egress_proxy,
        contact=config.http.contact,
    )
    with house.open_house(
        config,
        limits,
        database_url=given.database_url,
        state_dir=given.state_dir,
        public_url=given.public_url,
        key=read_secret_key(given),
        operator=given.operator,
    ) as opened:
        yield opened


def _config_for(given: Settings, environ: Mapping[str, str]) -> Config:
    connectors = {kind: channels.connector(kind) for kind in channels.kinds()}
    config = load_config(
        given,
        {kind: connector.OPTIONS for kind, connector in connectors.items()},
        {kind: connector.SECRETS for kind, connector in connectors.items()},
        environ,
    )
    paced = tuple(
        channel
        if "every" in channel.model_fields_set
        else channel.model_copy(update={"every": connectors[channel.kind].EVERY})
        for channel in config.channels
    )
    return config.model_copy(update={"channels": paced})
