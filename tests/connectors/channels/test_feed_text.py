import pytest

from connectors import _feed_lenient, _jail
from connectors.channels import feed
from schemas.channel import Channel, Fetched
from schemas.errors import GarbledError
from tests.connectors.channels.feeds import atom, one, read, rss

XHTML = "http://www.w3.org/1999/xhtml"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ('<content type="text">a &lt; b &amp;amp; c</content>', ("a < b &amp; c", "text")),
        ("<content>plain</content>", ("plain", "text")),
        ('<content type="htlm">&lt;b&gt;x&lt;/b&gt;</content>', ("<b>x</b>", "html")),
        ('<content type="plain">x</content>', ("x", "text")),
        (
            '<content type="html">&lt;b&gt;x&lt;/b&gt; &amp;copy;</content>',
            ("<b>x</b> &copy;", "html"),
        ),
        (
            '<content type="html"><![CDATA[<i>x</i>]]> and more</content>',
            ("<i>x</i> and more", "html"),
        ),
        ('<content type="html">so <b>bold</b></content>', ("so <b>bold</b>", "html")),
        (
            f'<content type="xhtml" xmlns:h="{XHTML}"><h:div>&lt; <h:br/>2<h:p/></h:div></content>',
            ("&lt; <br>2<p></p>", "html"),
        ),
        (
            f'<content type="xhtml" xmlns:h="{XHTML}"><h:p>a</h:p><h:p>b</h:p></content>',
            ("<p>a</p><p>b</p>", "html"),
        ),
        ('<content type="text/html">&lt;p&gt;x</content>', ("<p>x", "html")),
        ('<content type="text/plain">x</content>', ("x", "text")),
        ('<content type="text/markdown">*x*</content>', ("*x*", "markdown")),
        (
            '<content type="application/xml"><a> x <b>y</b></a><c>z</c></content>',
            ("x\ny\nz", "text"),
        ),
        ('<content type="image/png">aGk=</content><summary>s</summary>', ("s", "text")),
        ('<content type="text/html" src="https://x.example/"/><summary>s</summary>', ("s", "text")),
        ('<content type="text/plain" mode="base64">YSBi</content>', ("a b", "text")),
        ('<content type="text/html" mode="base64">PHA+</content>', ("<p>", "html")),
        ('<content type="text/html" mode="base64">a</content><summary>s</summary>', ("s", "text")),
        (
            '<content type="text">one<!-- not --><![CDATA[ two]]> three</content>',
            ("one two three", "text"),
        ),
        ('<content type="text">a<b>b</b>c</content>', ("abc", "text")),
    ],
)
def test_no_text_of_an_atom_entry_is_lost(told: str, expected: tuple[str, str]) -> None:
    draft = one(atom(f"<entry><id>1</id>{told}</entry>"))

    assert (draft.body, draft.body_format) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("<description>a &amp;lt; b</description>", ("a &lt; b", "html")),
        ("<description>5 &lt; 6\n\nnew</description>", ("5 < 6\n\nnew", "text")),
        ("<description>so <b>bold</b> it is</description>", ("so <b>bold</b> it is", "html")),
        (
            '<description>s</description><body xmlns="http://www.w3.org/1999/xhtml"><p>x</p></body>',
            ("<p>x</p>", "html"),
        ),
        ("<description>first</description><description>second</description>", ("first", "text")),
        ("<description/>", ("", "text")),
    ],
)
def test_no_text_of_an_rss_item_is_lost(told: str, expected: tuple[str, str]) -> None:
    draft = one(rss(f"<item><guid>1</guid>{told}</item>"))

    assert (draft.body, draft.body_format) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ('<title type="html">A &lt;b&gt;b&lt;/b&gt; &amp;amp; c</title>', "A b & c"),
        ("<title>A &lt;b&gt; &amp;amp; c</title>", "A <b> &amp; c"),
        (
            f'<title type="xhtml"><div xmlns="{XHTML}">A <i>b</i></div></title>',
            "A b",
        ),
        ("<title>\n  two\n  lines </title>", "two lines"),
    ],
)
def test_a_title_is_plain_text(told: str, expected: str) -> None:
    assert one(atom(f"<entry><id>1</id>{told}</entry>")).title == expected


def test_an_rss_title_keeps_what_only_looks_like_markup() -> None:
    told = (
        "<title>The &lt;i&gt;ward&lt;/i&gt; &amp;quot;7&amp;quot; &lt; 8 &lt;consultant&gt;</title>"
    )

    assert one(rss(f"<item><guid>1</guid>{told}</item>")).title == 'The ward "7" < 8 <consultant>'


