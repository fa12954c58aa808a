"""What the documents say is so."""

import base64
import json
import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import settings
from cli import app
from connectors import channels
from docs import generate
from rules import configure, webhooks
from rules.webhooks import Gone

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


def test_a_partner_tells_a_genuine_message_by_the_code_it_is_shown() -> None:
    page = (ROOT / "docs" / "howto" / "partner.md").read_text()
    [block] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    shown: dict[str, Any] = {}
    exec(compile(block, "partner.md", "exec"), shown)
    is_genuine = shown["is_genuine"]
    old, new, other = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in range(3))
    now = datetime.now(UTC)
    headers = webhooks.headers([old, new], "msg_1", b"{}", now)
    late = webhooks.headers([old], "msg_1", b"{}", now - timedelta(minutes=6))

    assert is_genuine(headers, b"{}", old)
    assert is_genuine(headers, b"{}", new)
    assert not is_genuine(headers, b"{}", other)
    assert not is_genuine(headers, b"{ }", old)
    assert not is_genuine(headers | {"webhook-id": "msg_2"}, b"{}", old)
    assert not is_genuine(late, b"{}", old)


def test_the_message_that_partners_are_shown_is_of_the_form_they_get() -> None:
    page = (ROOT / "docs" / "howto" / "partner.md").read_text()
    [block] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    shown = json.loads(block)
    [one] = shown["data"]["removed"]
    told = Gone(one["id"], 1, one["reason"], datetime.fromisoformat(one["at"]))
    data = shown["data"]
    made = webhooks.batch(data["edition"], data["acknowledge_url"], [told])
    assert json.loads(made.body) == shown
