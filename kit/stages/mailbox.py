"""Play a mailbox: a small IMAP server on loopback. The letters in it are made up.

Spec: https://www.rfc-editor.org/rfc/rfc3501
"""

import base64
import re
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256
from html import escape
from typing import Any, NamedTuple

from kit.world import Piece, World

SECRETS: Mapping[str, str] = {"password": 'mailbox-canary-"4b\\1e'}
BYPASS: Mapping[str, str] = {}

PLENTY = 300
"""Messages enough to see that memory is bounded: each is written anew when it is asked for."""

USER = "feedback@trust.example"
FOLDER = "INBOX"

_BODY = re.compile(r"BODY(?P<peek>\.PEEK)?\[(?P<part>HEADER)?\]<0\.(?P<most>\d+)>")
_ENCODINGS = ("quoted-printable", "base64", "8bit")


_FOLDED = 10_000
"""Letters of a title up to which the library folds it."""
_PLACE = "the-title-comes-here"


class Mail(NamedTuple):
    """A message that stands in the box."""

    uid: int
    raw: bytes
    flags: str = ""


@dataclass
class Box:
    """What a server shows, and what was asked of it."""

    mails: Callable[[], Sequence[Mail]]
    validity: int = 7
    tls: ssl.SSLContext | None = None
    offers: str = "IMAP4rev1 AUTH=PLAIN"
    greeting: bytes = b"* OK ready\r\n"
    answers: dict[str, bytes] = field(default_factory=dict)
    """What is sent in place of the right answer, by command; `%s` stands for its tag. Then we
    hang up, unless it ends with a line break."""
    asked: list[str] = field(default_factory=list)
    """Every line but those with a password in it."""
    seen: set[int] = field(default_factory=set)
    """Messages that were marked as read."""
    bad: dict[int, str] = field(default_factory=dict)
    """Messages that are not given, by UID, each with what is answered in their place; nothing
    where the answer leaves one out as if it were gone."""
    gives_heads: bool = True
    """Whether of such a message the head is given."""


def options(place: str) -> Mapping[str, Any]:
    host, _, port = place.rpartition(":")
    return {"host": host, "port": int(port), "tls": "none", "user": USER, "folder": FOLDER}


def name(piece: Piece) -> str:
    return sha256(_message_id(piece).encode()).hexdigest()[:32]


def _message_id(piece: Piece) -> str:
    return f"<{piece.id}.ash@mail.example>"


@contextmanager
def serve(world: World) -> Iterator[str]:
    with served(Box(lambda: _Mails(world))) as place:
        yield place


class _Mails(Sequence[Mail]):
    """What a world shows, each message written once it is looked at.

    Were all written before the first is sent, who asks would wait longer than it may.
    """

    def __init__(self, world: World) -> None:
        numbered = enumerate(world.pieces.values(), 1)
        self._shown = [(uid, piece) for uid, piece in numbered if not piece.gone]

    def __len__(self) -> int:
        return len(self._shown)

    def __getitem__(self, at: Any) -> Any:
        uid, piece = self._shown[at]
        return Mail(uid, letter(piece))


@contextmanager
def served(box: Box) -> Iterator[str]:
    """Serve a box on a free port of loopback until the end of the block."""
    handler = type("Handler", (_Talk,), {"box": box})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@lru_cache(maxsize=1_000)
def letter(piece: Piece) -> bytes:
    """Write a piece as somebody would send it; the ways of encoding take turns."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "Ash Example <ash@home.example>"
    message["To"] = USER
    is_long = len(piece.title) > _FOLDED
    message["Subject"] = _PLACE if is_long else piece.title
    message["Date"] = format_datetime(piece.told_at)
    message["Message-ID"] = _message_id(piece)
    message.set_content(piece.text, cte=_ENCODINGS[int(piece.id) % 3])
    if piece.stars > 3 and not piece.broken:  # noqa: PLR2004 -- some of them write HTML as well
        message.add_alternative(f"<p>{escape(piece.text)}</p>", subtype="html")
    if piece.broken:
        message.set_payload("caf\udce9 in letters that nobody knows")
        message.replace_header("Content-Type", "text/plain; charset=x-unheard-of")
        message.replace_header("Content-Transfer-Encoding", "8bit")
    raw = message.as_bytes()
    # To fold a million letters takes the library longer than who asks may wait.
    return raw.replace(_PLACE.encode(), piece.title.encode(), 1) if is_long else raw


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing: who asks may hang up when it likes."""


