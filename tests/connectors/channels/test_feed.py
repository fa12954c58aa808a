from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.channels import feed
from schemas.channel import DateReading, Parsed
from schemas.errors import GarbledError
from schemas.story import BodyFormat, Draft, Kind
from tests.connectors.channels.feeds import ATOM, URL, atom, one, read, rss

SAMPLES = Path(__file__).parents[4] / "shared" / "data"


def test_an_atom_entry_is_read_whole() -> None:
    draft = one(
        f"""{ATOM} xml:lang="en-GB" xml:base="https://forum.example/stories/">
        <title>Stories</title>
        <entry>
          <id> tag:forum.example,2026:1 </id>
          <title>Kind staff</title>
          <link rel="self" href="1.atom"/>
          <link href="1"/>
          <link rel="alternate" href="1.pdf"/>
          <author><uri>https://forum.example/jo</uri><name>Jo</name></author>
          <category term="staff"/><category term="w" label="Waiting" scheme="urn:x"/>
          <category/><rights>ours</rights>
          <published>2026-01-02T12:00:00Z</published><updated>2026-01-03T12:00:00Z</updated>
          <summary>Short.</summary>
          <content type="html">&lt;p&gt;The nurses were kind.&lt;/p&gt;</content>
        </entry></feed>"""
    )

    assert draft == Draft.model_validate(
        {
            "external_id": "tag:forum.example,2026:1",
            "url": "https://forum.example/stories/1",
            "title": "Kind staff",
            "body": "<p>The nurses were kind.</p>",
            "body_format": "html",
            "base_url": "https://forum.example/stories/",
            "language": "en-GB",
            "author": {"display_name": "Jo"},
            "tags": [{"name": "staff"}, {"name": "Waiting", "group": "urn:x"}],
            "published_at": "2026-01-02T12:00:00Z",
            "updated_at": "2026-01-03T12:00:00Z",
        }
    )


def test_an_rss_item_is_read_whole() -> None:
    draft = one(
        """<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
             xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><language>en</language>
        <item>
          <guid isPermaLink="false">77</guid><title>AT&amp;amp;T &amp; more</title>
          <link>https://forum.example/77</link>
          <description>Short.</description>
          <content:encoded><![CDATA[<p>Long &amp; whole.</p>]]></content:encoded>
          <dc:creator>Jo</dc:creator><category domain="urn:x">staff</category><category/>
          <pubDate>Fri, 02 Jan 2026 12:00:00 GMT</pubDate>
        </item></channel></rss>"""
    )

    assert draft == Draft.model_validate(
        {
            "external_id": "77",
            "url": "https://forum.example/77",
            "title": "AT&T & more",
            "body": "<p>Long &amp; whole.</p>",
            "body_format": "html",
            "base_url": "https://forum.example/77",
            "language": "en",
            "author": {"display_name": "Jo"},
            "tags": [{"name": "staff", "group": "urn:x"}],
            "published_at": "Fri, 02 Jan 2026 12:00:00 GMT",
        }
    )


def test_a_json_feed_item_is_read_whole() -> None:
    told = {
        "id": 77,
        "url": "/77",
        "title": "Kind staff",
        "content_html": "<p>Kind.</p>",
        "summary": "Short.",
        "date_published": "2026-01-02T12:00:00Z",
        "date_modified": "2026-01-03T12:00:00Z",
        "tags": ["staff"],
        "authors": [{"url": "https://forum.example/jo"}, {"name": "Jo"}],
    }

    draft = one(
        orjson.dumps(
            {"version": "https://jsonfeed.org/version/1.1", "language": "en", "items": [told]}
        )
    )

    assert draft == Draft.model_validate(
        {
            "external_id": "77",
            "url": "https://forum.example/77",
            "title": "Kind staff",
            "body": "<p>Kind.</p>",
            "body_format": "html",
            "base_url": "https://forum.example/77",
            "language": "en",
            "author": {"display_name": "Jo"},
            "tags": [{"name": "staff"}],
            "published_at": "2026-01-02T12:00:00Z",
            "updated_at": "2026-01-03T12:00:00Z",
        }
    )


RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
LINK = '<link rel="alternate" href="https://forum.example/1"/>'
ELSEWHERE = '<!DOCTYPE rss PUBLIC "-//N//DTD RSS 0.91//EN" "http://n.example/rss.dtd">'
ATOM_03 = f"""<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><title>T</title>{LINK}
    <content type="text/plain" mode="escaped">B</content></entry></feed>"""
JSON_1 = """{"version":"https://jsonfeed.org/version/1",
    "items":[{"title":"T","url":"https://forum.example/1","content_text":"B"}]}"""
ITEM = (
    "<item><title>T</title><link>https://forum.example/1</link><description>B</description></item>"
)


@pytest.mark.parametrize(
    "payload",
    [
        f'<rss version="0.91"><channel>{ITEM}</channel></rss>',
        f'<rss version="0.92"><channel/>{ITEM}</rss>',
        f'<rdf:RDF {RDF} xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel/>{ITEM}</rdf:RDF>',
        f'<rdf:RDF {RDF} xmlns="http://purl.org/rss/1.0/"><channel/>{ITEM}</rdf:RDF>',
        f'<rss version="2.0" xmlns="http://backend.userland.com/rss2"><channel>{ITEM}</channel></rss>',
        f'<Channel xmlns="http://purl.org/net/rss1.1#"><items>{ITEM}</items></Channel>',
        f"{ELSEWHERE}<rss><channel>{ITEM}</channel></rss>",
        ATOM_03,
        f'<entry xmlns="http://www.w3.org/2005/Atom"><title>T</title>{LINK}<summary>B</summary></entry>',
        JSON_1,
    ],
    ids=[
        "rss-0.91",
        "rss-0.92-item-outside",
        "rss-0.90",
        "rss-1.0",
        "rss-2.0-with-a-namespace",
        "rss-1.1",
        "rss-with-a-document-type-elsewhere",
        "atom-0.3",
        "atom-entry-alone",
        "json-feed-1",
    ],
)
def test_every_kind_of_feed_tells_the_same(payload: str) -> None:
    draft = one(payload)

    assert (draft.external_id, draft.url) == ("https://forum.example/1", "https://forum.example/1")
    assert (draft.title, draft.body, draft.body_format) == ("T", "B", BodyFormat.TEXT)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("<guid>https://f.example/1</guid>", ("https://f.example/1", "https://f.example/1")),
        ('<guid isPermaLink="false">https://f.example/1</guid>', ("https://f.example/1", None)),
        ("<guid>7</guid><link>https://f.example/1</link>", ("7", "https://f.example/1")),
        ("<link>https://f.example/1</link>", ("https://f.example/1", "https://f.example/1")),
        ("<link>/1</link>", ("/1", "https://forum.example/1")),
        ("<link>//[1/2</link>", ("//[1/2", "//[1/2")),
    ],
)
def test_an_entry_is_known_by_its_id_else_by_its_link(
    told: str, expected: tuple[str, str | None]
) -> None:
    draft = one(rss(f"<item>{told}</item>"))

    assert (draft.external_id, draft.url) == expected


def test_an_rdf_item_is_known_by_what_it_is_about() -> None:
    payload = (
        f'<rdf:RDF {RDF} xmlns="http://purl.org/rss/1.0/"><item rdf:about="urn:1" xml:lang="cy">'
        "<title>T</title></item></rdf:RDF>"
    )

    assert (one(payload).external_id, one(payload).language) == ("urn:1", "cy")


def test_an_entry_without_id_and_link_is_known_by_its_title_and_date() -> None:
    def known_by(title: str, published: str) -> str:
        return one(
            rss(f"<item><title>{title}</title><pubDate>{published}</pubDate></item>")
        ).external_id

    assert known_by("T", "2026-01-01") == known_by("T", "2026-01-01")
    assert len({known_by("T", "2026-01-01"), known_by("T", "2026-01-02"), known_by("U", "")}) == 3


