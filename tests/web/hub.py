"""A feed and its hub on loopback, played to a house whose callbacks are asked over its door."""

import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from connectors._http import Limits
from connectors.channels import feed
from kit import far
from kit.far import Ask, Far, Reply
from schemas.channel import Channel, Saved
from schemas.config import Config
from schemas.subscription import Subscription
from steps import ingest, subscribe
from steps.house import House, open_house
from steps.subscribe import Done
from store import subscriptions
from store.database import reading
from tests.web.rig import PUBLIC_URL, Rig
from tests.web.rig import Reply as Answer

CHALLENGE = "5f3759df-challenge"


@dataclass(frozen=True)
class Request:
    """What the hub was asked."""

    path: str
    mode: str
    topic: str
    callback: str
    secret: str
    lease_s: str


@dataclass
class Scene:
    """The feed, the hub, and the house between them."""

    rig: Rig
    folder: Path
    far: Far
    pages: dict[str, Callable[[Ask], Reply]] = field(default_factory=dict)
    """What stands at each path, beside the hub at `/hub`."""
    requests: list[Request] = field(default_factory=list)
    hub: Callable[[Ask], Reply] = field(default=lambda _: Reply(b"", status=202))
    websub: bool = True
    public_url: str = PUBLIC_URL

    def __call__(self, ask: Ask) -> Reply:
        if ask.method == "POST":
            told = dict(parse_qsl(ask.body.decode()))
            names = ("mode", "topic", "callback", "secret", "lease_seconds")
            fields = [told.get(f"hub.{name}", "") for name in names]
            self.requests.append(Request(ask.path, *fields))
            return self.hub(ask)
        return self.pages[ask.path](ask)

    def url(self, path: str) -> str:
        return self.far.origin + path

    @property
    def channel(self) -> Channel:
        return Channel(
            id="forum",
            kind="feed",
            publisher="forum.example",
            options=feed.Opts(url=self.url("/feed"), websub=self.websub),
        )

    def tell(self, *stories: str, links: str | None = None, headers: Any = None) -> bytes:
        """Let the feed stand so; give its bytes."""
        body = atom(*stories, links=self.links() if links is None else links)
        self.pages["/feed"] = lambda _: Reply(
            body, "application/atom+xml", headers=dict(headers or {})
        )
        return body

    def links(self, hub: str = "/hub", topic: str = "/feed") -> str:
        return (
            f'<link rel="hub" href="{self.url(hub)}"/><link rel="self" href="{self.url(topic)}"/>'
        )

    @contextmanager
    def house(self, config: Config | None = None) -> Iterator[House]:
        with open_house(
            config or self.rig.config,
            Limits(attempts=1, backoff_s=0, allow=(self.far.place,)),
            database_url=self.rig.engine.url.render_as_string(hide_password=False),
            state_dir=self.folder,
            public_url=self.public_url,
            key=b"k" * 32,
            operator="someone",
        ) as opened:
            yield House(**vars(opened) | {"clock": lambda: self.rig.now})

    def poll(self) -> Saved:
        self.configure()
        with self.house() as house:
            return ingest.ingest(self.rig.engine, house.http, self.channel, house.clock)

    def subscribe(self) -> Done:
        self.configure()
        with self.house() as house:
            return subscribe.recorded(house, "forum")

    def configure(self) -> None:
        self.rig.config = self.rig.config.model_copy(update={"channels": (self.channel,)})

    def wait(self, **ago: float) -> None:
        self.rig.now += timedelta(**ago)

    def standing(self) -> list[Subscription]:
        with reading(self.rig.engine) as connection:
            return subscriptions.of(connection, "forum")

    def state(self) -> list[str]:
        return sorted(str(one.state) for one in self.standing())

    def verify(self, request: Request | None = None, **changed: str) -> Answer:
        """Ask back, as a hub does that was asked."""
        request = request or self.requests[-1]
        told = {
            "hub.mode": request.mode,
            "hub.topic": request.topic,
            "hub.challenge": CHALLENGE,
            "hub.lease_seconds": request.lease_s or "864000",
        } | {f"hub.{name}": value for name, value in changed.items()}
        return self.rig.ask(f"{path_of(request)}?{urlencode(told)}")

    def active(self) -> Request:
        """Be subscribed; give what the hub was asked."""
        self.tell("one")
        self.poll()
        self.wait(seconds=1)
        self.subscribe()
        assert self.verify().status == 200
        return self.requests[-1]

    def push(
        self, body: bytes, request: Request | None = None, way: str = "sha256", **headers: str
    ) -> Answer:
        """Send content as a hub does, signed by the secret it was given."""
        request = request or self.requests[-1]
        signed = hmac.new(request.secret.encode(), body, way).hexdigest()
        told = {"content-type": "application/atom+xml", "x-hub-signature": f"{way}={signed}"}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in told.items() if value}
        return self.rig.ask(path_of(request), method="POST", headers=kept, body=body)


def path_of(request: Request) -> str:
    assert request.callback.startswith(PUBLIC_URL)
    return urlsplit(request.callback).path


def atom(*stories: str, links: str = "") -> bytes:
    entries = "".join(
        f"<entry><id>{name}</id><title>{name}</title><updated>2026-03-01T10:00:00Z</updated>"
        f"<content>It was all about {name} on that ward.</content></entry>"
        for name in stories
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{links}{entries}</feed>'.encode()


def rss(*stories: str, links: Mapping[str, str]) -> bytes:
    told = "".join(
        f'<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="{rel}" href="{url}"/>'
        for rel, url in links.items()
    )
    items = "".join(f"<item><guid>{s}</guid><title>{s}</title></item>" for s in stories)
    return f'<rss version="2.0"><channel>{told}{items}</channel></rss>'.encode()


@contextmanager
def scene(rig: Rig, folder: Path) -> Iterator[Scene]:
    made: list[Scene] = []
    with far.play(lambda ask: made[0](ask)) as source:  # noqa: PLW0108 -- it is made later
        made.append(Scene(rig, folder, source))
        yield made[0]
