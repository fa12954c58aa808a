"""JSON-LD, read by a reader that we did not write, which may fetch nothing."""

from typing import Any, NoReturn

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld

from feeds import review_jsonld
from schemas.feed import BEACON_MARK, CREDIT_MARK
from tests import make
from tests.feeds import linked
from tests.feeds.cases import BARE, BEACON, CASES, NOON, Case, entry, head, render

SCHEMA = "https://schema.org/"
OURS = "urn:retold:feed:"
ANY_THING = {"name", "description", "identifier", "url"}
ANY_WORK = ANY_THING | {
    *("author", "comment", "creditText", "dateModified", "datePublished", "expires"),
    *("inLanguage", "isBasedOn", "keywords", "license", "publisher", "text"),
}
PROPERTIES = {
    "DataFeed": ANY_WORK | {"dataFeedElement"},
    "DataFeedItem": ANY_THING | {"dateCreated", "dateDeleted", "dateModified", "item"},
    "SocialMediaPosting": ANY_WORK | {"about", "articleBody"},
    "Review": ANY_WORK | {"itemReviewed", "reviewBody", "reviewRating"},
    "Rating": ANY_THING | {"bestRating", "ratingValue", "reviewAspect", "worstRating"},
    "Comment": ANY_WORK,
    "CreativeWork": ANY_WORK,
    "Organization": ANY_THING,
    "Person": ANY_THING,
    "PropertyValue": ANY_THING | {"propertyID", "value"},
    "DefinedTerm": ANY_THING | {"inDefinedTermSet"},
    "DefinedTermSet": ANY_WORK,
}
"""What schema.org lets each type say, as far as we say it."""

told = st.text() | st.sampled_from([BEACON_MARK, f"\\{CREDIT_MARK}", '"', "\\", "\x00\x1f", "]"])


def _never(url: str, _: object) -> NoReturn:
    raise AssertionError(f"{url} was fetched")


def _expanded(case: Case) -> dict[str, Any]:
    document = orjson.loads(render(review_jsonld, case))
    (feed,) = jsonld.expand(document, {"documentLoader": _never})
    assert isinstance(feed, dict)
    return feed


def _strangers(feed: dict[str, Any]) -> set[str]:
    ours = (OURS, "http://www.iana.org/assignments/")
    return linked.strangers(feed, SCHEMA, PROPERTIES, ours)


@pytest.mark.parametrize("kind", ["story", "post"])
def test_a_review_or_a_post_says_as_schema_org_does_when_it_expires(kind: str) -> None:
    feed = _expanded(Case(head(), (entry(kind=kind, expires_at=NOON),), (None,)))
    assert not _strangers(feed)
    (element,) = feed[f"{SCHEMA}dataFeedElement"]
    (item,) = element[f"{SCHEMA}item"]
    when = {"@type": f"{SCHEMA}DateTime", "@value": "2026-01-02T12:00:00Z"}
    assert item[f"{SCHEMA}expires"] == [when]


@pytest.mark.parametrize("case", CASES)
def test_what_is_said_is_what_schema_org_lets_each_type_say(case: str) -> None:
    assert not _strangers(_expanded(CASES[case]))


def test_the_words_of_schema_org_are_no_yes_men() -> None:
    sound = render(review_jsonld, CASES["plain_partner"]).replace(b'"reviewBody"', b'"reviewText"')
    (feed,) = jsonld.expand(orjson.loads(sound), {"documentLoader": _never})
    assert _strangers(feed) == {"Review.reviewText"}


def _items(case: Case) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _expanded(case)[f"{SCHEMA}dataFeedElement"]
    return found


def _value(node: dict[str, Any], *path: str) -> Any:
    """Follow names of schema.org to the one value at their end."""
    found: Any = node
    for name in path:
        (found,) = found[SCHEMA + name]
    return found.get("@value", found.get("@id"))


