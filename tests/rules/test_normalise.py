import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.erasure import BLANK_FINGERPRINT
from rules.normalise import DEEPEST, LONGEST_NAME, canonical, normalise
from schemas.channel import Channel, DateReading
from schemas.errors import UnfitError
from schemas.story import Content, Draft, Reference, Rights, Telling
from tests import make
from tests.rules.hostile import TEXTS

LONDON = DateReading(formats=("iso", "%d/%m/%Y"), zone="Europe/London")
PLAIN: dict[str, Any] = {"body_format": "text", "parts": (), "responses": (), "author": {}}


def telling(channel: Channel | None = None, **fields: Any) -> Telling:
    return normalise(make.draft(**fields), channel or make.channel(), LONDON)


def content(channel: Channel | None = None, **fields: Any) -> Content:
    return telling(channel, **fields).content


def refusal(channel: Channel | None = None, **fields: Any) -> str:
    with pytest.raises(UnfitError) as refused:
        telling(channel, **fields)
    return refused.value.code


def test_everything_that_was_told_is_kept_cleaned() -> None:
    assert content() == make.content(
        as_told={
            "submitted_at": "2025-12-30T09:00:00Z",
            "published_at": "2026-01-02T12:00:00Z",
            "updated_at": "2026-01-03T12:00:00Z",
            "experienced_at": "2025-11",
            "responses.r1.published_at": "2026-01-03T12:00:00Z",
            "responses.r1.updated_at": "2026-01-03T12:00:00Z",
        }
    )


def test_a_draft_that_tells_next_to_nothing_is_a_story_too() -> None:
    told = normalise(Draft(external_id="7", body="Kind."), Channel(id="ward", kind="csv"), LONDON)
    assert told.content == Content(
        title="Kind.",
        body="<p>Kind.</p>",
        body_text="Kind.",
        origin=Reference(publisher="ward", external_id="7"),
    )
    assert told.told_at is None


def test_the_fingerprint_is_of_the_canonical_json_and_that_reads_back_to_the_content() -> None:
    told = telling()
    assert told.canonical == canonical(told.content)
    assert '"published_at":"2026-01-02T12:00:00Z"' in told.canonical
    assert told.fingerprint == sha256(told.canonical.encode()).hexdigest()
    assert Content.model_validate_json(told.canonical) == told.content
    assert canonical(Content.model_validate_json(told.canonical)) == told.canonical
    assert json.dumps(json.loads(told.canonical), sort_keys=True, separators=(",", ":")) == (
        told.canonical
    )


KEPT_BEFORE = """\
{"as_told":{"published_at":"2026-01-02T12:00:00Z"},"author":{"age_band":null,"area":null,\
"display_name":null,"role":null},"body":"<p>Kind.</p>","body_text":"Kind.","criticality":null,\
"experienced_at":null,"ext":{},"fft":null,"kind":"story","language":null,"moderation":{"codes":[],\
"pii":[]},"origin":{"external_id":"7","publisher":"ward","url":null},"parts":[],\
"published_at":"2026-01-02T12:00:00Z","ratings":[],"responses":[],"rights":{"attribution_text":null,\
"attribution_url":null,"licence":null,"may_syndicate":false,"retention_days":null},\
"sentiment":null,"services":[],"submitted_at":null,"tags":[],"title":"Kind.","updated_at":null,\
"url":null}"""
"""A story as it was kept before stories could say when they expire."""


def test_a_story_that_was_kept_before_has_the_same_digest_still() -> None:
    draft = Draft(external_id="7", body="Kind.", published_at="2026-01-02T12:00:00Z")
    told = normalise(draft, Channel(id="ward", kind="csv"), LONDON)
    assert told.canonical == KEPT_BEFORE
    assert told.fingerprint == "6e2f056649240353342d4d47c12665e4349076463fcf9b4aa00e38be2bf76a4e"
    assert canonical(Content.model_validate_json(KEPT_BEFORE)) == KEPT_BEFORE
    assert BLANK_FINGERPRINT == "741e7eb7a0121c44f9e541127e7d24b314ef797c04ee2fd205454ed5b0379f7b"


def test_when_a_story_expires_is_read_like_any_time_and_is_part_of_its_digest() -> None:
    told = telling(expires_at=" 01/07/2026 ")
    assert '"expires_at":"2026-06-30T23:00:00Z"' in told.canonical
    assert told.content.as_told["expires_at"] == "01/07/2026"
    assert told.told_at == telling().told_at
    assert canonical(Content.model_validate_json(told.canonical)) == told.canonical
    moved = telling(expires_at="02/07/2026")
    assert len({told.fingerprint, moved.fingerprint, telling().fingerprint}) == 3
    assert telling(expires_at=" ") == telling()


