"""Read a web feed: Atom, RSS of every version, or JSON Feed.

Its options say where it is, whom its stories are about, and which of its entries are no stories.
A secret named `token`, where there is one, is sent as a bearer token. The cursor holds the
validators of the last answer, and what they are valid for.
Spec: https://www.rfc-editor.org/rfc/rfc9110#section-13 (conditional requests)
and https://www.rfc-editor.org/rfc/rfc5005 (archives, and feeds that are complete)
"""

import hashlib
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson
import re2
from pydantic import ConfigDict, Field, field_validator

from connectors import (
    _feed_archives,
    _feed_entry,
    _feed_json,
    _feed_lenient,
    _feed_replies,
    _feed_xml,
    _web_page,
    _websub,
)
from connectors._answer import Answer
from connectors._feed_entry import Document, Entry, Hints, Identity
from connectors._feed_replies import Placed, Threads
from connectors._feed_xml import History
from connectors._http import Http
from connectors._jail import KilledError
from connectors._websub import Offer
from connectors.channels import told
from schemas.channel import (
    Channel,
    DateReading,
    Faulty,
    Fetched,
    Options,
    Parsed,
    Removal,
    Skipped,
    Snapshot,
    Tells,
)
from schemas.errors import GarbledError, OutsideError
from schemas.story import Comments, Draft, Kind

VERSION = "1"
SECRETS: tuple[str, ...] = ()
EVERY = "15m"
TELLS = frozenset({Tells.EDITS, Tells.REMOVALS, Tells.REPLIES})

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)


class Opts(Options):
    """What a feed may be told."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    url: str
    """The address of the feed."""
    kind: Kind = Kind.STORY
    """What sort of feedback its entries are; `post` where an organisation announces something."""
    comments: Comments | None = None
    """Of posts: whether they may be commented on (`open`, `closed`), where they do not say."""
    service: str | None = Field(default=None, pattern=r"^[^:\s]+:\S+$")
    """The organisation that every entry is about, as `ods:RXX`, where that is the same for all."""
    service_scheme: str | None = None
    """The scheme of those categories whose terms are codes of organisations, as the feed
    writes it (`scheme` in Atom, `domain` in RSS)."""
    organisation_scheme: str = "ods"
    """What the codes in such categories are of, where they do not say: `ods`, `ons`, `cqc`, …"""
    publishers: dict[str, str] = Field(default={})
    """Names of publishers by host, for links to where a story was told before. A host that is
    not listed is known by its own name without `www`."""
    skip_links: tuple[str, ...] = ()
    """Regular expressions: an entry whose id or link holds one of them is no story."""
    max_entries: int = Field(default=20_000, ge=1)
    """How many entries one document may hold; more are refused, rather than cut off."""
    archives: bool = True
    """Read what a feed has of old (RFC 5005): its archives, each once, or the pages behind the
    first."""
    archive_hosts: tuple[str, ...] = ()
    """Other hosts than the feed's own at which that may be."""
    identity: Identity = "id"
    """By what an entry is known: its `id` (guid), its `link`, for feeds that give it another id
    each time, or its `title` and date, for those whose links change too."""
    replies: Literal["respond", "tell"] = "respond"
    """What an entry is that replies to another of the same document (RFC 4685): the response to
    its story, or, in a feed of comments, `tell`: a story of its own."""
    responders: tuple[str, ...] = ()
    """The authors whose replies are responses, where others comment too; all where left out."""
    formats: tuple[str, ...] = ("iso", "rfc822")
    """How its times are written: `iso`, `rfc822` or a strptime pattern, tried in this order."""
    zone: str | None = None
    """The zone of times that name none, as `Europe/London`."""
    websub: bool = False
    """Let the feed's hub, where it names one, send what is new at once (WebSub); it is still
    asked as `every` says. Needs a public address: `RETOLD_PUBLIC_URL`."""

    @field_validator("skip_links")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            _compile(pattern)
        return patterns


OPTIONS: type[Options] = Opts


