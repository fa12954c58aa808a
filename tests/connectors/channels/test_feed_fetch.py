from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connectors import _http
from connectors.channels import feed
from demo.world import forum_feed, stories
from schemas.errors import GarbledError
from tests.connectors import hostile, near
from tests.connectors.channels.feeds import atom, channel

LOOPBACK = "127.0.0.0/8"


@contextmanager
def served(*behaviours: hostile.Behaviour) -> Iterator[tuple[hostile.Server, _http.Http]]:
    with hostile.serve({"/feed": behaviours}) as far, near.opened(far) as http:
        yield far, http


def test_a_feed_is_fetched_again_only_when_it_changed() -> None:
    changed = "Wed, 21 Oct 2026 07:28:00 GMT"
    first = hostile.answer(
        atom("<entry><id>é</id></entry>").encode(),
        Content_Type="application/atom+xml; charset=utf-8",
        ETag='"1"',
        Last_Modified=changed,
    )
    with served(first, hostile.answer(status=304)) as (far, http):
        about = channel(far.url("/feed"))
        (fetched,) = feed.fetch(about, http, None)
        again = list(feed.fetch(about, http, fetched.cursor))

    assert (fetched.media_type, fetched.charset) == ("application/atom+xml", "utf-8")
    assert fetched.url == far.url("/feed")
    assert feed.parse(about, fetched).drafts[0].external_id == "é"
    assert again == []
    asked = [request.headers for request in far.asked]
    assert "if-none-match" not in asked[0]
    assert asked[1]["if-none-match"] == '"1"'
    assert asked[1]["if-modified-since"] == changed
    assert "authorization" not in asked[0]


def test_a_server_without_validators_brings_the_same_bytes_once() -> None:
    body = atom("<entry><id>1</id></entry>").encode()
    with served(hostile.answer(body), hostile.answer(body), hostile.answer(body + b"\n")) as (
        far,
        http,
    ):
        about = channel(far.url("/feed"))
        (first,) = feed.fetch(about, http, None)
        assert list(feed.fetch(about, http, first.cursor)) == []
        assert len(list(feed.fetch(about, http, first.cursor))) == 1


def test_to_want_pushes_reads_nothing_anew() -> None:
    body = atom("<entry><id>1</id></entry>").encode()
    with served(hostile.answer(body), hostile.answer(body)) as (far, http):
        (first,) = feed.fetch(channel(far.url("/feed")), http, None)
        wanting = channel(far.url("/feed"), websub=True)
        assert list(feed.fetch(wanting, http, first.cursor)) == []


def test_other_options_read_the_feed_anew() -> None:
    body = atom("<entry><id>1</id></entry>").encode()
    with served(hostile.answer(body, ETag='"1"')) as (far, http):
        (first,) = feed.fetch(channel(far.url("/feed")), http, None)
        other = channel(far.url("/feed"), skip_links=("x",))
        assert len(list(feed.fetch(other, http, first.cursor))) == 1

    assert "if-none-match" not in far.asked[1].headers


def test_a_token_is_sent_as_a_bearer_token() -> None:
    with served(hostile.answer(atom().encode())) as (far, http):
        list(feed.fetch(channel(far.url("/feed"), secrets={"token": "s3cret"}), http, None))

    assert far.asked[0].headers["authorization"] == "Bearer s3cret"


def test_the_forum_names_organisations_and_where_a_story_was_told_before() -> None:
    posts = forum_feed.posts(2012, stories.told(2012, 0.05), 0.05)
    with forum_feed.Forum(posts) as forum, _http.open_http(_http.Limits(allow=(LOOPBACK,))) as http:
        about = channel(forum.feed_url, service_scheme=forum_feed.SCHEME)
        (fetched,) = feed.fetch(about, http, None)
        assert list(feed.fetch(about, http, fetched.cursor)) == []
        drafts = feed.parse(about, fetched).drafts
        with pytest.raises(GarbledError):
            feed.parse(about, next(feed.fetch(channel(forum.trap_url), http, None)))

    told = {draft.external_id: draft for draft in drafts}
    assert len(told) == len(posts)
    for post in posts:
        draft = told[f"tag:forum.example,2011:post/{post.id}"]
        assert (draft.title, draft.body) == (post.title, post.html)
        assert draft.url == f"https://forum.example/posts/{post.id}"
        assert tuple(service.code for service in draft.services) == post.services
        assert (draft.origin.url if draft.origin else None) == post.via
    retold = [draft.origin for draft in drafts if draft.origin]
    assert {origin.publisher for origin in retold} == {"careopinion.example"}
    assert len({origin.external_id for origin in retold}) == len(retold) == 6