BROKEN = {
    "a-name-that-only-html-knows": (b"A &nbsp; B &copy; &ouml;", "A \xa0 B © ö"),
    "a-name-that-nobody-knows": (b"A &nosuch; B", "A &nosuch; B"),
    "a-bare-ampersand": (b"AT&T and more & more", "AT&T and more & more"),
    "control-characters": (b"A \x0b\x00B", "A B"),
    "no-character-of-xml": (
        b"A \xef\xbf\xbe&#11;&#xFFFE;B &#169;&#xe9;&#65536;",
        "A B ©é\U00010000",
    ),
    "latin-1-said-to-be-utf-8": ("“Café” £5".encode("cp1252"), "“Café” £5"),
    "mostly-utf-8": ("Café £5 ".encode() + b"\xa3", "Café £5 £"),
    "a-byte-of-no-encoding": (b"A\x81B", "A\ufffdB"),
    "cdata-is-left-alone": (b"<![CDATA[x &nbsp; y & z]]> &nbsp; b", "x &nbsp; y & z \xa0 b"),
    "cdata-that-does-not-end-here": (b"x & y <![CDATA[z & ]]> & <![CDATA[a]]>", "x & y z &  & a"),
}


@pytest.mark.parametrize(("told", "expected"), BROKEN.values(), ids=BROKEN.keys())
def test_xml_that_is_nearly_whole_loses_no_text(told: bytes, expected: str) -> None:
    payload = (
        b'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><entry>'
        b"<id>1</id><content>" + told + b"</content></entry></feed>"
    )

    assert one(payload).body == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [("\n\n", ""), ("junk from a template\n", ""), ("", "<script>x</script>"), ("", "\n\x00")],
)
def test_what_stands_around_a_feed_is_left_out(before: str, after: str) -> None:
    assert one(f"{before}{atom('<entry><id>1</id><title>T</title></entry>')}{after}").title == "T"


def test_entities_that_a_feed_declares_are_unfolded() -> None:
    payload = (
        '<!DOCTYPE feed [<!ENTITY us "Leeds &#38;#38; York">]>'
        + atom("<entry><id>1</id><content>We are &us;, &nbsp; you know</content></entry>")[21:]
    )

    assert one(payload).body == "We are Leeds & York, \xa0 you know"


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a SYSTEM "file:///etc/hostname">',
        '<!ENTITY % a SYSTEM "http://127.0.0.1:9/x">%a;',
        '<!ENTITY z "ha"><!ENTITY y "'
        + "&z;" * 500
        + '"><!ENTITY x "'
        + "&y;" * 500
        + '"><!ENTITY a "'
        + "&x;" * 500
        + '">',
    ],
    ids=["a-file", "an-address", "a-billion-laughs"],
)
def test_nothing_is_fetched_or_blown_up_for_an_entity(declared: str) -> None:
    with pytest.raises(GarbledError, match="broken past reading"):
        read(
            f"<!DOCTYPE feed [{declared}]>{atom('<entry><id>1</id><content>&a;</content></entry>')}"
        )


@pytest.mark.parametrize(
    ("payload", "charset"),
    [
        ('<?xml version="1.0" encoding="iso-8859-1"?><rss><channel><item><guid>1</guid>'
         "<title>é</title></item></channel></rss>".encode("latin-1"), None),
        ("<rss><channel><item><guid>1</guid><title>é</title></item></channel></rss>"
         .encode("latin-1"), "iso-8859-1"),
        ("<rss><channel><item><guid>1</guid><title>é</title></item></channel></rss>"
         .encode(), "iso-8859-1"),
        ("<rss><channel><item><guid>1</guid><title>é</title></item></channel></rss>"
         .encode(), "no-such-charset"),
        ('<?xml version="1.0" encoding="koi8-r"?><rss><channel><item><guid>1</guid>'
         "<title>é</title></item></channel></rss>".encode("utf-8-sig"), None),
        ("<rss><channel><item><guid>1</guid><title>é</title></item></channel></rss>"
         .encode("utf-16"), None),
    ],
    ids=["declared", "by-the-transport", "the-bytes-know-better", "unknown", "bom", "utf-16"],
)  # fmt: skip
def test_the_encoding_is_found(payload: bytes, charset: str | None) -> None:
    assert one(payload, charset=charset).title == "é"


def test_the_transport_names_an_encoding_that_the_feed_does_not() -> None:
    payload = "<rss><channel><item><guid>1</guid><title>Жук</title></item></channel></rss>"

    assert one(payload.encode("koi8-r"), charset="koi8-r").title == "Жук"


