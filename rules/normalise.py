"""Turn what a channel told into what is kept.

Spec: https://www.rfc-editor.org/info/bcp47 (languages)
"""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from math import isfinite
from typing import Any, NamedTuple, TypeVar

import orjson

from rules import screen, text, times
from schemas._record import Record
from schemas.channel import Channel, DateReading
from schemas.errors import UnfitError
from schemas.story import (
    Author,
    BodyFormat,
    Content,
    Draft,
    DraftResponse,
    Moderation,
    Part,
    Rating,
    Reference,
    Response,
    Telling,
    as_kept,
)

LONGEST_NAME = 500
"""Characters of an id or a publisher: an index of the store cannot hold thousands."""

TITLE_LENGTH = 80
"""Characters of a title that is made of the text."""

DEEPEST = 30
"""How far one thing in `ext` may stand inside another."""

NO_ANSWERS = frozenset(
    {"#n/a", "#name?", "#ref!", "#value!", "did not answer", "n.a.", "n/a", "na", "nan", "null"}
)
"""What survey software writes where nobody wrote anything, in small letters."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*", re.IGNORECASE | re.ASCII)
_TIMES = ("submitted_at", "published_at", "updated_at", "expires_at")
_RESPONSE_TIMES = ("published_at", "updated_at")
_LARGEST = 2**63
_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z

R = TypeVar("R", bound=Record)


class _Words(NamedTuple):
    """What a story says."""

    title: str
    told_title: str
    """Blank where the title is made of the text."""
    body: str
    body_text: str
    parts: tuple[Part, ...]


class _Times(NamedTuple):
    """Times by field, as they were meant and as they were told."""

    meant: dict[str, datetime]
    told: dict[str, str]


def normalise(draft: Draft, channel: Channel, reading: DateReading) -> Telling:
    """Make a telling of a draft. The same draft from the same channel makes the same telling.

    What cannot be understood raises UnfitError, whose code says why: `no_id`, `no_text`,
    `bad_date`, `no_zone`, `bad_number`, `bad_ext`, `too_long` or `too_marked`.
    """
    url = text.link(draft.url) if draft.url else None
    own = _reference(channel.publisher_name, draft.external_id, url)
    if own is None:
        raise UnfitError("no_id", "the id of the record is blank; each story needs one")
    origin = _known(draft.origin) or own
    others = filter(None, map(_known, draft.references))
    content = _content(draft, channel, reading, origin, url)
    kept = canonical(content)
    return Telling(
        channel=channel.id,
        external_id=own.external_id,
        references=_distinct([own, origin, *others]),
        is_origin=origin.publisher == own.publisher,
        # When it was published says nothing of later changes, and so is no version: tellings
        # without a time of change are ordered by their arrival.
        told_at=content.updated_at,
        content=content,
        canonical=kept,
        fingerprint=fingerprint(kept),
    )


def name(channel: Channel, external_id: str) -> tuple[str, str] | None:
    """Name a story as its channel's own telling does; None where the id is blank."""
    own = _reference(channel.publisher_name, external_id, None)
    return (own.publisher, own.external_id) if own else None


def canonical(content: Content) -> str:
    """Write a content as canonical JSON, by sorted keys: equal contents are equal texts."""
    return orjson.dumps(as_kept(vars(content)), default=vars, option=_CANONICAL).decode()


def fingerprint(canonical: str) -> str:
    """Digest canonical JSON: 64 hex digits, the same on every machine."""
    return sha256(canonical.encode()).hexdigest()


