"""A new kind is begun by a command; the howto's example is done here as it stands there."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kit import scaffold
from schemas.errors import ConflictError, UnfitError

ROOT = Path(__file__).parents[2]
ROOMS = [
    "schemas",
    "rules",
    "connectors",
    "feeds",
    "summaries",
    "store",
    "steps",
    "kit",
    "flows",
    "web",
    "cli",
]
HOWTO = (ROOT / "docs/howto/add-a-connector.md").read_text()
BLOCK = re.compile(r"```python\n# (\S+)\n(.*?)```", re.DOTALL)

MOST_LINES = 60
"""Of the engineer's own code, from nothing to stories in the store."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("settings.py", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def _retold(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from cli._app import app; app()", *words]
    environ = os.environ | {"PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=checkout, env=environ, capture_output=True, text=True, check=False
    )


def _put(path: Path, code: str) -> None:
    """Put each function or import of a block in the place of the one of its name, or at the end."""
    for node in ast.parse(code).body:
        part = ast.get_source_segment(code, node) or ""
        source = path.read_text()
        lines = source.splitlines()
        old = next((n for n in ast.parse(source).body if _same(n, node)), None)
        if old is None:
            path.write_text(f"{source}\n\n{part}\n")
        else:
            lines[old.lineno - 1 : old.end_lineno] = part.splitlines()
            path.write_text("\n".join(lines) + "\n")


def _same(one: ast.stmt, other: ast.stmt) -> bool:
    names = [getattr(node, "name", getattr(node, "module", None)) for node in (one, other)]
    return type(one) is type(other) and names[0] == names[1] is not None


def test_the_howto_leads_from_nothing_to_stories_in_the_store(checkout: Path) -> None:
    begun = _retold(checkout, "connector", "new", "pigeon")
    assert begun.returncode == 0, begun.stderr
    begun = _retold(checkout, "connector", "test", "pigeon", "reads_everything")
    assert begun.returncode == 0, begun.stdout
    blocks = BLOCK.findall(HOWTO)
    for name, code in blocks:
        _put(checkout / name, code)
    tested = _retold(checkout, "connector", "test", "pigeon", "--json")
    verdicts = {one["check"]: one["verdict"] for one in json.loads(tested.stdout)["checks"]}
    assert tested.returncode == 0, verdicts
    assert verdicts["reads_everything"] == "passed"
    own = [line for _, code in blocks for line in code.splitlines() if line.strip()]
    assert 20 < len(own) <= MOST_LINES


def test_a_new_kind_fails_while_a_thought_is_owed(checkout: Path) -> None:
    scaffold.write("pigeon", checkout)
    test = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=."]
    test += ["-c", os.devnull, "tests/connectors/channels/test_pigeon.py"]

    def run() -> str:
        return subprocess.run(
            test, cwd=checkout, capture_output=True, text=True, check=False
        ).stdout

    assert "1 failed" in run()
    for name in (
        "connectors/channels/pigeon.py",
        "kit/stages/pigeon.py",
        "docs/channels/pigeon.md",
    ):
        path = checkout / name
        kept = [line for line in path.read_text().splitlines() if scaffold.OWED not in line]
        path.write_text("\n".join(kept) + "\n")
    assert "1 passed" in run()


def test_nothing_that_is_there_is_touched(checkout: Path) -> None:
    with pytest.raises(ConflictError, match=r"feed\.py: there already"):
        scaffold.write("feed", checkout)
    assert "there already" in _retold(checkout, "connector", "new", "feed").stderr


@pytest.mark.parametrize("kind", ["", "Pigeon", "../pigeon", "9", "pigeon-post"])
def test_a_kind_is_named_like_a_module(kind: str, checkout: Path) -> None:
    with pytest.raises(UnfitError, match="is no kind"):
        scaffold.write(kind, checkout)


def test_it_is_begun_in_a_checkout(tmp_path: Path) -> None:
    with pytest.raises(UnfitError, match="is no checkout"):
        scaffold.write("pigeon", tmp_path)
