"""Places as tests need them: an SFTP server (asyncssh) and a store of S3 (moto), on loopback."""

import asyncio
import base64
import inspect
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import boto3
import requests
from moto.server import ThreadedMotoServer

from connectors import _http
from tests.patience import PATIENCE_S

PASSWORD = "sftp-canary-c0ffee"


@dataclass
class Sftp:
    """A server that runs."""

    folder: Path
    host_keys: list[asyncssh.SSHKey]
    client_key: asyncssh.SSHKey
    port: int = 0
    opened: list[str] = field(default_factory=list)
    """The files that were read, in order."""
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    forbids: bool = False
    """Whether nothing may be read."""
    sent: int = 0
    """Bytes of files that were given away."""
    tried: list[str] = field(default_factory=list)
    """Who tried to log in."""

    @property
    def place(self) -> str:
        """What an operator allows to reach it."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str, user: str = "ash") -> str:
        return f"sftp://{user}@{self.place}{path}"

    def host_key(self, at: int = 0) -> str:
        return self.host_keys[at].export_public_key().decode().strip()

    def fingerprint(self, at: int = 0) -> str:
        return self.host_keys[at].get_fingerprint("sha256")


def _server(far: Sftp) -> type[asyncssh.SSHServer]:
    class Server(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            far.connections.append(conn)

        def begin_auth(self, username: str) -> bool:
            far.tried.append(username)
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("ash", PASSWORD)

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            known = far.client_key.export_public_key()
            return username == "ash" and key.export_public_key() == known

    return Server


def _files(far: Sftp) -> type[asyncssh.SFTPServer]:
    class Files(asyncssh.SFTPServer):
        def __init__(self, chan: Any) -> None:
            super().__init__(chan, chroot=bytes(far.folder))

        def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
            far.opened.append(path.decode())
            return super().open(path, pflags, attrs)

        async def read(self, file_obj: object, offset: int, size: int) -> bytes:
            told = super().read(file_obj, offset, size)
            payload = await told if inspect.isawaitable(told) else told
            far.sent += len(payload)
            return payload

        def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
            if far.forbids:
                raise asyncssh.SFTPPermissionDenied("canary")
            return super().scandir(path)

    return Files


@contextmanager
def denied(far: Sftp) -> Iterator[None]:
    """Let nobody list anything."""
    far.forbids = True
    yield
    far.forbids = False


@contextmanager
def resolving(place: str, address: str) -> Iterator[_http.Http]:
    """Open the network to one place, whose name leads to this address."""
    limits = _http.Limits(allow=(place,))
    with _http.open_http(limits, resolve=lambda _host, _port: (address,)) as http:
        yield http


@contextmanager
def sftp(folder: Path) -> Iterator[Sftp]:
    """Serve a folder over SFTP."""
    kinds = ("ssh-ed25519", "ecdsa-sha2-nistp256")
    keys = [asyncssh.generate_private_key(kind) for kind in kinds]
    far = Sftp(folder, keys, asyncssh.generate_private_key("ssh-ed25519"))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=keys,
            server_factory=_server(far),
            sftp_factory=_files(far),
        )

    async def end() -> None:
        acceptor.close()
        await acceptor.wait_closed()
        for connection in far.connections:
            connection.abort()
            await connection.wait_closed()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), 5)
        await asyncio.sleep(0)  # what closed a moment ago is let go in the next turn

    acceptor = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    far.port = acceptor.get_port()
    try:
        yield far
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@dataclass
class S3:
    """A store that runs."""

    port: int
    client: Any
    key: str = ""
    secret: str = ""

    @property
    def place(self) -> str:
        """What an operator allows to reach it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}"

    def put(self, name: str, payload: bytes) -> None:
        self.client.put_object(Bucket="exports", Key=name, Body=payload)

    def guard(self) -> None:
        """From now on look at who asks."""
        requests.post(
            f"{self.url}/moto-api/reset-auth", data="0", timeout=PATIENCE_S
        ).raise_for_status()


POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["*"]}]}'
)


@contextmanager
def s3() -> Iterator[S3]:
    """Serve a bucket `exports`, that one user may read."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    told: dict[str, Any] = {
        "endpoint_url": f"http://127.0.0.1:{port}",
        "aws_access_key_id": "root",
        "aws_secret_access_key": "root",
        "region_name": "us-east-1",
    }
    far = S3(port, boto3.client("s3", **told))
    iam = boto3.client("iam", **told)
    try:
        far.client.create_bucket(Bucket="exports")
        iam.create_user(UserName="ash")
        iam.put_user_policy(UserName="ash", PolicyName="read", PolicyDocument=POLICY)
        made = iam.create_access_key(UserName="ash")["AccessKey"]
        far.key, far.secret = made["AccessKeyId"], made["SecretAccessKey"]
        yield far
    finally:
        far.client.close()
        iam.close()
        requests.post(f"{far.url}/moto-api/reset", timeout=PATIENCE_S)
        requests.post(f"{far.url}/moto-api/reset-auth", data="Infinity", timeout=PATIENCE_S)
        server.stop()


def ed25519(seed: bytes) -> str:
    """Write a public key that belongs to nobody."""
    kind = b"ssh-ed25519"
    raw = len(kind).to_bytes(4, "big") + kind + (32).to_bytes(4, "big") + seed.ljust(32, b"x")
    return f"ssh-ed25519 {base64.b64encode(raw).decode()}"
