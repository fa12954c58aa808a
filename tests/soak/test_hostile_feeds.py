"""Ten thousand feeds broken in every way that feeds are: none stops us, and no text is lost."""

import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable

import feedparser

from connectors.channels import feed
from schemas.channel import Channel, Fetched
from schemas.errors import GarbledError

DOCUMENTS = 10_000 if os.environ.get("RETOLD_SOAK") else 250
SECONDS = 5.0

ABOUT = Channel(id="f", kind="feed", options=feed.Opts(url="https://forum.example/feed"))
MARK = re.compile(r"zq\d+x")
"""Words that stand in texts and nowhere else: what a forgiving reader finds, we must find."""


def _atom(marks: list[str]) -> bytes:
    entries = "".join(
        f"<entry><id>urn:{i}</id><title>T &amp; {a}</title><updated>2026-01-02T03:04:05Z</updated>"
        f'<content type="html">&lt;p&gt;{b} caf\u00e9&lt;/p&gt;</content></entry>'
        for i, (a, b) in enumerate(zip(marks[::2], marks[1::2], strict=True))
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>F</title><id>urn:f</id>{entries}</feed>"
    ).encode()


def _rss(marks: list[str]) -> bytes:
    items = "".join(
        f"<item><title>{a}</title><link>https://forum.example/{i}</link>"
        f'<guid isPermaLink="false">g{i}</guid><pubDate>Fri, 02 Jan 2026 03:04:05 GMT</pubDate>'
        f"<description><![CDATA[<p>{b}</p> &nbsp; AT&T]]></description></item>"
        for i, (a, b) in enumerate(zip(marks[::2], marks[1::2], strict=True))
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>F</title>'
        f"<link>https://forum.example/</link><description>d</description>{items}</channel></rss>"
    ).encode()


Mutation = Callable[[bytes, random.Random], bytes]


def _place(document: bytes, chance: random.Random) -> int:
    return chance.randrange(len(document))


def _truncated(document: bytes, chance: random.Random) -> bytes:
    return document[: _place(document, chance)]


def _misencoded(document: bytes, chance: random.Random) -> bytes:
    coding = chance.choice(["cp1252", "utf-16", "utf-8-sig", "latin-1"])
    return document.decode("utf-8", "replace").encode(coding, "replace")


def _misdeclared(document: bytes, chance: random.Random) -> bytes:
    named = chance.choice([b"us-ascii", b"iso-8859-1", b"utf-16", b"klingon", b""])
    return document.replace(b'"utf-8"', b'"' + named + b'"', 1)


def _unescaped(document: bytes, chance: random.Random) -> bytes:
    at = document.find(b"zq", _place(document, chance))
    junk = chance.choice([b"& ", b"&nbsp;", b"< ", b"&#0;", b"&bogus;", b"<br>", b"\x00", b"\xff"])
    return document if at < 0 else document[:at] + junk + document[at:]


def _duplicated(document: bytes, chance: random.Random) -> bytes:
    start, end = sorted((_place(document, chance), _place(document, chance)))
    return document[:end] + document[start:end] + document[end:]


def _dropped(document: bytes, chance: random.Random) -> bytes:
    tags = list(re.finditer(rb"</?\w+[^>]*>", document))
    if not tags:
        return document
    tag = chance.choice(tags)
    return document[: tag.start()] + document[tag.end() :]


def _nested(document: bytes, chance: random.Random) -> bytes:
    depth = chance.choice([10, 300, 5_000])
    at = document.find(b"zq", _place(document, chance))
    return document if at < 0 else document[:at] + b"<b>" * depth + document[at:]


def _attributes(document: bytes, chance: random.Random) -> bytes:
    many = b"".join(b' a%d="%d"' % (n, n) for n in range(chance.choice([5, 400, 2_000])))
    return re.sub(rb"<(entry|item)", rb"<\1" + many, document, count=1)


def _noise(document: bytes, chance: random.Random) -> bytes:
    at = _place(document, chance)
    return document[:at] + chance.randbytes(chance.randint(1, 8)) + document[at:]


def _surrounded(document: bytes, chance: random.Random) -> bytes:
    return chance.choice([b"\n\n", b"Warning: PHP\n", b"\xef\xbb\xbf "]) + document + b"<!-- 1 s"


MUTATIONS: tuple[Mutation, ...] = (
    _truncated,
    _misencoded,
    _misdeclared,
    _unescaped,
    _duplicated,
    _dropped,
    _nested,
    _attributes,
    _noise,
    _surrounded,
)


def _broken(number: int, chance: random.Random) -> tuple[bytes, str]:
    marks = [f"zq{number}{place:02}x" for place in range(chance.choice([2, 6, 20]))]
    document = chance.choice([_atom, _rss])(marks)
    ways = chance.sample(MUTATIONS, chance.choice([1, 1, 2, 3]))
    for way in ways:
        document = way(document, chance) or b"<"
    return document, "+".join(way.__name__.strip("_") for way in ways)


def _as_text(payload: bytes) -> str:
    """Read marks in whatever encoding: they are of ASCII letters."""
    return payload.replace(b"\0", b"").decode("ascii", "replace")


def _lenient_marks(document: bytes) -> set[str]:
    if len(document) > 200_000 or document.count(b"=") > 1_500:  # it would take minutes
        return set()
    found = feedparser.parse(document)
    told = [
        " ".join(
            [
                dict.get(entry, "title", "") or "",
                dict.get(entry, "summary", "") or "",
                *(part.get("value", "") for part in dict.get(entry, "content", ()) or ()),
            ]
        )
        for entry in found.entries
    ]
    return set(MARK.findall(" ".join(told)))


def test_no_broken_feed_stops_us_and_no_text_is_lost_in_silence() -> None:
    chance = random.Random(2012)
    outcomes, lost, slow = Counter[str](), list[tuple[str, set[str], bytes]](), list[str]()
    for number in range(DOCUMENTS):
        document, ways = _broken(number, chance)
        began = time.process_time()
        try:
            parsed = feed.parse(ABOUT, Fetched(payload=document, media_type="text/xml"))
        except GarbledError:
            outcomes["garbled"] += 1
            continue
        finally:
            if time.process_time() - began > SECONDS:
                slow.append(ways)
        outcomes["faulty" if parsed.faulty else "read"] += 1
        ours = " ".join(f"{d.title} {d.body}" for d in parsed.drafts)
        ours += " ".join(_as_text(one.payload) for one in parsed.faulty)
        missing = _lenient_marks(document) - set(MARK.findall(ours))
        if missing:
            lost.append((ways, missing, document))
    print(f"\nhostile feeds: {dict(outcomes)}, {len(lost)} with text lost, {len(slow)} slow")  # noqa: T201
    assert not slow
    assert not lost, lost[:3]
    assert outcomes["read"] > DOCUMENTS / 4
