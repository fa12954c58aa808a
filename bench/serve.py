"""Serving a feed: our server with its token check, beside nginx with the same bytes as files.

Spec: https://nginx.org/en/docs/http/ngx_http_gzip_static_module.html, https://github.com/wg/wrk
"""

import getpass
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import requests

from bench import clock, processes
from bench.figure import Figure, compared, unmeasured


class Size(NamedTuple):
    """How long each is under load, and how often."""

    seconds: int
    repeats: int


FULL, TINY = Size(3, 3), Size(1, 1)

_CONNECTIONS = 32
_UNIT = "requests/CPU s"
_GOALS = {"200": None, "304": 1 / 4}


class Site(NamedTuple):
    """A server, and how to ask it for the feed."""

    process: subprocess.Popen[bytes]
    url: str
    headers: Mapping[str, str]


def _found(tool: str) -> str | None:
    # Debian keeps daemons out of the path of people.
    return shutil.which(tool) or shutil.which(tool, path="/usr/sbin:/sbin")


def figures(
    size: Size, folder: Path, find: Callable[[str], str | None] = _found
) -> Iterator[Figure]:
    """Count the requests of a CPU second of each server; the load itself is not counted."""
    nginx, wrk = find("nginx"), find("wrk")
    if nginx is None or wrk is None:
        for name, goal in _GOALS.items():
            said = "" if goal is None else f">= {goal:.3g}x"
            yield unmeasured(f"serve.{name}/nginx", _UNIT, said, "install nginx-light and wrk")
        return
    with ExitStack() as running:
        ours = _ours(running, folder)
        _publish_to(ours, folder)
        sites = {"ours": ours, "nginx": _nginx(running, folder, nginx)}
        for name, goal in _GOALS.items():
            asked = {side: _conditional(site, name) for side, site in sites.items()}
            served: dict[str, list[float]] = {side: [] for side in asked}
            for _ in range(size.repeats):
                for side, site in asked.items():
                    served[side].append(_load(site, size.seconds, wrk))
            rate = {side: statistics.median(rates) for side, rates in served.items()}
            yield compared(f"serve.{name}/nginx", _UNIT, rate["ours"], rate["nginx"], at_least=goal)


def _ours(running: ExitStack, folder: Path) -> Site:
    port = processes.free_port()
    command = [sys.executable, "-m", "bench._house", str(folder), str(port)]
    process = running.enter_context(processes.running(command, folder / "web.log"))
    root = f"http://127.0.0.1:{port}"
    processes.wait_for(f"{root}/health", folder / "web.log")
    token = (folder / "token").read_text()
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
    return Site(process, f"{root}/feeds/nhs/all.atom", headers)


def _nginx(running: ExitStack, folder: Path, nginx: str) -> Site:
    """Let nginx serve the very bytes that we serve, plain and packed, as it does it fastest."""
    port = processes.free_port()
    conf = _CONF.format(folder=folder, port=port, user=getpass.getuser())
    (folder / "nginx.conf").write_text(conf)
    command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = running.enter_context(processes.running(command, folder / "nginx.log"))
    processes.wait_for(f"http://127.0.0.1:{port}/health", folder / "nginx.log")
    url = f"http://127.0.0.1:{port}/all.atom"
    return Site(process, url, {"Accept-Encoding": "gzip"})


_CONF = """\
user {user};
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 256; }}
http {{
  access_log off;
  types {{ application/atom+xml atom; }}
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=100;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/www;
    gzip_static on;
  }}
}}
"""


def _publish_to(site: Site, folder: Path) -> None:
    """Lay what our server answers, plain and packed, where nginx serves from."""
    www = folder / "www"
    www.mkdir()
    packed = requests.get(site.url, headers=site.headers, stream=True, timeout=10)
    (www / "all.atom.gz").write_bytes(packed.raw.read(decode_content=False))
    plain = requests.get(site.url, headers={**site.headers, "Accept-Encoding": ""}, timeout=10)
    (www / "all.atom").write_bytes(plain.content)


def _conditional(site: Site, status: str) -> Site:
    """Ask as somebody who holds the feed already would, where the answer is to be a 304."""
    answer = requests.get(site.url, headers=site.headers, timeout=10)
    if answer.headers.get("Content-Encoding") != "gzip":
        raise AssertionError(f"{site.url} does not send packed bytes")
    if status == "304":
        site = site._replace(headers={**site.headers, "If-None-Match": answer.headers["ETag"]})
        answer = requests.get(site.url, headers=site.headers, timeout=10)
    if answer.status_code != int(status):
        raise AssertionError(f"{site.url} answers {answer.status_code}, not {status}")
    return site


_SERVED = re.compile(r"(\d+) requests in ")


def _load(site: Site, seconds: int, wrk: str) -> float:
    """Put a site under load; give the requests of one CPU second of its process."""
    named = [f"{name}: {value}" for name, value in site.headers.items()]
    headers = [word for header in named for word in ("-H", header)]
    command = [wrk, "-t1", f"-c{_CONNECTIONS}", f"-d{seconds}s", *headers, site.url]
    before = clock.cpu_s_of(site.process.pid)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    spent = clock.cpu_s_of(site.process.pid) - before
    served = _SERVED.search(done.stdout)
    if served is None or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise AssertionError(f"wrk met errors at {site.url}:\n{done.stdout}")
    return int(served[1]) / spent
