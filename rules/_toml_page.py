"""A TOML file under reading: what it says, where it says so, and what is wrong with it."""

import difflib
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, to_json

from rules._toml_lines import Path, line_of, locate
from schemas.errors import ConfigError, Fault

M = TypeVar("M", bound=BaseModel)

_LISTED = 20
"""Names that a remedy lists at most."""

_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SLUG = "^[a-z0-9][a-z0-9_-]{0,62}$"


class _Form(NamedTuple):
    """How a value of one type is written."""

    name: str
    example: str


_FORMS = (
    ("string", _Form("text", '"…"')),
    ("bool", _Form("true or false", "true")),
    ("int", _Form("a whole number", "50")),
    ("float", _Form("a number", "0.5")),
    ("datetime", _Form("a time with its zone", "2026-10-31T12:00:00Z")),
    ("date", _Form("a day", "2026-10-31")),
    ("list", _Form("a list", "[…]")),
    ("tuple", _Form("a list", "[…]")),
    ("dict", _Form("a table", "{ … }")),
    ("model", _Form("a table", "{ … }")),
)
"""By what the type of one of pydantic's errors begins with."""

_FORM_ERRORS = ("_type", "_parsing", "_from_float", "_inexact")
"""What the type of an error ends with that says: another form is wanted."""


class Page:
    """One TOML file: its values by path, and the faults found so far."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.top = tomllib.loads(text)
        self.faults: list[Fault] = []
        self._lines = locate(text)

    def fault(self, path: Path, what: str, remedy: str) -> None:
        """Note that something is wrong at `path`."""
        self.faults.append(Fault(self.file, self.line(path), where(path), what, remedy))

    def line(self, path: Path) -> int:
        """Find the line of `path`, or of the nearest table around it."""
        return line_of(self._lines, path)

    def at(self, path: Path) -> Any:
        """Give what stands at `path`; None where nothing does."""
        found: Any = self.top
        try:
            for part in path:
                found = found[part]
        except (KeyError, TypeError):  # nothing there, or no table to look into
            return None
        return found

    def table(self, path: Path) -> dict[str, Any]:
        """Give the table at `path`; empty where nothing, or something else, stands there."""
        found = self.at(path)
        return found if isinstance(found, dict) else {}

    def text(self, path: Path) -> str | None:
        """Give the text at `path`; None where nothing, or something else, stands there."""
        found = self.at(path)
        return found if isinstance(found, str) else None

    def texts(self, path: Path) -> Iterator[tuple[Path, str]]:
        """Give each text of the list at `path`, with its own path; pass over all else."""
        found = self.at(path)
        listed = enumerate(found) if isinstance(found, list) else ()
        yield from (((*path, number), each) for number, each in listed if isinstance(each, str))

    def each(self, section: str) -> Iterator[Path]:
        """Give the path of each `[[section]]`."""
        found = self.at((section,))
        listed = enumerate(found) if isinstance(found, list) else ()
        yield from ((section, number) for number, each in listed if isinstance(each, dict))

    def record(
        self,
        model: type[M],
        path: Path,
        *,
        apart: Mapping[str, Collection[str]] = MappingProxyType({}),
        given: Mapping[str, Any] = MappingProxyType({}),
    ) -> M | None:
        """Make a record of the table at `path`; None, with every fault noted, where it is not fit.

        `apart` names tables in it that somebody else reads, each with the keys that it may hold;
        `given` are fields of the record that the file has no say in.
        """
        if not self.is_table(path):
            return None
        sought = _Sought(model, path, apart, given)
        table = self.table(path)
        for key in given.keys() & table.keys():
            self._unknown_key((*path, key), sought)
        written = {key: value for key, value in table.items() if key not in apart} | dict(given)
        try:
            # As JSON, so that strictness refuses "50" for 50 but takes a list for a tuple.
            return model.model_validate_json(to_json(written), strict=True)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                self._translate(detail, sought)
        return None

    def is_table(self, path: Path) -> bool:
        """Say whether a table or nothing stands at `path`; note it where something else does."""
        if isinstance(self.at(path), dict | None):
            return True
        names = where(tuple(part for part in path if isinstance(part, str)))
        self.fault(path, "must be a table", f"write [{names}], and its keys below")
        return False

    def _translate(self, detail: ErrorDetails, sought: "_Sought") -> None:
        at = (*sought.path, *detail["loc"])
        if detail["type"] == "extra_forbidden":
            self._unknown_key(at, sought)
            return
        if detail["type"] == "missing":
            what, remedy = "is missing", f"add `{at[-1]} = …` to this table"
        else:
            # A union's error has the names of its branches behind the path: cut them off.
            while len(at) > len(sought.path) and at not in self._lines:
                at = at[:-1]
            what, remedy = _explain(detail, str(at[-1]))
        meaning = _meaning(sought.model, at[len(sought.path) :])
        self.fault(at, what, f"{remedy}: {meaning}" if meaning else remedy)

    def _unknown_key(self, at: Path, sought: "_Sought") -> None:
        inside, key = at[len(sought.path) : -1], str(at[-1])
        model = _model_at(sought.model, inside)
        apart, given = ({}, {}) if inside else (sought.apart, sought.given)
        tables = {name: nest.model_fields for name, nest in _nested(model)} | dict(apart)
        homes = [name for name, keys in tables.items() if key in keys]
        if homes:
            names = tuple(part for part in at[:-1] if isinstance(part, str))
            remedy = f"it belongs into [{where((*names, homes[0]))}]"
        elif key in {"name", "organisations"} and len(at) > 1:
            remedy = "move it above the first [table]: below one it belongs to that table"
        else:
            remedy = suggest(key, {*model.model_fields, *apart} - given.keys())
        self.fault(at, "nothing is known by this name", remedy)


class _Sought(NamedTuple):
    """What record is looked for, and where: see `Page.record`."""

    model: type[BaseModel]
    path: Path
    apart: Mapping[str, Collection[str]]
    given: Mapping[str, Any]


def open_page(file: str, toml: bytes) -> Page:
    """Read a TOML file; a ConfigError names the line where it is none."""
    try:
        return Page(file, toml.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = toml.count(b"\n", 0, error.start) + 1
        what, remedy = "the file is not UTF-8", "save it as UTF-8"
    except ValueError as error:
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found else toml.rstrip().count(b"\n") + 1
        what = f"this is not TOML: {_AT_LINE.sub('', str(error)).strip()}"
        remedy = "correct this line; https://toml.io shows how it is written"
    raise ConfigError([Fault(file, line, "syntax", what, remedy)]) from None


def where(path: Path) -> str:
    """Write a path as people read it, `channels[2].options.url`."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
            continue
        written += "." * bool(written) + (part if _BARE_KEY.fullmatch(part) else f'"{part}"')
    return written


