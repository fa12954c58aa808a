import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from demo.world import partner as partners
from demo.world import subscription
from demo.world._server import Answer, Request, Server
from demo.world.log import Read, counted
from demo.world.partner import Partner, Polled
from demo.world.subscription import BEACON_REL
from tests.patience import PATIENCE_S

FIREFOX = "Mozilla/5.0 (Windows NT 6.1; rv:17.0) Gecko/20100101 Firefox/17.0"
NOON = datetime(2012, 5, 2, 12, tzinfo=UTC)


class Feed:
    """A feed written by hand: pages of entries and tombstones, and what was asked of it."""

    def __init__(self) -> None:
        self.server = Server(self._answer)
        self.address = self.server.address
        self.url = f"{self.address}/feed"
        self.begin()

    def begin(self) -> None:
        self.pages: list[str] = []
        self.older = "next"
        self.asked: list[Request] = []
        self.sent: list[Request] = []
        self.status = 200

    def _answer(self, request: Request) -> Answer:
        if request.method == "POST":
            self.sent.append(request)
            return Answer(b"booked", 202, "text/plain")
        self.asked.append(request)
        if request.headers.get("authorization") != "Bearer open sesame":
            return Answer(status=401)
        page = int(request.query.get("page", "0"))
        tag = f'"{hash(tuple(self.pages))}"'
        if request.headers.get("if-none-match") == tag:
            return Answer(status=304)
        document = self._document(page).encode()
        return Answer(document, self.status, "application/atom+xml", {"etag": tag})

    def _document(self, page: int) -> str:
        last = page + 1 == len(self.pages)
        further = "" if last else f'<link rel="{self.older}" href="/feed?page={page + 1}"/>'
        return (
            '<feed xmlns="http://www.w3.org/2005/Atom" '
            'xmlns:at="http://purl.org/atompub/tombstones/1.0">'
            f"<id>urn:feed</id><title>F</title>{further}{self.pages[page]}</feed>"
        )


def entry(name: str, text: str = "Told.", *, extra: str = "", month: str = "2012-02") -> str:
    return (
        f"<entry><id>urn:{name}</id><title>Story {name} &amp; co</title>"
        f'<link rel="alternate" href="https://www.careopinion.example/{name}"/>'
        f"<author><name>a relative</name></author><rights>CC BY-SA</rights>"
        f"<published>{month}-03T10:00:00Z</published><updated>{month}-03T10:00:00Z</updated>"
        f'<content type="html">&lt;p&gt;{text}&lt;/p&gt;</content>{extra}</entry>'
    )


def reply(name: str, text: str) -> str:
    return (
        f"<entry><id>urn:{name}:reply</id><title>Ward 7 &amp; co</title>"
        '<thr:in-reply-to xmlns:thr="http://purl.org/syndication/thread/1.0"'
        f' ref="urn:{name}"/><content type="html">&lt;p&gt;{text}&lt;/p&gt;</content></entry>'
    )


def tombstone(name: str) -> str:
    return f'<at:deleted-entry ref="urn:{name}" when="2012-06-01T00:00:00Z"/>'


@pytest.fixture(scope="module")
def running() -> Iterator[Feed]:
    feed = Feed()
    with feed.server:
        yield feed


@pytest.fixture
def feed(running: Feed) -> Feed:
    running.begin()
    return running


@pytest.fixture
def partner(feed: Feed) -> Iterator[Partner]:
    with Partner(
        feed.url, "open sesame", f"{feed.address}/reports", "report token", reads=1000
    ) as running:
        yield running


def page_of(partner: Partner, name: str) -> str:
    return requests.get(partner.shown[f"urn:{name}"], timeout=PATIENCE_S).text


def test_the_first_poll_walks_to_the_end(feed: Feed, partner: Partner) -> None:
    feed.pages = [entry("d") + entry("c"), entry("b"), entry("a")]
    assert partner.poll() == Polled(documents=3, new=4)
    assert {n.rpartition("/")[2] for n in partner.shown.values()} == {"1", "2", "3", "4"}
    assert partner.shown["urn:a"].endswith("/stories/1")