def test_an_entry_with_nothing_to_know_it_by_is_faulty_and_stops_no_other() -> None:
    parsed = read(
        atom("<entry><summary>a</summary></entry>", "<entry><id>2</id></entry>", head="<link/>")
    )

    assert [draft.external_id for draft in parsed.drafts] == ["2"]
    (faulty,) = parsed.faulty
    assert faulty.code == "no_id"
    again = read(faulty.payload)
    assert (again.drafts, [f.payload for f in again.faulty]) == ((), [faulty.payload])


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("<author>jo@forum.example (Jo)</author>", "Jo"),
        ("<author>Jo &lt;jo@forum.example&gt;</author>", "Jo"),
        ("<author>jo@forum.example</author>", None),
        ("<author>jo@forum.example (jo@work.example)</author>", None),
        ("<author>Jo</author><author>Ash</author>", "Jo"),
    ],
)
def test_an_author_has_a_name_and_never_an_address(told: str, expected: str | None) -> None:
    draft = one(rss(f"<item><guid>1</guid>{told}</item>"))

    assert draft.author.display_name == expected


def test_an_entry_is_about_the_services_that_its_feed_names() -> None:
    draft = one(
        atom(
            '<entry><id>1</id><category scheme="urn:ods" term="RXX" label="Anytown"/>'
            '<category scheme="urn:ods" term="ons:E06000001"/><category term="staff"/></entry>'
        ),
        service="ods:RYY",
        service_scheme="urn:ods",
    )

    assert [(s.organisation, s.name) for s in draft.services] == [
        ("ods:RYY", None),
        ("ods:RXX", "Anytown"),
        ("ons:E06000001", None),
    ]
    assert [tag.name for tag in draft.tags] == ["staff"]


def test_every_entry_is_of_the_kind_that_its_channel_is_of() -> None:
    assert one(rss("<item><guid>1</guid></item>"), kind="review").kind is Kind.REVIEW


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://www.careopinion.org.uk/1234567", ("careopinion.org.uk", "1234567")),
        ("https://www.careopinion.org.uk/opinions/1234567", ("careopinion.org.uk", "1234567")),
        ("https://www.careopinion.org.uk/1234567?utm_source=x", ("careopinion.org.uk", "1234567")),
        ("https://x.example/kind-staff", ("x.example", "kind-staff")),
        ("https://x.example/trusts/a/reviews/1", ("x.example", "trusts/a/reviews/1")),
        ("https://x.example/page.aspx?id=40677", ("x.example", "page.aspx?id=40677")),
        (
            "https://x.example/r/3E6B1F0E-0000-4000-8000-000000000001",
            ("x.example", "3E6B1F0E-0000-4000-8000-000000000001"),
        ),
        ("https://api.nhs.example/c/99999", ("nhs.uk", "99999")),
        ("https://www.careopinion.org.uk/", None),
        ("urn:uuid:1", None),
        ("https://[1/2", None),
        ("//[1/2", None),
    ],
)
def test_a_story_that_was_told_before_names_where(
    link: str, expected: tuple[str, str] | None
) -> None:
    draft = one(
        atom(f'<entry><id>1</id><link rel="via" href="{link}"/></entry>'),
        publishers={"api.nhs.example": "nhs.uk"},
    )

    found = (draft.origin.publisher, draft.origin.external_id) if draft.origin else None
    assert found == expected
    assert not draft.references


def test_every_further_place_is_a_reference_and_our_own_is_never_the_origin() -> None:
    draft = one(
        atom(
            '<entry><id>1</id><link rel="via" href="https://forum.example/old/1"/>'
            '<link rel="http://www.iana.org/assignments/relation/via" href="https://a.example/2"/>'
            '<link rel="via" href="https://b.example/3"/></entry>'
        )
    )

    assert draft.origin
    assert draft.origin.publisher == "a.example"
    assert [r.publisher for r in draft.references] == ["forum.example", "b.example"]
    own = one(atom('<entry><id>1</id><link rel="via" href="https://forum.example/old/1"/></entry>'))
    assert own.origin is None
    assert [r.external_id for r in own.references] == ["old/1"]