def test_the_order_in_which_a_channel_writes_its_own_fields_changes_nothing() -> None:
    one = telling(ext={"a": {"c": 1, "b": 2}, "d": 3})
    other = telling(ext={"d": 3, "a": {"b": 2, "c": 1}})
    assert one.canonical == other.canonical


def test_a_telling_is_dated_by_its_last_change_and_by_nothing_else() -> None:
    assert telling(updated_at="2026-01-05T00:00:00Z").told_at == telling().told_at.replace(  # type: ignore[union-attr]
        day=5, hour=0
    )
    assert telling(updated_at=None).told_at is None


def test_the_own_name_stands_first_then_the_origins_then_the_others_each_once() -> None:
    told = telling(
        external_id=" 7 ",
        url="https://opinion.example/s/7",
        origin={"publisher": "NHS.uk", "external_id": "N1", "url": "javascript:x"},
        references=(
            {"publisher": "nhs.uk", "external_id": "N1", "url": "https://nhs.example/N1"},
            {"publisher": "Other.Example", "external_id": "a\x00B", "url": None},
            {"publisher": " ", "external_id": "1", "url": None},
            {"publisher": "opinion.example", "external_id": "7", "url": None},
        ),
    )
    assert told.external_id == "7"
    assert told.references == (
        Reference(publisher="opinion.example", external_id="7", url="https://opinion.example/s/7"),
        Reference(publisher="nhs.uk", external_id="N1"),
        Reference(publisher="other.example", external_id="aB"),
    )
    assert told.content.origin == told.references[1]
    assert not told.is_origin


def test_a_story_without_an_origin_has_its_own_channel_as_origin() -> None:
    for told in (
        telling(origin=None),
        telling(origin={"publisher": "\x00", "external_id": "1"}),
        telling(make.channel(publisher="Opinion.Example"), origin=None),
    ):
        assert told.is_origin
        assert told.content.origin == told.references[0]
    assert telling(make.channel(publisher=""), origin=None).references[0].publisher == "opinion"


def test_a_channels_own_word_for_an_origin_may_differ_from_its_id() -> None:
    told = telling(external_id="guid-1")
    assert told.is_origin
    assert [name.external_id for name in told.references] == ["guid-1", "1", "A1"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"external_id": " \x00 "}, "no_id"),
        ({"external_id": "x" * (LONGEST_NAME + 1)}, "too_long"),
        ({"origin": {"publisher": "x" * (LONGEST_NAME + 1), "external_id": "1"}}, "too_long"),
        ({"title": " ", "body": "\x00\n", "parts": ()}, "no_text"),
        ({"title": None, "body": "N/A", "parts": ({"question": "q", "text": "???"},)}, "no_text"),
        ({"body": "x" * 200_001}, "too_long"),
        ({"title": "x" * 200_001}, "too_long"),
        ({"body": "*[a](b" * 9000}, "too_marked"),
        ({"published_at": "soon"}, "bad_date"),
        ({"experienced_at": "when I was ten"}, "bad_date"),
        ({"expires_at": "never"}, "bad_date"),
        ({"sentiment": float("nan")}, "bad_number"),
        ({"ratings": ({"scheme": "s", "value": float("inf"), "min": 1, "max": 5},)}, "bad_number"),
        ({"ext": {"x": object()}}, "bad_ext"),
        ({"ext": {"x": float("nan")}}, "bad_ext"),
        ({"ext": {"x": {1: 2}}}, "bad_ext"),
        ({"ext": {"x": 2**63}}, "bad_ext"),
        ({"responses": ({"body": "Thanks.", "published_at": "soon"},)}, "bad_date"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_a_code(
    fields: dict[str, Any], code: str
) -> None:
    assert refusal(**fields) == code


def test_a_time_without_a_zone_is_refused_where_the_channel_names_none() -> None:
    with pytest.raises(UnfitError) as refused:
        normalise(make.draft(updated_at="2026-01-02T12:00"), make.channel(), DateReading())
    assert refused.value.code == "no_zone"


def test_a_time_is_kept_as_it_was_meant_and_as_it_was_told() -> None:
    kept = content(published_at=" 01/07/2026 ", submitted_at=" ", experienced_at="")
    assert kept.published_at is not None
    assert kept.published_at.isoformat() == "2026-06-30T23:00:00+00:00"
    assert kept.as_told["published_at"] == "01/07/2026"
    assert kept.submitted_at is None
    assert kept.experienced_at is None
    assert not {"submitted_at", "experienced_at"} & set(kept.as_told)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("  A\nlong  wait ", "A long wait"),
        ("R&amp;D <b>ward</b>", "R&D ward"),
        ("Bell\x07", "Bell"),
        (None, "The nurses were kind. We waited four hours."),
        (" ", "The nurses were kind. We waited four hours."),
    ],
)
def test_a_title_is_one_line_of_plain_text(told: str | None, kept: str) -> None:
    assert content(title=told).title == kept


