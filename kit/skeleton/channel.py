"""Read the comments of a service named skeleton.

OWED: say what the service lists, in which order, and how it tells of edits and removals.
Each run reads again what lies some days before the newest change that it knows of.
Spec: https://skeleton.example/docs (OWED: where its fields are described)
"""

from collections.abc import Iterator
from typing import Any

import orjson
from pydantic import ConfigDict, Field

from connectors import _web_page, _window
from connectors._http import Http
from connectors._window import Seen, Window
from connectors.channels import told
from schemas.channel import Channel, Faulty, Fetched, Options, Parsed, Removal, Tells
from schemas.errors import GarbledError, RefusedError
from schemas.story import Draft, DraftResponse

VERSION = "1"
SECRETS: tuple[str, ...] = ("key",)
EVERY = "1h"
# OWED: leave out what the service does not tell; the kit holds the connector to the rest.
TELLS = frozenset({Tells.EDITS, Tells.REMOVALS, Tells.REPLIES})

MEDIA_TYPE = "application/json"
"""Of a page, as it was received."""


class Opts(Options):
    """What a channel of skeleton may be told."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    base_url: str = "https://api.skeleton.example"
    """Where the API begins."""
    page_size: int = Field(default=50, ge=1)
    """Comments that are asked for at once."""
    per_second: float = Field(default=5, gt=0)
    """Requests a second that the service allows."""


OPTIONS: type[Options] = Opts


def fetch(channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
    """Give pages that hold a comment that is new, edited, answered or taken down."""
    window = Window(cursor)
    for payload, after in window.news(_walk(channel, http, window.start(look_back_days=14))):
        yield Fetched(payload=payload, media_type=MEDIA_TYPE, cursor=after)


def _walk(channel: Channel, http: Http, since: str) -> Iterator[Seen]:
    """Go through the pages, each behind the last comment of the one before."""
    size, after = told(channel, Opts).page_size, ""
    while True:
        raw = _ask(channel, http, {"since": since, "after": after, "limit": size})
        listed = _listed(channel.id, raw)
        checks = {_name(one) or f"?{_window.check(one)}": _window.check(one) for one in listed}
        dates = [_window.utc(one.get("changed")) for one in listed]
        yield Seen(raw, checks, max(dates, default=""))
        following = _name(listed[-1]) if len(listed) == size else None
        if not following:
            return
        if following == after:
            raise GarbledError(channel.id, "page after page holds the same: has the API changed?")
        after = following


def _ask(channel: Channel, http: Http, params: dict[str, str | int]) -> bytes:
    options = told(channel, Opts)
    answer = http.get(
        channel.id,
        f"{options.base_url.rstrip('/')}/comments",
        params=params,
        secret_headers={"X-Api-Key": channel.secrets.get("key", "")},
        per_second=options.per_second,
    )
    if len(answer.hops) > 1:
        raise RefusedError(channel.id, "we were led elsewhere: check the secret `key`")
    return answer.body


def _listed(who: str, raw: bytes) -> list[dict[str, Any]]:
    if _web_page.is_one(raw):
        raise GarbledError(who, "a web page came where comments were promised; check base_url")
    try:
        found = orjson.loads(raw)["comments"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise GarbledError(who, "what came holds no comments: has the API changed?") from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise GarbledError(who, "what came holds no list of comments: has the API changed?")
    return found


def _name(comment: dict[str, Any]) -> str | None:
    found = comment.get("id")
    return found if isinstance(found, str) and found.strip() else None


def parse(channel: Channel, fetched: Fetched) -> Parsed:
    """Make drafts of the comments of a page, and removals of those that were taken down."""
    drafts, removals, faulty = [], [], []
    for one in _listed(channel.id, fetched.payload):
        name = _name(one)
        try:
            if name is None:
                raise ValueError("it has no id to know it by")  # noqa: TRY301 -- told like the rest
            if one["hidden"]:
                removals.append(Removal(external_id=name))
            else:
                drafts.append(_draft(one, name))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            faulty.append(_faulty(one, name, error))
    return Parsed(drafts=tuple(drafts), removals=tuple(removals), faulty=tuple(faulty))


# OWED: map every field that a story has a place for: ratings, services, tags, author, replies.
def _draft(comment: dict[str, Any], name: str) -> Draft:
    reply = comment.get("reply")
    return Draft(
        external_id=name,
        title=comment["heading"],
        body=comment["text"],
        published_at=comment["published"],
        updated_at=comment["changed"],
        responses=(DraftResponse(body=reply["text"]),) if reply else (),
    )


def _faulty(comment: dict[str, Any], name: str | None, error: Exception) -> Faulty:
    return Faulty(
        payload=orjson.dumps({"comments": [comment]}),
        media_type=MEDIA_TYPE,
        code="bad_comment" if name else "no_id",
        reason=f"comment {name}: {type(error).__name__}: {error}",
        external_id=name,
    )
