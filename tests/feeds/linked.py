"""What an independent reader of JSON-LD makes of a document, node by node."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Give every node that has a type, however deep it stands."""
    if isinstance(value, list):
        for each in value:
            yield from nodes(each)
    if isinstance(value, dict):
        if "@type" in value and "@value" not in value:
            yield value
        for each in value.values():
            yield from nodes(each)


def strangers(
    feed: dict[str, Any],
    vocabulary: str,
    properties: Mapping[str, Collection[str]],
    ours: tuple[str, ...],
) -> set[str]:
    """List what is said that a vocabulary's types do not let them say, and that is not ours."""
    said = {
        f"{node['@type'][0].removeprefix(vocabulary)}.{name.removeprefix(vocabulary)}"
        for node in nodes(feed)
        for name in node
        if name[0] != "@" and not name.startswith(ours)
    }
    return said - {f"{kind}.{name}" for kind, names in properties.items() for name in names}
