"""Record what a real source answers, with secrets and personal data taken out; and play it again.

What `rules.screen` knows is taken out: e-mail addresses, phone and NHS numbers, postcodes; and in
JSON what stands under a name that says so, as `displayName`. A name in the midst of a story is
not known for one: whoever recorded must read the file before it is kept.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, quote_plus, urlsplit

from connectors._answer import Answer
from connectors._http import Http
from connectors.channels import connector
from kit.far import Ask, Reply
from rules import screen
from schemas.channel import Channel

_HEADERS = ("etag", "last-modified", "link", "retry-after")
"""What of an answer's head is recorded, beside its media type."""
_SCRUBBED = "SCRUBBED"
_TELLING = re.compile(
    r"(^|_)(token|secret|password|key|email|phone|nickname)$|[a-z](Token|Secret|Email|Phone)$"
    r"|(display|screen|user|first|last|full|author)_?name$",
    re.IGNORECASE,
)
"""Members of JSON whose texts are taken out whatever they say."""


class _Recorder:
    """The network, as a connector is given it, with somebody who listens."""

    def __init__(self, http: Http, heard: Callable[[str, Answer], None]) -> None:
        self._http = http
        self._heard = heard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._http, name)

    def get(self, who: str, url: str, **how: Any) -> Answer:
        answer = self._http.get(who, url, **how)
        self._heard("GET", answer)
        return answer

    def post(self, who: str, url: str, body: bytes, **how: Any) -> Answer:
        answer = self._http.post(who, url, body, **how)
        self._heard("POST", answer)
        return answer


def record(channel: Channel, http: Http, most_pages: int) -> list[dict[str, Any]]:
    """Read a channel's first pages, and give each exchange as it may be shown to anybody."""
    exchanges: list[dict[str, Any]] = []
    secrets = [value for value in channel.secrets.values() if value]

    def heard(method: str, answer: Answer) -> None:
        exchanges.append(_exchange(method, answer, secrets))

    recorder = cast("Http", _Recorder(http, heard))
    pages = connector(channel.kind).fetch(channel, recorder, None)
    for number, _ in enumerate(pages, 1):
        if number >= most_pages:
            break
    return exchanges


def _exchange(method: str, answer: Answer, secrets: Iterable[str]) -> dict[str, Any]:
    parts = urlsplit(answer.hops[0])
    told = {
        "method": method,
        "path": parts.path,
        "query": parts.query,
        "status": answer.status,
        "media_type": answer.media_type,
        "headers": {name: answer.headers[name] for name in _HEADERS if name in answer.headers},
    }
    origin = f"{parts.scheme}://{parts.netloc}"
    try:
        text = answer.body.decode(answer.charset or "utf-8")
    except (UnicodeDecodeError, LookupError):
        # What is no text cannot be looked through, and so is not recorded.
        return _without(told, origin, secrets) | {"body": None, "bytes": len(answer.body)}
    return _without(told | {"body": _scrubbed(text)}, origin, secrets)


def _scrubbed(text: str) -> str:
    """Take personal data out of a body; in JSON out of each text, so that it stays JSON."""
    try:
        found = json.loads(text)
    except ValueError:
        return screen.redact(text)
    return json.dumps(_walked(found), ensure_ascii=False)


def _walked(found: Any) -> Any:
    if isinstance(found, str):
        return screen.redact(found)
    if isinstance(found, list):
        return [_walked(one) for one in found]
    if isinstance(found, dict):
        return {
            key: _SCRUBBED if _TELLING.search(key) and isinstance(one, str) else _walked(one)
            for key, one in found.items()
        }
    return found


def _without(told: dict[str, Any], origin: str, secrets: Iterable[str]) -> dict[str, Any]:
    written = json.dumps(told, ensure_ascii=False).replace(origin, "{origin}")
    for secret in secrets:
        for form in {
            secret,
            base64.b64encode(secret.encode()).decode(),
            quote_plus(secret),
        }:
            written = written.replace(json.dumps(form, ensure_ascii=False)[1:-1], _SCRUBBED)
    scrubbed: dict[str, Any] = json.loads(written)
    return scrubbed


def replay(path: Path) -> Callable[[Ask], Reply]:
    """Answer as was recorded, each exchange by its method, path and query; else with a 599."""
    recorded = {_key(one): one for one in json.loads(path.read_text(encoding="utf-8"))}

    def answer(ask: Ask) -> Reply:
        query = tuple(sorted(ask.query.items()))
        one = recorded.get((ask.method, ask.path, query))
        if one is None or one["body"] is None:
            return Reply(b"this was not recorded", "text/plain", 599)
        headers = {k: v.replace("{origin}", ask.origin) for k, v in one["headers"].items()}
        body = one["body"].replace("{origin}", ask.origin)
        return Reply(body.encode(), one["media_type"], one["status"], headers)

    return answer


def _key(one: Mapping[str, Any]) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    query = dict(parse_qsl(one["query"], keep_blank_values=True))
    return one["method"], one["path"], tuple(sorted(query.items()))
