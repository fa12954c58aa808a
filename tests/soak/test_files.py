"""A large edition is written as files in flat memory, and one change moves a handful of them.

`RETOLD_SOAK_STORIES=100000 make soak ARGS=tests/soak/test_files.py` makes it smaller.
"""

import os
import time
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from bench import processes
from schemas.story import Telling
from steps import write
from store.database import create_tables, open_engine
from tests.soak import files
from tests.tell import MONDAY, tell, telling

STORIES = int(os.environ.get("RETOLD_SOAK_STORIES", "1000000"))
PAGE = 2_000
MONTHS = 20
MOST_MB = 300
FORMATS, CODINGS = 3, 1 + len(write.CODINGS)


def _told(number: int, text: str = "It was good.") -> Telling:
    """Tell one of many stories, which lie in 20 months."""
    at = MONDAY - timedelta(days=30 * (number % MONTHS) + 90)
    one = telling(str(number), text)
    content = one.content.model_copy(update={"published_at": at})
    canonical = content.model_dump_json()
    digest = sha256(canonical.encode()).hexdigest()
    return one.model_copy(
        update={"content": content, "canonical": canonical, "fingerprint": digest}
    )


def _seen(root: Path) -> dict[str, int]:
    found = (p for p in (root / "voice").rglob("*") if p.is_file() and p.name[0] != ".")
    return {str(path): path.stat().st_mtime_ns for path in found}


@pytest.mark.soak
def test_a_million_stories_become_files_and_one_change_moves_five(tmp_path: Path) -> None:
    url, root = f"sqlite:///{tmp_path / 'files.db'}", tmp_path / "www"
    engine = open_engine(url)
    create_tables(engine)
    for at in range(0, STORIES, PAGE):
        tell(engine, *(_told(n) for n in range(at, min(at + PAGE, STORIES))))
    files.bring(engine)
    began = time.monotonic()
    peak = float(processes.said("tests.soak.files", url, root))
    took = time.monotonic() - began
    before = _seen(root)
    months = sum("manifest-" in name for name in before) // CODINGS
    assert MONTHS * 0.9 < months <= MONTHS
    archives = -(-STORIES // 500)
    assert len(before) == ((archives + 1) * FORMATS + 2 + months) * CODINGS
    began = time.monotonic()
    assert files.written(engine, str(root)).written == 0
    again = time.monotonic() - began
    tell(engine, _told(STORIES // 2, "Edited."))
    files.bring(engine)
    began = time.monotonic()
    done = files.written(engine, str(root))
    one = time.monotonic() - began
    engine.dispose()
    after = _seen(root)
    moved = [name for name, at in after.items() if before.get(name) != at]
    print(  # noqa: T201
        f"\n{STORIES:,} stories: {len(before):,} files in {took:.0f} s, at most {peak:.0f} MB;"
        f" nothing new {again:.1f} s; one change {len(moved)} files, {one:.1f} s"
    )
    assert peak < MOST_MB
    assert len(moved) == done.written == (2 * FORMATS + 3) * CODINGS
