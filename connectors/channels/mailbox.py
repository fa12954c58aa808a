"""Read the messages of a folder of a mailbox, over IMAP.

A run reads what stands above the highest UID that is kept; nothing is marked as read, moved or
deleted. Where the server renumbers a folder (another UIDVALIDITY) all of it is read again, and
what was kept is known again by its Message-ID. Mail is neither edited nor taken back.
Spec: https://www.rfc-editor.org/rfc/rfc3501
"""

import ipaddress
import zlib
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, Self

import orjson
from pydantic import ConfigDict, Field, model_validator

from connectors import _guard
from connectors import _mailbox_imap as imap
from connectors import _mailbox_message as messages
from connectors import _mailbox_page as pages
from connectors._http import Http
from connectors._mailbox_imap import Folder, Listed, Place
from connectors._mailbox_page import MEDIA_TYPE, Letter
from connectors.channels import told
from schemas.channel import Channel, DateReading, Faulty, Fetched, Options, Parsed, Skipped, Tells
from schemas.errors import GarbledError, UnfitError
from schemas.story import Draft

VERSION = "1"
SECRETS: tuple[str, ...] = ("password",)
EVERY = "15m"
TELLS: frozenset[Tells] = frozenset()

_PORTS = {imap.IMPLICIT: 993, imap.STARTTLS: 143, imap.NONE: 143}
_HEAD_BYTES = 1 << 16
"""Of a message that is too large so much of its head is read."""


class Opts(Options):
    """What a channel that reads a mailbox may be told."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    host: str = Field(pattern=r"^[0-9A-Za-z_.:-]+$")
    """The IMAP server; it must also stand, with its port, in `allow` under `[http]`."""
    port: int | None = Field(default=None, ge=1, le=65_535)
    """Its port; 993 where left out, and 143 with STARTTLS."""
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    """How the way is secured; `none` is for a server on the same machine."""
    user: str = Field(min_length=1)
    """Who logs in; the password is the secret `password`."""
    folder: str = Field(default="INBOX", min_length=1)
    """The folder that is read."""
    service: str | None = Field(default=None, pattern=r"^[^:\s]+:\S+$")
    """The organisation that its messages are about, as `ods:RXX`."""
    keep_names: bool = False
    """Keep the name that stands beside the sender's address; the address is never kept."""
    page_size: int = Field(default=100, ge=1, le=500)
    """Messages that are read at once."""
    largest_bytes: int = Field(default=5_000_000, ge=1_000)
    """Of a message that is larger only the head is read, and it waits in quarantine."""

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        here = _guard.spelt_out(self.host.lower())
        is_here = bool(here) and all(ipaddress.ip_address(one).is_loopback for one in here)
        if self.tls == imap.NONE and not is_here:
            raise ValueError("tls: none would send the password in the open; use implicit")
        return self


OPTIONS: type[Options] = Opts


class _Cursor(NamedTuple):
    """How far a folder has been read."""

    of: int = 0
    """Which folder of whom, as a check: another one is read from its beginning."""
    validity: int = 0
    uid: int = 0


def fetch(channel: Channel, http: Http, cursor: str | None) -> Iterator[Fetched]:
    """Give pages of messages that came since."""
    options = told(channel, Opts)
    place = _place(options)
    kept = _Cursor(**orjson.loads(cursor)) if cursor else _Cursor()
    most = http.limits.max_bytes // 2
    largest = min(options.largest_bytes, most)
    with imap.opened(channel.id, http, place, channel.secrets.get("password", "")) as folder:
        now = _Cursor(_check(place), folder.validity)
        after = kept.uid if kept[:2] == now[:2] else 0
        listed = folder.listed(after)
        for batch in _batches(listed, options.page_size, most, largest):
            letters = _letters(folder, batch, largest)
            if letters:
                yield _page(place, letters, now._replace(uid=batch[-1].uid), len(listed))


def _page(place: Place, letters: Sequence[Letter], cursor: _Cursor, records: int) -> Fetched:
    return Fetched(
        payload=pages.write(letters),
        media_type=MEDIA_TYPE,
        url=f"imap://{place.where}",
        cursor=orjson.dumps(cursor._asdict()).decode(),
        records=records,
    )


def _place(options: Opts) -> Place:
    port = options.port or _PORTS[options.tls]
    return Place(options.host, port, options.tls, options.user, options.folder)


def _check(place: Place) -> int:
    return zlib.crc32(f"{place.host}\n{place.user}\n{place.folder}".encode())


def _batches(
    listed: Sequence[Listed], count: int, most: int, largest: int
) -> Iterator[Sequence[Listed]]:
    """Part messages into what is read at once: so many of them, and so many bytes."""
    batch: list[Listed] = []
    room = most
    for one in listed:
        size = min(_HEAD_BYTES, most) if one.size > largest else one.size
        if batch and (len(batch) >= count or size > room):
            yield batch
            batch, room = [], most
        batch.append(one)
        room -= size
    if batch:
        yield batch


def _letters(folder: Folder, batch: Sequence[Listed], largest: int) -> list[Letter]:
    """Read a batch: what is too large, by its size or by what comes, as its head alone.

    So is what the server does not give; where it gives no head either, only its UID is noted.
    """
    fit = [one.uid for one in batch if one.size <= largest]
    unfit = [one.uid for one in batch if one.size > largest]
    bodies = folder.letters(fit, largest + 1)
    letters = [
        Letter(uid, raw) if len(raw) <= largest else Letter(uid, _head(raw), "head")
        for uid, raw in bodies.given.items()
    ]
    heads = folder.letters([*unfit, *bodies.refused], _HEAD_BYTES, heads=True)
    letters += [
        Letter(uid, raw, "unread" if uid in bodies.refused else "head")
        for uid, raw in heads.given.items()
    ]
    return sorted(letters + [Letter(uid, b"", "unread") for uid in heads.refused])


def _head(raw: bytes) -> bytes:
    return raw.partition(b"\r\n\r\n")[0][:_HEAD_BYTES]


def parse(channel: Channel, fetched: Fetched) -> Parsed:
    """Make drafts of a page of messages; one that cannot be read is faulty, and stops no other."""
    options = told(channel, Opts)
    try:
        letters = pages.read(fetched.payload)
    except ValueError as error:
        raise GarbledError(channel.id, f"this is no page of messages: {error}") from error
    found = [_record(letter, options) for letter in letters]
    return Parsed(
        drafts=tuple(one for one in found if isinstance(one, Draft)),
        faulty=tuple(one for one in found if isinstance(one, Faulty)),
        skipped=tuple(one for one in found if isinstance(one, Skipped)),
        reading=DateReading(formats=("rfc822",)),
    )


def _record(letter: Letter, options: Opts) -> Draft | Skipped | Faulty:
    try:
        return messages.read(letter, keep_names=options.keep_names, service=options.service)
    except UnfitError as error:
        return _faulty(letter, error.code, str(error), messages.name(letter))
    # The standard library trips over bad mail in more ways than it names.
    except Exception as error:  # noqa: BLE001
        reason = f"the message cannot be taken apart ({type(error).__name__})"
        return _faulty(letter, "bad_message", reason, None)


def _faulty(letter: Letter, code: str, reason: str, name: str | None) -> Faulty:
    return Faulty(
        payload=pages.write([letter]),
        media_type=MEDIA_TYPE,
        code=code,
        reason=reason,
        external_id=name,
    )