def _content(
    draft: Draft, channel: Channel, reading: DateReading, origin: Reference, url: str | None
) -> Content:
    base_url = text.link(draft.base_url) or url
    words = _words(draft, base_url)
    author = _author(draft.author)
    meant, as_told = _times(draft, _TIMES, reading)
    experienced_at = _name(draft.experienced_at)
    if experienced_at:
        as_told["experienced_at"] = experienced_at
    responses, told_of_responses = _responses(draft, base_url, reading)
    return Content(
        kind=draft.kind,
        title=words.title,
        body=words.body,
        body_text=words.body_text,
        language=_language(draft.language or channel.language or ""),
        url=url,
        origin=origin,
        parts=words.parts,
        ratings=tuple(map(_rating, draft.ratings)),
        fft=draft.fft,
        criticality=draft.criticality,
        sentiment=None if draft.sentiment is None else _finite(draft.sentiment),
        tags=tuple(map(_clean, draft.tags)),
        services=tuple(map(_clean, draft.services)),
        author=author,
        experienced_at=times.month(experienced_at, reading) if experienced_at else None,
        **meant,
        as_told=as_told | told_of_responses,
        responses=responses,
        rights=channel.rights,
        moderation=_moderation(words, author),
        ext=_json(draft.ext) if draft.ext else {},
    )


def _reference(publisher: str, external_id: str, url: str | None) -> Reference | None:
    """Name a story; None where the name is blank. A publisher is the same in any case."""
    publisher = _publisher(publisher)
    external_id = text.gate(external_id, LONGEST_NAME).strip()
    if not publisher or not external_id:
        return None
    return Reference(publisher=publisher, external_id=external_id, url=url)


@lru_cache(maxsize=256)
def _publisher(told: str) -> str:
    return text.gate(told, LONGEST_NAME).strip().lower()


def _known(told: Reference | None) -> Reference | None:
    """Read how another publisher names the story."""
    return told and _reference(told.publisher, told.external_id, text.link(told.url))


def _distinct(references: list[Reference]) -> tuple[Reference, ...]:
    """Keep the first reference of each name."""
    if all(reference is references[0] for reference in references):
        return (references[0],)
    by_name: dict[tuple[str, str], Reference] = {}
    for reference in references:
        by_name.setdefault((reference.publisher, reference.external_id), reference)
    return tuple(by_name.values())


def _words(draft: Draft, base_url: str | None) -> _Words:
    parts = tuple(part for part in map(_clean, draft.parts) if _is_answer(part.text))
    body = text.html(draft.body, draft.body_format, base_url)
    body_text = text.plain(body)
    if not _is_answer(body_text):
        body = "\n".join(map(_part_as_html, parts))
        body_text = text.plain(body)
    told_title = text.plain(text.gate(draft.title)).replace("\n", " ") if draft.title else ""
    title = told_title or _opening(body_text)
    if not title:
        raise UnfitError("no_text", "it has no title, no body and no answers; nothing to show")
    return _Words(title, told_title, body, body_text, parts)


def _is_answer(told: str) -> bool:
    """Tell words, or any sign beyond ASCII, from what stands where nobody wrote anything."""
    bare = told.strip()
    if not bare.isascii():
        return True
    return len(bare) > 1 and bare.strip("?.-_* ") != "" and bare.lower() not in NO_ANSWERS


def _part_as_html(part: Part) -> str:
    answer = text.html(part.text, BodyFormat.TEXT)
    question = text.html(" ".join(part.question.split()), BodyFormat.TEXT)
    if not question:
        return answer
    return f"{question.replace('<p>', '<p><strong>').replace('</p>', '</strong></p>')}\n{answer}"


def _opening(body_text: str) -> str:
    """Take a title from how a text opens, cut at a word."""
    line = body_text[: TITLE_LENGTH + 1].replace("\n", " ")
    if len(line) <= TITLE_LENGTH:
        return line
    return f"{line.rpartition(' ')[0] or line[:TITLE_LENGTH]}…"


@lru_cache(maxsize=256)
def _language(told: str) -> str | None:
    """Write a language as BCP 47 does, `en-GB`; None where it is no language."""
    tag = re.split(r"[.@]", told.strip())[0].replace("_", "-")
    if not _LANGUAGE.fullmatch(tag):
        return None
    language, *rest = tag.lower().split("-")
    region, script = 2, 4
    styled = (
        part.upper() if len(part) == region else part.title() if len(part) == script else part
        for part in rest
    )
    return "-".join([language, *styled])


def _name(told: str | None) -> str | None:
    """Pass a short text through the gate; None where it says nothing."""
    return (text.gate(told).strip() or None) if told else None


