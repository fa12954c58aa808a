"""On which line of a TOML document each key stands: what `tomllib` knows and does not tell.

Spec: https://toml.io/en/v1.0.0
"""

import re
import tomllib
from typing import NamedTuple

Path = tuple[str | int, ...]
"""Where a value stands: names of keys, and numbers of elements from 0."""

_TOKEN = re.compile(
    r'''
      (?P<string> """(?:\\.|[^\\])*?"""(?:"{0,2}) | \'\'\'.*?\'\'\'(?:'{0,2})
                | "(?:\\.|[^"\\])*" | '[^']*' )
    | (?P<blank>  [ \t\r]+ | \#[^\n]* )
    | (?P<mark>   [\n\[\]{}=,.] )
    | (?P<bare>   [^\s\[\]{}=,."'\#]+ )
    ''',
    re.VERBOSE | re.DOTALL,
)
_ENDS_A_SCALAR = frozenset({"\n", ",", "]", "}", ""})


def locate(text: str) -> dict[Path, int]:
    """Map each key, table and element of a list to its line, from 1.

    The keys of the map are just the paths of `tomllib.loads(text)`, which must not fail.
    A table that is written again and again (`[[channels]]`) has a path for each time.
    """
    return _Walk(_tokens(text)).document()


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Find the line of `path`, or of the nearest table around it that is written."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def _tokens(text: str) -> list[_Token]:
    tokens, line = [], 1
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "blank":
            tokens.append(_Token(str(match.lastgroup), match[0], line))
        line += match[0].count("\n")
    return [*tokens, _Token("mark", "", line)]


class _Walk:
    """One walk along the tokens of a document."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._lines: dict[Path, int] = {}
        self._lengths: dict[Path, int] = {}
        """How often each table of an array has been written so far."""

    @property
    def _here(self) -> _Token:
        return self._tokens[self._at]

    def _sees(self, *marks: str) -> bool:
        return self._here.kind == "mark" and self._here.text in marks

    def _take(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def document(self) -> dict[Path, int]:
        """Walk to the end."""
        table: Path = ()
        while not self._sees(""):
            if self._sees("\n"):
                self._take()
            elif self._sees("["):
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _header(self) -> Path:
        line = self._take().line
        is_array = self._sees("[")
        *around, name = self._key()
        while self._sees("]"):
            self._take()
        path: Path = ()
        for part in around:
            path = self._latest((*path, part), line)
        path = (*path, name)
        if not is_array:
            self._lines[path] = line  # its own header says more than a mention before it
            return path
        self._lengths[path] = self._lengths.get(path, 0) + 1
        return self._latest(path, line)

    def _latest(self, path: Path, line: int) -> Path:
        self._lines.setdefault(path, line)
        if path in self._lengths:
            path = (*path, self._lengths[path] - 1)
            self._lines.setdefault(path, line)
        return path

    def _key(self) -> list[str]:
        parts = []
        while not self._sees("=", "]"):
            token = self._take()
            if token.kind != "mark":
                parts.append(_unquoted(token))
        return parts

    def _pair(self, table: Path) -> None:
        line, path = self._here.line, table
        for part in self._key():
            path = (*path, part)
            self._lines.setdefault(path, line)
        self._take()  # the equals sign
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._sees("["):
            self._list(path)
        elif self._sees("{"):
            self._inline_table(path)
        else:
            while not (self._here.kind == "mark" and self._here.text in _ENDS_A_SCALAR):
                self._take()

    def _list(self, path: Path) -> None:
        self._take()
        length = 0
        while not self._sees("]"):
            if self._sees("\n", ","):
                self._take()
                continue
            element = (*path, length)
            self._lines[element] = self._here.line
            self._value(element)
            length += 1
        self._take()

    def _inline_table(self, path: Path) -> None:
        self._take()
        while not self._sees("}"):
            if self._sees("\n", ","):
                self._take()
                continue
            self._pair(path)
        self._take()


def _unquoted(key: _Token) -> str:
    if key.kind == "bare":
        return key.text
    name: str = tomllib.loads(f"name = {key.text}")["name"]
    return name
