"""An installation of Retold for the demo: its configuration, its processes, its addresses."""

import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import requests

from demo.world import World, forum_feed
from schemas.errors import StoreError

ROOT = Path(__file__).parents[1]

_ANSWER_S = 300.0
"""How long a process may take to answer."""


_TOML = """\
name = "Retold of the North"
organisations = ["{organisations}"]

[http]
allow = {hosts}
contact = "https://retold.example/about"

[[channels]]
id = "careopinion"
kind = "careopinion"
publisher = "careopinion.example"
language = "en-GB"
[channels.options]
base_url = "{careopinion}"
per_second = 495
[channels.secrets]
key = {{ env = "DEMO_CAREOPINION_KEY" }}
[channels.rights]
licence = "CC BY-NC-SA 4.0"
may_syndicate = true
attribution_text = "First told on Care Opinion"
attribution_url = "https://www.careopinion.org.uk"
[channels.own_site]

[[channels]]
id = "forum"
kind = "feed"
publisher = "forum.example"
language = "en-GB"
[channels.options]
url = "{forum}"
service_scheme = "{scheme}"
[channels.rights]
may_syndicate = true
attribution_text = "From the patients' forum"

[[channels]]
id = "survey"
kind = "table"
language = "en-GB"
[channels.options]
path = "{survey}"
id = "comment_id"
parts = [
  {{ column = "what_good", question = "What was good?", question_type = "what_good" }},
  {{ column = "could_improve", question = "And better?", question_type = "could_improve" }},
]
[channels.options.columns]
submitted_at = "date"
organisation = "organisation"
fft = "fft"
[channels.options.dates]
formats = ["%d/%m/%Y %H:%M", "%d/%m/%Y", "iso"]
zone = "Europe/London"
[channels.options.fft_values]
"Very good" = 1
"Good" = 2
"Neither good nor poor" = 3
"Poor" = 4
"Very poor" = 5
"Don't know" = 6

[[partners]]
id = "choices"
name = "Health Choices"
publisher = "nhschoices.example"
beacon = true
counters = ["report", "beacon"]
report_lag_days = 5500 # the world of the demo ended in 2013, and nobody is late in it

[[agreements]]
id = "choices-2012"
partner = "choices"
attribution = "Republished by Health Choices"
[agreements.scope]
organisations = ["ods:ZQ1"]
kinds = ["story", "concern", "thanks"]

[[editions]]
id = "north"
partner = "choices"
title = "Stories from the North"
page_size = 200

[[reports]]
platform = "careopinion"
method = "own_site"
url = "{careopinion}/reports/views-{{month}}.csv"
since = 2012-01-01
until = 2013-03-31
header = "Authorization"
secret = {{ env = "DEMO_CAREOPINION_AUTHORIZATION" }}

[[populations]]
id = "moor-and-dale"
name = "People of Moor and Dale"
organisations = ["ods:ZQ1"]
"""
"""The configuration that an operator would write for the world."""


def toml(world: World) -> str:
    """Write the configuration that an operator would write for this world."""
    places = [urlsplit(a).netloc for a in (world.careopinion.address, world.forum.feed_url)]
    return _TOML.format(
        organisations=world.organisations_path,
        hosts=places,
        careopinion=world.careopinion.address,
        forum=world.forum.feed_url,
        scheme=forum_feed.SCHEME,
        survey=world.survey_folder,
    )


class Installation:
    """Where everything of the demo is, and how it is reached."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "retold.toml"
        self.web_port, self.prefect_port = _free_port(), _free_port()
        shutil.rmtree(folder, ignore_errors=True)  # every demo begins from nothing
        folder.mkdir(parents=True)
        self.world_folder = folder / "world"
        self.public_url = f"http://127.0.0.1:{self.web_port}"
        self.prefect_url = f"http://127.0.0.1:{self.prefect_port}"

    def prepare(self, world: World) -> None:
        """Write a configuration, and the environment for it: here and in a file to source."""
        self.config.write_text(toml(world))
        given = self.environment(world)
        os.environ |= given
        lines = (f"export {name}={shlex.quote(value)}\n" for name, value in given.items())
        (self.folder / "env").write_text("".join(lines))

    def environment(self, world: World) -> Mapping[str, str]:
        """Give the variables under which every part of the demo runs."""
        return {
            "RETOLD_CONFIG": str(self.config),
            "RETOLD_STATE_DIR": str(self.folder),
            "RETOLD_PUBLIC_URL": self.public_url,
            "RETOLD_PORT": str(self.web_port),
            "RETOLD_SECRET_KEY": secrets.token_urlsafe(48),
            "RETOLD_DATABASE_URL": f"sqlite:///{self.folder}/retold.db",
            "RETOLD_OPERATOR": "demo",
            "DEMO_CAREOPINION_KEY": world.careopinion.key,
            "DEMO_CAREOPINION_AUTHORIZATION": world.careopinion.authorization,
            "PREFECT_API_URL": f"{self.prefect_url}/api",
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "WARNING",
            "DO_NOT_TRACK": "1",
        }

    @contextmanager
    def processes(self) -> Iterator[None]:
        """Run Prefect's server and our web server beside us, until the end."""
        prefect = ["-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port"]
        with ExitStack() as running:
            running.enter_context(self._process("prefect", [*prefect, str(self.prefect_port)]))
            running.enter_context(self._process("web", ["-m", "web"]))
            yield

    def await_answers(self) -> None:
        """Wait until both servers answer; ours does once the store is set up."""
        _await(f"{self.public_url}/health", self.folder / "web.log")
        _await(f"{self.prefect_url}/api/health", self.folder / "prefect.log")

    @contextmanager
    def _process(self, name: str, arguments: Sequence[str]) -> Iterator[None]:
        log = self.folder / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 -- our own interpreter
                [sys.executable, *arguments], cwd=ROOT, stdout=out, stderr=out
            )
            try:
                yield
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _await(url: str, log: Path) -> None:
    deadline = time.monotonic() + _ANSWER_S
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise StoreError(f"{url} did not answer; see {log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
