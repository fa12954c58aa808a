"""A second channel: a forum with an Atom feed of its own, which now and then retells a story.

Spec: https://www.rfc-editor.org/rfc/rfc4287
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Self

from demo.world import population
from demo.world._server import Answer, Request, Server
from demo.world.records import SITE, Story
from demo.world.stories import scaled, tell

HOME = "https://forum.example"
"""The public face of the forum; nothing answers there."""

SCHEME = f"{HOME}/schemes/ods"
"""The category scheme under which a post names an organisation."""

POSTS = 120
"""How many posts there are of the forum's own, at full scale; never fewer than twelve."""

RETOLD = (
    population.ACUTE,
    population.ACUTE,
    population.MENTAL_HEALTH,
    population.MENTAL_HEALTH,
    population.COMMUNITY,
    population.PRACTICE,
)
"""Whose stories are retold from the other channel."""

ABOUT = ("ZM1", "ZM102", "ZC101", "ZC1", "ZA1", "ZP1")
"""Who the forum's own posts are about; never the acute trust."""

_NAMES = ("BeckWalker", "night_owl", "Marjorie T.", "two-sugars", "Fell Runner", "Anon", "J & J")
_MEDIA_TYPE = "application/atom+xml; charset=utf-8"
_ERROR_PAGE = (
    b"<!doctype html><html><head><title>Oops</title></head>"
    b"<body><p>Something went wrong at our end.</p></body></html>"
)


@dataclass(frozen=True, slots=True)
class Post:
    """One entry of the feed."""

    id: int
    title: str
    html: str
    author: str
    services: tuple[str, ...]
    tags: tuple[str, ...]
    published: datetime
    updated: datetime
    via: str | None = None
    """The address of the story that it retells."""


def posts(seed: int, stories: Sequence[Story], scale: float = 1.0) -> tuple[Post, ...]:
    """Write all posts, the newest first: the forum's own, and six that retell stories."""
    rng = random.Random(f"{seed}/forum")
    own = [_own(rng) for _ in range(max(12, scaled(POSTS, scale)))]
    dated = sorted([*own, *_retold(rng, stories)], key=lambda post: (post[0].published, post[1]))
    written = [_post(n, rng, story, via) for n, (story, via) in enumerate(dated, 301)]
    return tuple(sorted(written, key=lambda post: (post.published, post.id), reverse=True))


def render(shown: Sequence[Post]) -> bytes:
    """Write the feed; the same posts always make the same bytes."""
    updated = max(post.updated for post in shown)
    entries = "".join(_entry(post) for post in shown)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="{HOME}/" xml:lang="en-GB">'
        f"<id>{HOME}/</id><title>Fireside: stories of care</title>"
        f'<link rel="self" href="/feed.atom"/><link rel="alternate" href="/"/>'
        f"<updated>{_iso(updated)}</updated>\n{entries}</feed>\n"
    ).encode()


class Forum:
    """Serves the feed until stopped, and answers conditional requests."""

    def __init__(self, shown: Sequence[Post]) -> None:
        self.posts = tuple(shown)
        self._feed = render(self.posts)
        self._etag = f'"{hashlib.sha256(self._feed).hexdigest()[:24]}"'
        newest = max(post.updated for post in self.posts)
        self._modified = format_datetime(newest, usegmt=True)
        self._server = Server(self._answer)
        self.address = self._server.address

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def feed_url(self) -> str:
        """Where the feed is."""
        return f"{self.address}/feed.atom"

    @property
    def trap_url(self) -> str:
        """Where a feed ought to be, and an error page answers 200."""
        return f"{self.address}/trap.atom"

    def start(self) -> None:
        """Begin to serve."""
        self._server.start()

    def stop(self) -> None:
        """End; a second call changes nothing."""
        self._server.stop()

    def _answer(self, request: Request) -> Answer:
        match request.path:
            case "/feed.atom":
                return self._conditional(request)
            case "/trap.atom":
                return Answer(_ERROR_PAGE)
            case _:
                return Answer(b"<h1>Not here</h1>", 404)

    def _conditional(self, request: Request) -> Answer:
        headers = {"etag": self._etag, "last-modified": self._modified}
        asked = request.headers.get("if-none-match")
        since = request.headers.get("if-modified-since")
        # RFC 9110 13.1.3: a client that sends an entity tag is not asked for its date.
        same = self._etag in asked if asked is not None else since == self._modified
        if same:
            return Answer(status=304, headers=headers)
        return Answer(self._feed, media_type=_MEDIA_TYPE, headers=headers)