def test_a_title_made_of_the_text_is_cut_at_a_word() -> None:
    def title(body: str) -> str:
        return content(title=None, body=body, **PLAIN).title

    assert title("x" * 80) == "x" * 80
    assert title("x" * 81) == "x" * 80 + "…"
    assert title("word " * 15 + "12345 tail") == "word " * 15 + "12345…"
    assert title("word " * 15 + "123456 tail") == "word " * 14 + "word…"


def test_a_story_told_in_parts_alone_has_a_body_made_of_them() -> None:
    parts = (
        {"question": "What was\ngood?", "text": "Staff & food.\n\nAll of it."},
        {"question": "Why?", "text": " Did not answer"},
        {"question": " ", "text": "<b>x</b>"},
    )
    kept = content(body=" n/a ", parts=parts)
    assert kept.body == (
        "<p><strong>What was\ngood?</strong></p>\n".replace("\n", " ", 1)
        + "<p>Staff &amp; food.</p>\n<p>All of it.</p>\n<p>&lt;b&gt;x&lt;/b&gt;</p>"
    )
    assert kept.body_text == "What was good?\nStaff & food.\nAll of it.\n<b>x</b>"
    assert [part.text for part in kept.parts] == ["Staff & food.\n\nAll of it.", "<b>x</b>"]


@pytest.mark.parametrize(
    "told", ["", " ", "NULL", "#NAME?", "na", "N/A", "???", ".", "-", "x", "…"]
)
def test_what_survey_software_writes_for_no_answer_is_none(told: str) -> None:
    assert bool(content(parts=({"question": "q", "text": told},)).parts) is (told == "…")


@pytest.mark.parametrize("told", ["None", "Ok", "Nothing", "👍", ":)", "10"])
def test_a_short_answer_is_an_answer(told: str) -> None:
    assert content(body=told, **PLAIN).body_text == told


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("en_gb", "en-GB"),
        (" CY ", "cy"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("en_GB.UTF-8", "en-GB"),
        ("sl-rozaj-1994", "sl-rozaj-1994"),
        ("English", None),
        ("en-", None),
        ("?", None),
        (None, "en-GB"),
        ("", "en-GB"),
    ],
)
def test_a_language_is_written_as_bcp_47_does(told: str | None, kept: str | None) -> None:
    assert content(language=told).language == kept


def test_a_channel_without_a_language_tells_none() -> None:
    assert content(make.channel(language=None), language=None).language is None


def test_an_address_that_is_none_is_left_out() -> None:
    assert content(url="javascript:alert(1)").url is None
    assert content(url=None).url is None


def test_a_relative_link_is_read_from_the_body_or_else_from_the_page() -> None:
    told: dict[str, Any] = {"body": "[up](../up)", "url": "https://opinion.example/a/b"}
    assert 'href="https://x.example/up"' in content(base_url="https://x.example/y/z", **told).body
    assert 'href="https://opinion.example/up"' in content(base_url=None, **told).body


def test_a_channels_rights_are_its_stories_rights() -> None:
    rights = Rights(licence="OGL", may_syndicate=True)
    assert content(make.channel(rights=rights)).rights == rights


def test_every_small_text_passes_the_gate_and_a_clean_record_is_not_copied() -> None:
    draft = make.draft(
        tags=({"name": " st\x00aff\r\n", "polarity": 1},), author={"display_name": "A\ufffesh"}
    )
    kept = normalise(draft, make.channel(), LONDON).content
    assert kept.tags[0].name == "staff"
    assert kept.tags[0].polarity == 1
    assert kept.author.display_name == "Ash"
    assert kept.services[0] is draft.services[0]


def test_what_a_channel_alone_knows_is_passed_on_gated() -> None:
    told = {"w\x00ard": [True, None, 1, 1.5, ("a\x00", {"z": 1, "y": 2})], "n": -(2**63)}
    kept = {"n": -(2**63), "ward": [True, None, 1, 1.5, ["a", {"y": 2, "z": 1}]]}
    assert content(ext=told).ext == kept


def test_what_is_nested_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(DEEPEST - 2):
        deep = [deep]
    assert content(ext={"deep": deep}).ext == {"deep": deep}
    assert refusal(ext={"deep": [deep]}) == "bad_ext"


