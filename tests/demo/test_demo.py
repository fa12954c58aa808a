"""The demo runs whole, on a world small enough for a test: every part is the real one."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_ends_well_and_shows_what_nobody_had_counted(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--once", "--scale", "0.04", "--folder", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    said = done.stdout
    assert done.returncode == 0, said + done.stderr
    for title in ("What nobody had counted", "Who answers, and who pastes"):
        assert title in said
    assert "0 new or changed; the partner's poll was answered 304: nothing moved" in said
    assert "0 new, 1 changed, 1 removed" in said
    assert "times more at a partner that nobody had counted" in " ".join(said.split())
    assert "Traceback" not in said + done.stderr
    pages = {path.name for path in (tmp_path / "summaries").iterdir()}
    assert {"ods-ZN1.html", "moor-and-dale.html"} <= pages
    assert "export RETOLD_CONFIG=" in (tmp_path / "env").read_text()
