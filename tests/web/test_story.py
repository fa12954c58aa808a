"""One story alone, at an address of its own."""

from datetime import timedelta

import feedparser
import orjson

from schemas.publication import Part
from tests.tell import MONDAY, tell, telling
from tests.web.published import Published
from tests.web.rig import CONFIG, PUBLIC_URL

PATH = "/feeds/nhs/all/story"
NEVER = "00000000-0000-5000-8000-000000000000"


def address(story_id: str, stem: str = "nhs/all") -> str:
    return f"/feeds/{stem}/story/{story_id.removeprefix('urn:uuid:')}"


def issued(published: Published, partner: str) -> str:
    """Issue a token, and wait until it opens."""
    token = published.issue(partner)
    published.now += timedelta(seconds=1)
    return token


def told(published: Published) -> list[str]:
    """Publish two stories; give their ids, the first told first."""
    tell(published.engine, telling("1", "The nurses were kind."))
    published.publish()
    tell(published.engine, telling("2", "We waited."))
    published.publish()
    feed = orjson.loads(published.ask("/feeds/nhs/all.json", published.issue("nhs")).body)
    return [entry["id"] for entry in reversed(feed["items"])]


def test_a_story_is_read_alone_under_a_tag_of_its_own(published: Published) -> None:
    first, second = told(published)
    token = issued(published, "nhs")
    reply = published.ask(address(first), token)
    entry, *replies = feedparser.parse(reply.body).entries
    assert (reply.status, entry.id) == (200, first)
    assert all(each["thr_in-reply-to"]["ref"] == first for each in replies)
    assert b"The nurses were kind." in reply.body
    assert reply["link"] == f'<{PUBLIC_URL}{address(first)}>; rel="self"'
    assert reply["etag"] != published.ask(address(second), token)["etag"]
    held = {"if-none-match": reply["etag"]}
    assert published.ask(address(first), token, headers=held).status == 304
    tell(published.engine, telling("2", "We waited long."))
    published.publish()
    assert published.ask(address(first), token, headers=held).status == 304
    tell(published.engine, telling("1", "The nurses were quick."))
    published.publish()
    assert b"quick" in published.ask(address(first), token, headers=held).body


def test_a_feed_leads_to_the_responses_of_each_story(published: Published) -> None:
    first, _ = told(published)
    token = issued(published, "nhs")
    reply = published.ask("/feeds/nhs/all.atom", token)
    found = feedparser.parse(reply.body, response_headers={"content-location": "/elsewhere/x"})
    [entry] = [one for one in found.entries if one.id == first]
    [href] = [link.href for link in entry.links if link.rel == "replies"]
    assert href == PUBLIC_URL + address(first)
    answers = feedparser.parse(published.ask(href.removeprefix(PUBLIC_URL), token).body).entries
    assert [one["thr_in-reply-to"]["ref"] for one in answers[1:]] == [first]


def test_a_story_that_went_out_is_gone_and_may_come_back(published: Published) -> None:
    first, second = told(published)
    token = published.issue("nhs")
    tell(published.engine, removed=[("opinion", "1")], now=MONDAY + timedelta(days=1))
    published.publish()
    for _ in range(2):
        reply = published.ask(address(first), token)
        assert (reply.status, reply["content-type"]) == (410, "application/problem+json")
        assert reply["cache-control"] == "no-store"
        assert b"kind" not in reply.body
    assert published.ask(address(second), token).status == 200
    tell(published.engine, telling("1", "The nurses were kind."), now=MONDAY + timedelta(days=2))
    published.publish()
    assert published.ask(address(first), token).status == 200


def test_a_story_never_shown_is_not_there_be_it_kept_or_anothers_or_none(
    published: Published,
) -> None:
    first, second = told(published)
    tell(published.engine, removed=[("opinion", "1")], now=MONDAY + timedelta(days=1))
    published.publish()
    published.move("nhs/new", 1)
    broadcaster, ours = published.issue("bbc"), published.issue("nhs")
    published.now += timedelta(seconds=1)
    replies = [
        *(published.ask(address(one), broadcaster) for one in (first, second, NEVER)),
        *(published.ask(address(one, "bbc/all"), broadcaster) for one in (first, second, NEVER)),
        *(published.ask(address(one, "bbc/all"), ours) for one in (first, second, NEVER)),
        *(published.ask(address(one, "nhs/new"), ours) for one in (first, second, NEVER)),
        *(published.ask(f"/feeds/nhs/all/story/{one}", ours) for one in (NEVER, "1", "")),
        published.ask(f"{address(second)}?below=1", ours),
        published.ask(address(second).upper().replace("/FEEDS/NHS/ALL/STORY", PATH), ours),
    ]
    assert {(r.status, tuple(r.headers), r.body) for r in replies} == {
        (replies[0].status, tuple(replies[0].headers), replies[0].body)
    }
    assert replies[0].status == 404


def test_where_atom_is_not_agreed_no_story_stands_alone(published: Published) -> None:
    first, _ = told(published)
    narrowed = CONFIG.agreements[0].model_copy(update={"formats": ("json",)})
    published.config = published.config.model_copy(update={"agreements": (narrowed,)})
    assert published.ask(address(first), issued(published, "nhs")).status == 404


def test_a_suspended_partner_is_told_so_at_a_story_too(published: Published) -> None:
    first, _ = told(published)
    token = issued(published, "late")
    assert published.ask(address(first, "late/all"), token).status == 403


def test_a_story_is_no_document_that_is_kept(published: Published) -> None:
    first, _ = told(published)
    assert published.ask(address(first), issued(published, "nhs")).status == 200
    with published.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT part FROM documents").scalars().all()
    assert kept
    assert [name for name in kept if name.startswith("story")] == []
    assert Part().name in kept