def test_a_reply_is_no_story_and_stands_under_the_one_it_replies_to(
    feed: Feed, partner: Partner
) -> None:
    feed.pages = [entry("b") + entry("a") + reply("a", "Thank you.")]
    assert partner.poll() == Polled(documents=1, new=2)
    assert "<h2>Ward 7 &amp; co</h2><p>Thank you.</p>" in page_of(partner, "a")
    assert "Thank you." not in page_of(partner, "b")
    feed.pages = [entry("b") + entry("a") + reply("a", "We thank you.")]
    assert partner.poll() == Polled(documents=1, changed=1, unchanged=1)
    feed.pages = [entry("b") + entry("a")]
    assert partner.poll() == Polled(documents=1, changed=1, unchanged=1)
    assert "thank you." not in page_of(partner, "a")


@pytest.mark.parametrize("relation", ["next", "prev-archive", "previous"])
def test_older_pages_are_found_by_any_of_the_usual_relations(
    feed: Feed, partner: Partner, relation: str
) -> None:
    feed.older = relation
    feed.pages = [entry("b"), entry("a")]
    assert partner.poll().new == 2


def test_without_news_only_a_304_comes_back(feed: Feed, partner: Partner) -> None:
    feed.pages = [entry("a")]
    partner.poll()
    assert partner.poll() == Polled()
    assert "if-none-match" in feed.asked[-1].headers
    assert feed.asked[-1].headers["authorization"] == "Bearer open sesame"


def test_a_later_poll_stops_where_it_meets_what_it_has(feed: Feed, partner: Partner) -> None:
    feed.pages = [entry("b"), entry("a")]
    partner.poll()
    feed.pages = [entry("d"), entry("c") + entry("b"), entry("a")]
    assert partner.poll() == Polled(documents=2, new=2, unchanged=1)


def test_a_changed_entry_changes_its_page_and_keeps_its_address(
    feed: Feed, partner: Partner
) -> None:
    feed.pages = [entry("a", "First.")]
    partner.poll()
    address = partner.shown["urn:a"]
    feed.pages = [entry("a", "Second.")]
    assert partner.poll().changed == 1
    assert partner.shown["urn:a"] == address
    assert "Second." in page_of(partner, "a")


def test_a_tombstone_makes_the_page_answer_410(feed: Feed, partner: Partner) -> None:
    feed.pages = [entry("b") + entry("a")]
    partner.poll()
    address = partner.shown["urn:a"]
    feed.pages = [tombstone("a") + tombstone("never seen") + entry("b")]
    assert partner.poll() == Polled(documents=1, removed=1, unchanged=2)
    assert requests.get(address, timeout=PATIENCE_S).status_code == 410
    assert "urn:a" not in partner.shown
    feed.pages = [tombstone("a") + entry("c") + entry("b")]
    assert partner.poll() == Polled(documents=1, new=1, unchanged=2)


def test_a_story_that_comes_back_is_shown_again_at_its_old_address(
    feed: Feed, partner: Partner
) -> None:
    feed.pages = [entry("a")]
    partner.poll()
    address = partner.shown["urn:a"]
    feed.pages = [tombstone("a")]
    partner.poll()
    feed.pages = [entry("a")]
    assert partner.poll().changed == 1
    assert partner.shown["urn:a"] == address


def test_where_two_documents_disagree_the_newer_is_right(feed: Feed, partner: Partner) -> None:
    feed.pages = [tombstone("a") + entry("b", "New."), entry("b", "Old.") + entry("a")]
    assert partner.poll() == Polled(documents=2, new=1, unchanged=1)
    assert "New." in page_of(partner, "b")
    assert "urn:a" not in partner.shown


def test_a_circle_of_pages_is_left_after_one_round(feed: Feed, partner: Partner) -> None:
    feed.pages = [entry("a") + '<link rel="next" href="/feed"/>']
    assert partner.poll().documents == 1


def test_a_refusal_changes_nothing(feed: Feed, partner: Partner) -> None:
    feed.pages = [entry("a")]
    partner.poll()
    feed.pages, feed.status = [entry("b")], 503
    with pytest.raises(requests.HTTPError):
        partner.poll()
    assert list(partner.shown) == ["urn:a"]
    feed.status = 200
    assert partner.poll().new == 1


