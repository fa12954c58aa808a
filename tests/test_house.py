"""The house keeps its own rules."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
BESIDE = {"tests", "demo", "bench", "docs"}
"""Packages that stand beside the street and are not shipped."""
ROOMS = {p.parent.name for p in ROOT.glob("*/__init__.py")} - BESIDE
SOURCES = sorted(p for room in (*ROOMS, *BESIDE) for p in (ROOT / room).rglob("*.py"))


def test_every_room_stands_under_the_import_contract() -> None:
    assert set(PROJECT["importlinter"]["root_packages"]) == ROOMS | {"demo"}


def test_every_room_is_shipped() -> None:
    shipped = PROJECT["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert {name for name in shipped if not name.endswith(".py")} == ROOMS


def test_every_room_counts_for_coverage() -> None:
    assert set(PROJECT["coverage"]["run"]["source"]) == ROOMS | {"settings"}


def test_no_room_bears_a_name_that_something_installed_bears() -> None:
    others = {n for n, d in packages_distributions().items() if set(d) != {"retold"}}
    assert not ROOMS & (others | sys.stdlib_module_names)


def test_no_flow_bears_the_name_of_a_room_or_of_the_standard_library() -> None:
    flows = {p.stem for p in (ROOT / "flows").glob("*.py")} - {"__init__"}
    assert not flows & (ROOMS | sys.stdlib_module_names)


def test_every_rooms_first_line_says_what_lives_there() -> None:
    for room in ROOMS:
        module = ast.parse((ROOT / room / "__init__.py").read_text())
        assert ast.get_docstring(module), room


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_and_no_function_has_grown_too_long(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 600
    if "migrations" in path.parts:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            length = (node.end_lineno or 0) - body[0].lineno + 1
            assert length <= 50, f"{node.name} has {length} lines"


def test_nothing_mocks_and_nothing_is_left_to_do() -> None:
    forbidden = re.compile("|".join(["unittest" + ".mock", "Magic" + "Mock", "FIX" + "ME"]))
    assert [p for p in SOURCES if forbidden.search(p.read_text())] == []


def test_no_lock_names_where_packages_come_from() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        assert "://" not in lock.read_text(), lock.name


def test_every_line_of_the_dev_lock_agrees_with_the_lock() -> None:
    pin = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ;]+)", re.MULTILINE)
    locks = [dict(pin.findall((ROOT / name).read_text())) for name in LOCKS]
    assert locks[0].items() <= locks[1].items()


LOCKS = ("requirements.lock", "requirements-dev.lock")