def _clean(record: R) -> R:
    """Pass every text of a flat record through the gate; a clean record is returned as it is."""
    changes = {
        field: gated
        for field, told in record.__dict__.items()
        if isinstance(told, str) and (gated := text.gate(told).strip()) is not told
    }
    return record.model_copy(update=changes) if changes else record


def _author(told: Author) -> Author:
    """Keep what may be known of an author: never what mail could be sent to."""
    author = _clean(told)
    if author.display_name and "email" in screen.screen(author.display_name):
        return author.model_copy(update={"display_name": None})
    return author


def _rating(told: Rating) -> Rating:
    for number in (told.value, told.min, told.max):
        _finite(number)
    return _clean(told)


def _finite(number: float) -> float:
    if not isfinite(number):
        raise UnfitError("bad_number", f"{number} is no rating; leave out what was not given")
    return number


def _times(record: Draft | DraftResponse, fields: Iterable[str], reading: DateReading) -> _Times:
    told = {field: name for field in fields if (name := _name(getattr(record, field)))}
    return _Times({field: times.read(name, reading) for field, name in told.items()}, told)


def _responses(
    draft: Draft, base_url: str | None, reading: DateReading
) -> tuple[tuple[Response, ...], dict[str, str]]:
    """Clean the replies, and gather their times as told; what has no text is no reply."""
    kept: dict[str, Response] = {}
    as_told: dict[str, str] = {}
    for told in draft.responses:
        body = text.html(told.body, told.body_format or draft.body_format, base_url)
        body_text = text.plain(body)
        if not body_text:
            continue
        meant, times_told = _times(told, _RESPONSE_TIMES, reading)
        name = _fresh(_response_id(draft, told, body_text), kept)
        as_told |= {f"responses.{name}.{field}": time for field, time in times_told.items()}
        kept[name] = Response(
            id=name,
            organisation=_name(told.organisation),
            organisation_name=_name(told.organisation_name),
            responder_role=_name(told.responder_role),
            body=body,
            body_text=body_text,
            **meant,
            change=told.change,
        )
    return tuple(kept.values()), as_told


def _response_id(draft: Draft, told: DraftResponse, body_text: str) -> str:
    """Name a reply as its channel does, or by what it says: the same reply, the same name."""
    named = _name(told.external_id)
    if named:
        return named
    # ASCII's unit separator: what has passed the gate cannot hold it.
    facts = (draft.external_id, told.organisation, told.published_at, body_text)
    gated = "\x1f".join(_name(fact) or "" for fact in facts)
    return f"r-{sha256(gated.encode()).hexdigest()[:16]}"


def _fresh(name: str, taken: Iterable[str]) -> str:
    """Number a name that is taken already."""
    numbered, number = name, 1
    while numbered in taken:
        number += 1
        numbered = f"{name}-{number}"
    return numbered


def _moderation(words: _Words, author: Author) -> Moderation:
    """Hold a story whose own words tell who somebody is.

    An organisation's reply is left out: the ward's phone and the complaints team's address are
    what it is there to give, and would hold every story that had one.
    """
    found = screen.screen(
        words.told_title,
        words.body_text,
        *(part.text for part in words.parts),
        author.display_name or "",
        author.area or "",
        words.body if "mailto:" in words.body else "",
    )
    return Moderation(codes=("pii",), pii=found) if found else _NOTHING_FOUND


_NOTHING_FOUND = Moderation()


def _json(told: object, deepest: int = DEEPEST) -> Any:
    """Pass on what a channel alone knows, as JSON can say it."""
    if not deepest:
        raise UnfitError("bad_ext", f"ext is more than {DEEPEST} deep; flatten it")
    if isinstance(told, str):
        return text.gate(str(told))
    if told is None or isinstance(told, bool):
        return told
    if isinstance(told, int) and -_LARGEST <= told < _LARGEST:
        return int(told)
    if isinstance(told, float) and isfinite(told):
        return told
    if isinstance(told, list | tuple):
        return [_json(one, deepest - 1) for one in told]
    if isinstance(told, dict) and all(isinstance(name, str) for name in told):
        return {text.gate(name): _json(told[name], deepest - 1) for name in sorted(told)}
    raise UnfitError("bad_ext", f"ext holds a {type(told).__name__} that JSON cannot say")