def test_a_token_is_shown_to_the_feeds_own_host_only(feed: Feed) -> None:
    elsewhere = Partner("http://feed.invalid/feed", "open sesame")
    with elsewhere, requests.Session() as http, pytest.raises(requests.HTTPError, match="401"):
        elsewhere._get(http, feed.url, {})
    assert "authorization" not in feed.asked[-1].headers


@pytest.mark.parametrize("document", [b"<html><p>Sorry", b"<html><body/></html>"], ids=str)
def test_what_is_no_feed_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match="http://house/feed"):
        subscription.read(document, "http://house/feed")


def test_a_page_names_the_canonical_address_and_gives_credit(feed: Feed, partner: Partner) -> None:
    feed.pages = [entry("a", extra="<source><title>Care Opinion</title></source>")]
    partner.poll()
    page = page_of(partner, "a")
    assert '<link rel="canonical" href="https://www.careopinion.example/a">' in page
    assert "a relative · Care Opinion · CC BY-SA" in page
    assert "Story a &amp; co" in page
    assert "<p>Told.</p>" in page
    assert "<img" not in page


def test_a_beacon_is_found_as_a_link_or_in_the_content(feed: Feed, partner: Partner) -> None:
    image = '&lt;img src="http://house/b/p/2.gif?x=1&amp;amp;y=2" alt=""&gt;'
    link = f'<link rel="{BEACON_REL}" href="http://house/b/p/1.gif"/>'
    feed.pages = [entry("linked", extra=link) + entry("inside", image) + entry("none")]
    partner.poll()
    found = {
        name: subscription.image_addresses(page_of(partner, name))
        for name in ("linked", "inside", "none")
    }
    assert found == {
        "linked": ["http://house/b/p/1.gif"],
        "inside": ["http://house/b/p/2.gif?x=1&y=2"],
        "none": [],
    }


def test_an_entry_may_be_plain_xhtml_or_without_content_and_link() -> None:
    document = (
        b'<feed xmlns="http://www.w3.org/2005/Atom">'
        b"<entry><id>urn:1</id><content>a &lt; b</content></entry>"
        b'<entry><id>urn:2</id><content type="xhtml">'
        b'<div xmlns="http://www.w3.org/1999/xhtml"><b>x</b></div></content></entry>'
        b"<entry><id>urn:3</id><updated>2012-01-01T00:00:00Z</updated></entry></feed>"
    )
    plain, xhtml, bare = subscription.read(document, "http://house/feed").entries
    assert plain.html == "<p>a &lt; b</p>"
    assert "<b>x</b>" in xhtml.html
    assert (bare.html, bare.url, bare.credit, bare.title) == ("", None, "", "")
    assert bare.published == "2012-01-01T00:00:00Z"


def test_a_story_without_an_address_is_shown_without_a_link(feed: Feed, partner: Partner) -> None:
    feed.pages = ["<entry><id>urn:bare</id><title>Bare</title></entry>"]
    partner.poll()
    page = page_of(partner, "bare")
    assert "canonical" not in page
    assert "From another site" in page


def test_the_index_lists_what_is_shown_and_other_addresses_answer_404(
    feed: Feed, partner: Partner
) -> None:
    feed.pages = [entry("b") + entry("a")]
    partner.poll()
    feed.pages = [tombstone("a") + entry("b")]
    partner.poll()
    index = requests.get(partner.address, timeout=PATIENCE_S).text
    assert "Story b" in index
    assert "Story a" not in index
    for path in ("/stories/99", "/stories/x", "/elsewhere"):
        assert requests.get(f"{partner.address}{path}", timeout=PATIENCE_S).status_code == 404


def _report(partner: Partner, month: str) -> dict[str, Any]:
    report = json.loads(partner.monthly_report(month))
    assert isinstance(report, dict)
    return report


def _many(count: int) -> str:
    return "".join(entry(f"s{n:03}", month=f"2012-{n % 12 + 1:02}") for n in range(count))


def test_all_reports_together_hold_all_reads(feed: Feed, partner: Partner) -> None:
    feed.pages = [_many(60)]
    partner.poll()
    total = sum(
        row["count"]
        for month in partner.months
        for row in _report(partner, month)["rows"]
        if row["item"] != partners.STRANGER
    )
    assert total == 1000


