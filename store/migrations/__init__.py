"""Bring a store to the tables that this version needs, from whatever version made it."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from schemas.tables import metadata
from store.database import Connection, Engine, one_writer, writing


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(engine: Engine) -> str:
    """Apply every migration that is missing; return the version the store is now at."""
    config = _config()
    with writing(engine) as connection:
        one_writer(connection, "migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return newest()


def newest() -> str:
    """Name the version that this code needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return head or ""


def current(connection: Connection) -> str | None:
    """Name the version a store is at; None where it was never set up."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return MigrationContext.configure(connection).get_current_revision()


def differences(connection: Connection) -> list[object]:
    """List how the tables in a store differ from those declared; a test holds that none do."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))
