"""How a table is shown to a person."""

import pytest
from rich.console import Console

from cli import _door

PUSHED = dict.fromkeys(("verified", "unverified", "failed", "denied", "dropped", "stopped"), 0)
ROWS = [
    {"edition": "voice/north", "delivered": 2, "overdue": False, "errors": [], **PUSHED},
    {"edition": "voice/south", "delivered": 0, "overdue": False, "errors": [], **PUSHED},
]


def shown(
    rows: list[dict[str, object]],
    width: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> str:
    monkeypatch.setattr(_door, "OUT", Console(width=width, highlight=False))
    _door.table("", rows, "nothing")
    return capsys.readouterr().out


def test_a_wide_terminal_shows_every_column(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = shown(ROWS, 150, monkeypatch, capsys)
    assert all(name in said.splitlines()[1] for name in ROWS[0])
    assert "0 of" not in said


def test_a_narrow_one_tells_in_a_line_what_is_nothing_everywhere_and_cuts_no_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = shown(ROWS, 80, monkeypatch, capsys)
    head = said.splitlines()[1]
    assert [name for name in ROWS[0] if name in head] == [
        "edition",
        "delivered",
        "overdue",
        "errors",
    ]
    assert said.endswith("0 of: verified, unverified, failed, denied, dropped, stopped\n")
    assert "voice/north" in said
    assert "…" not in said


def test_where_something_counts_its_column_stands_on_any_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = [ROWS[0], ROWS[1] | {"failed": 3}]
    said = shown(failing, 80, monkeypatch, capsys)
    assert "failed" in said.splitlines()[1]
    assert said.endswith("0 of: verified, unverified, denied, dropped, stopped\n")
    busy: list[dict[str, object]] = [dict.fromkeys(ROWS[0], 1)]
    assert "0 of" not in shown(busy, 40, monkeypatch, capsys)
