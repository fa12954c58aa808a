"""Begin a new connector: one that reads well already, with its stage, its test and its page."""

import re
from pathlib import Path

from schemas.errors import ConflictError, UnfitError

_SKELETON = Path(__file__).parent / "skeleton"
_KIND = re.compile(r"[a-z][a-z0-9_]{1,40}")

OWED = "OWED"
"""Marks what the engineer still has to think through; the new test fails while one is left."""

_TEST = '''"""What skeleton alone must show; what holds for every kind is held by the kit."""

from pathlib import Path

ROOT = Path(__file__).parents[3]
FILES = (
    "connectors/channels/skeleton.py",
    "kit/stages/skeleton.py",
    "docs/channels/skeleton.md",
)


def test_no_thought_is_owed_any_more() -> None:
    """Each line marked so says what to think through; delete it once that is done."""
    lines = [line for file in FILES for line in (ROOT / file).read_text().splitlines()]

    assert [line.strip() for line in lines if "OWED" in line] == []
'''

_PAGE = """# skeleton

OWED: what the service is, who may read it, and under which terms.

```toml
[[channels]]
id = "our-skeleton"
kind = "skeleton"
secrets = { key = { env = "SKELETON_KEY" } }
```

OWED: how it tells of edits, replies and removals, and what it cannot tell.
"""


def write(kind: str, folder: Path) -> list[Path]:
    """Write the files of a new kind below a checkout of Retold; none that is there is touched."""
    if not _KIND.fullmatch(kind):
        raise UnfitError("bad_kind", f"{kind!r} is no kind: write it like `pigeon_post`")
    if not (folder / "connectors" / "channels").is_dir():
        raise UnfitError("no_checkout", f"{folder} is no checkout of Retold: go to one first")
    texts = {
        f"connectors/channels/{kind}.py": (_SKELETON / "channel.py").read_text(),
        f"kit/stages/{kind}.py": (_SKELETON / "stage.py").read_text(),
        f"tests/connectors/channels/test_{kind}.py": _TEST,
        f"docs/channels/{kind}.md": _PAGE,
    }
    there = [name for name in texts if (folder / name).exists()]
    if there:
        raise ConflictError(f"{', '.join(there)}: there already; choose another kind")
    written = []
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        named = text.replace("SKELETON", kind.upper()).replace("skeleton", kind)
        path.write_text(named, encoding="utf-8")
        written.append(path)
    return written
