"""Make a draft of a message: the words that somebody wrote, and nothing of who they are.

Spec: https://www.rfc-editor.org/rfc/rfc5322 (messages), https://www.rfc-editor.org/rfc/rfc2045
(their parts) and https://www.rfc-editor.org/rfc/rfc3834 (automatic ones)
"""

import codecs
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr
from hashlib import sha256
from html import escape
from typing import Any, NamedTuple

from connectors import _mailbox_trim as trim
from connectors._mailbox_page import Letter
from schemas.channel import Skipped
from schemas.errors import UnfitError
from schemas.story import Author, BodyFormat, Draft, Kind, Service

_MEANT = {"ascii": "utf-8", "iso8859-1": "cp1252"}
"""What is written by those who name these encodings."""
_NO_TEXT = frozenset(
    {"idna", "punycode", "raw_unicode_escape", "unicode_escape", "undefined", "utf-7"}
)
"""Encodings of Python's that no mail is written in, or none that may be trusted."""
_READ = ("text/plain", "text/html")
_AUTOMATIC = {"auto-replied": "auto_reply", "auto-generated": "auto_generated"}
_NAME_LENGTH = 32


class _Words(NamedTuple):
    """The text of a message."""

    text: str
    form: BodyFormat


def name(letter: Letter) -> str | None:
    """Name a message by its Message-ID, where it has one, and by its bytes where not.

    None where nothing of it was read.

    It is a digest, since a Message-ID tells whose server it was sent from, and may tell by whom.
    """
    if letter.part == "unread" and not letter.raw:
        return None
    return _name(letter, message_from_bytes(letter.raw))


def read(letter: Letter, *, keep_names: bool, service: str | None) -> Draft | Skipped:
    """Make a draft of a letter, or say why it is no story; UnfitError where it cannot be read."""
    message = message_from_bytes(letter.raw)
    named = _name(letter, message)
    automatic = _automatic(message)
    if automatic:
        return Skipped(code=automatic, external_id=named)
    _require_whole(letter)
    return _draft(message, named, keep_names=keep_names, service=service)


def _require_whole(letter: Letter) -> None:
    if letter.part == "head":
        raise UnfitError(
            "too_large", "it is larger than `largest_bytes`; only its head was read and is kept"
        )
    if letter.part == "unread":
        raise UnfitError(
            "unreadable",
            f"the server has it under the UID {letter.uid} and does not give it; open it there,"
            " and put a copy that can be opened into the folder",
        )


def _draft(message: Message, named: str, *, keep_names: bool, service: str | None) -> Draft:
    subject = _line(message["Subject"])
    leaves = list(_leaves(message))
    shown = [leaf for leaf in _shown(message) if _is_text(leaf)]
    words = _words(shown)
    if not words.text.strip():
        raise UnfitError("no_text", "it holds no text of its own, at most attachments")
    trimmer = trim.plain if words.form is BodyFormat.TEXT else trim.marked_up
    body, taken_off = trimmer(words.text, subject)
    scheme, _, code = (service or "").partition(":")
    attached = [leaf.get_content_type() for leaf in leaves if not _is_text(leaf)]
    left_out = {"attachments_left_out": attached, "trimmed": list(taken_off)}
    date = message["Date"]
    return Draft(
        external_id=named,
        kind=Kind.MESSAGE,
        title=subject or None,
        body=body,
        body_format=words.form,
        services=(Service(scheme=scheme, code=code),) if service else (),
        author=Author(display_name=_display_name(message) if keep_names else None),
        submitted_at=None if date is None else " ".join(str(date).split()),
        ext={what: told for what, told in left_out.items() if told},
    )


def _name(letter: Letter, message: Message) -> str:
    told = "".join(str(message["Message-ID"] or "").split())
    return sha256(told.encode(errors="replace") if told else letter.raw).hexdigest()[:_NAME_LENGTH]


def _automatic(message: Message) -> str | None:
    """Say by which rule a message was written by no human; None where it may have been."""
    submitted = str(message["Auto-Submitted"] or "no").partition(";")[0].strip().lower()
    is_report = message.get_content_type() == "multipart/report"
    if is_report or message["X-Failed-Recipients"] or str(message["Return-Path"]).strip() == "<>":
        return "bounce"
    if submitted != "no":
        return _AUTOMATIC.get(submitted, "automatic")
    precedence = str(message["Precedence"] or "").strip().lower()
    if precedence == "auto_reply" or message["X-Autoreply"] or message["X-Autorespond"]:
        return "auto_reply"
    return None


def _line(told: Any) -> str:
    """Read a line of the head, whatever its words are encoded in."""
    if told is None:
        return ""
    words = [
        word if isinstance(word, str) else _decoded(word, charset)
        for word, charset in decode_header(told)
    ]
    return " ".join("".join(words).split())


def _display_name(message: Message) -> str | None:
    """Give the name beside the address, unless it is one itself."""
    shown, _ = parseaddr(str(message["From"] or ""))
    name = _line(shown)
    return name if name and "@" not in name else None


def _inner(part: Message) -> Sequence[Message] | None:
    """Give the parts of a part; None where it has none: a message within a message is a leaf."""
    inner: Any = part.get_payload()
    if part.get_content_maintype() != "multipart" or not isinstance(inner, list):
        return None
    return inner


def _leaves(part: Message) -> Iterator[Message]:
    inner = _inner(part)
    if inner is None:
        yield part
        return
    for one in inner:
        yield from _leaves(one)


def _is_text(part: Message) -> bool:
    is_attached = part.get_content_disposition() == "attachment" or part.get_filename()
    return part.get_content_type() in _READ and not is_attached


def _shown(part: Message) -> list[Message]:
    """Choose the parts that a reader would see: of alternatives the plain one."""
    inner = _inner(part)
    if inner is None:
        return [part] if _is_text(part) else []
    ways = [way for way in map(_shown, inner) if way]
    if part.get_content_type() != "multipart/alternative":
        return [leaf for way in ways for leaf in way]
    plain = [way for way in ways if all(leaf.get_content_type() == _READ[0] for leaf in way)]
    return next((way for way in [*plain, *ways] if _words(way).text.strip()), [])


def _words(leaves: Sequence[Message]) -> _Words:
    """Join the texts: as HTML where one is."""
    texts = [(leaf.get_content_type() == _READ[0], _text(leaf)) for leaf in leaves]
    if all(is_plain for is_plain, _ in texts):
        return _Words("\n\n".join(text for _, text in texts), BodyFormat.TEXT)
    marked_up = [_as_html(text) if is_plain else text for is_plain, text in texts]
    return _Words("\n".join(marked_up), BodyFormat.HTML)


def _as_html(text: str) -> str:
    return f"<p>{'<br>'.join(escape(text.strip()).splitlines())}</p>"


def _text(leaf: Message) -> str:
    raw: Any = leaf.get_payload(decode=True)
    return _decoded(raw if isinstance(raw, bytes) else b"", leaf.get_content_charset())


def _decoded(raw: bytes, charset: str | None) -> str:
    """Decode as was said, or as UTF-8 where that is what it is; nothing else is guessed."""
    for encoding in (_encoding(charset or "ascii"), "utf-8"):
        try:
            return raw.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    raise UnfitError("bad_charset", f"its text is neither in {charset!a:.40} nor in UTF-8")


def _encoding(charset: str) -> str:
    try:
        found = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return "utf-8"
    return "utf-8" if found.replace("-", "_") in _NO_TEXT else _MEANT.get(found, found)
