"""What the documents say is so."""

import re
import tomllib
from pathlib import Path

import pytest

import settings
from cli import app
from connectors import channels
from docs import generate
from rules import configure

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("name", sorted(generate.pages()))
def test_the_reference_is_current(name: str) -> None:
    assert (generate.FOLDER / name).read_text() == generate.pages()[name], "run `make reference`"


def test_every_option_and_setting_says_what_it_is() -> None:
    for page in ("channels.md", "settings.md"):
        for line in generate.pages()[page].splitlines():
            if line.startswith("| `"):
                assert line.split("|")[3].strip(), line


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_that_is_named_exists(page: Path) -> None:
    known = re.findall(r"^## `retold ([a-z ]+)`", generate.commands(), re.MULTILINE)
    groups = {name.split()[0] for name in known}
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ retold "):
                words = line.removeprefix("$ retold ").split()
                assert words[0] in groups, line
                if words[0] not in known:
                    assert " ".join(words[:2]) in known, line


def test_the_readmes_configuration_has_no_fault(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "retold.toml").write_text(blocks[0])
    config = settings.read_config({"RETOLD_CONFIG": str(tmp_path / "retold.toml")})
    assert config.edition("voice", "all") is not None
    assert tomllib.loads(blocks[0])["name"] == config.name


def test_the_command_line_has_a_name() -> None:
    assert app.info.name == "retold"
    assert set(channels.kinds()) >= {"feed", "table", "careopinion"}
    assert configure.every_s("15m") == 900
