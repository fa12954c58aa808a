"""Documents are made so that every scalar in them is the number of the line it stands on."""

import tomllib
from collections.abc import Iterator
from itertools import chain, zip_longest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules._toml_lines import Path, line_of, locate

HERE = "\x00"
"""Stands for the number of the line it is on, until the document is whole."""

KEY = "\x01"
"""Stands for a key that occurs nowhere else."""

NOISE = (
    "# [a] = { comment",
    f'{KEY} = """\n[not.a.table]\nnor = "a key\\""" \\\n # nor a comment\n"""""',
    f"{KEY} = '''\n[[nor.this]]\n''''",
    f'{KEY} = "[x] # = {{ \\" \\\\"',
    f"{KEY} = 'C:\\[x]'",
    f"{KEY} = 1979-05-27 07:32:00.5Z # a time",
    f"{KEY} = -1_0.5e-3",
    f'{KEY} = """"""',
    f"{KEY} = []",
    f"{KEY} = {{}}",
)
HEADERS = (
    f"[{KEY}]",
    f"[ {KEY} . 'v.w' ]",
    "[[x]]",
    f"[[many]]\nid = {HERE}\n[many.one]\n[[many.few]]\nid = {HERE}\n[[many.few]]",
    f"[[more]]\n[[more.few]]\n[more.few.in]\nid = {HERE}",
)
KEYS = ("k{}", "'k {}'", '"k\\u00e9.{}"', "{}", "a{0}.b{0}", "c{} . 'd'")


@st.composite
def values(draw: st.DrawFn, depth: int = 2) -> str:
    shape = draw(st.sampled_from(["scalar", "list", "long list", "table"] if depth else ["scalar"]))
    if shape == "scalar":
        return HERE
    inner = draw(st.lists(values(depth - 1), max_size=3))
    if shape == "table":
        return (
            "{ " + ", ".join(f'k{n}."dotted.{n}" = {each}' for n, each in enumerate(inner)) + " }"
        )
    space = draw(st.sampled_from(["\n", "\n  # ], not yet\n\n"])) if shape == "long list" else " "
    tail = draw(st.sampled_from(["", ","])) if inner else ""
    return "[" + space + f",{space}".join(inner) + tail + space + "]"


PAIRS = values().map(lambda value: f"  {KEY} = {value}  # so it is")
STATEMENTS = st.one_of(PAIRS, st.sampled_from((*NOISE, *HEADERS, "")))


@st.composite
def documents(draw: st.DrawFn) -> str:
    pieces = "\n".join(draw(st.lists(STATEMENTS, max_size=12))).split(KEY)
    keys = [draw(st.sampled_from(KEYS)).format(number) for number in range(len(pieces) - 1)]
    text = "".join(chain.from_iterable(zip_longest(pieces, keys, fillvalue="")))
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    return ending.join(
        line.replace(HERE, str(number)) for number, line in enumerate(text.split("\n"), start=1)
    )


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Give everything there is at a path: tables and lists too."""
    if path:
        yield path, value
    inner = value.items() if isinstance(value, dict) else ()
    listed = enumerate(value) if isinstance(value, list) else ()
    for part, each in (*inner, *listed):
        yield from leaves(each, (*path, part))


@given(documents())
def test_every_path_of_a_document_has_a_line_and_no_other_has(document: str) -> None:
    assert set(locate(document)) == {path for path, _ in leaves(tomllib.loads(document))}


@given(documents())
def test_every_number_is_found_on_the_line_it_stands_on(document: str) -> None:
    lines = locate(document)
    for path, value in leaves(tomllib.loads(document)):
        if type(value) is int:
            assert lines[path] == value, path


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param(("channels",), 2, id="the first of many"),
        pytest.param(("channels", 0), 2, id="one of many"),
        pytest.param(("channels", 0, "options"), 4, id="a table in one of many"),
        pytest.param(("channels", 0, "options", "url"), 5, id="a key"),
        pytest.param(("channels", 1), 6, id="another of many"),
        pytest.param(("channels", 1, "options", "absent"), 7, id="the table around what is not"),
        pytest.param(("http",), 9, id="a table told of before it is opened"),
        pytest.param(("absent",), 1, id="nothing"),
    ],
)
def test_a_line_is_that_of_the_nearest_thing_written(path: Path, line: int) -> None:
    document = """
[[channels]]
id = "a"
[channels.options]
url = ""
[[channels]]
options = { url = "" }
[http.inner]
[http]
"""
    assert line_of(locate(document), path) == line
