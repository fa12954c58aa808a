"""An installation in a folder, with a feed on loopback as its one channel, for flows to run in."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><link>http://a.example</link>
<item><guid>s1</guid><title>Kind staff</title><description>They were kind.</description>
<pubDate>Fri, 02 Jan 2026 12:00:00 GMT</pubDate></item>
<item><guid>s2</guid><title>Long wait</title><description>Four hours.</description>
<pubDate>Fri, 02 Jan 2026 13:00:00 GMT</pubDate></item></channel></rss>"""

TOML = """\
name = "Test"
[http]
allow = ["{place}"]
[[channels]]
id = "forum"
kind = "feed"
[channels.options]
url = "{url}"
service = "ods:RXX"
[channels.rights]
may_syndicate = true
[[channels]]
id = "gone"
kind = "feed"
[channels.options]
url = "{url}gone"
[[partners]]
id = "voice"
name = "Voice"
[[agreements]]
id = "a"
partner = "voice"
[[editions]]
id = "all"
partner = "voice"
title = "All"
"""


def environment(folder: Path, url: str, place: str) -> dict[str, str]:
    """Write a configuration into a folder; give the variables under which to run in it."""
    config = folder / "retold.toml"
    config.write_text(TOML.format(url=url, place=place))
    return {
        "RETOLD_CONFIG": str(config),
        "RETOLD_STATE_DIR": str(folder),
        "RETOLD_SECRET_KEY": "k" * 48,
        "RETOLD_OPERATOR": "ash",
        "RETOLD_HOME": str(folder),
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(log: Path, environ: Mapping[str, str], *command: str) -> Iterator[None]:
    """Run a command beside us until the end, as a supervisor would."""
    with log.open("wb") as out:
        running = subprocess.Popen(
            [str(BIN / command[0]), *command[1:]],
            cwd=ROOT,
            env=os.environ | dict(environ),
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            yield
        finally:
            running.send_signal(signal.SIGTERM)
            try:
                running.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()


def run(environ: Mapping[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        env=os.environ | dict(environ),
        capture_output=True,
        text=True,
        check=False,
    )


def await_true(question: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask again until it is so; fail with `what` where it never is."""
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, what
        time.sleep(0.3)
