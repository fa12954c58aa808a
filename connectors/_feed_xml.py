"""Read Atom 1.0 and 0.3 and every RSS as XML, strictly: fast, and with nothing left out.

Elements are known by namespace, never by prefix. What reads here is well-formed, or could be
made so without losing text; the rest is for `_feed_lenient`.
Spec: https://www.rfc-editor.org/rfc/rfc4287 https://www.rfc-editor.org/rfc/rfc6721
https://www.rfc-editor.org/rfc/rfc4685 https://www.rssboard.org/rss-specification https://web.resource.org/rss/1.0/spec
"""

import base64
import binascii
import html
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import NamedTuple

from lxml import etree

from connectors import _feed_mend, _web_page
from connectors._feed_entry import (
    MARKUP,
    Body,
    Category,
    Document,
    Entry,
    absolute,
    person,
    title_text,
)
from schemas.channel import Removal
from schemas.story import BodyFormat

Element = etree._Element  # noqa: SLF001 - lxml gives its class no other name
_Reader = Callable[[Entry, Element], None]

MEDIA_TYPE = "application/xml"

_ATOM = "{http://www.w3.org/2005/Atom}"
_ATOM_03 = "{http://purl.org/atom/ns#}"
_ATOMS = (_ATOM, _ATOM_03)
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_RSS = (
    "",
    "{http://purl.org/rss/1.0/}",
    "{http://purl.org/net/rss1.1#}",
    "{http://my.netscape.com/rdf/simple/0.9/}",
    "{http://channel.netscape.com/rdf/simple/0.9/}",
    "{http://backend.userland.com/rss2}",
    "{http://backend.userland.com/RSS2}",
    "{http://blogs.law.harvard.edu/tech/rss}",
)
_DC = "{http://purl.org/dc/elements/1.1/}"
_DCTERMS = "{http://purl.org/dc/terms/}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
_XHTML = "{http://www.w3.org/1999/xhtml}"
_THREADS = "{http://purl.org/syndication/thread/1.0}"
_DELETED = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_ROOTS = frozenset(
    {f"{atom}{name}" for atom in _ATOMS for name in ("feed", "entry")}
    | {f"{rss}{name}" for rss in _RSS for name in ("rss", "item")}
    | {f"{_RDF}RDF", "{http://purl.org/net/rss1.1#}Channel"}
)
_ENTRIES = (*(f"{atom}entry" for atom in _ATOMS), *(f"{rss}item" for rss in _RSS))
_CHANNELS = frozenset({f"{rss}channel" for rss in _RSS} | {"{http://purl.org/net/rss1.1#}items"})


def read(payload: bytes, charset: str | None, url: str) -> Document | None:
    """Read a feed; None where it is no XML, nor nearly; LookupError for XML of another kind.

    `charset` is what the transport said, `url` what relative addresses are relative to.
    """
    root = _root(payload, charset, url)
    if root is None:
        return None
    if root.tag not in _ROOTS:
        raise LookupError(etree.QName(root).localname)
    based = b"xml:base" in payload
    return Document(
        media_type=MEDIA_TYPE,
        nodes=list(_nodes(root)),
        entry=lambda node: _entry(node, url, based=based),
        alone=lambda node: _alone(root, node),
        tombstones=[
            Removal(external_id=node.get("ref", "").strip(), at=node.get("when"))
            for node in root.iterchildren(_DELETED)
            if node.get("ref", "").strip()
        ],
        language=_language(root),
    )


_HISTORY = "{http://purl.org/syndication/history/1.0}"


class History(NamedTuple):
    """What a document says of the feed that it is part of. Spec: RFC 5005."""

    archive: str | None = None
    """The address of the archive before it."""
    page: str | None = None
    """The address of the page behind it, of a feed that is cut into pages."""
    is_complete: bool = False
    """Whether it holds all that there is, so that what it lacks is gone."""
    in_order: bool = False
    """Whether its tombstones are of what changed last, as its entries are: so it is with Retold."""


_OURS = "{urn:retold:feed}seq"
_SAYING = (b"prev-archive", b"purl.org/syndication/history", b'"next"', b"'next'")


