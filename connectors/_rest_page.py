"""Read an answer of a REST API: its records, whatever it is written in.

Spec: https://www.rfc-editor.org/rfc/rfc8259 and https://www.w3.org/TR/xml/
"""

from typing import Any

import orjson
from lxml import etree

from connectors import _rest_record, _web_page
from connectors._rest_options import Opts
from schemas.errors import GarbledError

_DEEPEST = 50
"""Elements within each other."""


def read(who: str, raw: bytes, options: Opts) -> Any:
    """Read a document; GarbledError where it is none."""
    if _web_page.is_one(raw):
        raise GarbledError(who, "a web page came where records were promised; check `url`")
    try:
        return orjson.loads(raw) if options.format == "json" else _of_xml(raw)
    except (orjson.JSONDecodeError, etree.XMLSyntaxError, ValueError) as error:
        raise GarbledError(who, f"the answer is no {options.format.upper()}: {error}") from error


def records(who: str, document: Any, options: Opts) -> list[Any]:
    """Find the records in a document; GarbledError where their path leads nowhere."""
    found: Any = document
    for name in filter(None, options.records.split(".")):
        if not isinstance(found, dict) or (name not in found and options.format == "json"):
            raise GarbledError(who, f"the answer has no {options.records!r}: check `records`")
        found = found.get(name, [])
    if found in ("", None):
        return []
    if isinstance(found, list):
        return found
    if options.format == "xml":  # of a single element XML makes no list
        return [found]
    raise GarbledError(who, f"what stands at {options.records!r} is no list: check `records`")


def following(document: Any, path: str) -> str | None:
    """Find the word or address that leads to the next page."""
    return _rest_record.word(document, path)


def _of_xml(raw: bytes) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True,
        remove_pis=True,
    )  # fmt: skip
    root = etree.fromstring(raw, parser)
    if any(not isinstance(element.tag, str) for element in root.iter()):
        raise ValueError("it holds an entity of its own, which is not read")
    return {_name(root): _record(root, 0)}


def _name(element: Any) -> str:
    return str(etree.QName(element).localname)


def _record(element: Any, depth: int) -> Any:
    """Make a record of an element: names that come several times hold lists."""
    if depth > _DEEPEST:
        raise ValueError(f"its elements stand more than {_DEEPEST} deep")
    found: dict[str, Any] = {f"@{etree.QName(n).localname}": v for n, v in element.items()}
    for child in element:
        name, told = _name(child), _record(child, depth + 1)
        if name not in found:
            found[name] = told
        elif isinstance(found[name], list):
            found[name].append(told)
        else:
            found[name] = [found[name], told]
    text = (element.text or "").strip()
    if not found:
        return text
    return found | ({"#text": text} if text else {})
