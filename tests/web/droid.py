"""Let REDbot look at addresses, in a process of an interpreter that has it: `droid.py < asked`.

It is no part of our own environment: it brings `chardet`, by which feedparser would guess an
encoding that it does not guess where Retold runs.
"""

import json
import sys
from configparser import ConfigParser
from typing import Any

import thor
from redbot.resource import HttpResource

Asked = tuple[str, list[tuple[str, str]]]
"""An address, and the headers to ask it with."""


def look(asked: list[Asked]) -> list[dict[str, Any]]:
    """Let REDbot look at each, with the requests of its own that it thinks of."""
    config = ConfigParser()
    config.read_dict({"redbot": {"enable_local_access": "True"}})
    resources, waiting = [], set[int]()

    def done(number: int) -> None:
        waiting.discard(number)
        if not waiting:
            thor.stop()

    for number, (url, headers) in enumerate(asked):
        resource = HttpResource(config["redbot"])
        resource.set_request(url, headers=headers)
        waiting.add(number)
        resource.once("check_done", lambda number=number: done(number))
        resources.append(resource)
    for resource in resources:
        resource.check()
    if waiting:
        thor.run()
    return [_told(resource) for resource in resources]


def _told(resource: Any) -> dict[str, Any]:
    looked = (resource, *resource.subreqs.values())
    notes = [note for one in looked for note in one.response.notes]
    return {
        "status": resource.response.status_code,
        "notes": sorted({_line(note) for note in _whole(notes)}),
        "if_none_match": resource.inm_support,
        "if_modified_since": resource.ims_support,
        "gzip": resource.gzip_support,
        "error": str(resource.fetch_error or ""),
    }


def _whole(notes: list[Any]) -> list[Any]:
    return [one for note in notes for one in (note, *_whole(note.subnotes))]


def _line(note: Any) -> tuple[str, str, str, str]:
    return type(note).__name__, note.level.name, note.category.name, note.summary


if __name__ == "__main__":
    json.dump(look(json.load(sys.stdin)), sys.stdout)
