"""Every field of an entry that feedparser carries, by format: how it is read, and what was told.

What it loses or changes is said beside the field. It carries no tombstone, and of RSS neither
where a story was first told nor its responses one by one: lxml reads the first, and the others
stand in the content. Revisions, and which responses a story has, are lxml's to read too.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from html import escape
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

import feedparser

from schemas.feed import Entry
from schemas.story import Response

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The negative of XML 1.0's production for Char."""

WINDOWS = {n: bytes([n]).decode("cp1252", "ignore") or chr(n) for n in range(0x80, 0xA0)}
"""feedparser takes control characters of C1 for what Windows meant by them."""


class Reply(NamedTuple):
    """A response, and the story that it replies to."""

    of: Response
    to: Entry


class Field(NamedTuple):
    """How feedparser has a field, and what was told of it; `end` is what ends the content."""

    read: Callable[[Any], Any]
    told: Callable[[Any, str], Any]


def shown(text: str) -> str:
    """Show text as XML may hold it."""
    return FORBIDDEN.sub("\ufffd", text)


def mended(text: str) -> str:
    return shown(text).strip().translate(WINDOWS).strip()


def readings(text: str) -> set[str]:
    """Read words as feedparser may: what could be UTF-8 taken for Latin-1 it takes for that."""
    words = shown(text).strip()
    with suppress(UnicodeError):
        return {mended(words), mended(words.encode("latin-1").decode())}
    return {mended(words)}


def alike(read: Any, told: Any) -> bool:
    if isinstance(told, str):
        return mended(read or "") in readings(told)
    if isinstance(told, list | tuple):
        return len(read) == len(told) and all(map(alike, read, told))
    return bool(read == told)


def parsed(document: bytes) -> list[Any]:
    """Read the entries of a document, as they stand."""
    read = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    assert not read.bozo, read.bozo_exception
    return list(read.entries)


def hold(fields: Mapping[str, Field], read: Any, told: Any, end: str = "") -> None:
    """Hold all that feedparser has of an entry to what was told."""
    for name, field in fields.items():
        found, wanted = field.read(read), field.told(told, end)
        assert alike(found, wanted), (name, found, wanted)


def response_id(reply: Reply) -> str:
    return uuid5(NAMESPACE_URL, f"{reply.to.id}\n{reply.of.id}").urn


def _second(moment: datetime | None) -> list[int] | None:
    return list(moment.utctimetuple()[:6]) if moment else None


def _time(name: str) -> Callable[[Any], Any]:
    def read(entry: Any) -> Any:
        found = entry.get(f"{name}_parsed")
        return found and list(found[:6])

    return read


def _content(read: Any) -> str:
    return str(read.content[0].value) if "content" in read else ""  # blank, it is not there


def _tags(read: Any) -> list[tuple[str, str, str]]:
    return [(tag.scheme, tag.term or "", tag.label or "") for tag in read.get("tags", ())]


def _scheme(group: str | None) -> str:
    return f"urn:retold:tag:{quote(group, safe='')}" if group else "urn:retold:tag"


def _categories(told: Entry) -> Sequence[tuple[str, str, str]]:
    found = [("urn:retold:organisation", one.id, one.name) for one in told.subjects]
    found += [(_scheme(tag.group), tag.name, "") for tag in told.tags]
    return list(dict.fromkeys(found))  # it drops those that say the same


def _domains(told: Entry) -> Sequence[tuple[str, str, str]]:
    found = [("urn:retold:organisation", one.name, "") for one in told.subjects]
    return found + [(_scheme(tag.group), tag.name, "") for tag in told.tags]


def _rights(told: Entry) -> str:
    return "; ".join(one for one in (told.licence, told.attribution) if one)


def thanks(told: Entry) -> str:
    words, link = told.attribution or told.attribution_url, told.attribution_url or told.url
    if not words:
        return ""
    line = escape(words)
    return f'\n<p><a href="{escape(link)}">{line}</a></p>' if link else f"\n<p>{line}</p>"


def sections(told: Entry) -> str:
    written = ""
    for one in told.responses:
        named = ", ".join(part for part in (one.organisation_name, one.responder_role) if part)
        when = one.published_at or one.updated_at
        day = f"{when.day} {when:%B} {when.year}" if when else ""
        date = f'<p><time datetime="{when:%Y-%m-%dT%H:%M:%S}Z">{day}</time></p>\n' if when else ""
        above = escape(f"Response from {named or _who(one)}")
        written += f"\n<section>\n<h3>{above}</h3>\n{date}{one.body}\n</section>"
    return written