@pytest.mark.parametrize(
    "payload",
    [
        atom(
            '<entry><id>9</id><link href="https://www.careopinion.org.uk/1234567"/>'
            "<source><id>https://careopinion.org.uk/feed</id></source></entry>"
        ),
        atom(
            '<entry><id>9</id><link href="https://www.careopinion.org.uk/1234567"/><source><id>urn:x'
            '</id><link rel="self" href="https://z.example/"/>'
            '<link href="https://careopinion.org.uk/"/><title/></source></entry>'
        ),
        rss(
            "<item><guid>9</guid><link>https://www.careopinion.org.uk/1234567</link>"
            '<source url="https://www.careopinion.org.uk/rss">Care Opinion</source></item>'
        ),
    ],
    ids=["atom-by-id", "atom-by-link", "rss"],
)
def test_an_entry_copied_from_another_feed_names_its_page_there(payload: str) -> None:
    origin = one(payload).origin

    assert origin
    assert (origin.publisher, origin.external_id) == ("careopinion.org.uk", "1234567")


def test_an_entry_that_only_names_another_feed_has_no_origin() -> None:
    draft = one(
        rss(
            "<item><guid>9</guid><link>https://forum.example/9</link>"
            '<source url="https://www.careopinion.org.uk/rss">Care Opinion</source></item>'
        )
    )

    assert (draft.origin, draft.references) == (None, ())


def test_an_entry_document_with_nothing_to_know_it_by_is_faulty() -> None:
    (faulty,) = read('<entry xmlns="http://www.w3.org/2005/Atom"/>').faulty

    assert [f.payload for f in read(faulty.payload).faulty] == [faulty.payload]


def test_what_is_named_like_an_entry_elsewhere_is_text() -> None:
    draft = one(
        atom(
            '<entry><id>1</id><content type="text/xml"><item>a</item></content></entry>', head=HEAD
        )
    )

    assert draft.body == "a"


HEAD = "<extra xmlns=''><item><title>x</title></item></extra>"


def test_a_tombstone_is_a_removal() -> None:
    parsed = read(
        atom(
            '<at:deleted-entry ref="1" when="2026-01-03T00:00:00Z"><at:comment>x</at:comment>'
            '</at:deleted-entry><at:deleted-entry ref="2"/><at:deleted-entry when="x"/>'
            "<entry><id>3</id></entry>"
        )
    )

    assert [(r.external_id, r.at) for r in parsed.removals] == [
        ("1", "2026-01-03T00:00:00Z"),
        ("2", None),
    ]
    assert [f.code for f in parsed.faulty] == ["no_id"]
    assert len(parsed.drafts) == 1
    assert read(parsed.faulty[0].payload).faulty


@pytest.mark.parametrize(
    ("updated", "drafts", "removals", "skipped"),
    [
        ("2026-01-04T00:00:00Z", 1, 0, ["superseded"]),
        ("2026-01-03T00:00:00Z", 0, 1, ["removed"]),
        ("2026-01-03T01:00:00+02:00", 0, 1, ["removed"]),
        ("2026-01-05", 0, 1, ["removed"]),
        ("", 0, 1, ["removed"]),
    ],
)
def test_the_later_of_an_entry_and_its_tombstone_counts(
    updated: str, drafts: int, removals: int, skipped: list[str]
) -> None:
    parsed = read(
        atom(
            '<at:deleted-entry ref="1" when="2026-01-03T00:00:00Z"/>',
            f"<entry><id>1</id><updated>{updated}</updated></entry>",
        )
    )

    assert (len(parsed.drafts), len(parsed.removals)) == (drafts, removals)
    assert [s.code for s in parsed.skipped] == skipped


def test_entries_that_are_no_stories_are_skipped_by_their_links() -> None:
    parsed = read(
        rss(
            "<item><guid>a/1</guid></item>",
            "<item><guid>2</guid><link>https://f.example/news/2</link></item>",
            "<item><guid>3</guid></item>",
        ),
        skip_links=["^a/", "/news/"],
    )

    assert [s.external_id for s in parsed.skipped] == ["a/1", "2"]
    assert {s.code for s in parsed.skipped} == {"not_a_story"}
    assert len(parsed.drafts) == 1


def test_a_pattern_that_is_none_is_refused_with_the_options() -> None:
    with pytest.raises(ValidationError, match="is no regular expression"):
        feed.Opts(url=URL, skip_links=("(",))


