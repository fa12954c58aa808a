"""What a schedule costs: idle channels ingested by the flow, and by the step in a loop."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from bench import processes
from bench.figure import Figure, compared
from schemas._record import Record


class Size(NamedTuple):
    """How many channels are idle, and how often they are looked at."""

    channels: int
    repeats: int


FULL, TINY = Size(100, 3), Size(2, 1)


class Spent(Record):
    """What one look at all channels took, in the process that looked."""

    flow_cpu_s: float
    step_cpu_s: float
    flow_s: float
    peak_mb: float


def figures(size: Size, folder: Path) -> Iterator[Figure]:
    """Compare what a channel costs by the flow with what it costs by the step."""
    spent = looked(size, folder)
    ms = 1000 / size.channels
    yield compared(
        "prefect.flow/step",
        "CPU ms/channel",
        spent.flow_cpu_s * ms,
        spent.step_cpu_s * ms,
        note=f"{spent.flow_s / size.channels:.3f} s a channel by the clock on the wall",
    )


def looked(size: Size, folder: Path) -> Spent:
    """Look at channels that answer 304, in a process of its own beside a Prefect server."""
    with ExitStack() as running:
        feeds = running.enter_context(_idle_feeds())
        port = processes.free_port()
        environ = _environ(folder, port)
        (folder / "retold.toml").write_text(_toml(size.channels, feeds))
        server = [sys.executable, "-m", "uvicorn", "--factory", "--log-level", "error"]
        server += ["--port", str(port), "prefect.server.api.server:create_app"]
        log = folder / "prefect.log"
        running.enter_context(processes.running(server, log, environ))
        processes.wait_for(f"http://127.0.0.1:{port}/api/health", log)
        return Spent.model_validate_json(
            processes.said("bench._flow", size.repeats, environ=environ)
        )


def _environ(folder: Path, port: int) -> dict[str, str]:
    return os.environ | {
        "RETOLD_CONFIG": str(folder / "retold.toml"),
        "RETOLD_STATE_DIR": str(folder),
        "RETOLD_DATABASE_URL": f"sqlite:///{folder}/retold.db",
        "RETOLD_SECRET_KEY": "not a real key, but long enough to be one",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "DO_NOT_TRACK": "1",
    }


def _toml(channels: int, host: str) -> str:
    listed = "".join(
        f"""
[[channels]]
id = "idle-{number}"
kind = "feed"
[channels.options]
url = "http://{host}/{number}"
"""
        for number in range(channels)
    )
    return f'name = "Retold at rest"\n[http]\nallow = ["{host}"]\n{listed}'


class _IdleFeed(BaseHTTPRequestHandler):
    """A feed that never changes, and says so."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer 304 to whoever has it."""
        body = b"" if self.headers["If-None-Match"] == _ETAG else _EMPTY
        self.send_response(200 if body else 304)
        self.send_header("ETag", _ETAG)
        self.send_header("Content-Type", "application/atom+xml")
        if body:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


_ETAG = '"v1"'
_EMPTY = (
    b'<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:bench:idle</id><title>Idle</title>'
    b"<updated>2026-01-01T00:00:00Z</updated></feed>"
)


@contextmanager
def _idle_feeds() -> Iterator[str]:
    """Answer for all feeds, in threads of this process: not in the one that is measured."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _IdleFeed) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
