"""Keep the store safe: set up, back up, restore, move."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from schemas.config import Config
from schemas.errors import ConflictError, StoreError
from steps import erase
from store import archive, landings, migrations, quarantine, runs
from store.archive import Copied, Progress
from store.database import Engine, open_engine, reading, wipe, writing


def set_up(engine: Engine) -> str:
    """Bring the store to the tables that this version needs; return its version. Twice is once."""
    return migrations.upgrade(engine)


def versions(engine: Engine) -> tuple[str | None, str]:
    """Name the version the store is at, and the one that this code needs."""
    with reading(engine) as connection:
        return migrations.current(connection), migrations.newest()


def backup(engine: Engine, path: Path, progress: Progress) -> dict[str, Copied]:
    """Copy the store into one new SQLite file, whatever engine it is on; verify the copy."""
    if path.exists():
        raise ConflictError(f"{path} is there already: name a new file, or remove it")
    target = open_engine(f"sqlite:///{path}")
    try:
        return move(engine, target, progress)
    finally:
        target.dispose()


def move(source: Engine, target: Engine, progress: Progress) -> dict[str, Copied]:
    """Copy a whole store into an empty one; verify it by counts and digests."""
    migrations.upgrade(target)
    with reading(source) as old, writing(target) as new:
        copied = archive.copy(old, new, progress)
        found = archive.digests(new)
    if found != copied:
        wrong = sorted(name for name in copied if found[name] != copied[name])
        raise StoreError(f"the copy differs in {', '.join(wrong)}: do not use it, and try again")
    return copied


def restore(
    engine: Engine,
    config: Config,
    path: Path,
    who: str,
    now: datetime,
    epoch: Callable[[], str],
    progress: Progress,
) -> dict[str, Copied]:
    """Put a backup in the place of what the store holds.

    What was erased since stays erased, a token that was revoked opens nothing, one that was
    rotated ends as that said, and every edition starts a new epoch.
    """
    if not path.is_file():
        raise ConflictError(f"there is no backup at {path}: name the file that `backup` wrote")
    source = open_engine(f"sqlite:///{path}")
    try:
        migrations.upgrade(source)
        with reading(source) as old, writing(engine) as new:
            erased, ended = archive.kept_suppressions(new), archive.token_ends(new)
            dropped = landings.kept_erasures(new)
            archive.clear(new)
            copied = archive.copy(old, new, progress)
            archive.restore_suppressions(new, erased)
            archive.restore_token_ends(new, ended)
            archive.renew_epochs(new, epoch, now)
            runs.note(new, who, "restore", path.name, {"rows": _rows(copied)}, now)
            again = landings.restore_erasures(new, dropped, now)
            quarantine.drop(new, quarantine.of_landings(new, again))
            erase.again(new, config, who, now)
    finally:
        source.dispose()
    wipe(engine)
    return copied


def _rows(copied: dict[str, Copied]) -> int:
    return sum(c.rows for c in copied.values())