def test_a_reply_without_an_id_is_named_by_what_it_says_and_equal_ones_are_numbered() -> None:
    def names(*replies: dict[str, Any], **fields: Any) -> list[str]:
        return [reply.id for reply in content(responses=replies, **fields).responses]

    stock = {"body": "Thank you.", "organisation": "ods:RXX", "published_at": "2026-01-02"}
    first, second, third = names(stock, stock, stock)
    assert first.startswith("r-")
    assert len(first) == 18
    assert [second, third] == [f"{first}-2", f"{first}-3"]
    assert names(stock, title="Edited") == [first]
    others = [
        names(stock | {"organisation": "ods:RYY"}),
        names(stock | {"published_at": "2026-01-03"}),
        names(stock | {"body": "Thanks."}),
        names(stock, external_id="2"),
    ]
    assert [first] not in others
    assert len({name for other in others for name in other}) == 4


def test_a_reply_keeps_its_channels_name_even_if_that_is_given_twice() -> None:
    replies = ({"external_id": "a"}, {"external_id": "a-2"}, {"external_id": " a "})
    kept = content(responses=tuple(reply | {"body": "Thanks."} for reply in replies))
    assert [reply.id for reply in kept.responses] == ["a", "a-2", "a-3"]


def test_a_reply_is_cleaned_as_the_story_is_and_one_without_text_is_none() -> None:
    replies = ({"body": "<p onclick=x>Sorry.<script>y</script>"}, {"body": "<p> </p>"})
    kept = content(body="<p>Bad.", body_format="html", responses=replies)
    assert [(reply.body, reply.body_text) for reply in kept.responses] == [
        ("<p>Sorry.</p>", "Sorry.")
    ]


PHONE = "Ring 07700 900123"


@pytest.mark.parametrize(
    ("fields", "pii"),
    [
        ({"title": PHONE}, ("phone",)),
        ({"body": PHONE}, ("phone",)),
        ({"parts": ({"question": "q", "text": "I am 943 476 5919"},)}, ("nhs_number",)),
        ({"author": {"display_name": "Ash, LS1 4AP"}}, ("postcode",)),
        ({"author": {"area": "LS1 4AP"}}, ("postcode",)),
        ({"body": "[me](mailto:ash@x.example)"}, ("email",)),
        ({"title": PHONE, "body": "at ash@x.example"}, ("email", "phone")),
    ],
)
def test_a_story_that_tells_who_somebody_is_is_held(
    fields: dict[str, Any], pii: tuple[str, ...]
) -> None:
    assert content(**fields).moderation.codes == ("pii",)
    assert content(**fields).moderation.pii == pii


def test_what_an_organisation_shows_of_itself_holds_no_story() -> None:
    kept = content(responses=({"body": f"{PHONE} or write to pals@trust.example, LS1 4AP."},))
    assert kept.moderation.codes == kept.moderation.pii == ()


def test_an_authors_name_that_mail_can_be_sent_to_is_dropped() -> None:
    author = content(author={"display_name": "ash@x.example", "role": "patient"}).author
    assert author.display_name is None
    assert author.role == "patient"


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30)
DRAFTS = st.fixed_dictionaries(
    {
        "title": st.none() | ANY_TEXT,
        "body": ANY_TEXT,
        "body_format": st.sampled_from(["text", "html", "markdown"]),
        "language": st.none() | ANY_TEXT,
        "url": st.none() | ANY_TEXT,
        "author": st.fixed_dictionaries({"display_name": ANY_TEXT}),
        "parts": st.lists(st.fixed_dictionaries({"question": ANY_TEXT, "text": ANY_TEXT})),
        "responses": st.lists(st.fixed_dictionaries({"body": ANY_TEXT, "external_id": ANY_TEXT})),
        "ext": st.dictionaries(ANY_TEXT, st.recursive(ANY_TEXT | st.floats(-9, 9), st.lists)),
    }
)


@given(DRAFTS)
def test_the_same_draft_makes_the_same_telling_and_it_reads_back(fields: dict[str, Any]) -> None:
    try:
        told = telling(**fields)
    except UnfitError as refused:
        assert refused.code == "no_text"  # noqa: PT017
        return
    assert telling(**fields) == told
    assert Content.model_validate_json(told.canonical.encode()) == told.content
    assert canonical(Content.model_validate_json(told.canonical)) == told.canonical
    assert len({reply.id for reply in told.content.responses}) == len(told.content.responses)


@pytest.mark.parametrize("hostile", TEXTS.values(), ids=TEXTS)
def test_no_hostile_text_breaks_a_page(hostile: str) -> None:
    try:
        draft = make.draft(
            title=hostile,
            body=hostile,
            author={"display_name": hostile},
            responses=({"body": hostile},),
            ext={hostile[:9]: hostile},
        ).model_copy(update={"external_id": f"1{hostile}"[:LONGEST_NAME]})
        told = normalise(draft, make.channel(), LONDON)
    except UnfitError as refused:
        assert refused.code in {"too_long", "too_marked"}  # noqa: PT017
        return
    assert Content.model_validate_json(told.canonical.encode()) == told.content
