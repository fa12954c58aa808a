"""Documents worth keeping as golden files: what goes in, by name."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from feeds import Format
from schemas.feed import BEACON_MARK, CREDIT_MARK, Entry, Head, Slot, Tombstone
from schemas.story import Comments
from tests import make

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
BEACON = "https://retold.example/b/paper/6f6b0c1e-3f0a-4c3e-9d7a-000000000001/abc_DEF-123.gif"


def head(**fields: Any) -> Head:
    given: dict[str, Any] = {
        "id": "urn:retold:edition:paper:north",
        "title": "Stories from the North",
        "partner": "The Northern Paper",
        "home_url": "https://retold.example/feeds/paper/north",
        "self_url": "https://retold.example/feeds/paper/north.feed",
        "next_url": None,
        "first_url": "https://retold.example/feeds/paper/north.feed",
        "updated_at": "2026-01-05T09:30:00Z",
        "beacon": False,
        "credit": None,
    }
    return Head.model_validate(given | fields)


_ENTRY = TypeAdapter(Entry)


def entry(**fields: Any) -> Entry:
    given: dict[str, Any] = {
        "id": "urn:uuid:6f6b0c1e-3f0a-4c3e-9d7a-000000000001",
        "revision": 2,
        "kind": "story",
        "title": "Kind staff, long wait",
        "html": "<p>The nurses were <strong>kind</strong>.</p>\n<p>We waited four hours.</p>",
        "text": "The nurses were kind.\nWe waited four hours.",
        "url": "https://opinion.example/s/1",
        "origin": {"publisher": "opinion.example", "url": "https://opinion.example/s/1"},
        "language": "en-GB",
        "author": "Ash",
        "attribution": "First told on the Opinion Site",
        "attribution_url": "https://opinion.example/about",
        "licence": "CC BY-NC-SA 4.0",
        "published_at": NOON,
        "updated_at": NOON + timedelta(days=1),
        "subjects": ({"id": "ods:RXX", "name": "Anytown NHS Trust"},),
        "tags": (
            {"name": "staff", "group": "good", "polarity": 1, "by": "author"},
            {"name": "waiting"},
        ),
        "ratings": (
            {
                "scheme": "stars",
                "question": "Overall",
                "value": 4,
                "min": 1,
                "max": 5,
                "label": "Good",
            },
        ),
        "responses": (make.response(),),
    }
    return _ENTRY.validate_python(given | fields)


BARE = entry(
    id="urn:uuid:6f6b0c1e-3f0a-4c3e-9d7a-000000000002",
    revision=1,
    kind="survey_comment",
    title="Diolch",
    html="<p>Diolch yn fawr \N{EM DASH} \N{SLIGHTLY SMILING FACE}</p>",
    text="Diolch yn fawr \N{EM DASH} \N{SLIGHTLY SMILING FACE}",
    url=None,
    origin=None,
    language=None,
    author="Anonymous",
    attribution=None,
    attribution_url=None,
    licence=None,
    published_at=datetime(2024, 2, 29, 23, 59, 59, 250_000, tzinfo=UTC),
    updated_at=datetime(2024, 2, 29, 23, 59, 59, 250_000, tzinfo=UTC),
    subjects=(),
    tags=(),
    ratings=(),
    responses=(),
)
"""All that may be missing is."""

HOSTILE = entry(
    title=f"\x00 \x0b \ufffe ]]> & <b> \"quoted\" 'twice' {BEACON_MARK} \r\n tab\there",
    html=f"<p>{CREDIT_MARK}{BEACON_MARK} ]]&gt; &amp;amp; \x1f \uffff\r\n \U0001f600</p>",
    text=f"1 < 2 & 3 > 2 {BEACON_MARK}",
    url='https://opinion.example/s/1?a=1&b="2"',
    origin={"publisher": "opinion & <sons>", "url": 'https://opinion.example/?a=1&b="2"'},
    author="Ash & <Sons>",
    attribution="Told & kept <there>",
    attribution_url='https://opinion.example/?a=1&b="2"',
    licence="CC BY & <more>",
    subjects=({"id": 'ods:"RXX"', "name": "A & B <Trust>\twith\ntabs"},),
    tags=({"name": 'long & "lost"', "group": "what went wrong?"},),
    responses=(
        make.response(
            organisation_name="A & B <Trust>", body=f"<p>{BEACON_MARK}</p>", published_at=None
        ),
        make.response(
            id="r2",
            organisation_name=None,
            responder_role=None,
            published_at=None,
            updated_at=None,
            change=None,
        ),
        make.response(id="r3", organisation=None, organisation_name=None, responder_role=None),
    ),
)
"""A story that tries everything."""


POST = entry(
    kind="post",
    title="The north entrance opens on Monday",
    html="<p>Come in by Mill Lane.</p>",
    text="Come in by Mill Lane.",
    url="https://trust.example/news/7",
    origin={"publisher": "trust.example", "url": "https://trust.example/news/7"},
    author="Anytown NHS Trust",
    comments="open",
    tags=({"name": "building"},),
    ratings=(),
    responses=(
        make.response(
            organisation=None,
            organisation_name="Robin",
            responder_role=None,
            body="<p>Is there a ramp?</p>",
            body_text="Is there a ramp?",
            change=None,
        ),
        make.response(id="r2", body="<p>There is.</p>", body_text="There is.", change=None),
        make.response(
            id="r3", organisation=None, organisation_name=None, responder_role=None, change=None
        ),
    ),
)
"""An organisation announces something, and readers and itself comment."""

CLOSED = POST._replace(
    id="urn:uuid:6f6b0c1e-3f0a-4c3e-9d7a-000000000003",
    revision=1,
    title="Car park full today",
    comments=Comments.CLOSED,
    subjects=(),
    responses=(),
)


class Case(NamedTuple):
    head: Head
    entries: Sequence[Entry] = ()
    beacons: Sequence[str | None] = ()
    tombstones: Sequence[Tombstone] = ()


CASES = {
    "empty": Case(head()),
    "two_stories": Case(
        head(
            beacon=True,
            credit="By kind permission of the storytellers",
            next_url="https://retold.example/feeds/paper/north.feed?below=41",
            hub_url="https://retold.example/hub",
        ),
        (entry(), BARE),
        (BEACON, BEACON.replace("0001/", "0002/")),
    ),
    "plain_partner": Case(head(), (entry(),), (None,)),
    "removals": Case(
        head(self_url="https://retold.example/feeds/paper/north.feed?below=41"),
        (BARE,),
        (None,),
        (
            Tombstone(id="urn:uuid:gone-1", reason="removed_at_source", at=NOON),
            Tombstone(id="urn:uuid:gone-2", reason="suspended", at=NOON + timedelta(hours=1)),
        ),
    ),
    "archive": Case(
        head(
            self_url="https://retold.example/feeds/paper/north/archive-2.feed",
            prev_archive_url="https://retold.example/feeds/paper/north/archive-1.feed",
            manifest_url="https://retold.example/feeds/paper/north/manifest.json",
            is_archive=True,
        ),
        (BARE,),
        (None,),
    ),
    "complete": Case(head(is_complete=True), (BARE,), (None,)),
    "posts": Case(
        head(beacon=True),
        (POST, CLOSED, BARE),
        (BEACON, BEACON.replace("0001/", "0003/"), None),
    ),
    "hostile": Case(
        head(
            title='North & <South> "both"',
            partner="Paper & <Sons>",
            credit=f"Thanks & <goodbye> {BEACON_MARK}",
            self_url="https://retold.example/feeds/paper/north.feed?a=1&b=2",
        ),
        (HOSTILE,),
        ('https://retold.example/b?a=1&b="2"&c=<3>',),
        (Tombstone(id='urn:"gone"&', reason="because & <why> \x0c", at=NOON),),
    ),
}


def render(format_: Format, case: Case) -> bytes:
    slots = [
        Slot(fragment=fragment, beacon_url=beacon)
        for fragment, beacon in zip(format_.fragments(case.entries), case.beacons, strict=True)
    ]
    return format_.document(case.head, slots, case.tombstones)