def test_a_report_names_entries_by_id_a_few_by_page_and_one_that_nobody_knows(
    feed: Feed, partner: Partner
) -> None:
    feed.pages = [_many(60)]
    partner.poll()
    report = _report(partner, "2012-12")
    items = [row["item"] for row in report["rows"]]
    assert [item for item in items if "/stories/" in item] == items[: partners.BY_ADDRESS]
    assert items[0].startswith("https://www.nhschoices.example/stories/")
    assert set(items[partners.BY_ADDRESS : -1]) <= set(partner.shown)
    assert items[-1] == partners.STRANGER
    assert report["period"] == {"from": "2012-12-01", "to": "2013-01-01"}
    assert report["report_id"] == "nhschoices.example/2012-12"
    assert all(row["count"] > 0 for row in report["rows"])


def test_the_same_stories_make_the_same_report_in_whatever_order_they_came(
    feed: Feed, partner: Partner
) -> None:
    feed.pages = [entry("b") + entry("a")]
    partner.poll()
    with Partner(feed.url, "open sesame", reads=1000) as other:
        feed.pages = [entry("a") + entry("b")]
        other.poll()
        assert dict(other.reads("2012-03")) == dict(partner.reads("2012-03"))
    assert partner.monthly_report("2012-03") == partner.monthly_report("2012-03")


def test_a_partner_that_holds_nothing_reports_the_stranger_only(partner: Partner) -> None:
    assert [row["item"] for row in _report(partner, "2012-03")["rows"]] == [partners.STRANGER]


def test_a_report_is_posted_with_the_partners_report_token(feed: Feed, partner: Partner) -> None:
    feed.pages = [entry("a")]
    partner.poll()
    sent = partner.send_report("2012-03")
    assert (sent.status, sent.body) == (202, b"booked")
    request = feed.sent[0]
    assert request.path == "/reports"
    assert request.headers["authorization"] == "Bearer report token"
    assert request.headers["content-type"] == "application/json"
    assert request.body == partner.monthly_report("2012-03")


def test_reads_of_pages_are_logged_by_the_connections_own_address(
    feed: Feed, partner: Partner
) -> None:
    feed.pages = [entry("a")]
    partner.poll()
    url = partner.shown["urn:a"]
    forged = {"X-Forwarded-For": "203.0.113.9", "User-Agent": FIREFOX}
    told = {partners.TIME_HEADER: NOON.isoformat()}
    requests.get(url, headers=forged | told, timeout=PATIENCE_S)
    requests.get(url, headers=forged, timeout=PATIENCE_S)
    assert partner.log[0] == Read(NOON, "127.0.0.1", FIREFOX, "urn:a", 200)
    assert partner.log[1].at > NOON


def test_what_is_read_on_the_pages_is_in_the_months_report(feed: Feed, partner: Partner) -> None:
    feed.pages = [entry("a")]
    partner.poll()
    before = dict(partner.reads("2012-05"))["urn:a"]
    headers = {"User-Agent": FIREFOX, partners.TIME_HEADER: NOON.isoformat()}
    requests.get(partner.shown["urn:a"], headers=headers, timeout=PATIENCE_S)
    assert dict(partner.reads("2012-05"))["urn:a"] == before + 1


def _read(
    after_s: float = 0, *, agent: str = FIREFOX, story: str = "urn:a", status: int = 200
) -> Read:
    return Read(NOON + timedelta(seconds=after_s), "127.9.9.9", agent, story, status)


def test_clicks_within_thirty_seconds_are_one_and_chain() -> None:
    assert counted([_read(0), _read(30), _read(60)]) == {"urn:a": 1}
    assert counted([_read(0), _read(31)]) == {"urn:a": 2}
    assert counted([_read(0), _read(5, story="urn:b")]) == {"urn:a": 1, "urn:b": 1}


def test_only_pages_that_were_shown_to_people_count() -> None:
    reads = [_read(status=410), _read(100, status=304), _read(200, agent="Googlebot/2.1")]
    assert counted(reads) == {"urn:a": 1}
