"""Every field of every document, as served, is what was told: feedparser reads it, or lxml."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html import escape
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from rules import beacon
from schemas.feed import Entry
from schemas.story import Reference, Telling
from steps import stories as acts
from tests import make
from tests.feeds.cases import entry
from tests.feeds.fields import Reply, hold_atom, hold_rss, response_id
from tests.tell import tell, telling
from tests.web.published import Published
from tests.web.reading import ALL, CREDIT, EDITION, documents_of, opened, urn
from tests.web.rig import KEY, PUBLIC_URL

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "thr": "http://purl.org/syndication/thread/1.0",
    "our": "urn:retold:feed",
}
HOLD = {"atom": hold_atom, "rss": hold_rss}
KINDS = {
    "atom": {"newest", "page", "archive", "delta", "story"},
    "rss": {"newest", "page", "archive", "delta"},
}
START = datetime(2026, 1, 2, 12, tzinfo=UTC)
PLAIN = "Kind & <quick>, caf\xe9"
words = st.text(max_size=20).map(lambda text: f"so {text}")
drawn = st.lists(words, min_size=6, max_size=6)


def told(number: int, word: str, revision: int = 1) -> Entry:
    """Say what one story's entry is to be: each has something that the next one lacks."""
    at = START + timedelta(days=number)
    first = f"https://opinion.example/first/{number}?a=1&b=2"
    replies = (
        make.response(body=f"<p>{word}</p>", organisation_name=word, responder_role=word),
        make.response(
            id="r2", published_at=at, updated_at=at + timedelta(hours=9), responder_role=None
        ),
        make.response(id="r3", organisation=None, organisation_name=None, published_at=None),
    )
    changed = at + timedelta(hours=number)
    shown = replies[: number % 4]
    times = [moment for one in shown for moment in (one.published_at, one.updated_at) if moment]
    return entry(
        id=urn(number),
        revision=revision,
        title=word,
        html=f"<p>{word}</p>",
        text=word,
        url=first if number % 3 else f"https://opinion.example/s/{number}",
        origin={"publisher": f"site{number}.example", "url": first} if number % 3 else None,
        language=("en-GB", "cy", None)[number % 3],
        author=word.strip(),
        attribution=word if number % 2 else None,
        attribution_url="https://opinion.example/about?a=1&b=2" if number % 4 else None,
        licence="CC BY & more" if number % 3 else None,
        published_at=at,
        updated_at=max(changed, *times) if times else changed,
        subjects=(
            {"id": "ods:RXX", "name": word},
            {"id": "ods:RYY", "name": "Sometown & Co"},
        )[: 1 + number % 2],
        tags=(
            {"name": word, "group": "what went wrong?"},
            {"name": "staff", "group": "good"},
            {"name": "waiting"},
        )[: number % 4],
        ratings=(),
        responses=shown,
    )


def tellings(number: int, one: Entry) -> Telling:
    """Tell a story so that its entry is to be just that."""
    changed = START + timedelta(days=number, hours=number)
    names = [("RXX", one.subjects[0].name), ("RYY", "Sometown & Co")][: len(one.subjects)]
    given: dict[str, Any] = {
        "title": one.title,
        "language": one.language,
        "url": f"https://opinion.example/s/{number}",
        "author": {"display_name": one.author},
        "published_at": one.published_at,
        "updated_at": changed,
        "tags": one.tags,
        "services": [{"scheme": "ods", "code": code, "name": name} for code, name in names],
        "ratings": (),
        "responses": one.responses,
        "rights": {
            "may_syndicate": True,
            "licence": one.licence,
            "attribution_text": one.attribution,
            "attribution_url": one.attribution_url,
        },
    }
    said = telling(str(number), one.text, **given)
    publisher = one.origin.publisher if one.origin else "opinion.example"
    url = one.origin.url if one.origin else None
    first = Reference(publisher=publisher, external_id=str(number), url=url)
    content = said.content.model_copy(update={"origin": first})
    canonical = content.model_dump_json()
    fingerprint = sha256(canonical.encode()).hexdigest()
    return said.model_copy(
        update={"content": content, "canonical": canonical, "fingerprint": fingerprint}
    )


def end(story_id: str) -> str:
    """Write what this partner alone is shown at the end of a story."""
    image = f"{PUBLIC_URL}{beacon.path('nhs', story_id, KEY)}"
    return f'\n<p>{escape(CREDIT)}</p>\n<img src="{image}" width="1" height="1" alt=""/>'


def rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def bring(rig: Published, stories: Mapping[int, Entry]) -> None:
    tell(rig.engine, *(tellings(number, one) for number, one in stories.items()))
    rig.publish(EDITION)


@pytest.mark.parametrize("ending", HOLD)
@settings(max_examples=3, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(drawn)
@example([PLAIN] * 6)
def test_every_field_of_every_document_is_what_was_told(ending: str, texts: list[str]) -> None:
    stories = {number: told(number, word) for number, word in enumerate(texts)}
    with opened() as rig:
        bring(rig, stories)
        since = rig.ask(f"{ALL}.{ending}", rig.issue("nhs"))["etag"]
        edited = {number: told(number, f"{texts[number]} edited", 2) for number in (0, 3)}
        bring(rig, edited)
        acts.withdraw(rig.engine, urn(1), "asked", "sam", rig.now)
        rig.publish(EDITION)
        removed_at = rfc3339(rig.now - timedelta(seconds=1))  # the clock went on once it was done
        now = {one.id: one for one in (stories | edited).values() if one.id != urn(1)}
        found = list(documents_of(rig, ending, since, now))
    ends = {name: end(name) for name in now}
    seen = {kind: set[str]() for kind in KINDS[ending]}
    gone = {kind: set[tuple[str | None, ...]]() for kind in KINDS[ending]}
    for kind, body in found:
        seen[kind] |= HOLD[ending](body, now, ends)
        gone[kind] |= beside(body, now)
    assert seen.keys() == KINDS[ending]
    assert seen.pop("delta") == {urn(0), urn(3)}
    assert seen.pop("newest") | seen.pop("page") == now.keys()
    assert all(names == now.keys() for names in seen.values())
    removal = {(urn(1), removed_at, "by_person")} if ending == "atom" else set()
    assert [gone.pop(kind) for kind in ("newest", "delta", "archive")] == [removal] * 3
    assert not any(gone.values())


def beside(body: bytes, told: Mapping[str, Entry]) -> set[tuple[str | None, ...]]:
    """Read strictly what feedparser does not carry; return what is gone, when and why."""
    root = etree.fromstring(body)
    if root.tag == "rss":
        found = {one.findtext("guid"): one for one in root.iter("item")}
        assert {name: one.findtext("our:revision", None, NS) for name, one in found.items()} == {
            name: str(told[name].revision) for name in found if name
        }
        return set()
    stories = [
        one for one in root.findall("a:entry", NS) if one.find("thr:in-reply-to", NS) is None
    ]
    for one in stories:
        story = told[one.findtext("a:id", "", NS)]
        replies = [response_id(Reply(each, story)) for each in story.responses]
        assert one.findtext("our:revision", None, NS) == str(story.revision)
        assert one.findtext("thr:total", None, NS) == str(len(replies))
        assert [each.text for each in one.findall("our:responses/our:id", NS)] == replies
    return {
        (one.get("ref"), one.get("when"), one.findtext("at:comment", None, NS))
        for one in root.findall("at:deleted-entry", NS)
    }