def test_relative_links_in_a_body_are_relative_to_the_body() -> None:
    draft = one(
        atom(
            '<entry xml:base="https://a.example/x/"><id>1</id>'
            '<content type="html" xml:base="y/">b</content></entry>'
        )
    )

    assert draft.base_url == "https://a.example/x/y/"


def test_a_name_that_no_encoding_bears_is_passed_over() -> None:
    payload = b"<rss><channel><item><guid>1</guid><title>T</title></item></channel></rss>"

    assert one(payload, charset="no-such-charset").title == "T"


TANGLED = (
    "<rss version='2.0'><channel><language>en</language>"
    "<item><guid>tag:1</guid><title>A <b>x</title><description>one &nbsp; <i>x</b></description>"
    "<author>jo@forum.example (Jo)</author><category domain='d'>c</category></item>"
    "<item><link>https://forum.example/2</link><description>two</description></item>"
    "<item><description>three</description></item></channel></rss>"
)


def test_a_feed_broken_past_mending_is_read_by_the_forgiving_reader() -> None:
    parsed = read(TANGLED)

    first, second = parsed.drafts
    assert (first.external_id, first.url, first.body) == ("tag:1", None, "one \xa0 <i>x</b>")
    assert (first.author.display_name, first.language) == ("Jo", "en")
    assert [(tag.name, tag.group) for tag in first.tags] == [("c", "d")]
    assert (second.external_id, second.body_format) == ("https://forum.example/2", "text")
    (faulty,) = parsed.faulty
    assert [f.payload for f in read(faulty.payload).faulty] == [faulty.payload]
    assert b"three" in faulty.payload


def test_a_broken_atom_feed_keeps_content_and_origin() -> None:
    draft = one(
        atom(
            "<entry><id>1</id><title>T</b></title><content type='html'>x</content>"
            "<link rel='via' href='https://www.careopinion.org.uk/1234567'/></entry>"
        )
    )

    assert draft.body == "x"
    assert draft.origin
    assert draft.origin.external_id == "1234567"


def test_an_entry_that_breaks_off_waits_for_its_end() -> None:
    parsed = read(TANGLED[: TANGLED.index("two") + 2])

    assert [draft.external_id for draft in parsed.drafts] == ["tag:1"]
    (faulty,) = parsed.faulty
    assert (faulty.code, faulty.external_id) == ("cut_off", "https://forum.example/2")
    assert [f.payload for f in read(faulty.payload).faulty] == [faulty.payload]


def test_a_broken_feed_without_entries_is_none() -> None:
    with pytest.raises(GarbledError, match="broken past reading"):
        read("<rss version='2.0'><channel><title>T</b></title></channel></rss>")


@pytest.mark.parametrize(
    "payload",
    [
        b"<rss " + b'a="<>" ' * 600 + b"><channel></b></channel></rss>",
        b"<rss><channel>" + b"<b>" * 100_001 + b"</channel></rss>",
        b"<rss><channel></b>" + b"x" * 5_000_001 + b"</channel></rss>",
        b'<!DOCTYPE r [<!ENTITY a "b">]><rss><channel></b></channel></rss>',
    ],
    ids=["attributes", "tags", "bytes", "entities"],
)
def test_the_forgiving_reader_is_given_nothing_it_could_choke_on(payload: bytes) -> None:
    assert _feed_lenient.read(payload, "text/xml", None) is None


def test_a_cut_off_feed_without_entries_is_none() -> None:
    assert _feed_lenient.read(b"<feed><title>T", "text/xml", "utf-8") is None


def test_text_behind_an_unbalanced_tag_is_not_lost() -> None:
    parsed = read(
        "<rss version='2.0'><channel><item>T</title><guid>g</guid>"
        "<description><![CDATA[<p>Kind</p>]]></description></item></channel></rss>"
    )
    assert [draft.body for draft in parsed.drafts] == ["<p>Kind</p>"]


def _never_ends(_payload: bytes, _stated: str) -> None:
    while True:
        pass


def test_a_document_that_keeps_its_reader_busy_is_set_aside_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = b"<rss version='2.0'><channel><item><title>T</b></title></item></channel></rss>"
    fetched = Fetched(payload=broken, media_type="text/xml")
    about = Channel(id="f", kind="feed", options=feed.Opts(url="https://forum.example/feed"))
    assert feed.parse(about, fetched).drafts

    monkeypatch.setattr(_feed_lenient, "_parse", _never_ends)
    monkeypatch.setattr(_jail.JAIL, "cpu_s", 0)
    parsed = feed.parse(about, fetched)

    assert [(one.code, one.payload) for one in parsed.faulty] == [("endless", broken)]
    assert not parsed.drafts