def _own(rng: random.Random) -> tuple[Story, str]:
    return tell(rng, rng.choice(ABOUT)), ""


def _retold(rng: random.Random, stories: Sequence[Story]) -> Iterator[tuple[Story, str]]:
    left = {story.id: story for story in stories if story.origin is None and not story.trap}
    for trust in RETOLD:
        codes = population.within(trust)
        about = [n for n, story in left.items() if story.services[0] in codes]
        story = left.pop(rng.choice(about))
        yield story, story.url


def _post(number: int, rng: random.Random, story: Story, via: str) -> Post:
    later = timedelta(days=rng.randint(1, 20) if via else 0)
    published = story.published + later
    edited = timedelta(hours=rng.choice((0, 0, 0, 5, 50)))
    tags = tuple(tag.name for tag in story.tags if tag.group != "feel")
    first = number == 301  # noqa: PLR2004
    return Post(
        id=number,
        title="Tea &nbsp; toast" if first else story.title,
        html=_html(rng, story, number, via),
        author=rng.choice(_NAMES),
        services=story.services,
        tags=tags[:2],
        published=published,
        updated=published + edited,
        via=via or None,
    )


def _html(rng: random.Random, story: Story, number: int, via: str) -> str:
    plain = story.body.replace("*", "").replace("\n- ", "\n\n")
    parts = [f"<p>{escape(part.strip(), quote=False)}</p>" for part in plain.split("\n\n")]
    if number % 5 == 0:
        parts.append('<p><a href="../places/map">How to find it</a></p>')
    if number % 7 == 0:
        parts.append(f'<p><img src="/pictures/{rng.randrange(40)}.jpg" alt="The front door"></p>')
    if number == 301:  # noqa: PLR2004
        parts.append("<p>Tea &nbsp; toast &amp; a kind word.</p>")
    if via:
        parts.insert(0, f'<p>Found on <a href="{via}">Care Opinion</a>:</p>')
    return "".join(parts)


def _entry(post: Post) -> str:
    categories = "".join(
        f'<category scheme="{SCHEME}" term="{code}" '
        f'label="{escape(population.BY_CODE[code].name)}"/>'
        for code in post.services
    ) + "".join(f'<category term="{escape(tag)}"/>' for tag in post.tags)
    return (
        f"<entry><id>tag:forum.example,2011:post/{post.id}</id>"
        f"<title>{escape(post.title)}</title>"
        f'<link rel="alternate" type="text/html" href="/posts/{post.id}"/>{_via(post)}'
        f"<author><name>{escape(post.author)}</name></author>{categories}"
        f"<published>{_iso(post.published)}</published><updated>{_iso(post.updated)}</updated>"
        f'<content type="html">{escape(post.html)}</content>{_source(post)}</entry>\n'
    )


def _via(post: Post) -> str:
    return f'<link rel="via" type="text/html" href="{post.via}"/>' if post.via else ""


def _source(post: Post) -> str:
    if post.via is None:
        return ""
    return (
        f"<source><id>{post.via}</id><title>Care Opinion</title>"
        f'<link rel="alternate" href="{post.via}"/><link rel="via" href="{SITE}/"/>'
        f"<updated>{_iso(post.published)}</updated></source>"
    )


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