class _Talk(socketserver.StreamRequestHandler):
    """One connection."""

    box: Box
    writes = False
    """Whether the folder is open for more than reading."""

    def handle(self) -> None:
        """Answer command after command, until we are left."""
        with suppress(ConnectionError, TimeoutError, ssl.SSLError):
            if self.box.tls and "STARTTLS" not in self.box.offers:
                self._secure()
            self._say(self.box.greeting)
            while line := self.rfile.readline().decode().strip():
                if not self._answer(*line.split(" ", 2)):
                    return

    def finish(self) -> None:
        """Close, whoever has hung up before."""
        with suppress(OSError, ValueError):
            super().finish()
        with suppress(OSError):
            self.request.close()

    def _secure(self) -> None:
        if self.box.tls is None:
            raise ConnectionError
        self.request = self.box.tls.wrap_socket(self.request, server_side=True)
        self.rfile.close()
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)

    def _say(self, *pieces: bytes) -> None:
        self.wfile.write(b"".join(pieces))

    def _answer(self, tag: str, command: str, rest: str = "") -> bool:
        command = command.upper()
        self.box.asked.append(command if command == "LOGIN" else f"{command} {rest}".strip())
        if command in self.box.answers:
            told = self.box.answers[command]
            self._say(told.replace(b"%s", tag.encode()))
            return told.endswith(b"\r\n")
        ways: dict[str, Callable[[str, str], str]] = {
            "CAPABILITY": self._capability,
            "STARTTLS": self._starttls,
            "LOGIN": self._login,
            "AUTHENTICATE": self._authenticate,
            "EXAMINE": self._open,
            "SELECT": self._open,
            "UID": self._uid,
            "FETCH": self._numbered,
            "LOGOUT": self._leave,
        }
        verdict = ways[command](rest, command) if command in ways else "BAD unknown"
        if verdict:
            self._say(f"{tag} {verdict}\r\n".encode())
        if command == "STARTTLS":
            self._secure()
        return command != "LOGOUT"

    def _capability(self, *_: str) -> str:
        self._say(f"* CAPABILITY {self.box.offers}\r\n".encode())
        return "OK done"

    def _starttls(self, *_: str) -> str:
        return "OK begin"

    def _login(self, rest: str, _: str) -> str:
        told = [word.replace('\\"', '"').replace("\\\\", "\\") for word in rest[1:-1].split('" "')]
        return self._admitted(told)

    def _authenticate(self, rest: str, _: str) -> str:
        if rest.upper() != "PLAIN":
            return "NO unknown"
        self._say(b"+ \r\n")
        return self._admitted(base64.b64decode(self.rfile.readline()).decode().split("\0")[1:])

    def _admitted(self, told: Sequence[str]) -> str:
        is_known = list(told) == [USER, SECRETS["password"]]
        return "OK done" if is_known else "NO [AUTHENTICATIONFAILED] Invalid credentials"

    def _open(self, rest: str, command: str) -> str:
        if rest != f'"{FOLDER}"':
            return "NO no such folder"
        self.writes = command == "SELECT"
        count = len(self.box.mails())
        self._say(f"* {count} EXISTS\r\n* OK [UIDVALIDITY {self.box.validity}] ok\r\n".encode())
        return f"OK [READ-{'WRITE' if self.writes else 'ONLY'}] done"

    def _uid(self, rest: str, _: str) -> str:
        command, uids, what = rest.split(" ", 2)
        mails = self.box.mails()
        if command == "SEARCH":
            wanted = _wanted(what, mails[-1].uid if mails else 0)
            found = "".join(f" {mail.uid}" for mail in mails if wanted(mail.uid))
            self._say(f"* SEARCH{found}\r\n".encode())
            return "OK done"
        wanted = _wanted(uids, mails[-1].uid if mails else 0)
        return self._fetched(what, lambda _, uid: wanted(uid))

    def _numbered(self, rest: str, _: str) -> str:
        numbers, what = rest.split(" ", 1)
        wanted = _wanted(numbers, len(self.box.mails()))
        return self._fetched(what, lambda number, _: wanted(number))

    def _fetched(self, what: str, wanted: Callable[[int, int], bool]) -> str:
        verdict = "OK done"
        for number, mail in enumerate(self.box.mails(), 1):
            if not wanted(number, mail.uid):
                continue
            is_given = "BODY" not in what or ("HEADER" in what and self.box.gives_heads)
            bad = None if is_given else self.box.bad.get(mail.uid)
            if bad is None:
                self._tell(number, mail, what)
            verdict = bad or verdict
        return verdict

    def _tell(self, number: int, mail: Mail, what: str) -> None:
        body = _BODY.search(what)
        if body is None:
            size = f"RFC822.SIZE {len(mail.raw)}"
            line = f"* {number} FETCH (UID {mail.uid} FLAGS ({mail.flags}) {size})\r\n"
            self._say(line.encode())
            return
        if self.writes and not body["peek"]:
            self.box.seen.add(mail.uid)
        raw = mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if body["part"] else mail.raw
        raw = raw[: int(body["most"])]
        section = f"BODY[{body['part'] or ''}]<0> {{{len(raw)}}}\r\n".encode()
        uid = f"UID {mail.uid}".encode()
        if number % 2:  # a server tells them in any order
            self._say(b"* %d FETCH (%s " % (number, uid), section, raw, b")\r\n")
        else:
            self._say(b"* %d FETCH (" % number, section, raw, b" %s)\r\n" % uid)

    def _leave(self, *_: str) -> str:
        self._say(b"* BYE so long\r\n")
        return "OK done"


def _wanted(uids: str, last: int) -> Callable[[int], bool]:
    """Read a set of UIDs; of `9:*` the last message is always one."""
    spans = []
    for span in uids.split(","):
        ends = [last if end == "*" else int(end) for end in span.split(":")]
        spans.append((min(ends), max(ends)))
    return lambda uid: any(low <= uid <= high for low, high in spans)
