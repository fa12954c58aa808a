"""Open the database, and the two kinds of transaction there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from schemas.errors import StoreBusyError, StoreError
from schemas.tables import metadata

Connection = sa.Connection
Engine = sa.Engine

_WRITES = "retold_writes"
_DURABLE = "retold_durable"
_KEY = "retold_key"

_PATIENT = "PRAGMA busy_timeout = 30000"

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # what a crash of the machine loses is fetched again
    _PATIENT,
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # erased text must not stay in free pages
    "PRAGMA cache_size = -16000",
    "PRAGMA wal_autocheckpoint = 4000",  # pages that many commits touch are written back once
)


def open_engine(url: str, key: bytes = b"") -> Engine:
    """Connect lazily to the database at `url`: an SQLAlchemy URL of SQLite or PostgreSQL.

    `key` is what digests of words that were erased are made with, by whoever writes here.
    """
    parsed = sa.make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed).execution_options(**{_KEY: key})
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(parsed, pool_pre_ping=True).execution_options(**{_KEY: key})
    raise StoreError(
        f"{parsed.get_backend_name()} is no engine we keep a store on: use sqlite:/// or postgresql://"
    )


def _open_sqlite(url: sa.URL) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(raw: Any, _: object) -> None:
    raw.isolation_level = None  # we say BEGIN ourselves: the driver's own comes too late
    for pragma in _SQLITE_PRAGMAS:
        raw.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    # A read that becomes a write fails at once behind another commit, whatever the timeout.
    options = connection.get_execution_options()
    writes = options.get(_WRITES, False)
    if writes:
        raw: Any = connection.connection.driver_connection
        raw.execute(f"PRAGMA synchronous = {'FULL' if options.get(_DURABLE) else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine, *, durable: bool = False) -> Iterator[Connection]:
    """Keep all of what happens inside, or none of it.

    What is `durable` outlives a crash of the machine from the moment that this returns: for what
    nobody will send again once we have said that it is safe.
    """
    try:
        with engine.execution_options(**{_WRITES: True, _DURABLE: durable}).begin() as connection:
            yield connection
    except sa.exc.OperationalError as error:
        raise _translated(error) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """See one state of the store, whatever others write meanwhile."""
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection
    except sa.exc.OperationalError as error:
        raise _translated(error) from error


def _translated(error: sa.exc.OperationalError) -> StoreError:
    text = str(error.orig)
    if "locked" in text or "busy" in text:
        return StoreBusyError(f"somebody else is writing to the store ({text}); try again")
    if "no such table" in text or "does not exist" in text:
        return StoreError(f"the store is not set up ({text}): run `retold init`")
    return StoreError(f"the store cannot be used: {text}")


def create_tables(engine: Engine) -> None:
    """Make every table in an empty database; for tests: installations use the migrations."""
    with writing(engine) as connection:
        metadata.create_all(connection)


def one_writer(connection: Connection, subject: str = "stories", *more: str) -> None:
    """Wait until nobody else writes to `subject`, and keep others out until the transaction ends.

    Numbers that others follow are drawn under this, so that their order is the order of commits.
    Of several subjects each is waited for in the order given: it must be the same everywhere.
    """
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        connection.execute(
            sa.text(
                "SELECT pg_advisory_xact_lock(hashtextextended(s, 0))"
                " FROM unnest(CAST(:subjects AS text[])) AS s"
            ),
            {"subjects": [f"retold:{one}" for one in (subject, *more)]},
        )


def key(connection: Connection) -> bytes:
    """Give the key that the store was opened with."""
    found: bytes = connection.get_execution_options().get(_KEY, b"")
    return found


def wipe(engine: Engine, patience_s: float = 10) -> bool:
    """Leave nothing in a SQLite store's log of what was overwritten; say whether that was done.

    It is not where somebody reads for longer than our patience what the log alone holds. On
    PostgreSQL it is for VACUUM to do.
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute(f"PRAGMA busy_timeout = {int(patience_s * 1000)}")
        busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        raw.execute(_PATIENT)
    return not busy
