"""A server on loopback that behaves as badly as it is told to.

    with hostile.serve({"/feed": hostile.answer(b"<rss/>"), "/slow": hostile.silence()}) as far:
        http.get("channel", far.url("/feed"))
    assert far.asked[0].headers["accept"] == "*/*"

A list of behaviours is played one request after the other; its last one stays.
"""

import gzip
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PAUSE_S = 0.05
"""Between two drops of a drip."""


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes


@dataclass(frozen=True)
class Talk:
    """One connection, from the server's side."""

    wire: socket.socket
    stop: threading.Event
    asked: Asked

    def send(self, payload: bytes) -> None:
        self.wire.sendall(payload)

    def wait(self, seconds: float) -> bool:
        """Wait; tell whether to go on."""
        return not self.stop.wait(seconds)


Behaviour = Callable[[Talk], bool]
"""Answers one request; tells whether the connection stays open."""


@dataclass
class Server:
    """A server that runs; what it was asked is kept."""

    port: int
    scheme: str
    behaviours: Mapping[str, Behaviour | Sequence[Behaviour]]
    stop: threading.Event = field(default_factory=threading.Event)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    @property
    def place(self) -> str:
        """What an operator allows to reach it."""
        return f"127.0.0.1:{self.port}"

    def behaviour(self, asked: Asked) -> Behaviour:
        path = asked.target.partition("?")[0]
        self.asked.append(asked)
        chosen = self.behaviours.get(path, answer(status=404))
        if not isinstance(chosen, Sequence):
            return chosen
        times = sum(other.target.partition("?")[0] == path for other in self.asked)
        return chosen[min(times, len(chosen)) - 1]


def answer(body: bytes = b"", *, status: int = 200, **fields: str) -> Behaviour:
    """Answer properly; header names are given with underscores."""
    head = f"HTTP/1.1 {status} Told\r\n"
    head += "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    length = "" if status == 304 else f"Content-Length: {len(body)}\r\n"

    def behave(talk: Talk) -> bool:
        talk.send(f"{head}{length}\r\n".encode("latin-1") + body)
        return True

    return behave


def redirect(location: str, status: int = 302) -> Behaviour:
    """Send elsewhere."""
    return answer(status=status, Location=location)


def packed(body: bytes) -> Behaviour:
    """Answer with a gzipped body."""
    return answer(gzip.compress(body, mtime=0), Content_Encoding="gzip")


def say(*pieces: bytes) -> Behaviour:
    """Send just these bytes, and close."""

    def behave(talk: Talk) -> bool:
        talk.send(b"".join(pieces))
        return False

    return behave


def drip(head: bytes, drop: bytes, pause_s: float = PAUSE_S) -> Behaviour:
    """Send the head, then a drop after each pause, for ever."""

    def behave(talk: Talk) -> bool:
        talk.send(head)
        while talk.wait(pause_s):
            talk.send(drop)
        return False

    return behave


def silence() -> Behaviour:
    """Take the request, and never answer."""
    return drip(b"", b"", 60)


def reset(head: bytes = b"") -> Behaviour:
    """Send the head, then cut the connection with a reset."""

    def behave(talk: Talk) -> bool:
        talk.send(head)
        talk.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return behave


def tunnel(port: int) -> Behaviour:
    """Open a way to a port of loopback, as an egress proxy does when it is asked to CONNECT."""

    def behave(talk: Talk) -> bool:
        with socket.create_connection(("127.0.0.1", port)) as beyond:
            talk.send(b"HTTP/1.1 200 Open\r\n\r\n")
            back = threading.Thread(target=_pump, args=(beyond, talk.wire))
            back.start()
            _pump(talk.wire, beyond)
            back.join()
        return False

    return behave


def _pump(source: socket.socket, drain: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(1 << 16):
            drain.sendall(piece)
    with suppress(OSError):
        drain.shutdown(socket.SHUT_WR)


@contextmanager
def serve(
    behaviours: Mapping[str, Behaviour | Sequence[Behaviour]], tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """Serve on a free port of loopback until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener.getsockname()[1], "https" if tls else "http", behaviours)
        thread = threading.Thread(target=_accept, args=(listener, server, tls))
        thread.start()
        try:
            yield server
        finally:
            server.stop.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(listener: socket.socket, server: Server, tls: ssl.SSLContext | None) -> None:
    threads: list[tuple[threading.Thread, socket.socket]] = []
    with suppress(OSError):
        while True:
            wire, _ = listener.accept()
            server.connections += 1
            thread = threading.Thread(target=_converse, args=(wire, server, tls))
            thread.start()
            threads.append((thread, wire))
    for thread, wire in threads:
        with suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)
        thread.join()


def _converse(plain: socket.socket, server: Server, tls: ssl.SSLContext | None) -> None:
    double = plain.dup()
    with double, plain, suppress(OSError):
        wire = tls.wrap_socket(double, server_side=True) if tls else double
        with wire, wire.makefile("rb") as lines:
            while first := lines.readline().decode("latin-1").split():
                headers = {}
                while line := lines.readline().decode("latin-1").strip():
                    name, _, value = line.partition(":")
                    headers[name.lower()] = value.strip()
                body = lines.read(int(headers.get("content-length", 0)))
                asked = Asked(first[0], first[1], headers, body)
                if not server.behaviour(asked)(Talk(wire, server.stop, asked)):
                    return


@contextmanager
def greet(greeting: bytes) -> Iterator[int]:
    """Speak first to whoever comes, without listening; gives the port."""

    def speak() -> None:
        with suppress(OSError):
            while True:
                wire, _ = listener.accept()
                with wire:
                    wire.sendall(greeting)
                    wire.recv(1 << 16)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=speak)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@dataclass(frozen=True)
class Identity:
    """A certificate that signs itself: for a server to show, and for us to trust."""

    path: Path
    """Certificate and key, in one file."""

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path)
        return context


def identity(folder: Path, name: str, *, expired: bool = False) -> Identity:
    """Make a certificate for a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=-2 if expired else 2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = folder / f"{name}-{expired}.pem"
    path.write_bytes(
        certificate.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return Identity(path)
