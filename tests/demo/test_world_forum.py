from collections.abc import Iterator

import pytest
import requests
from lxml import etree

from demo.world import forum_feed, stories
from demo.world.forum_feed import Forum
from demo.world.records import Story
from tests.patience import PATIENCE_S

ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture(scope="module")
def told() -> tuple[Story, ...]:
    return stories.told(2012, 0.1)


@pytest.fixture(scope="module")
def forum(told: tuple[Story, ...]) -> Iterator[Forum]:
    with Forum(forum_feed.posts(2012, told)) as running:
        yield running


def _texts(root: etree._Element, path: str) -> list[str]:
    found = root.xpath(path, namespaces=ATOM)
    assert isinstance(found, list)
    return [str(text) for text in found]


def _feed(forum: Forum) -> etree._Element:
    return etree.fromstring(requests.get(forum.feed_url, timeout=PATIENCE_S).content)


def test_the_feed_holds_120_posts_and_six_that_retell_the_newest_first(forum: Forum) -> None:
    root = _feed(forum)
    ids = _texts(root, "a:entry/a:id/text()")
    assert len(ids) == len(set(ids)) == 126
    dates = _texts(root, "a:entry/a:published/text()")
    assert dates == sorted(dates, reverse=True)


def test_every_post_names_organisations_but_only_retold_ones_the_acute_trust(forum: Forum) -> None:
    for post in forum.posts:
        assert post.services
        assert post.via or not any(code.startswith("ZN1") for code in post.services)
    path = f"a:entry[not(a:category[@scheme='{forum_feed.SCHEME}'])]"
    assert _feed(forum).findall("{http://www.w3.org/2005/Atom}category") == []
    assert _feed(forum).xpath(path, namespaces=ATOM) == []


def test_retold_stories_carry_the_address_of_the_first_telling(
    forum: Forum, told: tuple[Story, ...]
) -> None:
    root = _feed(forum)
    retold = _texts(root, "a:entry/a:link[@rel='via']/@href")
    assert len(set(retold)) == 6
    assert set(retold) == set(_texts(root, "a:entry/a:source/a:id/text()"))
    originals = {story.url: story for story in told}
    assert set(retold) <= set(originals)
    for post in forum.posts:
        if post.via:
            assert post.published > originals[post.via].published
    assert sum(originals[url].services[0].startswith("ZN1") for url in retold) == 2


def test_content_is_html_with_relative_links(forum: Forum) -> None:
    root = _feed(forum)
    assert set(_texts(root, "a:entry/a:content/@type")) == {"html"}
    html = "".join(_texts(root, "a:entry/a:content/text()"))
    assert 'href="../places/map"' in html
    assert 'src="/pictures/' in html
    assert _texts(root, "a:entry/a:link[@rel='alternate']/@href")[0].startswith("/posts/")


def test_one_title_holds_the_name_of_an_entity_and_not_the_entity(forum: Forum) -> None:
    raw = requests.get(forum.feed_url, timeout=PATIENCE_S).content
    assert b"<title>Tea &amp;nbsp; toast</title>" in raw
    assert _texts(_feed(forum), "a:entry/a:title/text()").count("Tea &nbsp; toast") == 1


def test_an_unchanged_feed_answers_304_to_whoever_knows_it(forum: Forum) -> None:
    first = requests.get(forum.feed_url, timeout=PATIENCE_S)
    tag, modified = first.headers["etag"], first.headers["last-modified"]
    for known in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"older", {tag}'},
        {"If-Modified-Since": modified},
    ):
        again = requests.get(forum.feed_url, headers=known, timeout=PATIENCE_S)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    for stale in (
        {"If-None-Match": '"other"', "If-Modified-Since": modified},
        {"If-Modified-Since": "Mon, 03 Jan 2011 00:00:00 GMT"},
    ):
        assert requests.get(forum.feed_url, headers=stale, timeout=PATIENCE_S).status_code == 200


def test_where_a_feed_ought_to_be_an_error_page_answers_200(forum: Forum) -> None:
    trap = requests.get(forum.trap_url, timeout=PATIENCE_S)
    assert trap.status_code == 200
    assert trap.headers["content-type"].startswith("text/html")
    assert requests.get(f"{forum.address}/elsewhere", timeout=PATIENCE_S).status_code == 404
