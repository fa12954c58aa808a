"""Make a draft of a record of any REST API, by the paths that a channel names."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connectors._rest_options import OriginOf, RatingOf, Recorded, ResponseOf
from schemas.channel import Channel, DateReading, Faulty, Parsed, Removal
from schemas.errors import UnfitError
from schemas.story import Author, Draft, DraftResponse, Rating, Reference, Service, Tag

_PLACE = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}")


def find(record: Any, path: str | None) -> Any:
    """Follow a path; of alternatives the first that holds something. None where it leads nowhere.

    An empty path is the record itself.
    """
    if path is None:
        return None
    for way in path.split("|"):
        found = record
        for name in filter(None, way.strip().split(".")):
            found = found.get(name) if isinstance(found, Mapping) else None
        if found not in (None, "", [], {}):
            return found
    return None


def several(record: Any, path: str) -> list[Any]:
    """Follow a path to a list; what stands there alone is a list of one."""
    found = find(record, path)
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def fill(record: Any, template: str | None) -> str | None:
    """Fill a template in; None where one of its paths leads nowhere."""
    if template is None:
        return None
    filled, at = [], 0
    for place in _PLACE.finditer(template):
        found = _word(find(record, place[1]))
        if found is None:
            return None
        filled += [template[at : place.start()], _formed(found, place[2])]
        at = place.end()
    return "".join([*filled, template[at:]])


def _formed(word: str, way: str | None) -> str:
    if not way:
        return word
    return word.lower() if way == "lower" else f"{int(word):{way}}"


def _word(found: Any) -> str | None:
    """Write down what stands at the end of a path; a list or a record there is a mistake."""
    if found is None or isinstance(found, str):
        return found
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, int | float):
        return str(found)
    if isinstance(found, Mapping) and isinstance(found.get("#text"), str):
        return str(found["#text"])
    raise ValueError(f"a {type(found).__name__} stands where a text is named")


def word(record: Any, path: str | None) -> str | None:
    """Follow a path to a text."""
    return _word(find(record, path))


def draft(record: Any, name: str, options: Recorded, publisher: str) -> Draft:
    """Make a draft of a record; what it lacks or has wrong is a KeyError, Type- or ValueError."""
    for path in options.needs:
        if find(record, path) is None:
            raise KeyError(path)
    fields = options.fields
    return Draft(
        external_id=name,
        url=fill(record, fields.url),
        origin=_origin(record, options.origin),
        references=tuple(
            Reference(publisher=publisher, external_id=found)
            for found in (word(record, path) for path in fields.references)
            if found
        ),
        kind=options.kind,
        title=word(record, fields.title),
        body=word(record, fields.body) or "",
        body_format=options.body_format,
        language=word(record, fields.language),
        ratings=tuple(one for told in options.ratings for one in _ratings(record, told)),
        tags=tuple(Tag(name=str(_word(tag))) for tag in several(record, fields.tags or "#none")),
        services=tuple(map(_service, filter(None, (fill(record, t) for t in fields.services)))),
        author=Author(
            display_name=word(record, fields.author_name), role=word(record, fields.author_role)
        ),
        experienced_at=fill(record, fields.experienced_at),
        submitted_at=word(record, fields.submitted_at),
        published_at=word(record, fields.published_at),
        updated_at=word(record, fields.updated_at),
        expires_at=word(record, fields.expires_at),
        responses=_responses(record, options.responses),
        ext={key: found for key, path in options.ext.items() if (found := find(record, path))},
    )


def name_of(record: Any, options: Recorded) -> str | None:
    """Give the id by which a record is known; None where it has none."""
    try:
        found = fill(record, options.fields.id)
    except ValueError:
        return None
    return found if found and found.strip() else None


def is_removed(record: Any, options: Recorded) -> bool:
    """Say whether a record says that it was taken down."""
    told = options.removed
    return told is not None and word(record, told.path) in told.values


Alone = Callable[[Any], bytes]
"""Makes of one record a payload of its own."""


def parse(
    records: Iterable[Any],
    channel: Channel,
    options: Recorded,
    alone: Alone,
    media_type: str,
    *,
    removed: bool = False,
) -> Parsed:
    """Sort records into drafts, removals and faulty; `removed`: all of them were taken down."""
    drafts: list[Draft] = []
    removals: list[Removal] = []
    faulty: list[Faulty] = []
    for one in records:
        name = name_of(one, options)
        if name is None:
            nameless = UnfitError("no_id", "it has no id to know it by")
            faulty.append(_faulty(alone(one), media_type, name, nameless))
            continue
        try:
            if removed or is_removed(one, options):
                at = word(one, options.fields.updated_at)
                removals.append(Removal(external_id=name, at=at))
            else:
                drafts.append(draft(one, name, options, channel.publisher_name))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            faulty.append(_faulty(alone(one), media_type, name, error))
    return Parsed(
        drafts=tuple(drafts),
        removals=tuple(removals),
        faulty=tuple(faulty),
        reading=DateReading(formats=options.date_formats, zone=options.zone),
    )


def _faulty(payload: bytes, media_type: str, name: str | None, error: Exception) -> Faulty:
    is_ours = isinstance(error, UnfitError)
    return Faulty(
        payload=payload,
        media_type=media_type,
        code=error.code if isinstance(error, UnfitError) else "bad_record",
        reason=str(error) if is_ours else f"record {name}: {type(error).__name__}: {error}",
        external_id=name,
    )


def _service(told: str) -> Service:
    scheme, _, code = told.partition(":")
    return Service(scheme=scheme, code=code)


def _ratings(record: Any, told: RatingOf) -> list[Rating]:
    found = [record] if told.each is None else several(record, told.each)
    return [_rating(one, told) for one in found if find(one, told.value) is not None]


def _rating(record: Any, told: RatingOf) -> Rating:
    value = float(str(word(record, told.value)))
    if not told.min <= value <= told.max:
        raise ValueError(f"a rating of {value:g} is none from {told.min:g} to {told.max:g}")
    return Rating(
        scheme=told.scheme,
        question=word(record, told.question),
        value=value,
        min=told.min,
        max=told.max,
    )


def _responses(record: Any, told: ResponseOf | None) -> tuple[DraftResponse, ...]:
    if told is None:
        return ()
    return tuple(
        DraftResponse(
            external_id=word(reply, told.id),
            organisation=fill(record, told.organisation),
            organisation_name=word(reply, told.name),
            body=str(word(reply, told.body) or ""),
            published_at=word(reply, told.published_at),
            updated_at=word(reply, told.updated_at),
        )
        for reply in several(record, told.each)
    )


def _origin(record: Any, told: OriginOf | None) -> Reference | None:
    if told is None:
        return None
    publisher = told.names.get(word(record, told.publisher) or "")
    external_id = word(record, told.external_id)
    if not publisher or not external_id:
        return None
    return Reference(publisher=publisher, external_id=external_id)
