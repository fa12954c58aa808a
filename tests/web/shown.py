"""An installation that a browser reaches at the very address its pages name."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from html import escape
from pathlib import Path
from typing import NamedTuple

from feeds import names
from rules import text
from rules import webhooks as webhook_rules
from schemas.organisation import Organisation
from schemas.partner import Agreement, Edition, Partner, Scope, Site, Webhook
from schemas.push import Intent, Mode
from schemas.story import Service, Telling
from steps import collect, reconcile, tokens
from store import subscribers, webhooks
from store.database import Engine, writing
from store.hits import open_hits
from tests.reports import svr
from tests.tell import tell, telling
from tests.web.own_page import remove, urn
from tests.web.published import Published
from tests.web.pupil import serving

SCRIPT = "<script>alert(1)</script>"
HUGE = "W" * 3000

HOSTILE = (
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "</h3></article></main></title></textarea><svg onload=alert(1)>",
    "<!-- ]]> --!>",
    "<style>*{display:none}</style>",
    "&lt;b&gt; &amp;amp; &#0; &notin;",
    "{{ config }}{% raw %}",
    "\u202eback to front",
    "\u2066\u2069\u2069\u202e\u200f",
    "\u200b\u200c\u200d\u2060\u00ad",
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
    "\u6f22\u5b57" * 300,
    "Z" + "\u0300" * 200,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U000e0041\U0010fffd",
    HUGE,
    "many words " * 300,
)
"""What a page must show as it is told."""


class Told(NamedTuple):
    """A story as a channel tells it."""

    title: str
    text: str
    author: str


@contextmanager
def opened(engine: Engine) -> Iterator[Published]:
    """Serve an installation that shows nothing yet; `public_url` is where."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    rig = Published(engine, public_url=f"http://127.0.0.1:{port}")
    try:
        with serving(rig.house(), port):
            yield rig
    finally:
        rig.runner.close()


def bring(rig: Published, stories: Sequence[Told], edition: Edition | None = None) -> None:
    """Tell stories, in the place of those that were told before, and publish them."""
    tell(rig.engine, *(_telling(number, one) for number, one in enumerate(stories)))
    rig.publish(edition or rig.config.editions[0])


def _telling(number: int, told: Told) -> Telling:
    title, body, author = map(text.gate, told)
    return telling(
        str(number),
        escape(body, quote=False),
        title=title,
        author={"display_name": author},
        responses=(),
        services=(Service(scheme="ods", code="RXX", name=f"{author} Trust"),),
    )


def live_in(rig: Published, words: str, folder: Path) -> str:
    """Let all happen that a partner's page tells of, with `words` wherever words are told.

    Give the token that sees it.
    """
    rig.config = rig.config.model_copy(update=configured(words))
    bring(rig, [Told(f"Story {n}", "It was good.", "Ash") for n in range(5)])
    token, held = rig.issue("nhs"), rig.issue("nhs")
    rig.issue("nhs", "report")
    rig.issue("nhs", days=-1)
    gone = rig.issue("nhs")
    tokens.revoke(rig.engine, gone[8:16], rig.now)
    rig.now += timedelta(seconds=2)
    for path in (".atom", ".json", "/archive-1.rss", "/manifest-2026-01.json"):
        rig.ask(f"/feeds/nhs/all{path}", token)
    rig.ask("/feeds/nhs/all.atom", held)
    remove(rig, "1")
    rig.now += timedelta(days=8)
    remove(rig, "2")
    rig.ask("/feeds/nhs/all.atom", token)
    _listen(rig, token)
    _report(rig, folder)
    rig.now += timedelta(seconds=2)
    return token


def configured(words: str) -> dict[str, object]:
    """Write `words` wherever an operator writes of a partner."""
    organisation = Organisation(id="ods:RXX", name=words)
    scope = Scope(organisations=("ods:RXX",), tags=(words,))
    first = Agreement(
        id="a1", partner="nhs", formats=tuple(names()), refresh_hours=24, attribution=words
    )
    past = Agreement(id="a2", partner="nhs", valid_to=date(2026, 1, 1), scope=scope)
    hook = Webhook(url="https://paper.example/hook")
    return {
        "name": words,
        "organisations": (organisation,),
        "partners": (Partner(id="nhs", name=words, webhook=hook),),
        "agreements": (first, past),
        "editions": (
            Edition(id="all", partner="nhs", title=words, site=Site(locale="en-GB", region=words)),
            Edition(id="new", partner="nhs", title=words, site=Site(locale="en-AU", region=words)),
        ),
    }


def _listen(rig: Published, token: str) -> None:
    intent = Intent(
        id="a",
        mode=Mode.SUBSCRIBE,
        edition="nhs/all",
        format="atom",
        callback=f"https://{'long-' * 11}.example/unguessable",
        secret=None,
        lease_s=60,
        token=token[8:16],
        mark=1,
        epoch="e1",
        asked_at=rig.now,
    )
    later = rig.now + timedelta(days=10)
    address = webhook_rules.address("https://paper.example/hook")
    with writing(rig.engine) as connection:
        subscribers.verify(connection, intent, rig.now, later)
        [one] = subscribers.every(connection)
        subscribers.put_off(connection, one, later, "HTTP 500")
        claim = webhooks.claim(connection, "nhs/all", address, rig.now, rig.now)
        assert claim is not None
        webhooks.put_off(connection, claim.listener, later, "HTTP 500")


def _report(rig: Published, folder: Path) -> None:
    for month, reads in (("2025-11", 1_234_567), ("2026-01", 89)):
        report = svr((urn("0"), reads), month=month)
        collect.receive(rig.engine, "nhs", "report", report, "application/json", rig.now)
    with open_hits(folder / "beacon.db") as hits:
        collect.collect(rig.engine, rig.config, "nhs", hits, rig.now)
    reconcile.reconcile(rig.engine, rig.config, rig.now, ["nhs"])
