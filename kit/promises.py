"""What operators were promised they may write under `options`, and whether it still holds.

The promises stand in `options.json`, by kind: each option by its path, what it takes, and whether
it is needed. `make reference` adds what is new; it takes no promise back. Where one must go, take
it out of the file by hand, raise the version, and say in the changelog what to write instead.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from connectors.channels import connector
from kit.stages import Stage, stage, stages

FILE = Path(__file__).parent / "options.json"


class Option(NamedTuple):
    """What is promised of one option."""

    takes: frozenset[str]
    """Types as JSON Schema names them, and words after a `=` where only those are taken."""
    needed: bool


Promised = Mapping[str, Option]
"""By path: `fields.id`; `lists[].url` within a list, `locations{}` for any name."""


def promised(kind: str, played: Stage) -> Promised | None:
    """Read what a kind has promised: its stage may say, else the file does; None for nothing."""
    told = getattr(played, "PROMISED", None) or kept().get(kind)
    return None if told is None else _read(told)


def kept() -> dict[str, Any]:
    """Read the file."""
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


def text() -> str:
    """Write the file anew, with what every kind with a stage promises from now on."""
    every = kept()
    for kind in stages():
        now = of(connector(kind).OPTIONS)
        every[kind] = written(promised(kind, stage(kind)) or {}, now)
    return json.dumps(every, indent=1, sort_keys=True) + "\n"


def of(options: type[BaseModel]) -> Promised:
    """Tell what a kind's options take now."""
    schema = options.model_json_schema()
    return dict(_below("", schema, schema.get("$defs", {}), ()))


def broken(before: Promised, now: Promised) -> list[str]:
    """List what was promised and no longer holds, each with what it meets an operator with."""
    faults = []
    for path, was in before.items():
        if path not in now:
            faults.append(f"the option `{path}` is gone")
            continue
        lost = sorted(one for one in was.takes if not _takes(now[path].takes, one))
        if lost:
            faults.append(f"the option `{path}` no longer takes {', '.join(lost)}")
        if now[path].needed and not was.needed:
            faults.append(f"the option `{path}` is needed now, and was not")
    faults += [
        f"the option `{path}` is new, and needed"
        for path, option in now.items()
        if option.needed and path not in before and _parent(path) in {"", *before}
    ]
    return faults


def written(before: Promised, now: Promised) -> dict[str, Any]:
    """Write down what is promised from now on: what was, and what is new or wider."""
    every = dict(before) | dict(now)
    for path, was in before.items():
        if path not in now or broken({path: was}, {path: now[path]}):
            every[path] = was
    return {
        path: {"takes": sorted(option.takes), "needed": option.needed}
        for path, option in sorted(every.items())
    }


def _read(told: Mapping[str, Any]) -> Promised:
    return {path: Option(frozenset(one["takes"]), one["needed"]) for path, one in told.items()}


def _takes(now: frozenset[str], one: str) -> bool:
    if one in now or (one.startswith("=") and "string" in now):
        return True
    return one == "integer" and "number" in now


def _parent(path: str) -> str:
    return path.rpartition(".")[0].removesuffix("[]").removesuffix("{}")


def _below(
    path: str, schema: Any, known: Mapping[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[str, Option]]:
    """Go through the options of an object, and through those within them."""
    needed = set(schema.get("required", ()))
    for name, told in schema.get("properties", {}).items():
        place = f"{path}.{name}" if path else name
        ways = list(_ways(told, known))
        yield place, Option(frozenset(kind for kind, _, _ in ways), name in needed)
        for kind, inner, ref in ways:
            if ref not in above:
                yield from _within(place, kind, inner, known, (*above, *filter(None, [ref])))


def _within(
    place: str, kind: str, inner: Any, known: Mapping[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[str, Option]]:
    yield from _below(place, inner, known, above)
    for mark, key, of_kind in (("[]", "items", "array"), ("{}", "additionalProperties", "object")):
        if kind == of_kind and isinstance(inner.get(key), dict):
            ways = list(_ways(inner[key], known))
            yield place + mark, Option(frozenset(one for one, _, _ in ways), needed=False)
            for other, further, ref in ways:
                if ref not in above:
                    refs = (*above, *filter(None, [ref]))
                    yield from _within(place + mark, other, further, known, refs)


def _ways(told: Any, known: Mapping[str, Any], ref: str = "") -> Iterator[tuple[str, Any, str]]:
    """List what is taken: a type or a word, its schema, and the name of that where it has one."""
    if "$ref" in told:
        name = told["$ref"].rpartition("/")[2]
        yield from _ways(known[name], known, name)
        return
    for several in (told.get("anyOf"), told.get("oneOf")):
        for one in several or ():
            yield from _ways(one, known, ref)
    for word in told.get("enum", [told["const"]] if "const" in told else []):
        yield f"={word}", told, ref
    if "type" in told and "enum" not in told and "const" not in told:
        yield str(told["type"]), told, ref