def history(payload: bytes, charset: str | None, url: str) -> History:
    """Read what a document says of its feed's history; nothing where it says nothing."""
    if not any(word in payload for word in _SAYING):
        return History()
    root = _root(payload, charset, url)
    if root is None or root.tag not in _ROOTS:
        return History()
    heads = [root, *root.iterchildren(*_CHANNELS)]
    links = [link for head in heads for link in head.iterchildren(*_LINKS)]
    named = {link.get("rel", "").rpartition("/")[2]: _address(link) for link in reversed(links)}
    return History(
        archive=named.get("prev-archive") or None,
        page=named.get("next") or None,
        is_complete=any(head.find(f"{_HISTORY}complete") is not None for head in heads),
        in_order=any(head.find(_OURS) is not None for head in heads),
    )


def links(payload: bytes, charset: str | None, url: str) -> Iterator[tuple[str, str]]:
    """Read the links of a whole document, feed or web page, as relation and address."""
    if _web_page.is_one(payload):
        page = etree.fromstring(payload, etree.HTMLParser(no_network=True), base_url=url)
        told = page.findall("head/link")  # what stands in its body, strangers may have written
    else:
        root = _root(payload, charset, url) if b"hub" in payload else None
        heads = [] if root is None else [root, *root.iterchildren(*_CHANNELS)]
        told = [link for head in heads for link in head.iterchildren(*_LINKS)]
    for link in told:
        for rel in link.get("rel", "").lower().split():
            yield rel, absolute(link.base or url, link.get("href", "").strip())


def _root(payload: bytes, charset: str | None, url: str) -> Element | None:
    for candidate, encoding in _candidates(payload, charset):
        parser = _parser(encoding)
        if parser is None:
            continue
        try:
            return etree.fromstring(candidate, parser, base_url=url)
        except etree.XMLSyntaxError:
            continue
    return None


def _candidates(payload: bytes, charset: str | None) -> Iterator[tuple[bytes, str | None]]:
    # Text in another encoding is hardly ever UTF-8 by chance, whatever a server's default says.
    encodings = dict.fromkeys(("utf-8" if _is_utf8(payload) else charset, None))
    for encoding in encodings:
        yield payload, encoding
    mended = _feed_mend.mend(payload)
    for encoding in encodings:
        yield mended, encoding
    yield _feed_mend.to_utf8(mended), "utf-8"


def _is_utf8(payload: bytes) -> bool:
    if payload.isascii():
        return False
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def _parser(encoding: str | None) -> etree.XMLParser | None:
    try:
        return etree.XMLParser(
            encoding=encoding,
            resolve_entities="internal",  # type: ignore[arg-type]  # the stubs know no lxml 5
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            collect_ids=False,
            remove_comments=True,
            remove_pis=True,
        )
    except LookupError:
        return None


def _alone(root: Element, node: Element) -> bytes:
    """Wrap one entry as its feed does, so that its names and addresses mean the same."""
    copy = deepcopy(node)
    if root is node:
        return etree.tostring(copy, encoding="utf-8")
    shell = etree.Element(root.tag, root.attrib, nsmap=root.nsmap)  # type: ignore[arg-type]
    shell.append(copy)
    return etree.tostring(shell, encoding="utf-8")


def _nodes(root: Element) -> Iterator[Element]:
    """Find the entries where they belong: elsewhere, what is named so is part of a text.

    A tombstone of nothing is among them: as one that cannot be understood.
    """
    if root.tag in _ENTRIES:
        yield root
    for child in root:
        if child.tag in _ENTRIES or (child.tag == _DELETED and not child.get("ref", "").strip()):
            yield child
        elif child.tag in _CHANNELS:
            yield from child.iterchildren(*_ENTRIES)


def _language(root: Element) -> str:
    stated = root.get(_LANG, "")
    for rss in _RSS:
        stated = stated or root.findtext(f"{rss}channel/{rss}language", "")
    return (stated or root.findtext(f"{_DC}language", "")).strip()


