import json
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds import jsonfeed
from schemas.feed import BEACON_MARK, CREDIT_MARK
from tests import make
from tests.feeds.cases import BARE, BEACON, CASES, NOON, Case, entry, head, render

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parent / "jsonfeed.schema.json").read_text())
)
told = st.text() | st.sampled_from([BEACON_MARK, f"\\{CREDIT_MARK}", '"', "\\", "\x00\x1f"])


def _read(case: Case) -> dict[str, Any]:
    read: dict[str, Any] = orjson.loads(render(jsonfeed, case))
    return read


@pytest.mark.parametrize("case", CASES)
def test_a_schema_of_json_feed_accepts_what_we_write(case: str) -> None:
    SCHEMA.validate(_read(CASES[case]))


@pytest.mark.parametrize("needed", ["version", "title", "items"])
def test_the_schema_is_no_yes_man(needed: str) -> None:
    feed = _read(CASES["two_stories"])
    del feed[needed]
    assert not SCHEMA.is_valid(feed)


def test_the_schema_refuses_an_item_without_an_id() -> None:
    feed = _read(CASES["two_stories"])
    del feed["items"][0]["id"]
    assert not SCHEMA.is_valid(feed)


def test_an_item_says_when_it_expires_where_anybody_knows() -> None:
    ours = [
        item["_retold"]
        for item in _read(Case(head(), (entry(expires_at=NOON), BARE), (None, None)))["items"]
    ]
    assert ours[0]["expires_at"] == "2026-01-02T12:00:00Z"
    assert "expires_at" not in ours[1]


@given(title=told, html=told, words=told)
def test_whatever_is_told_reads_back(title: str, html: str, words: str) -> None:
    response = make.response(organisation_name=words or "x", body=html)
    unkind = entry(
        title=title,
        html=html,
        author=words,
        attribution=words,
        subjects=({"id": words, "name": title},),
        tags=({"name": words, "group": title},),
        responses=(response,),
    )
    read = _read(Case(head(title=title, credit=words), (unkind,), (words,)))
    item = read["items"][0]
    assert (read["title"], item["title"]) == (title, title)
    assert item["content_html"].startswith(html)
    assert item["_retold"]["beacon_url"] == words
    assert item["_retold"]["responses"][0]["content_html"] == html
    assert item["_retold"]["organisations"] == [{"id": words, "name": title}]
    SCHEMA.validate(read)


def test_an_entry_says_beside_its_html_all_that_a_program_wants() -> None:
    item = _read(CASES["two_stories"])["items"][0]
    assert item["_retold"] == {
        "beacon_url": BEACON,
        "revision": 2,
        "kind": "story",
        "organisations": [{"id": "ods:RXX", "name": "Anytown NHS Trust"}],
        "ratings": [
            {
                "scheme": "stars",
                "question": "Overall",
                "value": 4.0,
                "min": 1.0,
                "max": 5.0,
                "label": "Good",
            }
        ],
        "tags": [
            {"name": "staff", "group": "good", "polarity": 1},
            {"name": "waiting", "group": None, "polarity": None},
        ],
        "responses": [
            {
                "id": "r1",
                "organisation": "ods:RXX",
                "organisation_name": "Anytown NHS Trust",
                "role": "Ward manager",
                "published_at": "2026-01-03T12:00:00Z",
                "updated_at": "2026-01-03T12:00:00Z",
                "change": "planned",
                "content_html": "<p>Thank you for telling us.</p>",
            }
        ],
        "attribution": {
            "text": "First told on the Opinion Site",
            "url": "https://opinion.example/about",
        },
        "licence": "CC BY-NC-SA 4.0",
    }


def test_the_html_ends_with_thanks_credit_and_beacon() -> None:
    item = _read(CASES["two_stories"])["items"][0]
    assert item["content_html"].endswith(
        "First told on the Opinion Site</a></p>\n<p>By kind permission of the storytellers</p>\n"
        f'<img src="{BEACON}" width="1" height="1" alt=""/>'
    )


def test_what_nobody_knows_is_left_out() -> None:
    item = _read(Case(head(), (BARE,), (None,)))["items"][0]
    assert {"url", "language"}.isdisjoint(item)
    assert "beacon_url" not in item["_retold"]
    assert "next_url" not in _read(CASES["empty"])


def test_removals_are_listed_before_the_items() -> None:
    feed = _read(CASES["removals"])
    assert list(feed)[-2:] == ["_retold", "items"]
    assert feed["_retold"]["removed"] == [
        {"id": "urn:uuid:gone-1", "reason": "removed_at_source", "at": "2026-01-02T12:00:00Z"},
        {"id": "urn:uuid:gone-2", "reason": "suspended", "at": "2026-01-02T13:00:00Z"},
    ]