def test_times_are_kept_as_told_with_the_way_to_read_them() -> None:
    parsed = read(
        '<rss xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:t="http://purl.org/dc/terms/">'
        "<channel><item><guid>1</guid><dc:date>2026-01-02</dc:date>"
        "<t:modified>2026-01-03</t:modified><dc:language>cy</dc:language></item></channel></rss>",
        zone="Europe/London",
        formats=["rfc822", "%d/%m/%Y"],
    )

    (draft,) = parsed.drafts
    assert (draft.published_at, draft.updated_at) == ("2026-01-02", "2026-01-03")
    assert draft.language == "cy"
    assert parsed.reading == DateReading(formats=("rfc822", "%d/%m/%Y"), zone="Europe/London")


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "nothing came"),
        (b" \n", "nothing came"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "a web page came"),
        (b"<!-- hi --><HTML lang='en'>", "a web page came"),
        (b"<opml version='2.0'/>", "opml came"),
        (b'{"error": "no"}', "JSON came"),
        (b'{"items": []}', "JSON came"),
        (b"[1, 2]", "JSON came"),
        (b'{"version":"https://jsonfeed.org/version/1"', "broken past reading"),
        (b"Sorry! Something went wrong.", "broken past reading"),
        (b"\x89PNG\r\n\x1a\n", "broken past reading"),
    ],
)
def test_what_is_no_feed_is_garbled(payload: bytes, reason: str) -> None:
    with pytest.raises(GarbledError, match=reason):
        read(payload)


@pytest.mark.parametrize(
    "payload",
    [atom(), rss(), '{"version":"https://jsonfeed.org/version/1.1","items":[]}'],
)
def test_an_empty_feed_is_a_feed(payload: str) -> None:
    assert read(payload) == Parsed(reading=DateReading(formats=("iso", "rfc822")))


def test_what_is_no_item_of_a_json_feed_is_faulty() -> None:
    parsed = read(
        '{"version":"https://jsonfeed.org/version/1.1","title":"F","items":'
        '[7, {"content_text":"x"}, {"id":true}, {"id":"4","tags":"x","author":{"name":"Jo"}}]}'
    )

    assert [draft.external_id for draft in parsed.drafts] == ["4"]
    assert parsed.drafts[0].author.display_name == "Jo"
    assert [f.code for f in parsed.faulty] == ["no_id"] * 3
    for faulty in parsed.faulty:
        assert [f.payload for f in read(faulty.payload).faulty] == [faulty.payload]


def test_more_entries_than_allowed_are_refused_not_cut_off() -> None:
    with pytest.raises(GarbledError, match="holds 3 entries"):
        read(rss(*["<item><guid>1</guid></item>"] * 3), max_entries=2)


@given(
    st.lists(
        st.sampled_from(
            [
                "<rss>",
                "<feed>",
                "<item>",
                "</item>",
                "<entry",
                "<![CDATA[",
                "]]>",
                "&",
                "&nbsp;",
                "<",
            ]
        )
    )
)
def test_whatever_comes_is_read_or_garbled(pieces: list[str]) -> None:
    try:
        parsed = read("".join(pieces))
    except GarbledError:
        return
    assert isinstance(parsed, Parsed)


def sample(name: str) -> bytes:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip("the samples are not here")
    return path.read_bytes()


def test_a_real_page_of_gp_practices_is_read_and_told_from_stories() -> None:
    payload = sample("nhschoices_v1_search_2014.atom.xml")

    assert [d.title for d in read(payload).drafts] == [
        "One Medicare @ The Light",
        "Woodhouse Health Centre",
    ]
    parsed = read(payload, skip_links=["/organisations/gppractices/[0-9]+$"])
    assert [s.code for s in parsed.skipped] == ["not_a_story"] * 2
    assert not parsed.drafts


@pytest.mark.parametrize(
    "name", ["nhschoices_v1_gppractice_2014.xml", "google_merchant_reviews_v5_sample.xml"]
)
def test_real_xml_of_another_kind_is_garbled(name: str) -> None:
    payload = sample(name)

    with pytest.raises(GarbledError, match="came where a feed was promised"):
        read(payload)