def fetch(channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
    """Give the feed as it stands, unless it stands as it did; before it what it has of old.

    That comes the oldest first, so that what is newest has the last word: archives not yet read,
    or the pages behind the first until one holds what stood on the first the last time.
    """
    options = told(channel, Opts)
    known = _known(cursor, _digest(options))
    answer, moved = _newest(channel, options, http, known)
    sha256 = hashlib.sha256(answer.body).hexdigest()
    # Many servers know no validators, and send what we have again.
    if answer.status == _UNCHANGED or sha256 == known.get("sha256"):
        return
    history = _history(answer)
    kept: dict[str, Any] = {"asked": _digest(options), "archives": [], "top": [], "moved": moved}
    kept |= {name: known[name] for name in ("archives", "top") if name in known}
    walk = _feed_archives.Walk(channel.id, answer.url, options.archive_hosts, kept["archives"])
    pages: set[str] = set()
    if options.archives:
        pages = _walk(walk, answer, kept, lambda url: _ask(channel, url, http, {}))
    for url, older in walk.oldest_first():
        if url not in pages:
            kept["archives"] = [*kept["archives"], url]
        yield _fetched(older, kept)
    kept |= {"etag": answer.etag, "last_modified": answer.last_modified, "sha256": sha256}
    page = _fetched(answer, kept | {"top": _marks(answer) if history.page else []})
    # With archives or pages beside it, what a document lacks may stand in one of them.
    is_whole = history.is_complete and not (history.archive or history.page)
    yield page.model_copy(update={"snapshot": Snapshot.WHOLE if is_whole else None})
    walk.check()


def peek(channel: Channel, http: Http) -> Fetched:
    """Ask for the newest document alone, and for nothing that is of old."""
    return _fetched(_newest(channel, told(channel, Opts), http, {})[0], {})


def wants_pushes(channel: Channel) -> bool:
    """Say whether this channel is to be subscribed."""
    return told(channel, Opts).websub


def offer(channel: Channel, fetched: Fetched) -> Offer | None:
    """Find the hub and the topic that a document names; None where it names no hub."""
    del channel
    if _is_json(fetched.payload):
        inside = _feed_json.links(fetched.payload, fetched.url)
    else:
        inside = _feed_xml.links(fetched.payload, fetched.charset, fetched.url)
    return _websub.offer(fetched, inside)


_CONFIRMED = 3
"""How often a feed says that it moved for good before it is asked for there at once."""


def _newest(
    channel: Channel, options: Opts, http: Http, known: dict[str, Any]
) -> tuple[Answer, dict[str, Any]]:
    """Ask for the feed, and tell where it says that it moved to, and how often it said so."""
    moved = known.get("moved") or {}
    if moved.get("times", 0) >= _CONFIRMED:
        try:
            return _ask(channel, moved["to"], http, known), moved
        except OutsideError as error:
            if error.transient:
                raise
    answer = _ask(channel, options.url, http, known)
    to = answer.moved_to
    # A token is for whom the operator named.
    if to is None or (channel.secrets and urlsplit(to)[:2] != urlsplit(options.url)[:2]):
        return answer, {}
    return answer, {"to": to, "times": 1 + (moved.get("times", 0) if moved.get("to") == to else 0)}


def _walk(
    walk: _feed_archives.Walk,
    newest: Answer,
    kept: dict[str, Any],
    ask: Callable[[str], Answer],
) -> set[str]:
    """Walk the pages since the last time, then archives not read yet; give the pages' addresses.

    At first archives are enough. Later they are not where there are both: what changed in one that
    was read stands in the pages.
    """
    history, top = _history(newest), kept["top"]
    pages: set[str] = set()

    def ask_page(url: str) -> Answer:
        pages.add(url)
        return ask(url)

    is_first = not (top or kept["archives"])
    if history.page and not (is_first and history.archive) and not _meets(newest, top):
        walk.follow(
            history.page, ask_page, lambda one: None if _meets(one, top) else _history(one).page
        )
    if history.archive:
        walk.follow(history.archive, ask, lambda answer: _history(answer).archive)
    return pages


def _history(answer: Answer) -> History:
    if _is_json(answer.body):
        return History(page=_feed_json.following(answer.body, answer.url))
    return _feed_xml.history(answer.body, answer.charset, answer.url)


def _meets(answer: Answer, top: Collection[str]) -> bool:
    """Say whether a page holds something that stood on the first page the last time."""
    return not set(top).isdisjoint(_marks(answer))


def _marks(answer: Answer) -> list[str]:
    """Mark the entries of a page by their names and versions; none where it cannot be read."""
    try:
        document = _read(_fetched(answer, {}))
    except (LookupError, KilledError):
        document = None
    if document is None:
        return []
    entries = [document.entry(node) for node in document.nodes[:_MARKED]]
    known = [f"{e.id} {e.url} {e.updated or e.published}" for e in entries]
    if _history(answer).in_order:
        known += [f"{gone.external_id} {gone.at}" for gone in document.tombstones[:_MARKED]]
    return [hashlib.sha256(one.encode()).hexdigest()[:16] for one in known]


_MARKED = 100


def _ask(channel: Channel, url: str, http: Http, known: dict[str, Any]) -> Answer:
    token = channel.secrets.get("token")
    return http.get(
        channel.id,
        url,
        secret_headers={"Authorization": f"Bearer {token}"} if token else None,
        etag=known.get("etag"),
        last_modified=known.get("last_modified"),
        accept=_ACCEPT,
    )


def _fetched(answer: Answer, kept: dict[str, Any]) -> Fetched:
    return Fetched(
        payload=answer.body,
        media_type=answer.media_type,
        url=answer.url,
        charset=answer.charset,
        headers=dict(answer.headers),
        cursor=orjson.dumps(kept).decode(),
    )


_UNCHANGED = 304


def _digest(options: Opts) -> str:
    """Name what was asked, and how it was read: after a change, all is to be read again."""
    told = options.model_dump_json(exclude={"websub"})  # by it nothing is read otherwise
    return hashlib.sha256(f"{VERSION} {told}".encode()).hexdigest()[:16]


def _known(cursor: str | None, asked: str) -> dict[str, Any]:
    kept: dict[str, Any] = orjson.loads(cursor) if cursor else {}
    return kept if kept.get("asked") == asked else {}


def parse(channel: Channel, fetched: Fetched) -> Parsed:
    """Read a feed; the forgiving reader is asked only where the XML is broken past mending."""
    options = told(channel, Opts)
    try:
        document = _document(channel, fetched)
    except KilledError:
        return Parsed(faulty=(_endless(fetched),))
    if len(document.nodes) > options.max_entries:
        raise GarbledError(
            channel.id,
            f"it holds {len(document.nodes)} entries; raise max_entries if that is right",
        )
    return _sort(channel, options, document, fetched.url)


def _document(channel: Channel, fetched: Fetched) -> Document:
    payload = fetched.payload
    if _web_page.is_one(payload):
        raise GarbledError(channel.id, "a web page came where a feed was promised; check the url")
    if not payload.strip():
        raise GarbledError(channel.id, "nothing came where a feed was promised; check the url")
    try:
        document = _read(fetched)
    except LookupError as error:
        raise GarbledError(
            channel.id, f"{error.args[0]} came where a feed was promised; check the url"
        ) from error
    if document is None:
        raise GarbledError(channel.id, "what came is broken past reading; tell whoever runs it")
    return document


def _read(fetched: Fetched) -> Document | None:
    payload = fetched.payload
    if _is_json(payload):
        return _feed_json.read(payload)
    return _feed_xml.read(payload, fetched.charset, fetched.url) or _feed_lenient.read(
        payload, fetched.media_type, fetched.charset
    )


def _is_json(payload: bytes) -> bool:
    return payload.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}


