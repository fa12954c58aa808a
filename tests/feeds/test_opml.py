"""An outline of feeds, read back by the rules of the spec.

Spec: http://opml.org/spec2.opml
"""

from typing import Any

from lxml import etree

from feeds import _opml
from feeds._opml import Feed
from schemas.feed import BEACON_MARK

HOSTILE = f"\x00 \x0b ]]> & <b> \"quoted\" 'twice' \r\n tab\there {BEACON_MARK}"


def feed(group: str = "All", ending: str = "atom", edition: str = "all") -> Feed:
    home = f"https://retold.example/feeds/nhs/{edition}"
    return Feed(group, f"{group} ({ending})", ending, f"{home}.{ending}", home)


def test_an_outline_has_all_that_the_spec_asks_of_one() -> None:
    found = [feed(ending=ending) for ending in ("atom", "json", "rss")]
    root: Any = etree.fromstring(_opml.document("The Health Site", "Retold", found))
    assert (root.tag, dict(root.attrib)) == ("opml", {"version": "2.0"})
    assert [child.tag for child in root] == ["head", "body"]
    assert root.findtext("head/title") == "The Health Site"
    assert root.findtext("head/ownerName") == "Retold"
    [group] = root.findall("body/outline")
    assert group.attrib["text"] == "All"
    assert "type" not in group.attrib
    outlines = [dict(one.attrib) for one in group]
    assert [one.get("version") for one in outlines] == ["ATOM", None, "RSS"]
    for one, outline in zip(found, outlines, strict=True):
        assert outline["type"] == "rss"
        assert outline["text"] == outline["title"] == one.title
        assert (outline["xmlUrl"], outline["htmlUrl"]) == (one.url, one.home_url)


def test_two_editions_of_one_title_stay_two_groups() -> None:
    root: Any = etree.fromstring(_opml.document("T", "O", [feed(), feed(edition="other")]))
    assert [len(group) for group in root.findall("body/outline")] == [1, 1]


def test_whatever_a_title_says_it_comes_back_as_words() -> None:
    made = _opml.document(HOSTILE, HOSTILE, [feed(HOSTILE)])
    root: Any = etree.fromstring(made)
    legal = HOSTILE
    for forbidden in ("\x00", "\x0b", BEACON_MARK):
        legal = legal.replace(forbidden, "\ufffd")
    assert root.findtext("head/title") == legal
    assert root.find("body/outline").attrib["text"] == legal
    assert BEACON_MARK.encode() not in made


def test_an_outline_of_nothing_is_one_all_the_same() -> None:
    root: Any = etree.fromstring(_opml.document("T", "O", []))
    assert list(root.find("body")) == []
    assert _opml.document("T", "O", []) == _opml.document("T", "O", [])
