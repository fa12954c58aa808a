from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feeds import atom
from tests.feeds.cases import CASES, Case, entry, head, render

GRAMMAR = etree.RelaxNG(etree.parse(str(Path(__file__).parent / "atom.rng")))
NS = {"a": "http://www.w3.org/2005/Atom", "at": "http://purl.org/atompub/tombstones/1.0"}


@pytest.mark.parametrize("case", CASES)
def test_the_grammar_of_the_rfc_accepts_what_we_write(case: str) -> None:
    GRAMMAR.assertValid(etree.fromstring(render(atom, CASES[case])))


@given(title=st.text(), tag=st.text(), url=st.text())
def test_the_grammar_accepts_whatever_is_told(title: str, tag: str, url: str) -> None:
    told = entry(title=title, url=url, tags=({"name": tag, "group": title},))
    GRAMMAR.assertValid(etree.fromstring(render(atom, Case(head(), (told,), (None,)))))


@pytest.mark.parametrize(
    ("fault", "cure"),
    [
        pytest.param(b"<id>urn:retold:edition:paper:north</id>", b"", id="a feed without id"),
        pytest.param(b"2026-01-05T09:30:00Z", b"5 January", id="a time that is none"),
        pytest.param(b"<author><name>Ash</name></author>", b"<author/>", id="a nameless author"),
        pytest.param(b'xml:lang="en-GB"', b'xml:lang="in English"', id="a language that is none"),
        pytest.param(b"</feed>", b"<id>urn:x</id></feed>", id="what must stand before the entries"),
        pytest.param(
            b"</feed>",
            b'<at:deleted-entry ref="urn:x" when="2026-01-02T12:00:00Z"/></feed>',
            id="a tombstone after an entry",
        ),
    ],
)
def test_the_grammar_is_no_yes_man(fault: bytes, cure: bytes) -> None:
    sound = render(atom, CASES["plain_partner"])
    assert fault in sound
    assert not GRAMMAR.validate(etree.fromstring(sound.replace(fault, cure)))


def test_tombstones_stand_before_the_first_entry_and_say_when_and_why() -> None:
    root = etree.fromstring(render(atom, CASES["removals"]))
    names = [etree.QName(child).localname for child in root]
    assert names[-3:] == ["deleted-entry", "deleted-entry", "entry"]
    stones = root.findall("at:deleted-entry", NS)
    assert [(s.get("ref"), s.get("when"), s.findtext("at:comment", None, NS)) for s in stones] == [
        ("urn:uuid:gone-1", "2026-01-02T12:00:00Z", "removed_at_source"),
        ("urn:uuid:gone-2", "2026-01-02T13:00:00Z", "suspended"),
    ]


def test_links_lead_home_to_itself_to_the_first_and_to_the_next_page() -> None:
    root = etree.fromstring(render(atom, CASES["two_stories"]))
    assert {link.get("rel"): link.get("href") for link in root.findall("a:link", NS)} == {
        "alternate": "https://retold.example/feeds/paper/north",
        "self": "https://retold.example/feeds/paper/north.feed",
        "first": "https://retold.example/feeds/paper/north.feed",
        "next": "https://retold.example/feeds/paper/north.feed?below=41",
    }
    assert b'rel="next"' not in render(atom, CASES["empty"])


def test_categories_name_organisations_and_tags_by_scheme() -> None:
    root = etree.fromstring(atom.fragment(entry()))
    categories = [dict(c.attrib) for c in root.findall("category")]
    assert categories == [
        {"scheme": "urn:retold:organisation", "term": "ods:RXX", "label": "Anytown NHS Trust"},
        {"scheme": "urn:retold:tag:good", "term": "staff"},
        {"scheme": "urn:retold:tag", "term": "waiting"},
    ]
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en-GB"
    assert root.findtext("rights") == "CC BY-NC-SA 4.0; First told on the Opinion Site"