def _sort(channel: Channel, options: Opts, document: Document, url: str) -> Parsed:
    """Put every record of the document into the one place where it belongs."""
    hints = Hints(
        publisher=channel.publisher_name,
        publishers=options.publishers,
        url=url or options.url,
        kind=options.kind,
        language=document.language,
        services=_services(options.service),
        service_scheme=options.service_scheme,
        organisation_scheme=options.organisation_scheme,
        comments=options.comments,
    )
    patterns = [_compile(pattern) for pattern in options.skip_links]
    gone = {removal.external_id: removal for removal in document.tombstones}
    threads = _threads(options, document)
    drafts, faulty, skipped = [], [], []
    for node, entry, external_id in threads.told:
        if document.cut_off and node is document.nodes[-1]:
            faulty.append(_cut_off(document.cut_off, external_id))
        elif not external_id:
            faulty.append(_nameless(document, node))
        elif patterns and any(p.search(entry.id) or p.search(entry.url) for p in patterns):
            skipped.append(Skipped(code="not_a_story", external_id=external_id))
        elif gone and external_id in gone and not _outlives(entry, gone[external_id]):
            skipped.append(Skipped(code="removed", external_id=external_id))
        else:
            if external_id in gone:
                del gone[external_id]
                skipped.append(Skipped(code="superseded", external_id=external_id))
            fields = _feed_entry.fields(entry, external_id, hints)
            if replies := threads.replies.get(external_id):
                # Anybody may comment on a post.
                by = None if fields["kind"] is Kind.POST else options.service
                fields["responses"] = [_feed_replies.response(r, by) for r in replies]
            drafts.append(Draft.model_validate(fields))
    faulty += [_lost(document, reply) for reply in threads.lost]
    skipped += [Skipped(code="comment", external_id=r.external_id) for r in threads.passed_over]
    return Parsed(
        drafts=tuple(drafts),
        removals=tuple(gone.values()),
        faulty=tuple(faulty),
        skipped=tuple(skipped),
        reading=DateReading(formats=options.formats, zone=options.zone),
    )