def suggest(word: str, known: Collection[str]) -> str:
    """Say which of the known names was meant, or which there are."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    listed = ", ".join(names[:_LISTED]) + ", …" * (len(names) > _LISTED)
    there_are = f"there are: {listed}" if names else "there are none yet"
    return f"did you mean `{near[0]}`? {there_are}" if near else there_are


def _explain(detail: ErrorDetails, key: str) -> tuple[str, str]:
    """Put one of pydantic's errors into an operator's words: what is wrong, and the remedy."""
    kind, context = detail["type"], detail.get("ctx", {})
    form = next((form for start, form in _FORMS if kind.startswith(start)), None)
    if form and kind.endswith(_FORM_ERRORS):
        return f"must be {form.name}", f"write {key} = {form.example}"
    if kind in {"enum", "literal_error"}:
        known = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"`{detail['input']}` is not known here", suggest(str(detail["input"]), known)
    if context.get("pattern") == _SLUG:
        return (
            "is not fit for addresses and file names",
            "use up to 63 of a-z, 0-9, `-` and `_`, a letter or a digit first",
        )
    if kind == "value_error":
        return str(context["error"]), f"correct `{key}`"
    message = detail["msg"].removeprefix("Input ").removeprefix("Value ")
    return message[:1].lower() + message[1:], f"correct `{key}`"


def _nested(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Give the fields of a model that hold records, each with its record."""
    for name, field in model.model_fields.items():
        stack = [field.annotation]
        while stack:
            found = stack.pop()
            stack.extend(get_args(found))
            if isinstance(found, type) and issubclass(found, BaseModel):
                yield name, found


def _meaning(model: type[BaseModel], path: Path) -> str:
    """Give what a model says of the field at `path`, in one line; empty where it says nothing."""
    field = _model_at(model, path[:-1]).model_fields.get(str(path[-1])) if path else None
    return " ".join((field.description or "").split()).rstrip(".") if field else ""


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel]:
    for part in path:
        model = dict(_nested(model)).get(str(part), model)
    return model