def _entry(node: Element, url: str, *, based: bool) -> Entry:
    entry = Entry()
    if node.attrib:
        entry.id = node.get(f"{_RDF}about", "").strip()
        entry.language = node.get(_LANG, "")
    for child in node:
        reader = _READERS.get(child.tag)
        if reader:
            reader(entry, child)
    if based:
        entry.base_url = _content_base(node) or url
    return entry


def _content_base(node: Element) -> str:
    stated = [child.base for child in node if child.tag in _BODIES]
    return (stated[0] if stated else node.base) or ""


def _text(element: Element) -> str:
    """Give the whole text within an element, whatever stands between its pieces."""
    if not len(element):
        return (element.text or "").strip()
    return "".join(_pieces(element)).strip()


def _pieces(element: Element) -> Iterator[str]:
    for piece in element.itertext():
        yield str(piece)


def _id(entry: Entry, element: Element) -> None:
    entry.id = _text(element) or entry.id


def _guid(entry: Entry, element: Element) -> None:
    entry.id = _text(element)
    is_link = element.get("isPermaLink", "true").strip().lower() != "false"
    if is_link and not entry.url and entry.id.startswith(("http://", "https://")):
        entry.url = entry.id


def _rss_link(entry: Entry, element: Element) -> None:
    entry.url = _text(element) or _address(element)


def _atom_link(entry: Entry, element: Element) -> None:
    # A relation may be written as the address of its registration, too.
    relation = element.get("rel", "alternate").rpartition("/")[2]
    if relation == "alternate" and not entry.url:
        entry.url = _address(element)
    elif relation == "via":
        entry.via.append(_address(element))


def _address(element: Element) -> str:
    address = element.get("href", "").strip()
    return address if "://" in address else absolute(element.base or "", address)


def _atom_title(entry: Entry, element: Element) -> None:
    told, form = _markup(element)
    entry.title = title_text(told) if form is BodyFormat.HTML else " ".join(told.split())


def _rss_title(entry: Entry, element: Element) -> None:
    entry.title = title_text(_text(element))


def _atom_summary(entry: Entry, element: Element) -> None:
    entry.summary = _filled(_markup(element))


def _atom_content(entry: Entry, element: Element) -> None:
    entry.body = _filled(_markup(element))


def _rss_summary(entry: Entry, element: Element) -> None:
    entry.summary = entry.summary or _filled(_guess(element))


def _rss_content(entry: Entry, element: Element) -> None:
    entry.body = entry.body or _filled((_inner(element), BodyFormat.HTML))


def _filled(body: Body) -> Body | None:
    return body if body[0] else None


def _guess(element: Element) -> Body:
    """Tell HTML from text by its looks: RSS does not say which it is."""
    if len(element):
        return _inner(element), BodyFormat.HTML
    text = _text(element)
    return text, BodyFormat.HTML if MARKUP.search(text) else BodyFormat.TEXT


def _published(entry: Entry, element: Element) -> None:
    entry.published = _text(element) or entry.published


def _published_else(entry: Entry, element: Element) -> None:
    entry.published = entry.published or _text(element)


def _updated(entry: Entry, element: Element) -> None:
    entry.updated = _text(element) or entry.updated


def _author(entry: Entry, element: Element) -> None:
    entry.author = entry.author or person(_text(element))


def _atom_author(entry: Entry, element: Element) -> None:
    for child in element:
        if child.tag in _NAMES:
            entry.author = entry.author or person(_text(child))


def _atom_category(entry: Entry, element: Element) -> None:
    term = element.get("term", "").strip()
    if term:
        entry.categories.append(Category(term, element.get("scheme"), element.get("label")))


def _rss_category(entry: Entry, element: Element) -> None:
    term = _text(element)
    if term:
        entry.categories.append(Category(term, element.get("domain")))


def _lang(entry: Entry, element: Element) -> None:
    entry.language = _text(element)


def _atom_source(entry: Entry, element: Element) -> None:
    """Note the feed that an entry was copied from, by its page, else by its id."""
    for child in element:
        if child.tag in _IDS and not entry.source:
            entry.source = _text(child)
        if child.tag in _LINKS and child.get("rel", "alternate") == "alternate":
            entry.source = child.get("href", "")