def test_a_review_says_of_whom_by_whom_when_and_what() -> None:
    (item,) = _items(CASES["plain_partner"])
    (review,) = item[f"{SCHEMA}item"]
    assert review["@id"] == entry().id
    assert _value(review, "itemReviewed", "name") == "Anytown NHS Trust"
    assert _value(review, "itemReviewed", "identifier", "propertyID") == "ods"
    assert _value(review, "itemReviewed", "identifier", "value") == "RXX"
    assert _value(review, "author", "name") == "Ash"
    assert _value(review, "datePublished") == "2026-01-02T12:00:00Z"
    assert _value(review, "dateModified") == "2026-01-03T12:00:00Z"
    assert _value(review, "reviewBody") == entry().text
    assert _value(review, "inLanguage") == "en-GB"
    assert _value(review, "publisher", "name") == "opinion.example"
    assert _value(review, "isBasedOn") == "https://opinion.example/s/1"
    assert _value(review, "license", "name") == "CC BY-NC-SA 4.0"
    scale = [_value(review, "reviewRating", n) for n in ("ratingValue", "worstRating")]
    assert [*scale, _value(review, "reviewRating", "bestRating")] == [4, 1, 5]
    assert _value(review, "comment", "text") == "Thank you for telling us."
    assert _value(review, "comment", "author", "name") == "Anytown NHS Trust"


def test_removals_are_items_with_the_date_of_their_deletion_before_all_others() -> None:
    items = _items(CASES["removals"])
    gone = [(i[f"{SCHEMA}item"][0]["@id"], i.get(f"{SCHEMA}dateDeleted")) for i in items]
    assert [(name, deleted and deleted[0]["@value"]) for name, deleted in gone] == [
        ("urn:uuid:gone-1", "2026-01-02T12:00:00Z"),
        ("urn:uuid:gone-2", "2026-01-02T13:00:00Z"),
        (BARE.id, None),
    ]
    assert [_value(item, "description") for item in items[:2]] == ["removed_at_source", "suspended"]


@pytest.mark.parametrize(
    ("attribution", "credit", "thanks"),
    [
        pytest.param("Told", "By leave", ["Told", "By leave"], id="both"),
        pytest.param("Told", None, ["Told"], id="the channel's alone"),
        pytest.param(None, "By leave", ["By leave"], id="the agreement's alone"),
        pytest.param(None, None, None, id="nobody to thank"),
    ],
)
@pytest.mark.parametrize("beacon", [None, BEACON])
def test_thanks_and_beacon_stand_where_they_are_owed(
    attribution: str | None, credit: str | None, thanks: list[str] | None, beacon: str | None
) -> None:
    case = Case(head(credit=credit), (entry(attribution=attribution),), (beacon,))
    review = orjson.loads(render(review_jsonld, case))["dataFeedElement"][0]["item"]
    assert review.get("creditText") == thanks
    assert review.get("retold:beacon") == beacon


@given(title=told, words=told, text=told)
def test_whatever_is_told_reads_back(title: str, words: str, text: str) -> None:
    unkind = entry(
        title=title,
        text=text,
        attribution=words,
        subjects=({"id": words, "name": title},),
        tags=({"name": words, "group": title},),
        responses=(make.response(body_text=text, organisation_name=words),),
    )
    case = Case(head(title=title, credit=words), (unkind,), (words,))
    feed = orjson.loads(render(review_jsonld, case))
    (element,) = feed["dataFeedElement"]
    review = element["item"]
    assert (feed.get("name", ""), review.get("name", "")) == (title, title)
    assert review.get("reviewBody", "") == text
    assert review["comment"][0].get("text", "") == text
    assert review["retold:beacon"] == words
    assert review.get("creditText", []) == [words] * 2 * bool(words)


@pytest.mark.parametrize("case", ["archive", "complete", "two_stories"])
def test_a_document_says_where_it_stands_and_what_is_beside_it(case: str) -> None:
    feed = orjson.loads(render(review_jsonld, CASES[case]))
    at = CASES[case].head
    links = {name.partition(":")[2]: feed[name]["@id"] for name in feed if name[:3] == "to:"}
    ways = {"self": at.self_url, "next": at.next_url, "prev-archive": at.prev_archive_url}
    ways["current" if at.is_archive else "first"] = at.first_url
    assert links == {rel: url for rel, url in ways.items() if url}
    assert (feed["retold:archive"], feed["retold:complete"]) == (at.is_archive, at.is_complete)
    assert feed.get("retold:manifest", {}).get("@id") == at.manifest_url