def _threads(options: Opts, document: Document) -> Threads:
    entries = [(node, document.entry(node)) for node in document.nodes]
    placed = [
        Placed(node, entry, _feed_entry.external_id(entry, options.identity))
        for node, entry in entries
    ]
    if options.replies == "tell":
        return Threads(placed, {}, (), ())
    return _feed_replies.sort(placed, options.responders)


def _lost(document: Document, reply: Placed) -> Faulty:
    return Faulty(
        payload=document.alone(reply.node),
        media_type=document.media_type,
        code="story_elsewhere",
        reason=f"it replies to {reply.entry.in_reply_to[:200]}, which is not in the document; in a"
        " feed of comments, let `replies` be `tell`",
        external_id=reply.external_id or None,
    )


def _services(service: str | None) -> tuple[dict[str, str], ...]:
    if service is None:
        return ()
    scheme, _, code = service.partition(":")
    return ({"scheme": scheme, "code": code},)


def _outlives(entry: Entry, removal: Removal) -> bool:
    """Say whether an entry was changed after its tombstone was set, as RFC 6721 has it."""
    try:
        changed = datetime.fromisoformat(entry.updated or entry.published)
        return changed > datetime.fromisoformat(removal.at or "")
    except (TypeError, ValueError):
        return False


def _endless(fetched: Fetched) -> Faulty:
    """Set the whole document aside, so that its reader is not killed by it again and again."""
    return Faulty(
        payload=fetched.payload,
        media_type=fetched.media_type,
        code="endless",
        reason="its XML is broken, and reading it took too long; tell whoever runs the feed",
    )


def _cut_off(payload: bytes, external_id: str) -> Faulty:
    return Faulty(
        payload=payload,
        media_type=_feed_lenient.MEDIA_TYPE,
        code="cut_off",
        reason="the feed ends in the midst of it; it will come whole",
        external_id=external_id or None,
    )


def _nameless(document: Document, node: Any) -> Faulty:
    return Faulty(
        payload=document.alone(node),
        media_type=document.media_type,
        code="no_id",
        reason="it has no id, no link and no title to know it by",
    )


def _compile(pattern: str) -> Any:
    """Compile for a matcher whose time is bounded: what it will search, strangers write."""
    quiet = re2.Options()
    quiet.log_errors = False
    try:
        return re2.compile(pattern, quiet)
    except re2.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