def _in_reply_to(entry: Entry, element: Element) -> None:
    entry.in_reply_to = (element.get("ref") or element.get("href") or "").strip()


def _rss_source(entry: Entry, element: Element) -> None:
    entry.source = element.get("url", "")


def _markup(element: Element) -> Body:
    """Read a text construct by its type; Atom 0.3 says types of media where 1.0 has words."""
    kind = element.get("type")
    if kind is None or kind == "text":
        return _text(element), BodyFormat.TEXT
    if kind == "html":
        return _inner(element), BodyFormat.HTML
    return _rare_markup(element, kind.strip().lower())


def _rare_markup(element: Element, kind: str) -> Body:
    if element.get("mode") == "base64":
        return _unpacked(element), BodyFormat.TEXT if kind == "text/plain" else BodyFormat.HTML
    if kind in {"html", "text/html", "xhtml", "application/xhtml+xml"}:
        return _inner(element), BodyFormat.HTML
    if kind.startswith("text"):
        markdown = kind == "text/markdown"
        return _text(element), BodyFormat.MARKDOWN if markdown else BodyFormat.TEXT
    if kind.endswith(("/xml", "+xml")):
        pieces = (piece.strip() for piece in _pieces(element))
        return "\n".join(filter(None, pieces)), BodyFormat.TEXT
    # A misspelt type hides no text.
    return ("", BodyFormat.TEXT) if kind.partition("/")[0] in _BINARY else _guess(element)


def _unpacked(element: Element) -> str:
    try:
        return base64.b64decode(_text(element)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _inner(element: Element) -> str:
    """Write out what is within an element as HTML, without the one `div` that Atom demands."""
    if not len(element):
        return (element.text or "").strip()
    shell = etree.Element("div")
    shell.text = element.text
    shell.extend(deepcopy(element))
    for each in shell.iter("*"):
        each.tag = etree.QName(each).localname
    etree.cleanup_namespaces(shell)
    if len(shell) == 1 and shell[0].tag == "div" and not (shell.text or "").strip():
        shell = shell[0]
    parts = [html.escape(shell.text or "", quote=False)]
    parts += (etree.tostring(child, method="html", encoding="unicode") for child in shell)
    return "".join(parts).strip()


def _named(namespaces: Iterable[str], readers: dict[str, _Reader]) -> dict[str, _Reader]:
    return {f"{space}{name}": read for space in namespaces for name, read in readers.items()}


_READERS: dict[str, _Reader] = (
    _named(
        _ATOMS,
        {
            "id": _id,
            "link": _atom_link,
            "title": _atom_title,
            "summary": _atom_summary,
            "content": _atom_content,
            "published": _published,
            "issued": _published,
            "created": _published_else,
            "updated": _updated,
            "modified": _updated,
            "author": _atom_author,
            "category": _atom_category,
            "source": _atom_source,
        },
    )
    | _named(
        _RSS,
        {
            "guid": _guid,
            "link": _rss_link,
            "title": _rss_title,
            "description": _rss_summary,
            "pubDate": _published,
            "author": _author,
            "category": _rss_category,
            "source": _rss_source,
        },
    )
    | _named(
        (_DC,),
        {
            "creator": _author,
            "date": _published_else,
            "subject": _rss_category,
            "language": _lang,
        },
    )
    | _named((_DCTERMS,), {"created": _published_else, "modified": _updated})
    | _named((_CONTENT,), {"encoded": _rss_content})
    | _named((_THREADS,), {"in-reply-to": _in_reply_to})
    | _named((_XHTML,), {"body": _rss_content, "div": _rss_content})
)

_BINARY = frozenset({"application", "audio", "font", "image", "model", "video"})
_BODIES = frozenset(f"{atom}{name}" for atom in _ATOMS for name in ("content", "summary"))
_NAMES = frozenset(f"{atom}name" for atom in _ATOMS)
_IDS = frozenset(f"{atom}id" for atom in _ATOMS)
_LINKS = frozenset(f"{atom}link" for atom in _ATOMS)