def _who(told: Response) -> str:
    return told.organisation_name or told.organisation or "the organisation"


def _heading(told: Response) -> str:
    return f"Response from {_who(told)}" + (
        f", {told.responder_role}" if told.responder_role else ""
    )


_BOTH: Mapping[str, Field] = {
    "id": Field(lambda r: r.id, lambda e, _: e.id),
    "title": Field(lambda r: r.title, lambda e, _: e.title),
    # It is not there where it is blank; one that holds an e-mail address RSS's is taken apart.
    "author": Field(lambda r: r.get("author"), lambda e, _: e.author),
    "published": Field(_time("published"), lambda e, _: _second(e.published_at)),
    "updated": Field(_time("updated"), lambda e, _: _second(e.updated_at)),
    "rights": Field(lambda r: r.get("rights"), lambda e, _: _rights(e)),
}

ATOM: Mapping[str, Field] = {
    **_BOTH,
    # Where there is none, it takes the id for one.
    "link": Field(lambda r: r.link, lambda e, _: e.url or e.id),
    "via": Field(
        lambda r: [one.href for one in r.get("links", ()) if one.rel == "via"],
        lambda e, _: [e.origin.url] if e.origin else [],
    ),
    "source": Field(
        lambda r: r.get("source", {}).get("title"),
        lambda e, _: e.origin.publisher if e.origin else "",
    ),
    # It tells the language of texts, and not of entries.
    "language": Field(lambda r: r.title_detail.language, lambda e, _: e.language or ""),
    "categories": Field(_tags, lambda e, _: _categories(e)),
    "content": Field(_content, lambda e, end: e.html + thanks(e) + end),
}

RSS: Mapping[str, Field] = {
    **_BOTH,
    "link": Field(lambda r: r.get("link"), lambda e, _: e.url or ""),
    "language": Field(lambda r: r.get("language"), lambda e, _: e.language or ""),
    "categories": Field(_tags, lambda e, _: _domains(e)),
    "summary": Field(lambda r: r.summary, lambda e, _: escape(e.text, quote=False)),
    "content": Field(_content, lambda e, end: e.html + sections(e) + thanks(e) + end),
}

REPLY: Mapping[str, Field] = {
    "id": Field(lambda r: r.id, lambda e, _: response_id(e)),
    "title": Field(lambda r: r.title, lambda e, _: _heading(e.of)),
    "author": Field(lambda r: r.get("author"), lambda e, _: _who(e.of)),
    "published": Field(_time("published"), lambda e, _: _second(e.of.published_at)),
    "updated": Field(
        _time("updated"),
        lambda e, _: _second(e.of.updated_at or e.of.published_at or e.to.updated_at),
    ),
    "language": Field(lambda r: r.title_detail.language, lambda e, _: e.to.language or ""),
    "categories": Field(
        _tags,
        lambda e, _: (
            [("urn:retold:organisation", e.of.organisation, _who(e.of))]
            if e.of.organisation
            else []
        ),
    ),
    "in reply to": Field(
        lambda r: [r["thr_in-reply-to"].get(name) for name in ("ref", "href")],
        lambda e, _: [e.to.id, e.to.url or ""],
    ),
    "content": Field(_content, lambda e, _: e.of.body),
}


def hold_atom(document: bytes, told: Mapping[str, Entry], ends: Mapping[str, str]) -> set[str]:
    """Hold a whole document to the stories told; say which it has. Replies follow their story."""
    read = parsed(document)
    found = [one for one in read if "thr_in-reply-to" not in one]
    replies = [one for one in read if "thr_in-reply-to" in one]
    for one in found:
        hold(ATOM, one, told[one.id], ends[one.id])
    wanted = [Reply(each, told[one.id]) for one in found for each in told[one.id].responses]
    assert len(replies) == len(wanted)
    for one, reply in zip(replies, wanted, strict=True):
        hold(REPLY, one, reply)
    return {one.id for one in found}


def hold_rss(document: bytes, told: Mapping[str, Entry], ends: Mapping[str, str]) -> set[str]:
    """Hold a whole document to the stories told; say which it has."""
    found = parsed(document)
    for one in found:
        hold(RSS, one, told[one.id], ends[one.id])
    return {one.id for one in found}
